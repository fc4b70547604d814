"""Names: those that are made where nobody gave one that fits, and the order in which people expect names. Pure."""

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import repeat
from typing import Final
from urllib.parse import urlsplit

LENGTH: Final = 63
"""The most characters of a name."""

_DIGITS: Final = re.compile(r"([0-9]+)")

_OTHER: Final = re.compile(r"[^a-z0-9]+")


def in_order(name: str) -> tuple[list[str | int], str]:
    """Return what names are sorted by: numbers in them by their value, so that app2 comes before app10."""
    parts: list[str | int] = [*_DIGITS.split(name)]
    parts[1::2] = map(int, parts[1::2])
    return parts, name


def first_in_order(names: Sequence[str], limit: int | None = None, after: str | None = None) -> list[str]:
    """Return the first names in that order, after one, in a third of the time: there may be 30,000. None has a line.

    All are read at once: as texts in which each number has as many digits as the longest, between characters that come
    before all others.
    """
    parts = _DIGITS.split("\n".join([after or "", *names]))
    digits = parts[1::2]
    parts[1::2] = map(str.zfill, digits, repeat(max(map(len, digits), default=0)))
    last, *keys = "\0".join(parts).split("\n")
    listed = sorted(zip(keys, names, strict=False))
    begin = 0 if after is None else bisect_right(listed, (last, after))
    return [name for _key, name in listed[begin:][:limit]]


def from_url(url: str) -> str:
    """Name a server by its host and port: `10-0-0-11-3000`."""
    return fitted(urlsplit(url).netloc) or "server"


def from_urls(urls: Sequence[str]) -> list[str]:
    """Name servers: by their ports, where all are on one host (`3000`, `3001`), and else by host and port."""
    parts = [urlsplit(url) for url in urls]
    ports = {part.netloc.rpartition(":")[2] for part in parts if part.port is not None}
    if len(urls) > 1 and len({part.hostname for part in parts}) == 1 and len(ports) == len(urls):
        return [str(part.port) for part in parts]
    return [from_url(url) for url in urls]


def fitted(text: str) -> str:
    """Return what is left of a text that a name may have; empty if that is nothing."""
    return _OTHER.sub("-", text.lower()).strip("-")[:LENGTH].strip("-")


def free(name: str, taken: Collection[str]) -> str:
    """Return the name, or, where it is taken, the first one with a number behind it that is not."""
    number, found = 1, name
    while found in taken:
        number += 1
        ending = f"-{number}"
        found = name[: LENGTH - len(ending)] + ending
    return found
