"""Rules of Traefik, as domains and a path prefix where they say nothing else. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from provider import rules
from provider.hosts import to_ascii
from provider.rules.conditions import All, Condition, Either, Single
from provider.rules.matchers import Host, HostRegexp, PathPrefix
from provider.values import Refusal, check_path_prefix, check_text

# With or without the dot that may stand behind every host: `Host` takes both, and so does a domain.
_WILDCARD: Final = re.compile(r"\^\[\^\.\]\+\\\.((?:[a-z0-9-]|\\\.)+?)(?:\\\.\?)?\$")


def forms(rule: rules.Rule) -> Iterator[Mapping[str, Any]]:
    """Go through the ways to say what a rule matches in the fields of a router, the plainest first.

    That is `domains` and `pathPrefix`, where they can say it, and `rule`.
    """
    if (found := _find_plain(rule.condition)) is not None:
        yield found
    yield {"rule": one_line(rule)}


def _find_plain(condition: Condition) -> Mapping[str, Any] | None:
    """Return domains and path prefix, or None for what they cannot say."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    paths = [part for part in parts if isinstance(part, Single) and isinstance(part.matcher, PathPrefix)]
    others = [part for part in parts if part not in paths]
    if len(paths) > 1 or len(others) > 1 or len(paths) + len(others) != len(parts):
        return None
    found: dict[str, Any] = {}
    for path in paths:
        prefix = path.matcher.arguments[0]
        if path.negated or not _is_prefix(prefix):
            return None
        found["pathPrefix"] = prefix
    for other in others:
        hosts = list(_hosts(other))
        if None in hosts:
            return None
        found["domains"] = list(dict.fromkeys(hosts))
    return found


def _hosts(condition: Condition) -> Iterator[str | None]:
    """Go through the hosts of which one has to be asked for; None stands for anything else."""
    for part in condition.parts if isinstance(condition, Either) else (condition,):
        yield _find_host(part.matcher) if isinstance(part, Single) and not part.negated else None


def _find_host(matcher: object) -> str | None:
    if isinstance(matcher, Host):
        host = matcher.host
        return host if not host.startswith("*") and _is_host(host) else None
    if isinstance(matcher, HostRegexp) and (found := _WILDCARD.fullmatch(matcher.arguments[0])):
        host = "*." + found[1].replace("\\", "")
        return host if _is_host(host) else None
    return None


def _is_host(host: str) -> bool:
    try:
        return to_ascii(host) == host
    except Refusal:
        return False


def _is_prefix(text: str) -> bool:
    try:
        check_path_prefix(text)
    except Refusal:
        return False
    return True


def one_line(rule: rules.Rule) -> str:
    """Return the text of a rule; one with line breaks and the like as it would be written in one line."""
    try:
        return check_text(rule.text)
    except Refusal:
        return str(rule.condition)
