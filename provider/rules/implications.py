"""What follows from what: whether each request of one rule is one of another, and whether they share any.

Both answers are sound: what is said to follow does, and what is said to be shared was tried. Neither finds
all that there is, which nobody can for regular expressions in reasonable time.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from itertools import islice, product
from typing import Final, TypeVar

from provider.rules.conditions import All, Condition, Either, Single
from provider.rules.effort import PAIR_STEPS, Effort, TooHard, weight
from provider.rules.hosts import keys
from provider.rules.matcher import Matcher
from provider.rules.matchers import (
    ClientIP,
    Header,
    HeaderRegexp,
    Host,
    HostRegexp,
    Method,
    Path,
    PathPrefix,
    PathRegexp,
    Query,
    QueryRegexp,
)
from provider.rules.requests import Request

T = TypeVar("T")

_TRIED: Final = 300
"""How many requests are tried at most to find one that two rules share."""

_ABOUT_HOSTS: Final = (Host, HostRegexp)
_ABOUT_PATHS: Final = (Path, PathPrefix, PathRegexp)


def implies(one: Condition, other: Condition, effort: Effort | None = None) -> bool:
    """Tell whether each request that fulfils one condition surely fulfils another.

    `effort` is what may be spent on it; False where that is not enough.
    """
    effort = effort or Effort(PAIR_STEPS)
    effort.begin_pair()
    try:
        return _implies(one, other, effort)
    except TooHard:
        return False


def find_shared(one: Condition, other: Condition, effort: Effort | None = None) -> Request | None:
    """Find a request that fulfils both conditions, or None where none was found with what may be spent on it."""
    effort = effort or Effort(PAIR_STEPS)
    effort.begin_pair()
    try:
        return None if _is_apart(one, other, effort) else _try_requests(one, other, effort)
    except TooHard:
        return None


def _try_requests(one: Condition, other: Condition, effort: Effort) -> Request | None:
    cost = effort.weight(one) + effort.weight(other)
    for request in islice(_requests([*singles(one), *singles(other)]), _TRIED):
        effort.take(cost)
        if one.matches(request) and other.matches(request):
            return request
    return None


def is_apart(one: Condition, other: Condition) -> bool:
    """Tell whether no request surely fulfils both conditions. False where that takes more than two rules may cost."""
    effort = Effort(PAIR_STEPS)
    effort.begin_pair()
    try:
        return _is_apart(one, other, effort)
    except TooHard:
        return False


def _is_apart(one: Condition, other: Condition, effort: Effort) -> bool:
    """Tell whether what both conditions need at all events surely excludes one another."""
    return any(_single_implies(mine, theirs.inverted(), effort) for mine in _needs(one) for theirs in _needs(other))


def _needs(condition: Condition) -> list[Single]:
    parts = condition.parts if isinstance(condition, All) else (condition,)
    return [part for part in parts if isinstance(part, Single)]


def singles(condition: Condition) -> Iterator[Single]:
    """Give the matchers of a condition, each as it stands there."""
    if isinstance(condition, Single):
        yield condition
    else:
        for part in condition.parts:
            yield from singles(part)


def _implies(one: Condition, other: Condition, effort: Effort) -> bool:
    effort.take()
    if one == other:
        return True
    if isinstance(one, Either):
        return all(_implies(part, other, effort) for part in one.parts)
    if isinstance(other, All):
        return all(_implies(one, part, effort) for part in other.parts)
    if isinstance(one, All) and any(_implies(part, other, effort) for part in one.parts):
        return True
    if isinstance(other, Either):
        return any(_implies(one, part, effort) for part in other.parts)
    return isinstance(one, Single) and _single_implies(one, other, effort)


def _single_implies(one: Single, other: Single, effort: Effort) -> bool:
    effort.take(weight(other))
    if _is_always(other):
        return True
    if one.negated:
        return other.negated and _single_implies(other.inverted(), one.inverted(), effort)
    cases = _cases(one.matcher, other.matcher)
    if cases is not None:
        return all(other.matches(case) for case in cases)
    if other.negated:
        return _excludes(one.matcher, other.matcher)
    return _covers(other.matcher, one.matcher)


def _is_always(condition: Single) -> bool:
    matcher = condition.matcher
    return not condition.negated and isinstance(matcher, Host) and matcher.host == "*"


def _cases(one: Matcher, other: Matcher) -> list[Request] | None:
    """Return all requests that a matcher matches, as far as another one looks at them, if they can be listed."""
    if isinstance(one, Host) and isinstance(other, _ABOUT_HOSTS) and not one.host.startswith("*"):
        return [Request(host) for host in (one.host, f"{one.host}.", one.host.removesuffix(".")) if host]
    if isinstance(one, Path) and isinstance(other, _ABOUT_PATHS):
        return [Request("", one.path)]
    if isinstance(one, Method) and isinstance(other, Method):
        return [Request("", method=one.method)]
    return None


def _covers(wide: Matcher, narrow: Matcher) -> bool:
    """Tell whether one matcher surely matches whatever another does, where those cannot be listed."""
    match wide, narrow:
        case (PathPrefix(), PathPrefix()):
            return narrow.path.startswith(wide.path)
        case (ClientIP(), ClientIP()):
            mine, theirs = wide.network, narrow.network
            return mine.version == theirs.version and mine.supernet_of(theirs)  # type: ignore[arg-type]  # of one kind
        case (Header() | HeaderRegexp(), Header()):
            return wide.header == narrow.header and wide.matches(_with_header(narrow))
        case (Query() | QueryRegexp(), Query()):
            return wide.matches(_with_query(narrow))
    return wide == narrow


def _excludes(one: Matcher, other: Matcher) -> bool:
    """Tell whether no request surely matches both, where those of the first cannot be listed."""
    if isinstance(one, PathPrefix) and isinstance(other, Path):
        return not other.path.startswith(one.path)
    if isinstance(one, PathPrefix) and isinstance(other, PathPrefix):
        return not other.path.startswith(one.path) and not one.path.startswith(other.path)
    return isinstance(one, ClientIP) and isinstance(other, ClientIP) and not one.network.overlaps(other.network)


def _with_header(matcher: Header) -> Request:
    return Request("", headers={matcher.header: (matcher.arguments[1],)})


def _with_query(matcher: Query) -> Request:
    return Request("", query={matcher.arguments[0]: (matcher.value,)})


def _requests(given: list[Single]) -> Iterator[Request]:
    """Give requests that are put together from what matchers want, and from what none of them speaks of."""
    matchers = [single.matcher for single in given]
    wanted = [single.matcher for single in given if not single.negated]
    headers: dict[str, tuple[str, ...]] = {}
    query: dict[str, tuple[str, ...]] = {}
    for matcher in wanted:
        if isinstance(matcher, Header):
            headers[matcher.header] = (*headers.get(matcher.header, ()), matcher.arguments[1])
        if isinstance(matcher, Query):
            query[matcher.arguments[0]] = (*query.get(matcher.arguments[0], ()), matcher.value)
    hosts = _unique([*(host for single in given for host in _some_hosts(single)), "any.invalid"])
    paths = _unique([*(matcher.path for matcher in matchers if isinstance(matcher, Path | PathPrefix)), "/"])
    methods = _unique([*(matcher.method for matcher in matchers if isinstance(matcher, Method)), "GET"])
    if any(single.negated and isinstance(single.matcher, Method) for single in given):
        methods = _unique([*methods, "POST"])
    clients = _unique(
        [
            *(matcher.network.network_address for matcher in matchers if isinstance(matcher, ClientIP)),
            ip_address("192.0.2.1"),
        ]
    )
    for (sent, asked), client, method, path, host in product(
        [(headers, query), ({}, {})], clients, methods, paths, hosts
    ):
        yield Request(host, path, method, sent, asked, client)


def _some_hosts(single: Single) -> list[str]:
    told = keys(Single(single.matcher)) or ()
    return [f"any{key[1:]}" if key.startswith("*") else key for key in told]


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
