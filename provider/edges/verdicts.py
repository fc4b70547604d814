"""What is said of an edge: the one word for it, and why, in a sentence. Pure: clocks are read by whoever calls."""

from collections.abc import Callable, Sequence
from typing import Final

from provider.edges.observed import DisabledRouter, Observation
from provider.edges.quarantine import HeldPart, Quarantine
from provider.edges.states import Edge, EdgeState, EdgeVerdict, has_rejected
from provider.messages import Message, joined, template, trimmed
from provider.nouns import Named, called, versions
from provider.parts import ROUTERS
from provider.snapshots import Served, Snapshot

_MOST_ROUTERS_TOLD: Final = 3
_MOST_PARTS_TOLD: Final = 3
_NEXT: Final = template("{one}; {other}")


def judge(edge: Edge, current: Served | None, now: float) -> EdgeVerdict:
    """Say how an edge is."""
    given = edge.given
    silent = _judge_silence(edge, now)
    if silent is not None:
        return silent
    if given is None or current is None:
        return EdgeVerdict(EdgeState.PENDING, Message("it has polled, but has not been given a document yet"))
    if edge.quarantine is not None:
        told = words_of_rejection(edge.quarantine, list_held_back(edge, current), _words_besides(edge))
        rejected = EdgeVerdict(EdgeState.REJECTED, told)
        return _judge_shared(edge, rejected, now) if edge.pollers.sharers else rejected
    if given.whole.digest != current.whole.digest:  # the same but for servers that are kept out is as good
        return EdgeVerdict(
            EdgeState.PENDING, Message("it has not fetched revision {revision} yet", revision=current.revision)
        )
    verdict = _judge_given(edge, current)  # the same document, perhaps of a later revision
    if edge.lacks and verdict.state is EdgeState.LIVE:
        told = words_of_lacks(edge)
        verdict = EdgeVerdict(
            EdgeState.DEGRADED, Message("it runs revision {revision}, but {told}", revision=current.revision, told=told)
        )
    return _judge_shared(edge, verdict, now) if edge.pollers.sharers else verdict


def _judge_shared(edge: Edge, verdict: EdgeVerdict, now: float) -> EdgeVerdict:
    """Say how an edge is as which several Traefiks poll: what its API tells is of one of them."""
    state = EdgeState.UNCONFIRMED if verdict.state is EdgeState.LIVE else verdict.state
    silent = sum(poller.is_silent(now) for poller in edge.pollers.sharers)
    told = Message(
        "{count} Traefiks poll under this name, so what each runs is unknown. The one that can be read: "
        "{detail}. Give each its own name",
        count=edge.pollers.instances,
        detail=verdict.detail,
    )
    if silent == 1:
        told = Message("{told}. One of them has stopped polling", told=told)
    elif silent:
        told = Message("{told}. {silent} of them have stopped polling", told=told, silent=silent)
    return EdgeVerdict(state, told)


def _judge_silence(edge: Edge, now: float) -> EdgeVerdict | None:
    if edge.is_elsewhere(now):
        return None
    if edge.polled_at is None and edge.last_seen is None:
        return EdgeVerdict(EdgeState.NEVER_SEEN, Message("no Traefik has polled under this name yet"))
    if edge.polled_at is None and now < edge.awaited_until:
        return EdgeVerdict(EdgeState.PENDING, Message("it has not polled yet since wayshub-provider started"))
    if edge.polled_at is None:
        return EdgeVerdict(EdgeState.STALE, Message("it has not polled since wayshub-provider started"))
    if now - edge.polled_at > (patience := edge.patience_seconds) and not edge.pollers.holding:
        return EdgeVerdict(
            EdgeState.STALE,
            Message("it has not polled for more than {patience} s", patience=trimmed(round(patience, 1))),
        )
    return None


def _judge_given(edge: Edge, given: Served) -> EdgeVerdict:
    observed = edge.observation
    if observed is None:
        told = (
            Message("the address of its API is not set")
            if edge.api_url is None
            else Message("its API has not been read yet")
        )
        return EdgeVerdict(
            EdgeState.UNCONFIRMED,
            Message("it was given revision {revision}; {told}", revision=given.revision, told=told),
        )
    if observed.error is not None:
        return EdgeVerdict(
            EdgeState.UNCONFIRMED,
            Message("it was given revision {revision}; {error}", revision=given.revision, error=observed.error),
        )
    if edge.runs_given():
        return _judge_running(observed, given)
    if has_rejected(edge):
        running = (
            Message("still runs the document {digest}", digest=observed.digest)
            if observed.digest
            else Message("runs no document of wayshub-provider")
        )
        return EdgeVerdict(
            EdgeState.REJECTED,
            Message("it was given revision {revision}, and {running}", revision=given.revision, running=running),
        )
    if edge.runs_alike():
        return _judge_running(observed, given)
    return EdgeVerdict(
        EdgeState.PENDING, Message("it was given revision {revision}, but does not run it yet", revision=given.revision)
    )


def _judge_running(observed: Observation, given: Served) -> EdgeVerdict:
    told = words_of_hindered(observed)
    if told is not None:
        return EdgeVerdict(
            EdgeState.DEGRADED, Message("it runs revision {revision}, but {told}", revision=given.revision, told=told)
        )
    return EdgeVerdict(
        EdgeState.LIVE, Message("it runs revision {revision}, every router enabled", revision=given.revision)
    )


