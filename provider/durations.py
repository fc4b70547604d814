"""Durations: Go's notation (`1m30s`), as Traefik reads it and as it is kept here, and spans as people type them. Pure.

Nothing else here reads one.
"""

from typing import Final

from provider.patterns import pattern

# Not \d, which takes the digits of all scripts: Traefik cannot read those, and rejects the whole document.
NOTATION: Final = r"([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h))+"
"""What is kept here, as a pattern: a part of what Go takes."""

GO_NOTATION: Final = r"[-+]?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+"
"""What Go takes, but for a number alone, as a pattern."""

DELAY: Final = r"([1-9][0-9]{0,3}[sm]|([1-9][0-9]?|1[0-5][0-9]|16[0-8])h)"
"""One number with one unit, from 1s to 168h, as a pattern: how long something is put off."""

_DELAY: Final = pattern(DELAY)
_KEPT: Final = pattern(NOTATION)
_PART: Final = pattern(r"([0-9]*)\.?([0-9]*)(ns|us|µs|μs|ms|s|m|h)")
_GO: Final = pattern(rf"([-+]?)((?:{_PART.pattern})+|0)")
_SECONDS: Final = pattern(r"[-+]?[0-9]{1,12}")
_SPAN: Final = pattern(r"([0-9]{1,4})([mhdw])")
_NANOSECONDS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 24 * 3_600_000_000_000,
    "w": 7 * 24 * 3_600_000_000_000,
}
_MILLISECOND: Final = _NANOSECONDS["ms"]
_SECOND: Final = _NANOSECONDS["s"]


def find_nanoseconds(text: str) -> int | None:
    """Return the nanoseconds of a duration as Traefik reads it, or None for what is none. A number alone is seconds."""
    if _SECONDS.fullmatch(text):
        return int(text) * _SECOND
    if len(text) > 40 or not (found := _GO.fullmatch(text)):
        return None
    total = 0
    for whole, fraction, unit in _PART.findall(found[2]):
        if not whole + fraction:
            return None
        total += int(whole + fraction) * _NANOSECONDS[unit] // 10 ** len(fraction)
    return -total if found[1] == "-" else total


def find_seconds(text: str) -> float | None:
    """Return the seconds of a duration as it is kept here, or None for what is none."""
    nanoseconds = find_nanoseconds(text) if _KEPT.fullmatch(text) else None
    return None if nanoseconds is None else nanoseconds / _SECOND


def find_delay_seconds(text: str) -> int | None:
    """Return the whole seconds of a delay (see `DELAY`), or None for what is none."""
    seconds = find_seconds(text) if _DELAY.fullmatch(text) else None
    return None if seconds is None else int(seconds)


def find_span_seconds(text: str) -> int | None:
    """Return the seconds of a span of time as people type it, in minutes to weeks (`12h`, `90d`), or None."""
    found = _SPAN.fullmatch(text)
    return None if found is None else int(found[1]) * _NANOSECONDS[found[2]] // _SECOND


def find_text(nanoseconds: int) -> str | None:
    """Write a duration as short as it can be, in units down to ms, or return None for one that needs smaller ones."""
    if nanoseconds <= 0 or nanoseconds % _MILLISECOND:
        return None
    rest, written = nanoseconds, ""
    for unit in ("h", "m", "s", "ms"):
        count, rest = divmod(rest, _NANOSECONDS[unit])
        written += f"{count}{unit}" if count else ""
    return written


def with_unit(text: str) -> str:
    """Return a duration as Traefik's files have it with its unit: a number alone is seconds."""
    return f"{text}s" if _SECONDS.fullmatch(text) else text
