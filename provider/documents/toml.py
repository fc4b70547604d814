"""TOML 1.1, as Traefik 3.7 reads it (Python itself reads 1.0), within bounds.

A key of many parts takes quadratic time, and as much memory for each part.
"""

import re
from typing import Any, Final

import tomli

from provider.documents.places import Position
from provider.documents.reading import DEEPEST, DocumentError

LONGEST_BYTES: Final = 8 * 1024 * 1024
MOST_PARTS: Final = 400_000
"""Parts of keys, values and tables: Traefik's configuration of 20,000 routers has fewer."""

_PLACE: Final = re.compile(r" \(at line (\d+), column (\d+)\)$")
_TABLE: Final = re.compile(r"\(('(?:[^'\\]|\\.)*'(?:, )?,?)+\)")
"""The name of a table, as Python writes it."""

_TOKEN: Final = re.compile(
    r"""
    (?P<text>
        \"\"\"(?:[^"\\]|\\.|"(?!""))*+"{3,5}
        | \'\'\'(?:[^']|'(?!''))*+'{3,5}
        | "(?:[^"\\\n]|\\.)*+"
        | '[^'\n]*+'
        | \#[^\n]*+
    )
    | (?P<sign>[.=,\[\]{}\n])
    """,
    re.VERBOSE | re.DOTALL,
)


def read(name: str, text: str) -> dict[str, Any]:
    """Read a text. Raises `DocumentError`, which names the line of what goes too far."""
    if len(text) > LONGEST_BYTES:
        raise DocumentError(f"{name} is longer than {LONGEST_BYTES // (1024 * 1024)} MiB, the limit for TOML")
    _check_bounds(name, text)
    try:
        return tomli.loads(text)
    except RecursionError:
        raise DocumentError(f"{name} is nested too deeply") from None
    except ValueError as error:  # also a number with more digits than Python reads
        problem = str(error)
        problem = _TABLE.sub(lambda table: ".".join(re.findall(r"'((?:[^'\\]|\\.)*)'", table[0])), problem)
        found = _PLACE.search(problem)
        place = Position(int(found[1]), int(found[2])) if found else None
        raise DocumentError.at(name, place, problem[: found.start()] if found else problem) from None


def _check_bounds(name: str, text: str) -> None:
    """Go through the signs outside of texts and comments, and count what is nested and how much there is."""
    dots = depth = parts = 0
    for found in _TOKEN.finditer(text):
        sign = found["sign"]
        if sign is None:
            continue
        parts += sign != "\n"
        if sign == ".":
            dots += 1
        else:
            dots = 0
            depth = _deeper(depth, sign)
        if dots >= DEEPEST or depth > DEEPEST:
            raise _beyond(name, text, found.start(), f"this is nested deeper than {DEEPEST} levels")
        if parts > MOST_PARTS:
            raise _beyond(name, text, found.start(), f"the file has more than {MOST_PARTS} keys and values")


def _deeper(depth: int, sign: str) -> int:
    if sign in "[{":
        return depth + 1
    return max(depth - 1, 0) if sign in "]}" else depth


def _beyond(name: str, text: str, at: int, problem: str) -> DocumentError:
    return DocumentError.at(name, Position.within(text, at), problem)
