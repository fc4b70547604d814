"""Conflicts: routers that stand in one another's way, and what nobody uses. Pure.

What is told is so: each finding is decided soundly, and what cannot be decided is not told.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain, islice
from typing import Final, TypeVar

from provider import rules, sticky_cookies
from provider.explanations import Route, Routes
from provider.messages import Message, listed, template
from provider.models import Change, Conflict
from provider.names import in_order
from provider.nouns import NOUNS, Noun, Router
from provider.rivals import (
    COMPARED_EACH,
    find_near,
    list_above,
    list_highest,
    list_mixed,
    list_ranked,
    list_taking,
    list_tied,
)
from provider.rules import hosts
from provider.rules.conditions import Condition
from provider.rules.effort import Effort
from provider.rules.implications import find_shared, implies

_COMPARED: Final = 20_000
"""How many pairs of routers are compared at most for each kind of conflict, the highest ranks first."""

T = TypeVar("T")

_STEPS: Final = 300_000
"""How many steps may be made for all conflicts together: see `effort`. Then it is said that not all was compared."""

_EASY: Final = 100
"""Up to so many pairs of matchers two rules are easy to compare, and come before harder ones."""

_MOST_HARD: Final = 5
"""How many of the routers are named that are hardest to compare."""

_MANY: Final = 100
"""From more routers than these on, conflicts are looked for among all."""

_EVERYTHING: Final = ("PathPrefix(`/`)", *(f"HostRegexp(`{each}`)" for each in (".+", ".*", "^.+$", "^.*$")))
"""What people write for all that no other router takes."""

_MOST_NAMED: Final = 3
"""How many routers are named that are in a conflict together."""

_ONE_RULE: Final = template(
    "{names} have the same rule and the same priority {rank} on {where}: which one wins is random"
)
_TAKING_FROM: Final = template(
    "{ruled} takes requests that {names} match too, such as {asked} on {where}: the priority of {ruled} is the length "
    "of its rule ({rule_rank}), the others' follow from their domains and path prefixes"
)
_TAKEN_FROM: Final = template(
    "{names} take requests that {ruled} matches too, such as {asked} on {where}: the priority of {ruled} is the length "
    "of its rule ({rule_rank}), the others' follow from their domains and path prefixes"
)

_KINDS: Final = frozenset({"router", "domain", "service"})
_LEADING: Final = frozenset({"middleware", "service"})
"""The kinds that lead to services without a router: error pages, and services made of services."""

_DOUBTED: Final = frozenset(kind for kind, noun in NOUNS.items() if noun.is_doubted())


@dataclass(frozen=True, slots=True)
class Finding:
    """One conflict: which objects are meant, as kind and name, and what about them, in words."""

    conflict: Conflict
    objects: Sequence[tuple[str, str]]
    detail: str

    def on(self, where: Message) -> "Finding":
        """Return it with where that is so."""
        return replace(self, detail=Message("{where}: {detail}", where=where, detail=self.detail))


@dataclass(frozen=True, slots=True)
class _Pair(Finding):
    """What two routers are in, and maybe others too: `same` is the same for all that are told of together.

    `template` and `values` say it of several, with the names of all `members`.
    """

    same: object
    members: Sequence[str]
    template: str
    values: Mapping[str, object]


def find(
    routes: Routes, domains: Collection[str], services: Collection[str], sticky: Mapping[str, str]
) -> list[Finding]:
    """Find all conflicts. `domains` are A-labels and wildcards, `services` names, `sticky` cookies by service."""
    effort = Effort(_STEPS)
    unreached = list(_unreached_services(routes, services))
    unused = list(_unused_domains(routes, domains, effort))
    shared = list(_shared_cookies(routes, sticky, effort))
    return [*_gather(_among(routes, effort)), *shared, *unused, *unreached, *_cut(routes, effort)]


@dataclass(frozen=True, slots=True)
class Concern:
    """What conflicts are looked for about: objects, and of what there is the domains and services that they bear on."""

    objects: AbstractSet[tuple[str, str]]
    domains: Collection[str] = ()
    services: Collection[str] = ()
    doubts: Sequence[Finding] = ()
    """What is told of the objects by themselves."""


def concern_of(changes: Iterable[Change]) -> Concern:
    """Return about what changes can make conflicts: a change of a server makes none."""
    objects: set[tuple[str, str]] = set()
    gone: set[tuple[str, str]] = set()
    domains: set[str] = set()
    services: set[str] = set()
    led_to: set[str] = set()
    doubts: list[Finding] = []
    for change in changes:
        if change.after is not None and change.kind in _DOUBTED:
            doubts += find_doubts(NOUNS[change.kind].loaded(change.after), change.name)
        if change.kind in _KINDS:
            (gone if change.after is None else objects).add((change.kind, change.name))
        if change.kind in _LEADING and change.after is not None:
            led_to |= {use.name for use in NOUNS[change.kind].loaded(change.after).uses() if use.kind == "service"}
        if change.kind == "router" and change.before is not None:
            former = Router.read(change.before)
            domains |= set(former.ascii_domains)
            services |= {use.name for use in former.uses() if use.kind == "service"}
    domains |= {name for kind, name in objects if kind == "domain"}
    services |= {name for kind, name in objects if kind == "service"}
    domains -= {name for kind, name in gone if kind == "domain"}
    services -= {name for kind, name in gone if kind == "service"} | led_to
    objects |= {("domain", name) for name in domains} | {("service", name) for name in services}
    objects |= {each for doubt in doubts for each in doubt.objects}
    return Concern(objects, domains, services, doubts)


def find_doubts(item: Noun, name: str) -> Iterator[Finding]:
    """Find what is set of an object that Traefik takes, and that may not be meant."""
    for where, message in item.warnings():
        detail = Message("{field}: {what}", field=".".join(map(str, where)), what=message)
        yield Finding(Conflict.DOUBTFUL_VALUE, ((item.kind, name),), detail)


def find_about(routes: Routes, concern: Concern, sticky: Mapping[str, str]) -> list[Finding]:
    """Find the conflicts that these objects are in. Only routers are looked at that may be in one with them."""
    if not concern.objects:
        return []
    effort = Effort(_STEPS)
    names = {name for kind, name in concern.objects if kind == "router"}
    led_to = {("service", route.service) for name in names for route in routes.of_router(name)} | concern.objects
    unused = list(_unused_domains(routes, concern.domains, effort)) if concern.domains else []
    unreached = list(_unreached_services(routes, concern.services)) if concern.services else []
    shared = [each for each in _shared_cookies(routes, sticky, effort) if not led_to.isdisjoint(each.objects)]
    between = _between(routes, names, effort) if len(names) <= _MANY else _among(routes, effort)
    between = [each for each in between if not concern.objects.isdisjoint(each.objects)]
    # Of those between rules there may be many, and who writes is told the first few.
    return [*concern.doubts, *shared, *_gather(between), *unused, *unreached, *_cut(routes, effort)]


def _cut(routes: Routes, effort: Effort) -> Iterator[Finding]:
    """Tell that not all was compared, and which rules are the hardest: without them it would have been."""
    if effort.is_spent:
        hardest = sorted(list_taking(routes), key=lambda route: -effort.weight(route.rule.condition))
        names = list(dict.fromkeys(route.name for route in hardest))[:_MOST_HARD]
        detail = Message(
            "there may be more conflicts: the rules are too long to compare all of them; the longest are those of "
            "{names}",
            names=", ".join(names),
        )
        yield Finding(Conflict.NOT_COMPARED, [("router", name) for name in names], detail)


def _among(routes: Routes, effort: Effort) -> list[Finding]:
    """Find the conflicts of routers with one another."""
    drawn: Sequence[tuple[Iterator[tuple[Route, Route]], Callable[[Route, Route, Effort], Finding | None]]] = (
        (list_tied(routes), _tie),
        (list_ranked(routes), partial(_hiding, routes, set())),
        (list_mixed(routes), _meeting),
    )
    return _compare([(*pair, look) for pairs, look in drawn for pair in islice(pairs, _COMPARED)], effort)


def _compare(
    pairs: Sequence[tuple[Route, Route, Callable[[Route, Route, Effort], T | None]]], effort: Effort
) -> list[T]:
    """Look at pairs, the easy ones first, until the effort is spent; what is found is in their order."""

    def cost(index: int) -> int:
        one, other, _look = pairs[index]
        return max(_EASY, effort.weight(one.rule.condition) * effort.weight(other.rule.condition))

    found: dict[int, T] = {}
    for index in sorted(range(len(pairs)), key=cost):
        if effort.is_spent:
            break
        one, other, look = pairs[index]
        if (told := look(one, other, effort)) is not None:
            found[index] = told
    return [found[index] for index in sorted(found)]


def _between(routes: Routes, names: Collection[str], effort: Effort) -> list[Finding]:
    """Find the conflicts of some routers with others, pair by pair; of what hides a router, the highest rank."""

    def look(one: Route, other: Route, effort: Effort) -> list[Finding]:
        # All that Traefik has of both: a router is hidden only if all of it is.
        both = (*routes.of_router(one.name), *routes.of_router(other.name))
        effort.spend(sum(effort.weight(route.rule.condition) for route in both))
        return _among(Routes(both), effort)

    highest = cache(partial(list_highest, routes))
    own = [route for name in sorted(names) for route in routes.of_router(name) if not route.beside]
    pairs = [(route, other, look) for route in own for other in find_near(routes, route, highest)]
    found: dict[tuple[Conflict, object], Finding] = {}
    for one in chain.from_iterable(_compare(pairs, effort)):
        key = one.objects[0] if one.conflict is Conflict.HIDDEN else one.objects
        found.setdefault((one.conflict, key), one)
    return list(found.values())


def _gather(found: Iterable[Finding]) -> list[Finding]:
    """Tell once of all routers that are in the same conflict, and not of each two of them."""
    gathered: dict[object, list[Finding]] = {}
    for each in found:
        same = each.same if isinstance(each, _Pair) else each.objects
        gathered.setdefault((each.conflict, same), []).append(each)
    return list(map(_together, gathered.values()))


def _together(findings: Sequence[Finding]) -> Finding:
    pairs = [each for each in findings if isinstance(each, _Pair)]
    if len(pairs) < 2:
        return Finding(findings[0].conflict, findings[0].objects, findings[0].detail)
    first, names = pairs[0], sorted({name for each in pairs for name in each.members}, key=in_order)
    members = [("router", name) for name in names]
    others = [each for each in first.objects if each not in members]
    objects = (*others, *members) if first.objects[0] in others else (*members, *others)
    detail = Message(first.template, **first.values, names=listed(names, _MOST_NAMED))
    return Finding(first.conflict, objects, detail)


def _tie(one: Route, other: Route, effort: Effort) -> Finding | None:
    """Tell that two routers of one rank match the same request: Traefik takes any of them."""
    shared = one.shared_places(other)
    if not shared:
        return None
    objects = (("router", one.name), ("router", other.name))
    told = {"rank": one.priority, "where": ", ".join(shared)}
    names = (one.name, other.name)
    effort.spend(effort.weight(one.rule.condition))
    if one.rule.condition == other.rule.condition:
        same = (repr(one.rule.condition), *told.values())
        detail = Message(_ONE_RULE, **told, names=listed(names, _MOST_NAMED))
        return _Pair(Conflict.SAME_RULE, objects, detail, same, names, _ONE_RULE, told)
    request = find_shared(one.rule.condition, other.rule.condition, effort)
    if request is None:
        return None
    asked = f"{request.method} {request.host}{request.path}"
    detail = Message(
        "{one} and {other} have the same priority {rank} on {where}, and both match {asked}: which one wins is random",
        **told,
        one=one.name,
        other=other.name,
        asked=asked,
    )
    return Finding(Conflict.SAME_RANK, objects, detail)


def _hiding(routes: Routes, hidden: set[tuple[str, str]], route: Route, other: Route, effort: Effort) -> Finding | None:
    """Tell that a router never takes a request, since another that ranks higher matches all of its.

    `hidden` are the keys of those that are, and gets more of them.
    """
    if route.key in hidden or not _takes_all(other, route, effort):
        return None
    hidden.add(route.key)
    if not all(part.key in hidden for part in routes.of_router(route.name)):
        return None
    detail = Message(
        "{one} never takes a request: {other} matches everything it does and has a higher priority, {above} to {below}",
        one=route.name,
        other=other.name,
        above=other.priority,
        below=route.priority,
    )
    return Finding(Conflict.HIDDEN, (("router", route.name), ("router", other.name)), detail)


def find_hidden(routes: Routes, names: Iterable[str], refused: Collection[str] = ()) -> dict[str, str]:
    """Find which of these routers never take a request, each with the router that takes all of them in its place.

    `refused` are routers that no edge serves: they hide none.
    """
    effort = Effort(_STEPS)
    own = {name: [route for route in routes.of_router(name) if route.takes] for name in names}
    found: dict[str, str] = {}
    # The easy ones first, so that a hard one costs the others nothing.
    for name in sorted(own, key=lambda name: sum(effort.weight(route.rule.condition) for route in own[name])):
        hiding = [_find_hiding(routes, route, refused, effort) for route in own[name]]
        if hiding and hiding[0] is not None and None not in hiding:
            found[name] = hiding[0]
    return found


def _find_hiding(routes: Routes, route: Route, refused: Collection[str], effort: Effort) -> str | None:
    above = islice(list_above(routes, route), COMPARED_EACH)
    able = (
        other.name
        for other in above
        if other.name != route.name and other.name not in refused and _hides(other, route, effort)
    )
    return next(able, None)


def _hides(other: Route, route: Route, effort: Effort) -> bool:
    return not effort.is_spent and _takes_all(other, route, effort)


def _takes_all(other: Route, route: Route, effort: Effort) -> bool:
    """Tell whether a router matches everything that another does, wherever that listens."""
    return route.is_within(other) and implies(route.rule.condition, other.rule.condition, effort)


@cache
def _everything() -> Collection[Condition]:
    """Return the conditions of `_EVERYTHING`. The library that reads regular expressions is loaded for them."""
    return [rules.read(text).condition for text in _EVERYTHING]


def _meeting(route: Route, other: Route, effort: Effort) -> Finding | None:
    """Tell that a router ranked by its rule's length shares requests with one ranked by its domains and prefix.

    Where one of them matches only requests that the other does too, and takes them, that is what people mean by
    it, and is not told.
    """
    shared = route.shared_places(other)
    if not shared or route.priority == other.priority:
        return None
    winner, loser = (route, other) if route.priority > other.priority else (other, route)
    if loser.rule.condition in _everything():
        return None
    if _takes_all(loser, winner, effort) or _takes_all(winner, loser, effort):
        return None
    request = find_shared(route.rule.condition, other.rule.condition, effort)
    if request is None:
        return None
    told = {
        "ruled": route.name,
        "rule_rank": route.priority,
        "asked": f"{request.method} {request.host}{request.path}",
        "where": ", ".join(shared),
    }
    detail = Message(
        "{winner} takes {asked} on {where}, which {loser} matches too: the priority of {ruled} is the length "
        "of its rule ({rule_rank}), that of {plain} follows from its domains and path prefix ({plain_rank})",
        **told,
        winner=winner.name,
        loser=loser.name,
        plain=other.name,
        plain_rank=other.priority,
    )
    objects = (("router", winner.name), ("router", loser.name))
    several = _TAKING_FROM if winner is route else _TAKEN_FROM
    return _Pair(Conflict.MIXED_RANKS, objects, detail, (route.name, several), (other.name,), several, told)


def _shared_cookies(routes: Routes, sticky: Mapping[str, str], effort: Effort) -> Iterator[Finding]:
    for found in sticky_cookies.find(routes, sticky, effort):
        one, other = found.services
        detail = Message(
            "the services {one} and {other} both keep sessions in the cookie {cookie} on {host}: visitors lose "
            "their session whenever they switch from one to the other; give each service its own cookie name",
            one=one,
            other=other,
            cookie=found.cookie,
            host=Message("every host") if found.host is None else found.host,
        )
        yield Finding(Conflict.SHARED_COOKIE, (("service", one), ("service", other)), detail)


def _unused_domains(routes: Routes, domains: Collection[str], effort: Effort) -> Iterator[Finding]:
    anywhere = [route for route in routes.of_any_host if route.enabled]
    if len(anywhere) > COMPARED_EACH:
        return
    under = _by_parent(routes) if any(domain.startswith("*.") for domain in domains) else {}
    for domain in sorted(domains):
        near = under.get(domain[2:], []) if domain.startswith("*.") else routes.of_host(domain)
        if effort.is_spent:
            return
        using = (route for route in [*near, *anywhere] if route.enabled)
        if not any(_may_match(route, domain, effort) for route in using):
            detail = Message("no router takes requests for {domain}: Traefik answers 404", domain=domain)
            yield Finding(Conflict.UNUSED_DOMAIN, (("domain", domain),), detail)


def _may_match(route: Route, domain: str, effort: Effort) -> bool:
    effort.spend(effort.weight(route.rule.condition))
    return hosts.may_match(route.rule.condition, domain)


def _by_parent(routes: Routes) -> dict[str, list[Route]]:
    """Return the routes by what follows the first label of their hosts."""
    found: dict[str, list[Route]] = {}
    for route in routes:
        for parent in {key.partition(".")[2] for key in hosts.keys(route.rule.condition) or ()}:
            found.setdefault(parent, []).append(route)
    return found


def _unreached_services(routes: Routes, services: Collection[str]) -> Iterator[Finding]:
    reached = {route.service for route in routes if route.enabled}
    for service in sorted(set(services) - reached):
        detail = Message("no router points to the service {service}", service=service)
        yield Finding(Conflict.UNREACHED_SERVICE, (("service", service),), detail)
