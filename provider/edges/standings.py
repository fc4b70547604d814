"""What an edge makes of each router: whether it serves it as it is wanted, and if not why. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provider.edges.observed import DisabledRouter
from provider.edges.quarantine import Quarantine
from provider.edges.states import Edge, EdgeState
from provider.edges.verdicts import words_of_part, words_of_rejection, words_of_search
from provider.messages import Message
from provider.nouns import Named, Router
from provider.overlays import Replacement
from provider.parts import Parts
from provider.snapshots import Snapshot

_SILENT: Final = {EdgeState.STALE, EdgeState.NEVER_SEEN}


class Trouble(StrEnum):
    """What is amiss with a router on an edge, the gravest first."""

    DISABLED = "disabled"
    """Traefik disabled it."""

    LEFT_OUT = "left out"
    """The edge does not get it, for what it rejected."""

    FORMER = "former"
    """The edge has an older version of it, for what it rejected."""

    PARTLY = "partly"
    """Traefik serves it on some of its entry points only."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is amiss with a router on an edge, in a sentence: with Traefik's own words, where Traefik says it."""

    edge: str
    trouble: Trouble
    why: str
    words: str
    """The same without the edge's name."""

    @property
    def is_refused(self) -> bool:
        """Whether the router takes no request there."""
        return self.trouble in {Trouble.DISABLED, Trouble.LEFT_OUT}


@dataclass(frozen=True, slots=True)
class Standings:
    """One edge as it was at a time: what it makes of each router. `parts` are what is desired.

    `awaited`: whether it polls, so that a request may come to it.
    """

    edge: str
    state: EdgeState
    awaited: bool
    disabled: Mapping[str, str]
    partly: Mapping[str, str]
    entry_points: Collection[str]
    """The names of those that it has; none where that is not known."""
    quarantine: Quarantine | None
    parts: Parts | None

    def find(self, router: str) -> Standing | None:
        """Find what is amiss with a router; None where nothing is known to be."""
        if (words := self.disabled.get(router)) is not None:
            told = Message("the edge {edge} does not serve it: {words}", edge=self.edge, words=words)
            return Standing(self.edge, Trouble.DISABLED, told, words)
        if (kept := self._find_kept(router)) is not None:
            return kept
        if (words := self.partly.get(router)) is not None:
            told = Message("the edge {edge} serves it only in part: {words}", edge=self.edge, words=words)
            return Standing(self.edge, Trouble.PARTLY, told, words)
        return None

    @property
    def is_unknown(self) -> bool:
        """Whether nobody can tell what it runs."""
        return self.state is EdgeState.UNCONFIRMED

    def find_missing(self, entry_point: str) -> Standing | None:
        """Find that an edge has no such entry point, where it is known which it has: no request comes in there."""
        if not self.entry_points or entry_point in self.entry_points:
            return None
        told = {"edge": self.edge, "name": entry_point, "names": ", ".join(sorted(self.entry_points))}
        why = Message("the edge {edge} has no entry point {name} (it has {names})", **told)
        return Standing(self.edge, Trouble.DISABLED, why, why)

    def list_known(self) -> set[str]:
        """Return the names of all routers with which something is amiss."""
        routers = {} if self.parts is None else self.parts.routers.parts
        if self.quarantine is None:
            return {*self.disabled, *self.partly}
        return {*self.disabled, *self.partly, *(name for name in routers if self._find_kept(name) is not None)}

    def _find_kept(self, router: str) -> Standing | None:
        """Find whether an edge does not get a router as it is, for what it rejected."""
        quarantine = self.quarantine
        part = None if self.parts is None else self.parts.routers.parts.get(router)
        if quarantine is None or part is None:
            return None
        if quarantine.is_whole:
            runs, form = quarantine.accepted, b'"%s":{"entryPoints":' % router.encode()
            if part.content in runs.document.content:
                return None
            return self._kept(words_of_rejection(quarantine), is_there=form in runs.document.content)
        held = {**quarantine.trying, **quarantine.held}
        if (found := held.get(("router", router))) is not None:
            return self._kept(_words_of(quarantine, ("router", router)), is_there=found.replacement.by is not None)
        for key in () if self.parts is None else sorted(self.parts.reached(part)):
            if (found := held.get(key)) is not None:
                return self._kept(_words_of(quarantine, key), is_there=_leads_on(found.replacement, router))
        return None

    def _kept(self, words: str, *, is_there: bool) -> Standing:
        if is_there:
            told = Message("the edge {edge} has an older version of it: {words}", edge=self.edge, words=words)
            return Standing(self.edge, Trouble.FORMER, told, words)
        told = Message("the edge {edge} does not get it: {words}", edge=self.edge, words=words)
        return Standing(self.edge, Trouble.LEFT_OUT, told, words)


def stand(edge: Edge, current: Snapshot | None) -> Standings:
    """Return what an edge makes of each router now. `current` is what is desired."""
    observed = edge.observation
    is_silent = edge.verdict.state in _SILENT
    return Standings(
        edge=edge.name,
        state=edge.verdict.state,
        awaited=not is_silent and not edge.is_passing,
        disabled={} if observed is None else _errors(observed.disabled),
        partly={} if observed is None else _errors(observed.warned),
        entry_points=frozenset() if observed is None or is_silent else frozenset(observed.entry_points),
        quarantine=edge.quarantine,
        parts=None if current is None else current.parts,
    )


def _errors(routers: Iterable[DisabledRouter]) -> dict[str, str]:
    return {router.name: router.error for router in routers if router.kind == Router.kind}


def refused_everywhere(edges: Sequence[Standings]) -> frozenset[str]:
    """Return the routers that no edge serves, though some poll."""
    awaited = [edge for edge in edges if edge.awaited]
    if not awaited:
        return frozenset()
    found = [
        {name for name in edge.list_known() if (told := edge.find(name)) is not None and told.is_refused}
        for edge in awaited
    ]
    return frozenset(set.intersection(*found))


def _leads_on(replacement: Replacement, router: str) -> bool:
    """Tell whether a router takes requests though what it needs is not what is desired."""
    return replacement.by is not None or ("router", router) in dict(replacement.routers)


def _words_of(quarantine: Quarantine, key: Named) -> str:
    """Say which part an edge rejected, or that this is not found out yet."""
    held = quarantine.culprits.get(key)
    if held is None:
        return words_of_search(quarantine)
    return Message("it rejected {part}", part=words_of_part(key, held))
