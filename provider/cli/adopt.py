"""`adopt` and `hand-back`: who takes the requests, routers here or those of other providers beside which they stand."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from provider.cli import differences, outcome
from provider.cli.client import Client, path
from provider.cli.completion import complete_names
from provider.cli.liveness import is_silent
from provider.cli.options import IfMatchOption, YesOption, confirm, writes_and_waits
from provider.cli.output import Output
from provider.cli.replies import Reply
from provider.nouns import Router
from provider.nouns.tcp_router import TCPRouter

NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME",
        help="Names of routers here that stand beside those of other providers.",
        autocompletion=complete_names(Router),
        show_default=False,
    ),
]
TCPRouterOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="A TCP router. Repeat it for several.",
        autocompletion=complete_names(TCPRouter),
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="All that stand beside a router of another provider.")]
ForGoodOption = Annotated[
    bool,
    typer.Option(
        "--for-good",
        help="Once the other routers are gone: turn these into ordinary routers.",
    ),
]
_SERVING: Final = {"live", "degraded"}


@writes_and_waits
def adopt(
    client: Client,
    output: Output,
    names: NamesArgument = None,
    tcp_router: TCPRouterOption = None,
    every: AllOption = False,
    for_good: ForGoodOption = False,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Take over the requests of other providers' routers.

    Routers that `import --beside` made stand beside those of other providers,
    and take none of their requests. Once adopted, a router takes all requests
    of the other: its priority is one higher, so the order among all other
    routers stays. All routers change in one revision, and no request is lost.
    The command then waits up to 10 s and tells you which edges run the change.
    `hand-back` undoes it. When you have removed the other routers at their
    provider, --for-good turns these into ordinary routers.

    Examples:
      wayshub-provider adopt store
      wayshub-provider adopt store blog --dry-run
      wayshub-provider adopt --all --yes --wait 30
      wayshub-provider adopt --tcp-router db
      wayshub-provider adopt --all --for-good --yes
    """
    document = _named(names, tcp_router, every=every) | ({"forGood": True} if for_good else {})
    question = "Turn all routers whose other router is gone into ordinary ones?" if for_good else "Adopt all routers?"
    _do(client, output, "adopt", document, question if every and not yes else "", if_match)


@writes_and_waits
def hand_back(
    client: Client,
    output: Output,
    names: NamesArgument = None,
    tcp_router: TCPRouterOption = None,
    every: AllOption = False,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Give requests back to other providers' routers.

    The routers here stand beside the others again, and take none of their
    requests. All routers change in one revision, and no request is lost. The
    command then waits up to 10 s and tells you which edges run the change. A
    router cannot be handed back once no edge has the other one any more.

    Examples:
      wayshub-provider hand-back store
      wayshub-provider hand-back store blog --dry-run
      wayshub-provider hand-back --all --yes --wait 30
    """
    document = _named(names, tcp_router, every=every)
    _do(client, output, "handBack", document, "Hand back all routers?" if every and not yes else "", if_match)


def _named(names: Sequence[str] | None, tcp_routers: Sequence[str] | None, *, every: bool) -> dict[str, Any]:
    if every is bool(names or tcp_routers):
        raise typer.BadParameter("name routers, or choose all with --all")
    if every:
        return {"all": True}
    return {"routers": list(dict.fromkeys(names or ())), "tcpRouters": list(dict.fromkeys(tcp_routers or ()))}


def _do(client: Client, output: Output, where: str, document: dict[str, Any], question: str, tag: str | None) -> None:
    if question and not output.is_trial:
        confirm(question, yes=False)
    answer = client.post(path(where), document, if_match=tag)
    done = "Adopted" if where == "adopt" else "Handed back"
    told = answer.item.get("difference")
    if told is None or output.is_trial:
        outcome.tell(client, output, answer, done)
        return
    if not output.is_json:
        for sentence in told["words"][len(told["objects"]) :]:
            output.line(f"{sentence}.")
    outcome.tell(client, output, answer, f"{done}: {differences.count(told, done=True)}")
    if answer.pending == () and not output.is_json:
        _tell_edges(client, output, answer)


def _tell_edges(client: Client, output: Output, answer: Reply) -> None:
    edges = [edge for edge in client.items(path("edges")) if not is_silent(edge) and edge["state"] in _SERVING]
    if edges:
        names = ", ".join(edge["name"] for edge in edges)
        output.line(f"Revision {answer.revision} runs on: {names}.")
