"""Traefik's rule language: how rules are written, and how those that we write are ranked.

Facts from Traefik 3.7: a rule's rank is its length in characters unless a priority is set, the longest
first; a priority may be negative, and 0 is none; values stand in back-ticks; `Host` compares whole names,
so a wildcard needs `HostRegexp`, which every 3.x understands.
"""

import re
from collections.abc import Sequence
from typing import Final

from provider.messages import shown

_EXACT: Final = 25
"""The rank of an exact host without a path prefix. A rule that asks for a host and something else is longer, and
ranks higher; a rule that takes everything, such as HostRegexp(`.+`), is shorter, and ranks lower."""

_WILDCARD: Final = 2
"""The rank of a wildcard without a path prefix: above a priority of 1, which people give to what takes the rest."""

_NO_HOST: Final = -256
"""A path prefix for any host ranks this much above its length, which is 255 at most: below all that have a host."""


def quote(value: str) -> str:
    """Write a value as a rule's argument, so that no text can end it early.

    Back-ticks where they can be; a value that has one itself, or bytes that are no UTF-8 (see `literals`), is
    written in double quotes, escaped.
    """
    if "`" not in value and shown(value) == value:
        return f"`{value}`"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{shown(escaped)}"'


def host_matcher(host: str) -> str:
    """Match one host, an A-label or a wildcard such as `*.example.com`, which is one level deep.

    Whoever asks for a name may put a dot behind it: `Host` takes it so as well, an expression has to say so.
    """
    if host.startswith("*."):
        expression = r"^[^.]+\." + re.escape(host[2:]).replace(r"\-", "-") + r"\.?$"
        return f"HostRegexp({quote(expression)})"
    return f"Host({quote(host)})"


def build(hosts: Sequence[str], path_prefix: str | None) -> str:
    """Write the rule that matches any of the hosts, and the path prefix if there is one.

    `hosts` are A-labels, in the order in which they shall stand. At least one of the two is needed.
    """
    return _join([host_matcher(host) for host in hosts], path_prefix)


def split(hosts: Sequence[str]) -> list[Sequence[str]]:
    """Part hosts into those that rank alike: the exact ones and the wildcards. One empty group if there are none."""
    exact = [host for host in hosts if not host.startswith("*.")]
    wildcards = [host for host in hosts if host.startswith("*.")]
    return [group for group in (exact, wildcards) if group] or [()]


def priority(hosts: Sequence[str], path_prefix: str | None) -> int:
    """Return the rank of what matches hosts of one group of `split`, and the path prefix if there is one.

    An exact host goes before a wildcard, and that before no host; among these a longer prefix before a shorter
    one, and that before none. How many hosts there are, and how long their names are, makes no difference:
    another alias must not change who answers other requests. Between wildcards, prefixes of more than 22
    characters rank alike: there is no more room below the exact hosts.
    """
    length = len(path_prefix or "")
    if not hosts:
        return _NO_HOST + length
    if hosts[0].startswith("*."):
        return min(_WILDCARD + length, _EXACT - 1)
    return _EXACT + length


def _join(matchers: Sequence[str], path_prefix: str | None) -> str:
    any_host = " || ".join(matchers)
    if path_prefix is None:
        return any_host
    path = f"PathPrefix({quote(path_prefix)})"
    if not matchers:
        return path
    return f"({any_host}) && {path}" if len(matchers) > 1 else f"{any_host} && {path}"
