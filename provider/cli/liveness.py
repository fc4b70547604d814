"""Whether the edges run a change: what a command that waited for them tells."""

from collections.abc import Sequence
from typing import Final

from provider.cli.client import Client, path
from provider.cli.output import Output, note
from provider.cli.replies import Item, Reply

_MOST_NAMED: Final = 3


def tell(client: Client, output: Output, answer: Reply) -> None:
    """Say whether a change is live, if it was waited for: to people all of it, to programs what is amiss."""
    if answer.pending is None:
        return
    if answer.pending:
        _tell_pending(output, answer.pending)
        return
    edges = list(client.items(path("edges")))
    silent = [edge for edge in edges if is_silent(edge)]
    if len(silent) == len(edges):
        output.is_pending = True
        output.beside(words_of_none(silent))
        return
    if not output.is_json:
        output.line(words_of_live(silent))
    for edge in edges:
        if edge["state"] == "degraded":
            note(f"Edge {edge['name']} is degraded: {edge['detail']}")


def is_silent(edge: Item) -> bool:
    """Tell whether an edge does not poll, so that nobody waits for it."""
    return edge["state"] in {"stale", "never seen"}


def _tell_pending(output: Output, pending: Sequence[Item]) -> None:
    output.is_pending = True
    note("The change is saved, but was not seen live on every edge:")
    for edge in pending:
        note(f"  {edge['name']} is {edge['state']}: {edge['detail']}")
    if any("the address of its API is not set" in edge["detail"] for edge in pending):
        note("An edge is unconfirmed while its API cannot be read: set PROVIDER_TRAEFIK_API to its URL.")


def words_of_live(silent: Sequence[Item]) -> str:
    if not silent:
        return "Live on every edge."
    named = [f"{edge['name']} ({edge['state']})" for edge in silent[:_MOST_NAMED]]
    if len(silent) > _MOST_NAMED:
        named.append(f"{len(silent) - _MOST_NAMED} more")
    return f"Live on every edge that polls; not on {', '.join(named)}."


def words_of_none(silent: Sequence[Item]) -> str:
    when = "now" if any(edge["state"] == "stale" for edge in silent) else "yet"
    return f"No Traefik is connected {when}: the change is saved, and goes live as soon as one connects."
