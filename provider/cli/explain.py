"""`explain`."""

from typing import Annotated, Final

import typer

from provider.cli.client import Client, path
from provider.cli.liveness import is_silent
from provider.cli.options import given, reads
from provider.cli.output import Output, note
from provider.cli.replies import Item
from provider.cli.tables import Columns, field, table

CANDIDATES: Final[Columns] = {
    "Router": field("router"),
    "Verdict": field("verdict"),
    "Priority": field("priority"),
    "Why": field("why"),
    "Rule": field("rule"),
}
STEPS: Final[Columns] = {
    "Middleware": lambda step: "/".join(filter(None, [step["chain"], step["middleware"]])),
    "Request": field("outcome"),
    "Why": field("why"),
}
SERVERS: Final[Columns] = {
    "Server": lambda server: "/".join(filter(None, [server.get("service"), server["name"]])),
    "URL": field("url"),
    "Share": lambda server: f"{server['share']:.0%}".replace("%", " %"),
}

AskedArgument = Annotated[str, typer.Argument(metavar="URL", help="URL of the request, such as http://alvin.xyz/api.")]
MethodOption = Annotated[str | None, typer.Option(metavar="METHOD", help="Method of the request.", show_default="GET")]
HeadersOption = Annotated[
    list[str] | None,
    typer.Option("--header", "-H", metavar="HEADER", help="A header, as 'Name: value'. Repeat it for several."),
]
ClientOption = Annotated[str | None, typer.Option("--client", metavar="ADDRESS", help="IP address of the client.")]
ArrivalOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Entry point on which the request arrives.", show_default="by the URL"),
]


@reads
def explain(
    client: Client,
    output: Output,
    asked: AskedArgument,
    method: MethodOption = None,
    header: HeadersOption = None,
    client_address: ClientOption = None,
    entry_point: ArrivalOption = None,
) -> None:
    """Explain which router takes a request, why, and who answers.

    Also shows which other routers matched and by how much they lost, which
    nearly matched and where they failed, and what each middleware does to the
    request. If an edge does not serve a router, it quotes Traefik's reason. It
    sends nothing to Traefik.

    Examples:
      wayshub-provider explain http://alvin.xyz/api
      wayshub-provider explain https://alvin.xyz/ --method POST -H 'X-Team: video' --entry-point websecure
    """
    query = given(url=asked, method=method, header=header, client=client_address, entryPoint=entry_point)
    found = client.ask("/explain", query)
    if output.is_json:
        output.document(found)
        return
    output.line(f"{asked}: {_answer(found)}.")
    for each in found.get("edges", []):
        output.caution(each["why"])
    edges = list(client.items(path("edges")))
    if any(edge["state"] == "stale" for edge in edges) and all(map(is_silent, edges)):
        note("No Traefik is connected: this is what would happen.")
    if found["lost"]:
        output.caution(f"{found['lost']['why']}: `revision undo {found['lost']['revision']}` undoes that")
    if found["candidates"]:
        output.line()
        table(output, CANDIDATES, found["candidates"])
    if found["steps"]:
        output.line()
        table(output, STEPS, found["steps"])
    if _end(found) is not None:
        return
    if found["servers"]:
        output.line()
        table(output, SERVERS, found["servers"])
    _tell_others(output, found)


def _tell_others(output: Output, found: Item) -> None:
    """Print who else may answer: drained servers those who are their visitors, and what is not kept here."""
    for each in found.get("staying", []):
        server = f"{each['service']}/{each['server']}"
        output.line(f"Visitors with the cookie {each['cookie']} stay on {server} until {each['until']}.")
    for name in found.get("elsewhere", []):
        output.line(f"{name} may answer too: it is not managed here, so its servers are unknown.")


def _answer(found: Item) -> str:
    if found["router"] is None:
        return str(found["why"])
    told = f"router {found['router']}: {found['why']}"
    if found["service"] is None:
        return told
    if (end := _end(found)) is not None:
        where = f" and redirects to {end['location']}" if end["location"] else ""
        return f"{told}. The middleware {end['middleware']} answers {end['status']}{where}: no server gets the request"
    is_answered = found["servers"] or found.get("elsewhere")
    servers = "" if is_answered else ", which has no server: the answer is 503"
    path = f", whose servers get {found['target']}" if found["steps"] else ""
    return f"{told}. It points to the service {found['service']}{servers or path}"


def _end(found: Item) -> Item | None:
    """Return the step at which the request ends before it comes to a server, if it does."""
    last: Item | None = found["steps"][-1] if found["steps"] else None
    return last if last is not None and last["outcome"] == "ends" else None
