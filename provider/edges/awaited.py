"""Waiting until the edges show the certificates of domains: in the event loop's thread."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from provider.edges.looks import Looks
from provider.edges.missing import MissingEdge
from provider.edges.registry import Edges
from provider.edges.sightings import probe
from provider.edges.watched import Watched, find_running
from provider.messages import Message
from provider.models import ShownState
from provider.nouns.domain import CertificateSource

_PAUSE_SECONDS: Final = 1.0


class AwaitedCertificates:
    """The domains for whose certificates somebody waits."""

    def __init__(self, edges: Edges, looks: Looks) -> None:
        self._edges = edges
        self._looks = looks
        self._domains: Counter[str] = Counter()

    async def confirmed(self, domains: Collection[str], seconds: float) -> list[MissingEdge]:
        """Wait until every edge shows a good certificate for domains; return those that do not when the time is up.

        Nobody waits for what cannot be seen, nor for a certificate that nobody brings.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        with self._hurried(domains):
            missing = self._list_missing(domains)
            while not all(each.is_settled for each in missing) and (remaining := deadline - loop.time()) > 0:
                await self._edges.changed(min(remaining, _PAUSE_SECONDS))
                missing = self._list_missing(domains)
        return missing

    @contextmanager
    def _hurried(self, domains: Collection[str]) -> Iterator[None]:
        """Let them be looked at more often meanwhile."""
        self._domains.update(domains)
        self._looks.urgent = self._domains.keys()
        for domain in domains:
            self._looks.hurry(domain)
        try:
            yield
        finally:
            self._domains.subtract(domains)
            self._domains += Counter()  # without those for which nobody waits any more
            self._looks.urgent = self._domains.keys()

    def _list_missing(self, domains: Collection[str]) -> list[MissingEdge]:
        found = (self._find_missing(watched, domains) for watched in self._looks.watched.values())
        return [each for each in found if each is not None]

    def _find_missing(self, watched: Watched, domains: Collection[str]) -> MissingEdge | None:
        """Find the first of some domains for which an edge does not show what it should, and say what it shows."""
        running, edge, current = find_running(watched.edge), watched.edge, self._edges.current
        newest = None if running is None else running.document.digest
        secured = {} if current is None else current.listening.secured
        for key in domains:
            domain, sighting = secured.get(key), self._edges.sightings.find(edge.name, key)
            if domain is None or domain.tls is None or watched.is_expected(key, sighting):
                continue
            told: str = Message("it has not been checked yet")
            is_current = False
            if sighting is not None:
                told, is_current = sighting.why, sighting.document == watched.digest == newest
                if is_current and sighting.state is ShownState.UNKNOWN:
                    continue
            detail = Message("for {domain} {told}", domain=domain.name, told=told)
            is_hopeless = domain.tls.source is CertificateSource.STORED and watched.held.find(probe(key)) is None
            return MissingEdge(edge.name, edge.verdict.state, detail, is_settled=is_current and is_hopeless)
        return None
