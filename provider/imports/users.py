"""Files with users that middlewares name, as Traefik reads them: what would disable such a middleware. Pure.

Tried on Traefik 3.7.15: a path counts from the directory in which Traefik runs. Lines are stripped; empty ones and
comments do not count. One that has another number of colons disables the middleware, and each router that has it; so
does a file in which nobody is, where the middleware names nobody either.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from provider.imports.contents import ELSEWHERE, FileContent
from provider.imports.declared import DeclaredReader, Given, Special
from provider.imports.findings import Cause
from provider.imports.pieces import Piece
from provider.nouns.middlewares.access import BasicAuth
from provider.nouns.middlewares.digests import DigestAuth
from provider.nouns.objects import Object

_KEY: Final = "usersFile"
_COLONS: Final[Mapping[type[Object], int]] = {BasicAuth: 1, DigestAuth: 2}
_FORMS: Final[Mapping[type[Object], str]] = {BasicAuth: "USER:HASH", DigestAuth: "USER:REALM:HASH"}
_KINDS: Final = frozenset({"basicauth", "digestauth"})
_DISABLES: Final = "Traefik disables this middleware"
FORMAT: Final = "users.format"
NOBODY: Final = "users.none"


def named_files(document: Any) -> Iterator[str]:
    """Give the files with users that the middlewares of a document name."""
    for middleware in _members(_member(_member(document, "http"), "middlewares")):
        for kind, settings in middleware.items() if isinstance(middleware, dict) else ():
            named = _member(settings, _KEY) if str(kind).lower() in _KINDS else None
            if isinstance(named, str) and named:
                yield named


def _members(value: Any) -> Iterator[Any]:
    return iter(value.values() if isinstance(value, dict) else ())


def _member(value: Any, name: str) -> Any:
    found = value.items() if isinstance(value, dict) else ()
    return next((member for key, member in found if str(key).lower() == name.lower()), None)


def _reads(model: type[Object]) -> Special:
    """Return what reads a middleware, and looks into its file: it is held in any case."""

    def read(reader: DeclaredReader, part: Piece, where: str) -> Given | None:
        given = reader.object(model, part, where)
        path, place = str((given or {}).get(_KEY)), reader.places.get(f"{where}/{_KEY}")
        content = reader.contents.get(path)
        if content is not None and place is not None:
            _look(model, path, content, place, is_alone=not (given or {}).get("users"))
        return given

    return read


def _look(model: type[Object], path: str, content: FileContent, place: Piece, *, is_alone: bool) -> None:
    if content.code == ELSEWHERE:
        told = f"{path}: {content.problem}; if Traefik cannot read it either, it disables this middleware"
        place.change(told, Cause.UNKNOWN, content.code)
    elif content.problem:
        place.change(f"{path}: {content.problem}: {_DISABLES}", Cause.DISABLED, content.code)
    elif (number := _find_wrong(content.text, _COLONS[model])) is not None:
        told = f"{path}: line {number} is not {_FORMS[model]}: {_DISABLES}"
        place.change(told, Cause.DISABLED, FORMAT)
    elif is_alone and not any(_lines(content.text)):
        place.change(f"{path}: there are no users in it: {_DISABLES}", Cause.DISABLED, NOBODY)


def _find_wrong(text: str, colons: int) -> int | None:
    return next((number for number, line in _lines(text) if line.count(":") != colons), None)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Give the lines that count, with their numbers."""
    lines = enumerate(map(str.strip, text.split("\n")), 1)
    return ((number, line) for number, line in lines if line and not line.startswith("#"))


SPECIAL: Final[Mapping[type[Object], Special]] = {model: _reads(model) for model in _COLONS}
