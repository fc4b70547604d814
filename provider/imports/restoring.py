"""Routers of a running Traefik as they were given, before it laid its entry points over them. Pure.

Measured on Traefik 3.7.15: a router gets the middlewares of its entry point before its own, its TLS if it has none,
and what it records where it says nothing of that. One that listens on several entry points is taken apart for each
that adds anything: `shop@file` is `websecure-shop@file` besides, or instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ToldRouter = dict[str, Any]
"""A router as Traefik's API tells of it."""

_USUAL: Final = {"accessLogs": True, "metrics": True, "tracing": True, "traceVerbosity": "minimal"}
"""What an entry point records unless it says otherwise."""

_APART: Final = ("entryPoints", "middlewares", "observability", "tls", "using", "status", "error")
"""What differs between the parts of a router."""

_DEFAULT_OPTIONS: Final = "default"


@dataclass(frozen=True, slots=True)
class EntryPointDefaults:
    """What an entry point of a running Traefik adds to each router that listens on it."""

    tls: Mapping[str, Any] | None = None
    middlewares: Sequence[str] = ()
    observability: Mapping[str, Any] = field(default_factory=dict)

    @property
    def adds(self) -> bool:
        """Whether a router that listens on others too is taken apart for it."""
        return self.tls is not None or bool(self.middlewares) or bool(self.observability)


LaidEntryPoints = Mapping[str, EntryPointDefaults]
"""Entry points by name."""


def restored(routers: Mapping[str, Any], entry_points: LaidEntryPoints) -> dict[str, Any]:
    """Return routers, by their full names, as they were given. What is no router stays as it is."""
    groups: dict[str, list[str]] = {}
    for name, given in routers.items():
        groups.setdefault(_whole_name(name, given, entry_points), []).append(name)
    found: dict[str, Any] = {}
    for whole, names in groups.items():
        parts = [routers[name] for name in names]
        together = _together(parts, entry_points) if len(parts) > 1 else None
        if together is None:
            found |= {name: _alone(part, entry_points) for name, part in zip(names, parts, strict=True)}
        else:
            found[whole] = together
    return found


def _whole_name(name: str, given: Any, entry_points: LaidEntryPoints) -> str:
    """Return the name of the router of which this may be the part for one entry point."""
    if isinstance(given, dict) and isinstance(points := given.get("entryPoints"), list) and len(points) == 1:
        known = entry_points.get(points[0]) if isinstance(points[0], str) else None
        if known is not None and known.adds and name.startswith(prefix := f"{points[0]}-"):
            return name.removeprefix(prefix)
    return name


def _alone(given: Any, entry_points: LaidEntryPoints) -> Any:
    """Return a router that is in one piece."""
    if not isinstance(given, dict):
        return given
    return _together([given], entry_points) or given


def _together(parts: Sequence[Any], entry_points: LaidEntryPoints) -> ToldRouter | None:
    """Return the router of which these are the parts, or None if they are none of one."""
    if not all(isinstance(part, dict) and _points(part) for part in parts):
        return None
    rest = [{name: value for name, value in part.items() if name not in _APART} for part in parts]
    if any(each != rest[0] for each in rest) or any(part.get("status") != parts[0].get("status") for part in parts):
        return None
    around = [[entry_points.get(name) for name in _points(part)] for part in parts]
    known = [[each for each in added if each is not None] for added in around]
    if known != around:
        return None
    read = list(zip(parts, known, strict=True))
    own = [*map(_middlewares, parts, known)]
    tls, recorded = _tls(read), _recorded(read)
    if any(each != own[0] for each in own) or tls is ... or recorded is ...:
        return None
    found = {name: value for name, value in parts[0].items() if name not in {"middlewares", "observability", "tls"}}
    found["entryPoints"] = list(dict.fromkeys(name for part in parts for name in _points(part)))
    added = {"middlewares": own[0] or None, "observability": recorded or None, "tls": tls}
    return found | {name: value for name, value in added.items() if value is not None}


def _points(part: ToldRouter) -> list[str]:
    points = part.get("entryPoints")
    return points if isinstance(points, list) and all(isinstance(each, str) for each in points) else []


def _middlewares(part: ToldRouter, around: Sequence[EntryPointDefaults]) -> Any:
    """Return the middlewares of a part without those of its entry points, which come first."""
    given, added = part.get("middlewares"), list(around[0].middlewares)
    if not isinstance(given, list) or any(list(each.middlewares) != added for each in around):
        return given or []
    return given[len(added) :] if given[: len(added)] == added else given


def _tls(parts: Iterable[tuple[ToldRouter, Sequence[EntryPointDefaults]]]) -> Any:
    """Return the TLS of a router itself: None where it has none, `...` where its parts do not agree."""
    told = [
        (_plain(part.get("tls")), {_key(_plain(each.tls)) for each in around}, part.get("tls"))
        for part, around in parts
    ]
    own = [(tls, whole) for tls, added, whole in told if tls is not None and {_key(tls)} != added]
    if not own:
        return None if all(tls is None or {_key(tls)} == added for tls, added, _whole in told) else ...
    agree = all(_key(tls) == _key(own[0][0]) for tls, _added, _whole in told)
    return own[0][1] if agree else ...


def _plain(tls: Any) -> Any:
    """Leave out the options that Traefik fills in by itself."""
    if not isinstance(tls, Mapping):
        return tls
    return {name: value for name, value in tls.items() if (name, value) != ("options", _DEFAULT_OPTIONS)}


def _key(value: Any) -> str:
    return repr(sorted(value.items()) if isinstance(value, dict) else value)


def _recorded(parts: Iterable[tuple[ToldRouter, Sequence[EntryPointDefaults]]]) -> Any:
    """Return what a router itself says of what is recorded, `...` where its parts do not agree."""
    told = [
        (given if isinstance(given := part.get("observability"), dict) else {}, {**_USUAL, **each.observability})
        for part, around in parts
        for each in around
    ]
    own: dict[str, Any] = {}
    for given, usual in told:
        own |= {key: value for key, value in given.items() if usual.get(key) != value}
    agree = all(given.get(key, value) == value for given, _usual in told for key, value in own.items())
    return own if agree else ...


def read_entry_points(listed: Any) -> LaidEntryPoints:
    """Read what the entry points add to their routers, as Traefik's API tells it."""
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {str(each["name"]): _entry_point(each) for each in found if "name" in each}


def _entry_point(point: Mapping[str, Any]) -> EntryPointDefaults:
    http = point.get("http")
    settings = http if isinstance(http, dict) else {}
    tls, middlewares, recorded = settings.get("tls"), settings.get("middlewares"), point.get("observability")
    return EntryPointDefaults(
        tls if isinstance(tls, dict) else None,
        [str(name) for name in middlewares] if isinstance(middlewares, list) else [],
        recorded if isinstance(recorded, dict) else {},
    )
