"""Why a revision is not live on an edge, for whoever waits until it is. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from provider.edges.states import Edge, EdgeState
from provider.edges.verdicts import list_held_back, words_of_hindered, words_of_lacks
from provider.messages import Message
from provider.nouns import Named
from provider.parts import ROUTERS, Part, Parts
from provider.snapshots import Served, Snapshot


@dataclass(frozen=True, slots=True)
class MissingEdge:
    """An edge on which a change was not seen to be live, and why; settled if no time will tell more."""

    name: str
    state: EdgeState
    detail: str
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Awaited:
    """A part that edges have to have before somebody waits no more; why there is none yet, and if that is settled.

    With `part` they have to have it in this form.
    """

    key: Named
    why: str
    is_settled: bool
    part: Part | None = None


def _runs(edge: Edge, revision: int, newest: Sequence[Served | None]) -> bool:
    """Tell whether an edge runs a revision or a later one, or is one for which nobody waits.

    It need not be given what would be the same document as it has.
    """
    if edge.verdict.state in {EdgeState.STALE, EdgeState.NEVER_SEEN} or edge.is_passing:
        return True
    given = edge.given
    if given is None or not edge.runs_given() or edge.pollers.sharers:
        return False
    if edge.quarantine is not None and edge.quarantine.concerns(revision):
        return False
    return given.revision >= revision or any(
        each is not None and each.revision >= revision and each.whole.digest == given.whole.digest for each in newest
    )


def find_missing(
    edge: Edge,
    revision: int,
    current: Snapshot | None,
    offered: Served | None,
    concerns: Callable[[Named], bool],
    awaited: Sequence[Awaited] = (),
) -> MissingEdge | None:
    """Find why a revision is not live on an edge; None if it is, or if nobody waits for the edge.

    `current` is what the edge would get, had it rejected nothing, and `offered` is what it gets.
    No time tells more of one that rejected a part of it or disabled a router, or was given it and has no API to read.
    """
    state, detail, quarantine = edge.verdict.state, edge.verdict.detail, edge.quarantine
    if not _runs(edge, revision, (current, offered)):
        is_mute = state is EdgeState.UNCONFIRMED and (edge.api_url is None or bool(edge.pollers.sharers))
        is_blamed = quarantine is not None and (quarantine.is_blamed(revision) or bool(edge.pollers.sharers))
        return MissingEdge(edge.name, state, detail, is_settled=is_blamed or is_mute)
    if quarantine is not None and any(concerns(key) for key in list_held_back(edge, current)):
        return MissingEdge(edge.name, state, detail, is_settled=not quarantine.is_searching)
    if any(concerns(key) for key in edge.lacks if key[0] in ROUTERS):
        return MissingEdge(edge.name, state, words_of_lacks(edge), is_settled=True)
    if (lacking := _find_lacking(edge, awaited)) is not None:
        return MissingEdge(edge.name, state, lacking.why, is_settled=lacking.is_settled)
    told = None
    if edge.observation is not None and state in {EdgeState.DEGRADED, EdgeState.REJECTED}:
        told = words_of_hindered(edge.observation, concerns)
    return None if told is None else MissingEdge(edge.name, state, Message("it {told}", told=told), is_settled=True)


def _find_lacking(edge: Edge, awaited: Sequence[Awaited]) -> Awaited | None:
    """Find what is not in the document that an edge runs, where it is one for which anybody waits."""
    if not isinstance(edge.given, Snapshot) or not edge.runs_given():
        return None
    parts = edge.given.parts
    return next((each for each in awaited if not _has(parts, each)), None)


def _has(parts: Parts, awaited: Awaited) -> bool:
    found = parts.find(awaited.key)
    return found is not None and (awaited.part is None or awaited.part == found)
