"""Routers of Traefik, as routers of ours. Pure.

A router is held only if it then takes the same requests, at the same rank, and does the same with them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from provider import rules
from provider.errors import FieldError, Invalid
from provider.imports import causes
from provider.imports.declared import DeclaredReader, Given
from provider.imports.findings import Cause
from provider.imports.matching import forms, one_line
from provider.imports.observed import OBSERVED, read_observed
from provider.imports.old_rules import rewritten
from provider.imports.pieces import Fields, Piece
from provider.imports.ranks import Ranked
from provider.listening import DEFAULT_POINTS
from provider.nouns import Router
from provider.nouns.common import HIGHEST_OF_TRAEFIK
from provider.nouns.router import HANDED_ON, HIGHEST_PRIORITY
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.udp_router import UDPRouter
from provider.rules.tcp import parse_tcp

_TCP: Final = tuple(key for key, each in TCPRouter.fields.items() if not each.is_ours)
_UDP: Final = tuple(key for key, each in UDPRouter.fields.items() if not each.is_ours)
_NO_RULE: Final = "it has no rule: Traefik disables such a router"
_NO_SERVICE: Final = "it names no service: Traefik disables such a router"
_OLD: Final = "v2"
_CATCH_ALL: Final = "HostSNI(`*`)"
"""It comes last, however it is written."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a router is.

    `default_entry_points` are for routers that name none, which a running Traefik shows with theirs. Without any,
    they listen where routers with TLS do here, and those without.
    """

    default_entry_points: Sequence[str]
    from_api: bool = False


def read_router(reader: DeclaredReader, part: Piece, name: str, around: Surroundings) -> Ranked | None:
    """Read a router, or say in its ledger why it cannot be held."""
    # What depends on one another, and on where a router is: all else is read as it is declared.
    known = ("entryPoints", "rule", "parentRefs", "ruleSyntax", "priority")
    fields = part.fields((*known, *HANDED_ON, *(OBSERVED if around.from_api else ())))
    read_observed(fields)
    reader.places.update({f"/{key}": each for key, each in fields.parts.items()})
    has_tls = (found := fields.find("tls")) is not None and not found.is_off()
    entry_points = _read_entry_points(part, fields, around, DEFAULT_POINTS.secure if has_tls else DEFAULT_POINTS.plain)
    alike = replace(fields, parts={key: fields.parts[key] for key in HANDED_ON if key in fields.parts})
    if not _has_text(fields, "service"):
        part.refuse(_NO_SERVICE, Cause.DISABLED)
    wanted = {"name": name, **reader.fields(Router, alike), "entryPoints": entry_points}
    if (found := fields.find("parentRefs")) and found.texts():
        found.refuse("it is a child of other routers (parentRefs), which is not supported")
    found_rule, priority = _read_rule(part, fields), _read_priority(fields)
    if found_rule is None or part.ledger.refused:
        return None
    rule, length = found_rule
    rank = priority or length
    given = rank if rank != rule.priority and abs(rank) <= HIGHEST_PRIORITY else None
    return _made(reader, part, [{**wanted, **form, "priority": given} for form in forms(rule)], rank)


def _in_one_line(given: Given) -> Given:
    """Write the rule of a TCP router in one line, with the rank that its length gave it."""
    text = given.get("rule", "")
    if "\n" not in text:
        return given
    try:
        rule = parse_tcp(text)
    except rules.BadRule:
        return given  # what is wrong with it is told when the router is made
    written = one_line(rule)
    rank = {} if written == _CATCH_ALL else {"priority": rule.priority}
    return {**rank, **given, "rule": written}


def priority_place(part: Piece) -> Piece:
    """Return the priority of a router, or the router where it has none."""
    return next((each for name, each in part.members().items() if name.lower() == "priority"), part)


def refuse_priority(part: Piece) -> None:
    """Refuse a router whose priority cannot be set here."""
    place = priority_place(part)
    place.refuse(f"its priority {place.value} cannot be kept, and the priorities next to it are taken")


def read_tcp_router(reader: DeclaredReader, part: Piece, name: str, *, from_api: bool) -> TCPRouter | None:
    """Read a TCP router, or say in its ledger why it cannot be held."""
    fields = part.fields((*_TCP, "ruleSyntax", *(OBSERVED if from_api else ())))
    read_observed(fields)
    if not _has_text(fields, "rule"):
        part.refuse(_NO_RULE, Cause.DISABLED)
    if not _has_text(fields, "service"):
        part.refuse(_NO_SERVICE, Cause.DISABLED)
    given = _of_today(fields, reader.fields(TCPRouter, fields))
    made = reader.made(TCPRouter, {"name": name, **_in_one_line(given)}, part)
    if made is None or not from_api or made.priority != made.copy(priority=0).rank:
        return made
    return made.copy(priority=0)


def read_udp_router(reader: DeclaredReader, part: Piece, name: str, *, from_api: bool) -> UDPRouter | None:
    """Read a UDP router, or say in its ledger why it cannot be held."""
    fields = part.fields((*_UDP, *(OBSERVED if from_api else ())))
    read_observed(fields)
    if not _has_text(fields, "service"):
        part.refuse(_NO_SERVICE, Cause.DISABLED)
    entry_points = fields.find("entryPoints")
    if entry_points is None or not entry_points.value:
        part.refuse("it names no entry points: Traefik uses all that are for UDP, but here it has to name them")
    return reader.made(UDPRouter, {"name": name, **reader.fields(UDPRouter, fields)}, part)


def _has_text(fields: Fields, key: str) -> bool:
    found = fields.find(key)
    return found is not None and found.value != ""


def _of_today(fields: Fields, given: Given) -> Given:
    """Write a rule of Traefik 2 in the syntax of Traefik 3."""
    found, text = fields.find("rule"), given.get("rule", "")
    written = rewritten(text, is_old=_is_old(fields))
    if found is None or written == text:
        return given
    found.rewrite(text, written, Cause.OURS if _is_old(fields) else _cause(text, parse_tcp))
    return {"priority": len(text.encode()), **given, "rule": written}


def _read_entry_points(part: Piece, fields: Fields, around: Surroundings, own: str) -> list[str] | None:
    """Return where a router listens; None for its `own` entry point, that of routers with TLS, or without it."""
    found = fields.find("entryPoints")
    named = list(dict.fromkeys(found.texts())) if found else []
    if named:
        return named
    default = list(around.default_entry_points) or [own]
    part.change(
        f"it names no entry points, so Traefik would use its default ones: here it listens on {', '.join(default)}"
    )
    return None if default == [own] else default


def _is_old(fields: Fields) -> bool:
    """Tell whether a rule is said to be in the syntax of Traefik 2."""
    syntax = fields.find("ruleSyntax")
    return bool(syntax and syntax.text() == _OLD)


def _read_rule(part: Piece, fields: Fields) -> tuple[rules.Rule, int] | None:
    """Read a rule, in the syntax of Traefik 3 now, and the length that it had, by which Traefik ranks it."""
    found = fields.find("rule")
    is_old = _is_old(fields)
    text = found.text() if found else ""
    if text is None:
        return None
    if found is None or not text:
        part.refuse(_NO_RULE, Cause.DISABLED)
        return None
    written = rewritten(text, is_old=is_old)
    try:
        rule = rules.read(written)
    except rules.BadRule as mistake:
        found.refuse(f"Traefik does not accept its rule: {mistake}", causes.of(mistake.code), mistake.code)
        return None
    if written != text:
        found.rewrite(text, written, Cause.OURS if is_old else _cause(text, rules.read))
    return rule, len(text.encode())


def _cause(text: str, read: Callable[[str], rules.Rule]) -> Cause:
    """Return what Traefik 3 makes of a rule of Traefik 2: it disables the router, or reads letters for a pattern."""
    try:
        read(text)
    except rules.BadRule:
        return Cause.DISABLED
    return Cause.BREAKS


def _read_priority(fields: Fields) -> int:
    found = fields.find("priority")
    given = (found.whole() if found else None) or 0
    if found is not None and given > HIGHEST_OF_TRAEFIK:
        told = f"its priority is {given}: Traefik disables a router with one above {HIGHEST_OF_TRAEFIK}"
        found.refuse(told, Cause.DISABLED)
    return given


def _made(reader: DeclaredReader, part: Piece, described: Sequence[Mapping[str, Any]], rank: int) -> Ranked | None:
    """Make a router of the first description that holds, which had this rank."""
    wrong: Sequence[FieldError] = ()
    for wanted in described:
        try:
            return Ranked(Router.read(wanted), rank)
        except Invalid as error:
            wrong = error.fields
    reader.refuse(wrong, part)
    return None
