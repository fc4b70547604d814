"""Routers of Traefik, as routers of ours. Pure.

A router is held only if it then takes the same requests, at the same rank, and does the same with them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from provider import rules
from provider.errors import Invalid
from provider.imports.matching import forms
from provider.imports.observed import read_observed
from provider.imports.pieces import Fields, Piece, is_default, shown
from provider.imports.ranks import Ranked
from provider.nouns import Router

OBSERVED: Final = ("status", "error", "using", "name", "provider", "priorityStr")
"""What Traefik's API tells of a router beside its configuration."""

_OBSERVABILITY: Final[Mapping[str, object]] = {
    "accessLogs": True,
    "metrics": True,
    "tracing": True,
    "traceVerbosity": "minimal",
    "metadata": None,
}
_TLS: Final = ("options", "certResolver", "domains")
_SYNTAXES: Final = {"", "v3", "default"}
_DEFAULT_OPTIONS: Final = "default"
_HIGHEST: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class EntryPointDefaults:
    """What an entry point of a running Traefik adds to each router that listens on it."""

    tls: Mapping[str, Any] | None = None
    middlewares: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a router refers to.

    `find_service` gives our name of a service that a reference means, or raises `ServiceMissing` with the reason why
    there is none; `find_middleware` gives that of a middleware, or None, and `describe_middleware` says what it is.
    `default_entry_points` are for routers that name none, which a running Traefik shows with theirs.
    """

    find_service: Callable[[str], str]
    find_middleware: Callable[[str], str | None]
    describe_middleware: Callable[[str], str]
    default_entry_points: Sequence[str]
    entry_points: Mapping[str, EntryPointDefaults] = field(default_factory=dict)
    from_api: bool = False


class ServiceMissing(Exception):
    """A service cannot be led to. The message says why."""


def read_router(part: Piece, name: str, around: Surroundings) -> Ranked | None:
    """Read a router, or say in its ledger why it cannot be held."""
    fields = part.fields(
        (
            *("entryPoints", "middlewares", "service", "rule", "parentRefs", "ruleSyntax", "priority", "tls"),
            *("observability", *(OBSERVED if around.from_api else ())),
        )
    )
    read_observed(fields, OBSERVED)
    entry_points = _read_entry_points(part, fields, around)
    middlewares = _read_middlewares(fields, entry_points, around)
    _read_tls(fields, entry_points, around)
    _read_observability(fields)
    if (found := fields.find("parentRefs")) and found.texts():
        found.refuse("it is a child of other routers (parentRefs), which cannot be imported yet")
    wanted = {
        "name": name,
        "entryPoints": entry_points,
        "middlewares": middlewares,
        "service": _read_service(part, fields, around),
    }
    rule, priority = _read_rule(part, fields), _read_priority(fields)
    if rule is None or part.ledger.refused:
        return None
    described = [{**wanted, **form} for form in forms(rule)]
    return _made(part, fields, described, rule.priority, priority if priority not in {0, rule.priority} else None)


def _read_entry_points(part: Piece, fields: Fields, around: Surroundings) -> list[str]:
    found = fields.find("entryPoints")
    named = list(dict.fromkeys(found.texts())) if found else []
    if named:
        return named
    default = list(around.default_entry_points)
    part.change(
        f"it names no entry points, so Traefik would use its default ones: here it listens on {', '.join(default)}"
    )
    return default


def _read_middlewares(fields: Fields, entry_points: Sequence[str], around: Surroundings) -> list[str]:
    """Return our names of the middlewares, without those that the entry points have: these come in any case."""
    found = fields.find("middlewares")
    if found is None:
        return []
    given = found.texts()
    adding = [list(around.entry_points[name].middlewares) for name in entry_points if name in around.entry_points]
    common = adding[0] if len(adding) == len(entry_points) and adding.count(adding[0]) == len(adding) else []
    if given[: len(common)] == common:
        given = given[len(common) :]
    names = {reference: around.find_middleware(reference) for reference in given}
    if lost := [reference for reference, name in names.items() if name is None]:
        told = ", ".join(map(around.describe_middleware, lost))
        found.refuse(
            f"it uses {told}, which cannot be imported yet: without it, requests would be answered differently"
        )
    return [name for name in names.values() if name is not None]


def _read_tls(fields: Fields, entry_points: Sequence[str], around: Surroundings) -> None:
    """Refuse TLS, but that which the entry points have: a router there has it in any case."""
    found = fields.find("tls")
    if found is None or found.is_off():
        return
    own = found.value if isinstance(found.value, dict) else {}
    common = [around.entry_points[name].tls for name in entry_points if name in around.entry_points]
    if len(common) == len(entry_points) and all(tls is not None and _plain(tls) == _plain(own) for tls in common):
        found.hold()
        return
    found.refuse("it only takes requests over TLS (tls), which a router cannot express yet")
    if isinstance(found.value, dict):
        found.fields(_TLS)


def _plain(tls: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the options that Traefik fills in by itself."""
    return {name: value for name, value in tls.items() if (name, value) != ("options", _DEFAULT_OPTIONS)}


def _read_observability(fields: Fields) -> None:
    found = fields.find("observability")
    if found is None:
        return
    own = found.fields(tuple(_OBSERVABILITY))
    for name, part in own.parts.items():
        if is_default(part, _OBSERVABILITY[name]):
            part.hold()
        else:
            part.change(f"its observability is left out ({name}): its entry points decide that")


def _read_service(part: Piece, fields: Fields, around: Surroundings) -> str:
    found = fields.find("service")
    reference = found.text() if found else ""
    if not reference or found is None:
        if reference is not None:
            part.refuse("it names no service: Traefik disables such a router")
        return ""
    try:
        return around.find_service(reference)
    except ServiceMissing as missing:
        found.refuse(str(missing))
        return ""


def _read_rule(part: Piece, fields: Fields) -> rules.Rule | None:
    syntax, found = fields.find("ruleSyntax"), fields.find("rule")
    if syntax and (written := syntax.text()) is not None and written not in _SYNTAXES:
        syntax.refuse(f"its rule uses the syntax {shown(written)}, which is not supported: write it in v3 syntax")
        if found:
            found.hold()
        return None
    text = found.text() if found else ""
    if text is None:
        return None
    if found is None or not text:
        part.refuse("it has no rule: Traefik disables such a router")
        return None
    try:
        return rules.read(text)
    except rules.BadRule as mistake:
        found.refuse(f"Traefik does not accept its rule: {mistake}")
        return None


def _read_priority(fields: Fields) -> int:
    found = fields.find("priority")
    given = found.whole() if found else None
    if found is not None and given is not None and not 0 <= given <= _HIGHEST:
        found.refuse(f"its priority is {given}, but priorities here are 1 to {_HIGHEST:,}")
    return given or 0


def _made(
    part: Piece, fields: Fields, described: Sequence[Mapping[str, Any]], length: int, priority: int | None
) -> Ranked | None:
    """Make a router of the given priority, from the first description that holds. `length` is that of its rule."""
    for wanted in described:
        try:
            return Ranked(Router.read({**wanted, "priority": priority}), priority or length)
        except Invalid as error:
            wrong = error.fields
    for each in wrong:
        name = each.pointer.split("/")[1] if each.pointer else ""
        (fields.find(name) or part).refuse(f"{each.pointer.lstrip('/')}: {each.detail}")
    return None
