"""`lease`: the servers that send heartbeats, and those that stopped."""

from typing import Annotated, Final

import typer

from provider.cli import outcome
from provider.cli.client import Client, path
from provider.cli.options import reads, waits_with_reason
from provider.cli.output import Output
from provider.cli.tables import Columns, field, table
from provider.cli.times import ago

app = typer.Typer(
    name="lease",
    no_args_is_help=True,
    help="Leases: the servers that send heartbeats.",
)

FACTS: Final[Columns] = {
    "Live": field("live"),
    "Silent": field("silent"),
    "Held": field("held"),
}
HELD: Final[Columns] = {
    "Service": field("service"),
    "Server": field("server"),
    "Last heartbeat": lambda server: ago(server.get("lastHeartbeat")),
}


@app.command()
@reads
def show(client: Client, output: Output) -> None:
    """Count the servers with a lease, and list those that are held.

    live: they send heartbeats. silent: they stopped, so they were drained.
    held: they stopped but were not drained, because many stopped at once, or
    because no other server of the service can answer.

    Examples:
      wayshub-provider lease show
    """
    found = client.ask(path("leases"), {})
    if output.is_json:
        output.document(found)
        return
    output.facts((heading, read(found)) for heading, read in FACTS.items())
    if found["servers"]:
        output.line()
        table(output, HELD, found["servers"])
        output.line()
        output.line("Drain them if they are really gone: wayshub-provider lease end")


@app.command()
@waits_with_reason
def end(
    client: Client,
    output: Output,
    service: Annotated[str | None, typer.Option("--service", help="Only for servers of this service.")] = None,
) -> None:
    """End the leases of held servers, because they are really gone.

    Drains them, all in one revision.

    Examples:
      wayshub-provider lease end
      wayshub-provider lease end --service wayshub --message "The rack is gone"
    """
    found = client.ask(path("leases"), {})
    is_whole = len(found["servers"]) == found["held"]
    if is_whole and not any(service in {None, each["service"]} for each in found["servers"]):
        output.beside("No server is held: nothing changed.")
        return
    answer = client.delete(path("leases", "held"), of_service=service)
    outcome.tell(client, output, answer, "Drained the held servers")
