"""Words that several kinds have in common when they say what they do."""

from collections.abc import Sequence
from typing import Final

from provider.messages import Message, listed, template

_NAMED: Final = 3
_SIZES: Final = [("GB", 10**9), ("MiB", 2**20), ("MB", 10**6), ("KiB", 2**10), ("kB", 10**3)]


def named(texts: Sequence[str]) -> str:
    """Name the first few of some texts, and count the others."""
    return listed(texts, _NAMED)


def either(texts: Sequence[str]) -> str:
    """Name some texts of which one counts."""
    if len(texts) == 1:
        return texts[0]
    if len(texts) > _NAMED:
        return named(texts)
    return Message("{first} or {last}", first=", ".join(texts[:-1]), last=texts[-1])


def counted(number: int, one: str, many: str) -> Message:
    """Say how many there are: `one` and `many` are templates, the latter with `number`."""
    return Message(one if number == 1 else many, number=number)


def requests(number: int) -> Message:
    """Say a number of requests."""
    return counted(number, template("{number} request"), template("{number} requests"))


def joined(parts: Sequence[str]) -> str:
    """Write parts of a sentence one after another, with commas."""
    first, *others = parts
    for other in others:
        first = Message("{one}, {other}", one=first, other=other)
    return first


def size(count: int) -> str:
    """Write a number of bytes as short as it can be."""
    return next((f"{count // unit} {name}" for name, unit in _SIZES if count and count % unit == 0), f"{count} B")
