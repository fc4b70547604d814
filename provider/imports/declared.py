"""Objects that Traefik has as we declare them, read by their declarations: the types say how each value is read. Pure.

What has nothing but Traefik's default is left unset, so that the same object always comes out the same.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, TypeVar

from provider import durations
from provider.documents import nearest
from provider.errors import FieldError, Invalid
from provider.imports import causes
from provider.imports.contents import Contents
from provider.imports.findings import Cause
from provider.imports.observed import OBSERVED, read_observed
from provider.imports.pieces import Fields, Piece, shown
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.fields import Field
from provider.nouns.free import FreeObject
from provider.nouns.middlewares.sources import IPStrategy
from provider.nouns.nested import Nested
from provider.nouns.noun import NAME, Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import check_header_value
from provider.nouns.reading import MISSING, Reading
from provider.nouns.router import Observability
from provider.nouns.texts import Reference, Text
from provider.nouns.tls import TLSVersion
from provider.nouns.tls_option import TLSOption
from provider.nouns.types import Choice, Flag, Type, Whole

N = TypeVar("N", bound=Noun)

Find = Callable[[Piece, Reference, str], str | None]
"""Gives what stands here for a reference, or refuses the part that has it."""

Given = dict[str, Any]
"""An object as it would be given here, as JSON."""

Special = Callable[["DeclaredReader", Piece, str], Given | None]
"""Reads an object of which more has to be known than is declared. It is given its place, too."""

_NEGATIVE: Final = "-1ms"
_PERIOD: Final = "/rateLimit/period"
_MEANT: Final = ("*/failureWindow", "/loadBalancer/healthCheck/timeout")
"""The durations that Traefik takes as they are, also where they are not above zero. The latter is of TCP."""

AT_ZERO: Final = "30s"
"""What Traefik takes for an `unhealthyInterval` that is not above zero: not the interval, as where there is none."""

INSTEAD: Final = ", so that is imported"
"""How findings end that tell of another value."""
_OLD_NAME: Final = "ipWhiteList"
_NEW_NAME: Final = "ipAllowList"
"""What Traefik 2 called a middleware that Traefik 3 has under another name."""

_LINE_BREAK: Final = re.compile("[\r\n]")
AS_SPACES: Final = ": they become spaces"
"""What an import makes of line breaks in a header."""

_SENT_TO_CLIENTS: Final = "/headers/"
_COMPARED: Final = ("/headers/customRequestHeaders/", "/headers/sslProxyHeaders/")

_SAID: Final[Mapping[type[Noun], Given]] = {TLSOption: {"minVersion": TLSVersion.TLS12.value}}
"""Traefik's default of what has to be said here, where nothing else is set."""

_IGNORED: Final[Mapping[type[Object], Mapping[str, object]]] = {Observability: {"metadata": None}}
"""Fields that only Traefik's own providers set, with their defaults."""