def words_of_lacks(edge: Edge) -> str:
    """Say what an edge does not get since its version does not know it."""
    newer = [(key, since) for key, since in edge.lacks.items() if since]
    listed = [
        Message("{kind} {name} (needs {version})", kind=called(kind), name=name, version=versions.written(since))
        for (kind, name), since in newer[:_MOST_PARTS_TOLD]
    ]
    told = joined(listed)
    if (more := len(newer) - _MOST_PARTS_TOLD) > 0:
        told = Message("{parts}; and {more} more", parts=told, more=more)
    version = edge.observation.version if edge.observation is not None else None
    message = Message("Traefik {version} is too old for {parts}", version=version or "?", parts=told)
    routers = sorted(name for kind, name in edge.lacks if kind in ROUTERS)
    if not routers:
        return message
    named = ", ".join(routers[:_MOST_PARTS_TOLD])
    if (more := len(routers) - _MOST_PARTS_TOLD) > 0:
        named = Message("{parts}; and {more} more", parts=named, more=more)
    return Message("{told}, so it does not serve {routers}", told=message, routers=named)


def words_of_hindered(observed: Observation, concerns: Callable[[Named], bool] = bool) -> str | None:
    """Say which of the routers that concern somebody Traefik disabled or serves in part, or None if there is none."""
    disabled = [router for router in observed.disabled if concerns(router.named)]
    warned = [router for router in observed.warned if concerns(router.named)]
    told = [Message("disabled {routers}", routers=_words_of(disabled))] if disabled else []
    told += [Message("serves only in part {routers}", routers=_words_of(warned))] if warned else []
    return joined(told, _NEXT) or None


def _words_of(routers: Sequence[DisabledRouter]) -> str:
    """Say which routers these are: of a single one also Traefik's reason. Of more, the edge's page has them."""
    if len(routers) == 1:
        return routers[0].words
    named = ", ".join(router.name for router in routers[:_MOST_ROUTERS_TOLD])
    more = len(routers) - _MOST_ROUTERS_TOLD
    names = Message("{routers} and {more} more", routers=named, more=more) if more > 0 else named
    return Message("{count} routers: {names}", count=len(routers), names=names)


def _words_besides(edge: Edge) -> str | None:
    """Say what is amiss on an edge that has nothing to do with what it rejected, or None if nothing is."""
    if edge.lacks:
        return words_of_lacks(edge)
    hindered = None if edge.observation is None else words_of_hindered(edge.observation)
    return None if hindered is None else Message("It also {told}", told=hindered)


def list_held_back(edge: Edge, current: Served | None) -> list[Named]:
    """List the routers that an edge does not run as they are, for what it rejected: with those that need such."""
    given, quarantine = edge.given, edge.quarantine
    if not isinstance(given, Snapshot) or not isinstance(current, Snapshot):
        return []
    rejected = set() if quarantine is None else {*quarantine.held, *quarantine.trying}
    return [
        (kind, name)
        for kind in ROUTERS
        for name, part in current.parts.section(kind).parts.items()
        if given.parts.find((kind, name)) != part or not rejected.isdisjoint(current.parts.reached(part))
    ]


def words_of_rejection(quarantine: Quarantine, held_back: Sequence[Named] = (), besides: str | None = None) -> str:
    """Say what an edge rejected, what it gets instead, which routers that holds back, and what is amiss besides."""
    rejected = quarantine.rejected.revision
    if quarantine.is_whole:
        return Message(
            "it rejected revision {rejected}, and gets revision {accepted} again",
            rejected=rejected,
            accepted=quarantine.accepted.revision,
        )
    culprits = quarantine.culprits
    if not culprits:
        return words_of_search(quarantine)
    told = joined([words_of_part(*each) for each in list(culprits.items())[:_MOST_PARTS_TOLD]], _NEXT)
    if (more := len(culprits) - _MOST_PARTS_TOLD) > 0:
        told = Message("{parts}; and {more} more", parts=told, more=more)
    told = Message("it rejected {parts}", parts=told)
    if others := [name for kind, name in held_back if (kind, name) not in culprits]:
        named = ", ".join(others[:_MOST_PARTS_TOLD])
        if (more := len(others) - _MOST_PARTS_TOLD) > 0:
            named = Message("{parts}; and {more} more", parts=named, more=more)
        told = Message("{told}. Routers that need it stay as they were: {routers}", told=told, routers=named)
    if besides:
        return Message("{told}. {besides}", told=told, besides=besides)
    return Message("{told}; everything else works", told=told)


def words_of_search(quarantine: Quarantine) -> str:
    """Say that it is not known yet which part of what an edge rejected is to blame."""
    rejected = quarantine.rejected.revision
    return Message("it rejected the document of revision {rejected}; looking for the part at fault", rejected=rejected)


def words_of_part(key: Named, held: HeldPart) -> str:
    """Name a part, with the revision that made it what it is, and its author."""
    kind, name = key
    if not held.author:
        return Message("{kind} {name} of revision {revision}", kind=called(kind), name=name, revision=held.revision)
    return Message(
        "{kind} {name} of revision {revision} by {author}",
        kind=called(kind),
        name=name,
        revision=held.revision,
        author=held.author,
    )
