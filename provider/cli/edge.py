"""`edge`: the Traefiks that poll this service, and what each runs."""

from typing import Annotated, Final

import typer

from provider.cli import outcome
from provider.cli.client import Client, path
from provider.cli.completion import complete_edge
from provider.cli.options import LimitOption, QueryOption, reads, waits
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import Collection, Columns, field, list_all, table
from provider.cli.times import ago

app = typer.Typer(
    name="edge",
    no_args_is_help=True,
    help="Edges: the Traefiks that poll wayshub-provider.",
)

EdgeArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the edge.", autocompletion=complete_edge)]


def _running(edge: Item) -> object:
    """Return the revision that an edge runs, or where that is not known the document's digest."""
    running = edge.get("running")
    quarantine = edge.get("quarantine") or {}
    known = (edge.get("given"), quarantine.get("accepted"), quarantine.get("rejected"))
    return next((document["revision"] for document in known if document and document["digest"] == running), running)


def _dated(date: str | None) -> str:
    return ago(date) if date is None else f"{ago(date)} ({date})"


def _document(document: Item | None) -> str | None:
    return f"revision {document['revision']}, document {document['digest']}" if document else None


def _words_of_instances(edge: Item) -> str:
    """Say how many Traefiks poll under the name, and from where."""
    count = edge.get("instances", 0)
    told = f"{count} poll under this name now"
    return f"{told}, from {', '.join(edge.get('addresses') or ())}" if count > 1 else told


def _words_of_certificates(edge: Item) -> str:
    """Say for how many domains browsers accept what it shows, and until when that holds."""
    found = edge.get("certificates") or {"domains": 0}
    if not found["domains"]:
        return "no domain with HTTPS"
    told = f"good for {found['good']} of {found['domains']} domains"
    return f"{told}, the first expires on {found['nextEnd'].partition('T')[0]}" if found.get("nextEnd") else told


COLUMNS: Final[Columns] = {
    "Name": field("name"),
    "State": field("state"),
    "Since": lambda edge: ago(edge.get("since")),
    "Given": lambda edge: (edge.get("given") or {}).get("revision"),
    "Runs": _running,
    "Traefik": lambda edge: edge.get("version") or "unknown",
    "Detail": field("detail"),
}
EDGES: Final = Collection("edge", path("edges"), COLUMNS)

FACTS: Final[Columns] = {
    "Name": field("name"),
    "State": field("state"),
    "Detail": field("detail"),
    "Since": lambda edge: _dated(edge.get("since")),
    "Given": lambda edge: _document(edge.get("given")),
    "Given at": lambda edge: _dated(edge.get("givenAt")),
    "Runs document": lambda edge: edge.get("running") or "unknown",
    "Polls from": lambda edge: edge.get("address") or "unknown",
    "Traefiks": _words_of_instances,
    "First seen": lambda edge: _dated(edge.get("firstSeen")),
    "Last seen": lambda edge: _dated(edge.get("lastSeen")),
    "Traefik": lambda edge: edge.get("version") or "unknown",
    "Traefik started": lambda edge: _dated(edge["startedAt"]) if edge.get("startedAt") else "unknown",
    "Certificates": _words_of_certificates,
}
AMISS: Final[Columns] = {"Domain": field("domain"), "Shows": field("state"), "Detail": field("why")}
DISABLED: Final[Columns] = {"Disabled router": field("name"), "Traefik says": field("error")}
PARTLY: Final[Columns] = {"Router served in part": field("name"), "Traefik says": field("error")}


@app.command("list")
@reads
def list_edges(client: Client, output: Output, query: QueryOption = "", limit: LimitOption = None) -> None:
    """List edges: their state and what they run.

    live: runs the current document, with every router enabled. pending: does
    not run it yet. degraded: runs it, but disabled a router. rejected: was
    given it, but runs another one. stale: has stopped polling. unconfirmed:
    was given it, but its API cannot be read. never seen: has not polled yet.

    --query searches the name.

    Examples:
      wayshub-provider edge list
      wayshub-provider edge list -o json
    """
    advice = "no Traefik is connected yet: let Traefik's HTTP provider poll /traefik/configuration on wayshub-provider"
    list_all(client, output, EDGES, query, limit, advice)


@app.command()
@reads
def show(client: Client, output: Output, name: EdgeArgument) -> None:
    """Show an edge: disabled routers, rejections and certificates.

    Examples:
      wayshub-provider edge show default
    """
    edge = client.get_edge(name)
    if output.is_json:
        output.document(edge)
        return
    output.facts((heading, read(edge)) for heading, read in FACTS.items())
    for columns, routers in ((DISABLED, edge.get("disabledRouters")), (PARTLY, edge.get("partlyServedRouters"))):
        if routers:
            output.line()
            table(output, columns, routers)
    if amiss := (edge.get("certificates") or {}).get("amiss"):
        output.line()
        table(output, AMISS, amiss)
    if edge.get("quarantine"):
        output.line()
        _show_quarantine(output, edge)


@app.command()
@waits
def lift(client: Client, output: Output, name: EdgeArgument) -> None:
    """Lift a quarantine: offer the rejected parts again.

    A part that you change is tried again anyway. Use this if the cause was not
    in the document, and you have fixed it.

    Examples:
      wayshub-provider edge lift default
      wayshub-provider edge lift default --wait 10
    """
    if client.get_edge(name)["quarantine"] is None:
        output.beside(f"The {EDGES.label(name)} has no quarantine.")
        return
    answer = client.delete(EDGES.path_of(name) + path("quarantine"))
    outcome.tell(client, output, answer, f"Lifted the quarantine of {EDGES.label(name)}")


def words_of_quarantine(edge: Item) -> str:
    """Say in a sentence what an edge rejected, and what it runs instead."""
    if edge["quarantine"]["parts"] or edge["quarantine"]["searching"]:
        return f"edge {edge['name']}: {edge['detail']}"
    rejected, accepted = (edge["quarantine"][key]["revision"] for key in ("rejected", "accepted"))
    return (
        f"edge {edge['name']} rejected revision {rejected}, and gets revision {accepted} again: "
        "later changes are saved, but not live there"
    )


def _show_quarantine(output: Output, edge: Item) -> None:
    output.alarm(words_of_quarantine(edge))
    output.line("What changed between the two:")
    for change in edge["quarantine"]["changes"]:
        output.line(f"  {change}")
    output.line("Fix what Traefik rejected, and it is tried again. To try the same document again:")
    output.line(f"  wayshub-provider edge lift {edge['name']}")
