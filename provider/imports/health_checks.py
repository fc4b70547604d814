"""Health checks of Traefik, as health checks of ours. Pure."""

from collections.abc import Collection
from typing import Final

from provider.durations import find_nanoseconds, find_text
from provider.imports.declared import AT_ZERO, INSTEAD, DeclaredReader, Given
from provider.imports.findings import Cause
from provider.imports.go_url import resolve
from provider.imports.pieces import Piece, shown
from provider.nouns import HealthCheck

_INTERVAL: Final = "30s"
_TIMEOUT: Final = "5s"
_SHORTEST: Final = (100_000_000, "100ms")
_LONGEST: Final = (3_600_000_000_000, "1h")
"""What a duration can be here, in nanoseconds and in words."""


def read_check(reader: DeclaredReader, part: Piece, where: str) -> Given:
    """Read a health check, whose path is still to be settled."""
    own = {"path", "interval", "timeout", "unhealthyInterval"}
    fields = part.fields(HealthCheck.fields)
    if not fields.parts:
        part.refuse("its health check is empty: Traefik rejects such a file")
    others = {name: each for name, each in fields.parts.items() if name not in own}
    found = reader.fields(HealthCheck, type(fields)(others), where)
    for name in own & fields.parts.keys():
        reader.places[f"{where}/{name}"] = fields.parts[name]
    path = fields.find("path")
    interval = _read_duration(fields.find("interval"), _INTERVAL)
    down = _read_duration(fields.find("unhealthyInterval"), AT_ZERO) if fields.find("unhealthyInterval") else interval
    found |= {
        "path": (path.text() if path else None) or "",
        "interval": interval,
        "timeout": _read_duration(fields.find("timeout"), _TIMEOUT),
    }
    if down != interval:
        found["unhealthyInterval"] = down
    _lengthen(part, found)
    if found.get("unhealthyInterval") == found["interval"]:
        del found["unhealthyInterval"]
    return found


def settle(check: Given, part: Piece, bases: Collection[str]) -> None:
    """Write the path that is checked as it is asked for: it counts from the paths of the servers' URLs."""
    found = {resolve(check["path"], base) for base in bases or ["/"]}
    if len(found) == 1 and (path := found.pop()) is not None:
        check["path"] = path
    elif found:
        part.refuse("the path of its health check counts from its servers' URLs, and these have several paths")


def _lengthen(part: Piece, check: Given) -> None:
    """Let checks come no faster than they may take, as it is needed here; Traefik waits for one in any case."""
    longest = find_nanoseconds(check["timeout"]) or 0
    for key in ("interval", "unhealthyInterval"):
        given = check.get(key)
        if given is not None and (find_nanoseconds(given) or 0) < longest:
            part.change(f"its {key} {given} is shorter than its timeout: it becomes {check['timeout']}")
            check[key] = check["timeout"]


def _read_duration(part: Piece | None, default: str) -> str:
    """Return a duration; Traefik takes its default for one that is not above zero."""
    written = part.text() if part else None
    if part is None or written is None:
        return default
    nanoseconds = find_nanoseconds(written)
    if nanoseconds is None:
        part.refuse(f"{shown(written)} is not a duration")
        return default
    if nanoseconds <= 0:
        name = part.place.rpartition("/")[2]
        told = f"{name} {shown(written)}: Traefik uses {default} instead{INSTEAD}"
        part.change(told, Cause.IGNORED, "duration.range")
        return default
    if not _SHORTEST[0] <= nanoseconds <= _LONGEST[0]:
        _bound, nearest = _SHORTEST if nanoseconds < _SHORTEST[0] else _LONGEST
        part.change(f"{shown(written)} is out of range: it becomes {nearest}")
        return nearest
    found = find_text(nanoseconds)
    if found is None:
        part.refuse(f"{shown(written)} is more precise than milliseconds")
    return found or default
