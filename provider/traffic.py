"""Traffic: which router takes the requests that another took before a change, and what nobody takes any more. Pure.

What is told is so: it was tried with a request, and what is told of more than that one request is proved.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from heapq import merge, nsmallest
from ipaddress import ip_address
from itertools import chain, islice, product
from typing import Final

from provider.messages import Message, listed
from provider.ranking import Route, Routes
from provider.rules import Request, hosts
from provider.rules.conditions import Condition
from provider.rules.implications import find_shared, implies, is_apart, singles
from provider.rules.matchers import ClientIP

COMPARED: Final = 20
"""How many routers that change are compared at most."""

_PAIRS: Final = 100
"""For how many pairs of rules a request is looked for at most."""

_NEAR: Final = 8
"""With how many others that may match the same a router is compared, those whose rank is nearest."""

_WALKED: Final = 2_000
"""Among how many routers the one that takes a request is looked for at most; among more it is not known."""

_TOLD: Final = 10
_NAMED: Final = 3
_ANYBODY: Final = ip_address("192.0.2.1")


class Extent(Enum):
    """Of which requests something is told."""

    ONE = auto()
    HOST = auto()
    """All requests for the host of the request."""

    ALL = auto()
    """All requests that the former router took."""


@dataclass(frozen=True, slots=True)
class Move:
    """A request that `former` took, and that `taker` takes now; nobody, if that is None.

    `by_client` tells whether it counts who asks; `where` is the entry point at which it was tried, over TLS or not.
    """

    request: Request
    former: Route
    taker: Route | None
    extent: Extent
    where: str
    by_client: bool = False


@dataclass(frozen=True, slots=True)
class _Taker:
    """Who takes a request. It is not known where chance decides, and among very many routers."""

    route: Route | None
    known: bool
    by_client: bool


def tell(before: Routes, after: Routes, changed: Collection[str]) -> list[str]:
    """Say how requests move between routers, of which those changed whose names are given."""
    standing = [_standing(route) for name in changed for route in _new(before, after, name)]
    moves = find(before, after, islice(changed, COMPARED))
    is_split = len({place for each in moves for place in (*each.former.entry_points, each.where)}) > 1
    by_tls = _is_by_tls(moves, before, after)
    told = list(dict.fromkeys(_say(each, is_split=is_split, by_tls=by_tls) for each in moves))
    words = [*standing[:_TOLD], *told[:_TOLD]]
    if (more := len(standing) - _TOLD) > 0:
        words.insert(_TOLD, Message("and {count} more routers stand beside others", count=more))
    if len(told) > _TOLD:
        words.append(Message("and requests of other routers move too"))
    if len(changed) > COMPARED:
        words.append(
            Message(
                "{count} more routers change; which routers take their requests was not compared",
                count=len(changed) - COMPARED,
            )
        )
    return words


def _is_by_tls(moves: Sequence[Move], before: Routes, after: Routes) -> bool:
    """Tell whether TLS decides who takes the requests: it does where a router has it only before, or only after."""
    for move in moves:
        name = move.former.name
        kept = {(point, each.is_secure) for each in after.of_router(name) for point in each.entry_points}
        lost = {(point, each.is_secure) for each in before.of_router(name) for point in each.entry_points} - kept
        if any((point, not is_secure) in kept for point, is_secure in lost):
            return True
    return False


def _new(before: Routes, after: Routes, name: str) -> Iterator[Route]:
    """Give a router that is new and stands beside one of another provider."""
    if not before.of_router(name):
        yield from (route for route in after.of_router(name) if route.beside)


def _standing(route: Route) -> Message:
    return Message("{router} stands beside {other}, which takes its requests", router=route.name, other=route.beside)


def find(before: Routes, after: Routes, changed: Iterable[str]) -> list[Move]:
    """Find how requests move, by trying those that the rules of the changed routers speak of."""
    found: dict[object, Move] = {}
    wholly: dict[tuple[str, str | None], bool] = {}
    for request, where in _asked(before, after, changed):
        one, other = _find_taker(before, request, where), _find_taker(after, request, where)
        if not one.known or not other.known or one.route is None or one.route.beside:
            continue  # what routers of other providers do is not told here
        former, taker = one.route, other.route
        if taker is not None and (former.name, former.service) == (taker.name, taker.service):
            continue
        if (pair := (former.name, taker.name if taker else None)) not in wholly:
            wholly[pair] = taker is not None and _takes_every(before, after, former.name, taker.name)
        extent = Extent.ALL if wholly[pair] else Extent.ONE
        if taker is None and request.host in (hosts.keys(former.rule.condition) or ()):
            extent = Extent.HOST if _is_silent(after, request.host) else Extent.ONE
        key = {Extent.HOST: request.host, Extent.ALL: pair, Extent.ONE: (*pair, where, request.secure)}[extent]
        move = Move(request, former, taker, extent, where, by_client=one.by_client or other.by_client)
        found.setdefault((extent, key), move)
    silent = {each.request.host for each in found.values() if each.extent is Extent.HOST}
    return [
        each
        for each in found.values()
        if each.extent is not Extent.ONE or each.taker is not None or each.request.host not in silent
    ]


def _asked(before: Routes, after: Routes, changed: Iterable[str]) -> Iterator[tuple[Request, str]]:
    """Give the requests to try, and where: such as changed routers match, by themselves and together with others."""
    left = _PAIRS
    for name in changed:
        mine, new = before.of_router(name), after.of_router(name)
        if list(mine) == list(new):
            continue
        for route in {each.rule.condition: each for each in (*mine, *new)}.values():
            condition = route.rule.condition
            opposite = [each.rule.condition.inverted() for each in (new if route in mine else mine)]
            others = dict.fromkeys([condition, *opposite, *_near(before, route), *_near(after, route)])
            for other in islice(others, max(left, 0)):
                left -= 1
                if (request := find_shared(condition, other)) is not None:
                    plain = _plainest(request, (condition, other))
                    places = sorted({*_places(mine), *_places(new)})
                    yield from ((replace(plain, secure=is_secure), where) for where, is_secure in places)


def _near(routes: Routes, route: Route) -> list[Condition]:
    """Return the rules of others that may match the same as one does, those whose rank is nearest."""
    keys = sorted(hosts.keys(route.rule.condition) or ())[:_NEAR]
    asked = dict.fromkeys(chain.from_iterable((key,) if key[:1] == "*" else hosts.asked_keys(key) for key in keys))
    places = [islice(place, _WALKED) for place in (*map(routes.of_key, asked), routes.of_any_host)]
    others = (other for other in chain.from_iterable(places) if other.enabled and other.name != route.name)
    near = nsmallest(_NEAR, others, key=lambda other: (abs(other.priority - route.priority), other.name))
    return [other.rule.condition for other in near]


def _places(routes: Iterable[Route]) -> Iterator[tuple[str, bool]]:
    """Give the entry points where routers listen, each with whether they do so over TLS."""
    return ((point, route.is_secure) for route in routes if route.enabled for point in route.entry_points)


def _plainest(request: Request, conditions: Sequence[Condition]) -> Request:
    """Return the plainest request that fulfils conditions as one does: what it needs not have, it has not."""
    clients = dict.fromkeys((_ANYBODY, request.client))
    sent, typed = (
        {name: tuple(dict.fromkeys(each)) for name, each in of.items()} for of in (request.headers, request.query)
    )
    for client, headers, query in product(clients, ({}, sent), ({}, typed)):
        plain = Request(request.host, request.path, request.method, headers, query, client)
        if all(condition.matches(plain) for condition in conditions):
            return plain
    return request


def _find_taker(routes: Routes, request: Request, where: str) -> _Taker:
    """Find who takes a request, as Traefik does."""
    places = (*map(routes.of_key, hosts.asked_keys(request.host)), routes.of_any_host)
    found: Route | None = None
    by_client = False
    for walked, route in enumerate(merge(*places, key=lambda each: -each.priority)):
        if found is not None and route.priority < found.priority:
            break
        if walked >= _WALKED:
            return _Taker(None, known=False, by_client=by_client)
        if not route.enabled or not route.hears(request, where):
            continue
        by_client = by_client or any(isinstance(one.matcher, ClientIP) for one in singles(route.rule.condition))
        if route.rule.matches(request):
            if found is not None and found.name != route.name:
                return _Taker(None, known=False, by_client=by_client)
            found = found or route
    return _Taker(found, known=True, by_client=by_client)


def _takes_every(before: Routes, after: Routes, former: str, taker: str) -> bool:
    """Tell whether surely one router takes all that another took."""
    return former != taker and all(
        any(_takes_all(before, after, mine, theirs) for theirs in after.of_router(taker) if theirs.enabled)
        for mine in before.of_router(former)
        if mine.enabled
    )


def _is_silent(routes: Routes, host: str) -> bool:
    """Tell whether surely nobody takes requests for a host."""
    able = [route for route in (*routes.of_host(host), *routes.of_any_host) if route.enabled]
    if len(able) > _WALKED:
        return False
    return not any(hosts.may_match(route.rule.condition, asked) for route in able for asked in (host, f"{host}."))


def _takes_all(before: Routes, after: Routes, mine: Route, theirs: Route) -> bool:
    """Tell whether surely one router takes all that another took, which may still be there.

    Whoever ranks as high as the one or higher, and may match the same, must have ranked above the other before.
    """
    if not mine.is_within(theirs) or not implies(mine.rule.condition, theirs.rule.condition):
        return False
    rivals = _rivals(after, mine)
    if rivals is None:
        return False
    above = (each for each in rivals if each.enabled and each.priority >= theirs.priority and each.name != theirs.name)
    return all(_took_before(before, mine, each) or _is_elsewhere(mine, each) for each in above)


def _rivals(routes: Routes, route: Route) -> Collection[Route] | None:
    """Return all others that may match what one does, or None where they are too many to look at."""
    keys = hosts.keys(route.rule.condition)
    if keys is None or any(key.startswith("*") for key in keys):
        found = list(islice(routes.unsorted, _WALKED + 1))
    else:
        found = [*chain.from_iterable(map(routes.of_host, keys)), *routes.of_any_host]
    return found if len(found) <= _WALKED else None


def _took_before(before: Routes, mine: Route, rival: Route) -> bool:
    """Tell whether a router that is above now was the same before, and above the former one."""
    return rival.name != mine.name and rival in before.of_router(rival.name) and rival.priority > mine.priority


def _is_elsewhere(mine: Route, rival: Route) -> bool:
    """Tell whether two routers surely share no request."""
    return not mine.shared_places(rival) or is_apart(mine.rule.condition, rival.rule.condition)


def _say(move: Move, *, is_split: bool, by_tls: bool) -> str:
    former, taker = move.former, move.taker
    if move.extent is Extent.HOST:
        return Message("no router takes requests for {host} any more: Traefik answers 404", host=move.request.host)
    if taker is not None and move.extent is Extent.ALL:
        told = {"taker": taker.taker, "former": former.name}
        if not (keys := hosts.keys(former.rule.condition)):
            return Message("{taker} now takes every request that {former} took", **told)
        names = listed(sorted(keys), _NAMED)
        return Message("{taker} now takes every request that {former} took ({hosts})", **told, hosts=names)
    asked = _asked_words(move)
    if by_tls and move.request.secure:
        asked = Message("{asked} over TLS", asked=asked)
    elif by_tls:
        asked = Message("{asked} without TLS", asked=asked)
    if is_split:
        asked = Message("{asked} on {entry_point}", asked=asked, entry_point=move.where)
    if taker is None:
        return Message("no router takes {asked} any more; {former} used to", asked=asked, former=former.name)
    if taker.name == former.name:
        told = {"asked": asked, "router": former.name, "before": former.service, "after": taker.service}
        return Message("{asked}: {router} now sends it to the service {after}, not to {before}", **told)
    return Message(
        "{asked} now goes to {taker}, no longer to {former}", asked=asked, taker=taker.taker, former=former.name
    )


def _asked_words(move: Move) -> str:
    """Write the request down with all that counts of it."""
    request = move.request
    query = "&".join(f"{name}={value}" for name, value in _pairs(request.query))
    asked: str = f"{request.method} {request.host}{request.path}" + (f"?{query}" if query else "")
    if headers := "; ".join(f"{name}: {value}" for name, value in _pairs(request.headers)):
        asked = Message("{asked} with {headers}", asked=asked, headers=headers)
    if move.by_client:
        asked = Message("{asked} from {client}", asked=asked, client=str(request.client))
    return asked


def _pairs(values: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, each in values.items() for value in each)