@dataclass(frozen=True)
class DeclaredReader:
    """Reads the parts of one object. `places` are the parts by their pointers in what is read of it.

    `contents` are files that may be named.
    """

    find: Find
    special: Mapping[type[Object], Special] = field(default_factory=dict)
    contents: Contents = field(default_factory=dict)
    places: dict[str, Piece] = field(default_factory=dict)

    def noun(self, noun: type[N], name: str, part: Piece, *, from_api: bool) -> N | None:
        """Read an object of a noun, or say in its ledger why it cannot be held."""
        own = [key for key, each in noun.fields.items() if not each.is_ours]
        fields = part.fields((*own, *(OBSERVED if from_api else ())))
        read_observed(fields)
        if noun.needs_kind() and not fields.parts.keys() & set(own) and not part.ledger.refused:
            part.refuse("it has no kind: Traefik disables it", Cause.DISABLED)
        given = self.fields(noun, fields)
        if _OLD_NAME in given and _NEW_NAME not in given:
            given[_NEW_NAME] = given.pop(_OLD_NAME)
            self.places[f"/{_NEW_NAME}"] = fields.parts[_OLD_NAME]
            fields.parts[_OLD_NAME].rewrite(_OLD_NAME, _NEW_NAME)
        if not given and fields.parts:
            given = {**_SAID.get(noun, {})}
        return self.made(noun, {NAME: name, **given}, part)

    def made(self, noun: type[N], document: Mapping[str, Any], part: Piece) -> N | None:
        """Make an object of what was read, unless something was refused."""
        if part.ledger.refused:
            return None
        try:
            return noun.read(document)
        except Invalid as error:
            self.refuse(error.fields, part)
            return None

    def refuse(self, wrong: Sequence[FieldError], part: Piece) -> None:
        """Refuse what is wrong in what was read, each where it stands."""
        for each in wrong:
            told = f"{each.pointer.lstrip('/')}: {each.detail}" if each.pointer else str(each.detail)
            piece = nearest(self.places, each.pointer) or part
            piece.refuse(told, causes.of(each.code, each.pointer, piece.value), each.code)

    def fields(self, model: type[Object], fields: Fields, where: str = "") -> Given:
        """Read the fields of an object that are there and declared, without those at Traefik's default."""
        found = {}
        for key, part in fields.parts.items():
            declared = model.fields.get(key)
            if declared is None or declared.is_ours:
                continue
            value = _settled(declared, self.value(declared.type, part, f"{where}/{key}"), part, f"{where}/{key}")
            if value is not None and not _is_unset(declared, value):
                found[key] = value
        return found

    def value(self, type_: Type, part: Piece, where: str) -> Any:
        """Read one value, or return None for what is unset or refused."""
        self.places[where] = part
        found: Any
        match type_:
            case Nested():
                special = self.special.get(type_.model)
                found = special(self, part, where) if special else self.object(type_.model, part, where)
            case ListOf(item=Nested() as item):
                read = [self.value(item, each, f"{where}/{index}") for index, each in enumerate(part.items())]
                found = [each for each in read if each is not None]
            case ListOf(item=Reference() as item):
                named = [self.reference(item, part, text) for text in part.texts()]
                found = [name for name in named if name is not None]
            case ListOf():
                found = _texts(type_, part)
            case MapOf():
                read_members = {
                    name: self.value(type_.value, each, f"{where}/{name}") for name, each in part.members().items()
                }
                found = {name: member for name, member in read_members.items() if member is not None}
            case FreeObject():
                part.hold()
                found = part.value
            case Whole():
                found = part.whole()
            case Flag():
                found = part.flag()
            case Reference():
                text = part.text()
                found = self.reference(type_, part, text) if text else text
            case _:
                found = _text(type_, part, where)
        return found

    def object(self, model: type[Object], part: Piece, where: str) -> Given | None:
        """Read an object within."""
        if (model.is_empty_meant or model is IPStrategy) and not isinstance(part.value, dict | list):
            if part.is_off():
                return None
            part.hold()
            return {}
        ignored = _IGNORED.get(model, {})
        fields = part.fields((*model.fields, *ignored))
        fields.only_default(ignored, "it")
        name = where.rpartition("/")[2]
        is_item = name.isdecimal()
        if part.value == {} and not is_item and not model.is_empty_meant and model is not IPStrategy:
            part.refuse(f"its {name} is empty: Traefik rejects such a file")
        return self.fields(model, fields, where)

    def reference(self, type_: Reference, part: Piece, text: str) -> str | None:
        """Return what stands here for a reference, or refuse the part that has it."""
        return self.find(part, type_, text)


