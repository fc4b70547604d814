"""Handling: of which requests a change alters what happens between router and service, said in words. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from provider import configuration, passages
from provider.listening import Listening, changed_domains
from provider.messages import Message, listed, template
from provider.models import Change
from provider.models.revision import of_noun
from provider.nouns import Middleware, Noun, Router

_LOOKED_AT: Final = 2_000
"""Of how many routers the way is compared at most."""

_TLS: Final = "provider.tls"
_NOTHING_KNOWN: Final = (Listening(), Listening())
_TOLD: Final = 10
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class _Stage:
    """What happens to requests at one place of their way: the words, and the middleware that is there, if it is one."""

    words: str
    middleware: Noun | None = None


def tell(
    changes: Sequence[Change],
    routers: Iterable[Router],
    known: Mapping[str, Middleware],
    listening: tuple[Listening, Listening] = _NOTHING_KNOWN,
) -> list[str]:
    """Say of which requests changes alter the handling.

    `routers` and `known` are as they are after the changes: those that changed, or whose domains did, or that pass a
    middleware that did, and the middlewares by name, with those that the routers passed before. Others may be among
    them. `listening` is that of the state before and after.
    """
    former = {**known}
    for change in changes:
        if change.kind == Middleware.kind:
            former.pop(change.name, None)
            if change.before is not None:
                former[change.name] = Middleware.loaded(change.before)
    then, now = listening
    domains = set(changed_domains(changes))
    before = {each.name: each.before for each in of_noun(changes, Router)}
    touched = leading_to([each.name for each in changes if each.kind == Middleware.kind], former, known)
    places: dict[tuple[str, ...], list[str]] = {}
    passing = (
        router
        for router in routers
        if router.name in before
        or not touched.isdisjoint(router.middlewares)
        or (domains and not domains.isdisjoint(router.ascii_domains))
    )
    for router in islice(passing, _LOOKED_AT):
        old = before.get(router.name, ...)
        if old is None or not router.enabled:
            continue
        once = router if old is ... else Router.loaded(old)
        if once.enabled:
            for told in _compare(_way(once, former, then), _way(router, known, now)):
                places.setdefault(told, []).append(_place(router))
    words = [
        Message(told, place=listed(sorted(where), _NAMED), one=one, other=other)
        for (told, one, other), where in islice(places.items(), _TOLD)
    ]
    if len(places) > _TOLD:
        words.append(Message("and more changes to how requests are handled"))
    return list(words)


def leading_to(names: Collection[str], *known: Mapping[str, Middleware]) -> set[str]:
    """Return the names of middlewares with all chains that lead to them, in any of some states."""
    found = set(names)
    above: dict[str, set[str]] = {}
    for state in known:
        for name, middleware in state.items():
            for member in middleware.members:
                above.setdefault(member, set()).add(name)
    waiting = list(names)
    while waiting:
        for name in above.get(waiting.pop(), set()) - found:
            found.add(name)
            waiting.append(name)
    return found


def _way(router: Router, known: Mapping[str, Middleware], listening: Listening) -> dict[str, _Stage]:
    """Return what happens to a router's requests, in order, by the name of what does it."""
    tls = listening.words(router)
    way = {} if tls is None else {_TLS: _Stage(tls)}
    if any(entrance.redirects for entrance in listening.entrances(router)):
        way[configuration.REDIRECT] = _Stage(Message("Redirects HTTP to HTTPS (301)"))
    return way | {
        stop.name: _Stage(stop.name if stop.is_elsewhere else stop.words, stop.middleware)
        for stop in passages.stops(router.middlewares, known)
    }


def _compare(before: Mapping[str, _Stage], after: Mapping[str, _Stage]) -> Iterator[tuple[str, str, str]]:
    """Give how two ways differ: a template of its words, and what stands in it."""
    kept = [name for name in after if name in before]
    gone, come = ([part.words for name, part in way.items() if name not in kept] for way in (before, after))
    for words in gone:
        if words not in come:
            yield template("requests for {place} no longer: {one}"), words, ""
    for words in come:
        if words not in gone:
            yield template("requests for {place} from now on: {one}"), words, ""
    for name in kept:
        old, new = before[name], after[name]
        if old.words != new.words:
            yield template("requests for {place}: {one}, and no longer: {other}"), new.words, old.words
        elif old.middleware != new.middleware:
            yield template("requests for {place}: {one}, with other values in {other}"), new.words, name
    if kept != [name for name in before if name in after]:
        yield (
            template("requests for {place} pass through their middlewares in another order: {one}"),
            ", ".join(name for name in after if name in kept and name not in {_TLS, configuration.REDIRECT}),
            "",
        )


def _place(router: Router) -> str:
    """Say where people see a router: at its domains, or by its name where it has none."""
    if not router.domains:
        return router.name
    return listed([domain + (router.path_prefix or "") for domain in router.domains], _NAMED)
