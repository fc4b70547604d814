"""Host names as people type them: what was meant by an address, and why a text is no host name. Pure."""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address
from itertools import chain
from typing import Final
from urllib.parse import urlsplit

from provider.messages import Message
from provider.patterns import pattern

_SCHEME: Final = pattern(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DOTS: Final = pattern("[.\u3002\uff0e\uff61]")
"""What IDNA takes for a dot."""

_HOST: Final = pattern(r"(\*\.)?[^\x00-,/:-@\[-^`{-\x7f\s]+")
"""What may be one, as far as single characters tell: an IPv6 address and a rule are none."""

_LONGEST_LABEL: Final = 63
_LONGEST_SHOWN: Final = 100


def find_host(text: str) -> str | None:
    """Find the host in an address such as `http://alvin.xyz:8080/shop`, or None for what is no address of one."""
    typed = text.strip()
    try:
        parts = urlsplit(typed if _SCHEME.match(typed) else f"//{typed.removeprefix('//')}")
        host, _port = parts.hostname, parts.port
    except ValueError:
        return None
    spelled = re.search(re.escape(host), typed, re.IGNORECASE) if host and _HOST.fullmatch(host) else None
    return None if spelled is None or spelled[0] == text else spelled[0]


def meant(text: str) -> str:
    """Return the host that is meant by what is typed or pasted where a host name is asked for.

    That is the host of an address which says nothing else that counts: a scheme, a port, a slash. A path or
    a user would be lost, so with these the text stays as it is, and is refused.
    """
    stripped = text.strip()
    host = find_host(stripped)
    if host is None:
        return stripped
    rest = stripped[stripped.lower().index(host.lower()) + len(host) :]
    return host if re.fullmatch(r"(:\d+)?/?", rest) and "@" not in stripped else stripped


def why_not(host: str) -> str:
    """Say why a text is no host name, and what to type."""
    if not host.isprintable() and not any(char.isspace() for char in host):
        return Message("it has an invisible character")
    rest = host.removeprefix("*.")
    found = chain(_as_a_whole(host[:_LONGEST_SHOWN]), _by_labels(rest), _by_characters(rest))
    return next(found, Message("it has characters that host names cannot have, or not in this order"))


def _as_a_whole(host: str) -> Iterator[str]:
    if _is_ipv6(host):
        yield Message("it is an IPv6 address; use a rule to match it")
    if (found := find_host(host)) is not None:
        yield Message("type only {found}", found=found)
    if any(char.isspace() for char in host):
        yield Message("it has a space, and host names have none")
    if "_" in host:
        yield Message("it has an underscore; type a hyphen, {found}", found=host.replace("_", "-").strip("-"))


def _is_ipv6(text: str) -> bool:
    """Tell whether it is an IPv6 address, in brackets or not, or an address of a page with one."""
    try:
        IPv6Address(text.strip("[]") if "//" not in text else urlsplit(text).hostname or "")
    except ValueError:
        return False
    return True


def _by_labels(host: str) -> Iterator[str]:
    labels = _DOTS.split(host)
    if not labels[0]:
        yield Message("it begins with a dot; type *{host} for all names below, or leave out the dot", host=host[:100])
    if not all(labels[:-1]):
        yield Message("it has two dots in a row")
    for label in labels:
        shown = label if len(label) <= _LONGEST_LABEL else f"{label[:20]}…"
        if len(label) > _LONGEST_LABEL:
            yield Message("{label} is longer than {most} characters", label=shown, most=_LONGEST_LABEL)
        if label.startswith("-") or label.endswith("-"):
            yield Message("{label} begins or ends with a hyphen", label=shown)
        if label[2:4] == "--":
            yield Message(
                "{label} has hyphens as its third and fourth characters, which only xn-- names may have", label=shown
            )


def _by_characters(host: str) -> Iterator[str]:
    for char in host:
        if char.isascii() and not (char.isalnum() or char in "-."):
            yield Message("it has {char}, but host names have only letters, digits, hyphens and dots", char=char)
