"""Documents, decoded as strictly as Traefik does it. Pure.

Facts from the source of paerser, which decodes files for Traefik 3, tried on 3.7.15. Unlike Traefik, which stops at
the first mistake, this finds all.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from provider import durations
from provider.errors import pointer
from provider.imports.files.fields import Known, fields
from provider.imports.files.findings import Effect
from provider.imports.files.go_yaml import Moment
from provider.imports.pieces import FALSE, TRUE, scalar, shown

_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
_MARKED: Final = re.compile(r"║\+?(?:24|1[0134]|[1-9])(?:║|$)")
_LARGEST: Final = 2**63
STATIC: Final = {
    *("accessLog", "api", "certificatesResolvers", "core", "entryPoints", "experimental", "global", "hostResolver"),
    *("hub", "log", "metrics", "ping", "providers", "serversTransport", "tcpServersTransport", "spiffe", "ocsp"),
    "tracing",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, or of no effect, at a place in a document."""

    effect: Effect
    code: str
    pointer: str
    detail: str


def decode(document: Any) -> Iterator[Mistake]:
    """Give all that Traefik refuses or ignores in a document."""
    if document is None:
        return
    if not isinstance(document, dict):
        yield _refused("document.object", "", "a file has to be a map with http, tcp, udp or tls in it")
        return
    yield from _members("", document, "", is_root=True)


