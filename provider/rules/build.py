"""Traefik's rule language: how rules are written, and how Traefik ranks them.

Facts from Traefik 3.7: a rule's rank is its length in characters unless a priority is set, the longest
first; values stand in back-ticks; `Host` compares whole names, so a wildcard needs `HostRegexp`, which
every 3.x understands.
"""

import re
from collections.abc import Sequence


def quote(value: str) -> str:
    """Write a value as a rule's argument, so that no text can end it early.

    Back-ticks where they can be; a value that has one itself is written in double quotes, escaped.
    """
    if "`" not in value:
        return f"`{value}`"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


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


def priority(hosts: Sequence[str], path_prefix: str | None) -> int | None:
    """Return the rank to set so that an exact host wins over a wildcard, or None to leave it to Traefik.

    A wildcard's expression is longer than the exact hosts that it covers, and would win by its length
    alone; and so would any rule with several hosts. A rule with a wildcard is ranked by what a person would
    write for its shortest one alone, with the star not counted: always below another rule's exact host that
    it covers, with the same path prefix.
    """
    covered = [f"Host({quote(host.removeprefix('*'))})" for host in hosts if host.startswith("*.")]
    return min((len(_join([host], path_prefix)) for host in covered), default=None)


def _join(matchers: Sequence[str], path_prefix: str | None) -> str:
    any_host = " || ".join(matchers)
    if path_prefix is None:
        return any_host
    path = f"PathPrefix({quote(path_prefix)})"
    if not matchers:
        return path
    return f"({any_host}) && {path}" if len(matchers) > 1 else f"{any_host} && {path}"
