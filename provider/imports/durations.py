"""Durations, as Traefik reads them and as they are written here. Pure.

A number alone is seconds. Units are those of Go (`ns, us, µs, ms, s, m, h`).
"""

import re
from decimal import Decimal
from typing import Final

_PART: Final = re.compile(r"([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)")
_DURATION: Final = re.compile(rf"([-+]?)((?:{_PART.pattern})+|0)", re.ASCII)
_NANOSECONDS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_MILLISECOND: Final = 1_000_000


def find_nanoseconds(text: str) -> int | None:
    """Return the nanoseconds of a duration, or None for what is none."""
    if re.fullmatch(r"[-+]?[0-9]{1,12}", text):
        return int(text) * _NANOSECONDS["s"]
    if len(text) > 40 or not (found := _DURATION.fullmatch(text)):
        return None
    total = Decimal(0)
    for number, unit in _PART.findall(found[2]):
        if number in {"", "."}:
            return None
        total += Decimal(number) * _NANOSECONDS[unit]
    return -int(total) if found[1] == "-" else int(total)


def find_text(nanoseconds: int) -> str | None:
    """Write a duration as short as it can be, in units down to ms, or return None for one that needs smaller ones."""
    if nanoseconds <= 0 or nanoseconds % _MILLISECOND:
        return None
    rest, written = nanoseconds, ""
    for unit in ("h", "m", "s", "ms"):
        count, rest = divmod(rest, _NANOSECONDS[unit])
        written += f"{count}{unit}" if count else ""
    return written