def section_names(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Give what a document has that counts at all: names as Traefik spells them, as they are written, and values.

    Of a name that is written in several ways Traefik takes the last in the alphabet, field by field.
    """
    if isinstance(document, dict):
        for key in sorted(document):
            known = fields("").get(key.lower())
            if known is not None and document[key] is not None:
                yield known.name, key, document[key]


def _members(members: str, value: Mapping[str, Any], where: str, *, is_root: bool = False) -> Iterator[Mistake]:
    """Look through the fields of an object."""
    known = fields(members)
    seen: dict[str, str] = {}
    for key in sorted(value):
        if value[key] is None:
            continue
        found, place = known.get(key.lower()), where + pointer(key)
        if found is None:
            yield _root(key, place) if is_root else _unknown(key, known, place)
            continue
        if found.name in seen:
            detail = f"{found.name} is given twice: where both have a value, Traefik uses this one"
            yield Mistake(Effect.IGNORED, "field.twice", place, detail)
        seen[found.name] = key
        yield from _field(found, value[key], place)


def _root(key: str, place: str) -> Mistake:
    if key.lower() in {name.lower() for name in STATIC}:
        detail = f"{key} belongs in Traefik's static configuration: in this file, Traefik ignores it"
        return Mistake(Effect.IGNORED, "section.static", place, detail)
    return Mistake(Effect.IGNORED, "section.unknown", place, f"Traefik ignores {shown(key)}")


def _unknown(key: str, known: Mapping[str, Known], place: str) -> Mistake:
    close = get_close_matches(key.lower(), known, n=1)
    hint = f": did you mean {known[close[0]].name}?" if close else ""
    return _refused("field.unknown", place, f"Traefik has no field {shown(key)} here{hint}")


def _field(known: Known, value: Any, where: str) -> Iterator[Mistake]:
    raw = list(_raw(value, where))
    if raw:
        yield from raw
        return
    if known.is_ignored:
        yield Mistake(Effect.IGNORED, "field.ignored", where, f"Traefik ignores {known.name} in files")
    match known.type:
        case "object":
            yield from _object(known, value, where)
        case "map":
            yield from _map(known, value, where)
        case "list":
            yield from _list(known, value, where)
        case _:
            yield from _scalar(known, value, where)


def _raw(value: Any, where: str) -> Iterator[Mistake]:
    """Look for what Traefik reads nowhere."""
    match value:
        case Moment():
            yield _refused("type.date", where, f"{value} is a date for YAML and TOML: put it in quotes")
        case list():
            for index, item in enumerate(value):
                place = f"{where}/{index}"
                if item is None:
                    yield _refused("item.null", place, "an item of this list is empty")
                elif isinstance(item, list):
                    yield _refused("item.list", place, "lists within lists are not allowed here")
                elif isinstance(item, Moment):
                    yield from _raw(item, place)


def _children(value: Any) -> dict[str, Any]:
    """Return what Traefik sees below a value: members that are not null, or the objects in a list."""
    if isinstance(value, dict):
        return {key: member for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return {f"[{index}]": item for index, item in enumerate(value) if isinstance(item, dict)}
    return {}


def _object(known: Known, value: Any, where: str) -> Iterator[Mistake]:
    if not _children(value):
        yield from _empty(known, value, where)
    elif isinstance(value, list):
        yield _refused("type.object", where, f"{known.name} has to be a map, not a list")
    else:
        yield from _members(known.members, value, where)


def _empty(known: Known, value: Any, where: str) -> Iterator[Mistake]:
    written = "a list" if isinstance(value, list) and value else shown(scalar(value) or "")
    if not known.allows_empty:
        what = "is empty" if not written else f"has to be a map, not {written}"
        yield _refused("field.empty", where, f"{known.name} {what}: leave it out, or fill it")
    elif isinstance(value, list) or (written and written.lower() != "true"):
        yield Mistake(
            Effect.IGNORED, "field.off", where, f"{known.name} counts as left out: it is neither true nor a map"
        )


def _map(known: Known, value: Any, where: str) -> Iterator[Mistake]:
    members = _children(value)
    if not members:
        if not known.is_ignored:
            yield from _empty(known, value, where)
        return
    if isinstance(value, list):
        detail = f"{known.name} has to be a map: Traefik uses the positions in this list, [0] and so on, as names"
        yield Mistake(Effect.IGNORED, "type.map", where, detail)
    for name, member in members.items():
        place = where + (f"/{name[1:-1]}" if isinstance(value, list) else pointer(name))
        raw = list(_raw(member, place))
        yield from raw
        if raw:
            continue
        if known.of == "object":
            yield from _member(known, member, place)
        elif known.of == "int":
            yield from _number(member, name, place)
        elif known.of == "*" and (known.is_ignored or not isinstance(member, str)):
            yield from _free(member, place)


def _free(value: Any, where: str) -> Iterator[Mistake]:
    """Look through what plugins get: Traefik marks lists there by texts such as `║24║a║b`, and reads these back."""
    for name, member in _children(value).items():
        yield from _free(member, where + pointer(name.strip("[]") if isinstance(value, list) else name))
    if isinstance(value, str) and value.startswith("║") and not _MARKED.match(value):
        yield _refused("type.text", where, "Traefik cannot read a text here that begins with ║")


def _member(known: Known, member: Any, place: str) -> Iterator[Mistake]:
    """Look through an object that people named."""
    if isinstance(member, dict):
        yield from _members(known.members, member, place)
    elif _children(member):
        yield _refused("type.object", place, "this has to be a map, not a list")
    else:
        yield Mistake(Effect.IGNORED, "member.object", place, "this has to be a map: Traefik reads it as an empty one")


def _list(known: Known, value: Any, where: str) -> Iterator[Mistake]:
    if known.of == "text":
        yield from _texts(known, value, where)
        return
    if isinstance(value, dict) and value:
        detail = f"{known.name} has to be a list: Traefik reads each member of this map as an item"
        yield Mistake(Effect.IGNORED, "type.list", where, detail)
        for name, member in _children(value).items():
            if isinstance(member, dict):
                yield from _members(known.members, member, where + pointer(name))
            elif _children(member):
                yield _refused("type.object", where + pointer(name), "this has to be a map, not a list")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield from _members(known.members, item, f"{where}/{index}")
            else:
                detail = f"an item of {known.name} has to be a map: Traefik leaves this one out"
                yield Mistake(Effect.IGNORED, "item.object", f"{where}/{index}", detail)
    elif value != {}:
        detail = f"{known.name} has to be a list: Traefik reads this as an empty one"
        yield Mistake(Effect.IGNORED, "type.list", where, detail)


def _texts(known: Known, value: Any, where: str) -> Iterator[Mistake]:
    if any(_children(each) for each in _children(value).values()):
        yield _refused("type.list", where, f"{known.name} has to be a list of strings")
    elif isinstance(value, dict):
        detail = f"{known.name} has to be a list: Traefik reads this map as an empty one"
        yield Mistake(Effect.IGNORED, "type.list", where, detail)
        for name, member in value.items():
            yield from _raw(member, where + pointer(name))


def _scalar(known: Known, value: Any, where: str) -> Iterator[Mistake]:
    if _children(value):
        yield _refused("type.scalar", where, f"{known.name} takes a single value, not a map or a list")
        return
    written = _written(value)
    if known.is_ignored:
        return
    match known.type:
        case "int":
            yield from _number(value, known.name, where)
        case "bool" if written not in TRUE | FALSE:
            yield _refused("type.bool", where, f"{known.name} has to be true or false, not {_said(written)}")
        case "duration" if durations.find_nanoseconds(written) is None:
            detail = f"{known.name} has to be a duration such as 10s, not {_said(written)}"
            yield _refused("type.duration", where, detail)
        case "text" if isinstance(value, list):
            detail = f"{known.name} has to be a string: Traefik turns this list into one that means nothing"
            yield Mistake(Effect.IGNORED, "type.text", where, detail)


def _number(value: Any, name: str, where: str) -> Iterator[Mistake]:
    written = _written(value)
    if not _WHOLE.fullmatch(written) or not -_LARGEST <= int(written) < _LARGEST:
        yield _refused("type.int", where, f"{name} has to be a whole number, not {_said(written)}")


def _written(value: Any) -> str:
    """Write a value as Traefik does before it reads it."""
    if isinstance(value, list):
        return f"║24║{'║'.join(filter(None, map(scalar, value)))}" if value else ""
    return scalar(value) or ""


def _said(written: str) -> str:
    return shown(written) if written else "nothing"


def _refused(code: str, where: str, detail: str) -> Mistake:
    return Mistake(Effect.REFUSED, code, where, detail)