def _settled(declared: Field, value: Any, part: Piece, where: str) -> Any:
    """Return a duration as Traefik takes it: in place of most that are not above zero, it takes its default."""
    type_ = declared.type
    if not isinstance(type_, Text) or not type_.is_duration or value is None or _is_taken(type_, value):
        return value
    is_zero, nanoseconds = value == "0s", durations.find_nanoseconds(value)
    if nanoseconds is None or nanoseconds > 0 or any(fnmatchcase(where, each) for each in _MEANT):
        return value
    if _is_taken(type_, _NEGATIVE):
        return _NEGATIVE
    if _is_taken(type_, "0s") or (not is_zero and where == _PERIOD):
        return value
    default = declared.default or AT_ZERO
    told = f"{declared.key} {shown(value)}: Traefik uses {default} instead{INSTEAD}"
    part.change(told, Cause.IGNORED, "duration.range")
    return default


def _is_taken(type_: Type, value: str) -> bool:
    return type_.read(value, Reading(), ()) is not MISSING


def _is_unset(declared: Field, value: Any) -> bool:
    """Tell whether a value is what Traefik does where there is none."""
    type_ = declared.type
    if isinstance(type_, Nested) and value == {}:
        return not type_.model.is_empty_meant and not declared.is_alternative
    if value == declared.default:
        return not declared.is_explicit
    if declared.default is None:
        return (
            value == ""
            or (isinstance(type_, Whole) and value == 0 and (type_.least or 0) > 0)
            or (isinstance(type_, Reference) and value in type_.built_in)
        )
    if isinstance(type_, Text) and type_.is_duration:
        is_same = durations.find_nanoseconds(value) == durations.find_nanoseconds(declared.default)
        return is_same and not declared.is_explicit
    return isinstance(type_, Choice) and value == ""


def _texts(type_: ListOf, part: Piece) -> list[str]:
    """Read a list of texts, each once: where two of the same are refused here, Traefik ignores one."""
    found = part.texts()
    good = [text for text in found if type_.item.read(text, Reading(), ()) is not MISSING]
    if isinstance(type_.item, Text) and not all(_is_kept(type_.item, text) for text in good):
        part.refuse("Traefik expects a hash here and does not know this one: it would let nobody in", Cause.BREAKS)
    if type_.duplicate is None or len(good) < len(found):
        return found
    once: dict[Any, str] = {}
    for text in found:
        once.setdefault(text if type_.same is None else type_.same(text), text)
    return list(once.values())


def _text(type_: Type, part: Piece, where: str) -> str | None:
    if isinstance(type_, Text) and type_.check is check_header_value:
        return _header_value(part, where)
    found = part.text()
    if isinstance(type_, Text) and type_.is_duration and found is not None:
        return _duration(found, part)
    return found


def _header_value(part: Piece, where: str) -> str | None:
    """Return the value of a header as it is sent: line breaks in it become spaces, and spaces around it get lost.

    Over HTTP/2, Traefik sends no header to clients that has a line break. With one to a server, it answers 500.
    """
    text = part.text()
    plain = _LINE_BREAK.sub(" ", text or "").strip(" \t")
    if not text or not plain:
        return text
    if _LINE_BREAK.search(text) is not None:
        if not where.startswith(_SENT_TO_CLIENTS) or where.startswith(_COMPARED):
            return text
        name = where.rpartition("/")[2]
        told = f"{name} has line breaks, so Traefik does not send it over HTTP/2{AS_SPACES}"
        part.change(told, Cause.BREAKS, "header.value")
    return plain


def _duration(text: str, part: Piece) -> str | None:
    """Return a duration in the notation that is kept here."""
    nanoseconds, typed = durations.find_nanoseconds(text), durations.with_unit(text)
    if nanoseconds is None:
        part.refuse(f"{shown(text)} is not a duration")
        return None
    if nanoseconds == 0:
        return "0s"
    if nanoseconds < 0 or durations.find_seconds(typed) is not None:
        return typed
    found = durations.find_text(nanoseconds)
    if found is None:
        part.refuse(f"{shown(text)} is more precise than milliseconds")
    return found


def _is_kept(type_: Text, text: str) -> bool:
    """Tell whether a text means the same here: a password that is hashed here is taken for a hash by Traefik."""
    return type_.secret is None or type_.secret.keep(text, None) == text
