"""Which hosts a rule is for, so that among many rules those for one host are found at once.

A key is a host, or `*.` and what follows the first label. A rule matches no host but those of its keys; it
need not match all of them.
"""

from collections.abc import Iterator
from typing import Final

from provider.patterns import pattern
from provider.rules.conditions import All, Condition, Either, Single
from provider.rules.matchers import Host, HostRegexp
from provider.rules.requests import Request

# What `build` writes for a wildcard: one label, and a literal rest; people leave the last dot out.
_WILDCARD: Final = pattern(r"\^\[\^\.\]\+((?:\\\.|[a-z0-9-])+)(?:\\\.\?)?\$")


def keys(condition: Condition) -> frozenset[str] | None:
    """Return the keys of a condition, or None if it does not tell them."""
    if isinstance(condition, Single):
        return None if condition.negated else _matcher_keys(condition)
    found = [keys(part) for part in condition.parts]
    if isinstance(condition, All):
        return min((each for each in found if each is not None), key=len, default=None)
    known = [each for each in found if each is not None]
    return frozenset().union(*known) if len(known) == len(found) else None


def asked_keys(host: str) -> tuple[str, ...]:
    """Return the keys under which rules stand that may match a host."""
    plain = host.rstrip(".")
    _label, dot, rest = plain.partition(".")
    return (plain, f"*{dot}{rest}")


def related(host: str) -> Iterator[str]:
    """Return other hosts that whoever asks for one may mean: with `www.` or without, the domain above."""
    _label, _dot, rest = host.rstrip(".").partition(".")
    if "." in rest:
        yield rest
    yield f"www.{host}"


def may_match(condition: Condition, host: str) -> bool:
    """Tell whether a condition may match a request for a host, or for some host of a wildcard: False is sure."""
    if isinstance(condition, All):
        return all(may_match(part, host) for part in condition.parts)
    if isinstance(condition, Either):
        return any(may_match(part, host) for part in condition.parts)
    matcher = condition.matcher
    if not isinstance(matcher, Host | HostRegexp):
        return True
    if not host.startswith("*."):
        return condition.matches(Request(host))
    told = keys(condition)
    return told is None or any(key == host or (key.partition(".")[2] == host[2:]) for key in told)


def _matcher_keys(condition: Single) -> frozenset[str] | None:
    matcher = condition.matcher
    if isinstance(matcher, Host) and matcher.host != "*":
        return frozenset({matcher.host.rstrip(".")})
    if isinstance(matcher, HostRegexp) and (found := _WILDCARD.fullmatch(matcher.arguments[0])):
        return frozenset({"*" + found[1].replace("\\", "")})
    return None
