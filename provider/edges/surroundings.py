"""What each edge has that is not of our doing, as it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from provider.edges.states import Edge, EdgeState
from provider.surroundings import ForeignRouters, KnownEdge, KnownEdges, Redirection


class EdgeSurroundings:
    """What is known of that. It is noted in the event loop's thread."""

    def __init__(self) -> None:
        self.known: KnownEdges = {}
        """By edge, and never changed in place: any thread reads it as it is."""

    def find(self, name: str) -> KnownEdge:
        """Return what is known of an edge."""
        return self.known.get(name, KnownEdge())

    def know_entry_points(self, name: str, addresses: Mapping[str, str]) -> None:
        """Keep which entry points an edge has for HTTP: those for UDP take no requests."""
        names = frozenset(point for point, address in addresses.items() if not address.endswith("/udp"))
        self._know(name, replace(self.find(name), entry_points=names))

    def know_others(
        self,
        edge: Edge,
        others: Mapping[str, frozenset[str]] | None,
        added: Mapping[str, Sequence[str]],
        routers: ForeignRouters | None = None,
        points: tuple[Mapping[str, str], Mapping[str, Redirection]] | None = None,
    ) -> None:
        """Keep what an edge has of other providers, by its API, and what its entry points add; None for not known.

        `points` are those with TLS, and those that redirect. What was known of them stays, since that only changes
        when Traefik starts anew.
        """
        if edge.verdict.state is not EdgeState.STALE:
            before = self.find(edge.name)
            tls, redirecting = points or (before.tls, before.redirecting)
            known = replace(before, others=others, added=added, routers=routers, tls=tls, redirecting=redirecting)
            self._know(edge.name, known)

    def forget(self, name: str) -> None:
        """Know nothing of an edge any more."""
        self._know(name, KnownEdge())

    def _know(self, name: str, known: KnownEdge) -> None:
        if self.find(name) != known:
            rest = {edge: each for edge, each in self.known.items() if edge != name}
            self.known = rest if known == KnownEdge() else {**rest, name: known}
