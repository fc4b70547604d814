"""Servers that leave: until when they keep visitors, and on which edges they still get requests."""

from collections.abc import Callable, Iterable

from provider.edges import former
from provider.edges.states import Edge, EdgeState
from provider.models import LeavingOutput
from provider.nouns import Server, Service

_SILENT = frozenset({EdgeState.STALE, EdgeState.NEVER_SEEN})


FindLeaving = Callable[[Service, Server], LeavingOutput]


def find_edges(edges: Iterable[Edge], service: str, url: str, now: float) -> list[str]:
    """Find the edges that run a document in which a server is, or may.

    Nobody waits for one that does not come, unless its API tells that it goes on with what it has. An edge whose API is
    not read may run what it was given before for as long as Traefik takes to load a document.
    """
    return [edge.name for edge in edges if not edge.is_passing and _may_ask(edge, service, url, now)]


def _may_ask(edge: Edge, service: str, url: str, now: float) -> bool:
    if edge.verdict.state in _SILENT:
        observed = edge.observation
        digest = None if observed is None else observed.digest
        known = (each for each in (edge.given, edge.accepted) if each is not None and each.document.digest == digest)
        return digest is not None and former.has(next(known, None), service, url)
    if any(former.has(each, service, url) for each in (edge.given, *edge.list_running(now))):
        return True
    return bool(edge.pollers.sharers) and (edge.api_url is None or edge.runs_given())
