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

    async def confirmed(self, domains: Collection[str], seconds: float) -> tuple[list[MissingEdge], list[str]]:
        """Wait until every edge shows a good certificate for domains.

        Return the edges that do not when the time is up, and what to warn of. Nobody waits for what cannot be seen. If
        nothing here brings a certificate, nobody waits for one, but is warned if there is none.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        with self._hurried(domains):
            missing = self._list_missing(domains)
            while not all(each.is_settled for each in missing) and (remaining := deadline - loop.time()) > 0:
                await self._edges.changed(min(remaining, _PAUSE_SECONDS))
                missing = self._list_missing(domains)
        first = {each.name: each for each in reversed(missing) if not each.is_settled}
        warnings: list[str] = [
            Message("edge {edge}: {told}", edge=each.name, told=each.detail) for each in missing if each.is_settled
        ]
        return list(reversed(first.values())), warnings

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
        return [each for watched in self._looks.watched.values() for each in self._find_missing(watched, domains)]

    def _find_missing(self, watched: Watched, domains: Collection[str]) -> Iterator[MissingEdge]:
        """Find those of some domains for which an edge does not show what it should, and say what it shows."""
        running, edge, current = find_running(watched.edge), watched.edge, self._edges.current
        newest = None if running is None else running.document.digest
        secured = {} if current is None else current.listening.secured
        for key in domains:
            domain, sighting = secured.get(key), self._edges.sightings.find(edge.name, key)
            if domain is None or domain.tls is None:
                continue
            # Until it is known what the newest document has, what is shown may be the certificate of the one before.
            if watched.digest == newest and watched.is_expected(key, sighting):
                continue
            told: str = Message("it has not been checked yet")
            is_current = False
            if sighting is not None:
                told, is_current = sighting.why, sighting.document == watched.digest == newest
                if is_current and sighting.state is ShownState.UNKNOWN:
                    continue
            detail = Message("for {domain} {told}", domain=domain.name, told=told)
            # What the edge has of its own, or gets from a resolver of its own, may come at any time, or never.
            is_brought = domain.tls.source is CertificateSource.ACME or watched.held.find(probe(key)) is not None
            is_settled = is_current and not is_brought and not watched.is_left(key, sighting)
            yield MissingEdge(edge.name, edge.verdict.state, detail, is_settled=is_settled)
