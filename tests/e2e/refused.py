"""Values that are refused, of every field of every noun: by their type, their limits, and what texts cannot be.

Each stands in an object that is good but for it. Of those that are refused at the same field for the same reason, a
few are kept.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from provider.errors import FieldError, Invalid
from provider.nouns import NOUNS, Noun
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.nested import Nested
from provider.nouns.noun import BESIDE, LABELS, NAME
from provider.nouns.objects import Object
from provider.nouns.texts import Text
from provider.nouns.types import Choice, Flag, Type, Whole
from tests.nouns.hostile import Where, replaced
from tests.nouns.middleware_rows import ROWS

Document = dict[str, Any]

_MOST: Final = 12
"""Among so many values of each field and code some are chosen."""

_WRONG: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 7, 1.5, -1, 2**63 - 1, "", "3", "true", "yes", " ", "a b", "a║b", [], {}, ["a"], [None]),
    *({"a": "b"}, {"a": {"b": "c"}}, [{"a": "b"}], [["a"]]),
)
OURS: Final[Mapping[str, Sequence[str]]] = {
    "certificate": ("name", "default"),
    "domain": ("description", "redirectToHttps", "tls"),
    "router": ("enabled",),
    "server": ("name", "state"),
}
"""The fields, besides labels and what a router stands beside, of which Traefik learns nothing."""

_TEXTS: Final = (
    *("a", "A", "a.b", "-", "*", "/", "//a", "/a/../b", "a/b", "/%zz", "/a?b#c", "é", "😀", "a\tb", "a\nb", "\x7f"),
    *("\ufeff", "a\u2028b", "x" * 70_000, "(", "(?=a)", "a{1001}", "$", "${7}", "`a`", '"', "{a}", "a,b", "a:b:c"),
    *("http://", "ftp://a", "http://a b", "http://u:p@127.0.0.1", "//a", "a@b@c", "a@internal", "a@http", "@"),
    *("10.0.0.0/33", "256.0.0.1", "::1%lo", "a.test", "a..test", "-a.test", "xn--a", "127.0.0.1", "a:99999", "a:0"),
    *("-1s", "0s", "1d", "1", "999999h", "1ns", "99", "600", "599-500", "500-", "5xx", "text", "text/html; q=1"),
    *("-----BEGIN", "-----BEGIN A-----\nAA\n-----END A-----", "/nowhere.pem", "a:$6$x$y", "a:b:", ":b", "spiffe:"),
    *("Host(`a`", "Hots(`a`)", "Path(`/a`, )", "HostSNI(`a`)", "ALPN(`acme-tls/1`)", "ClientIP(`x`)", "true"),
    *("Nope() > 1", "NetworkErrorRatio() > 1", "ResponseCode()", "IsNetworkError() &&"),
)


@dataclass(frozen=True)
class Refused:
    """An object that is refused for one value: `at` names the field, with the kind of object before it."""

    kind: str
    document: Document
    base: Document
    at: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.at} {self.code} {str(self.document)[:200]}"


def shapes(kind: str, bases: Mapping[str, list[Document]], fills: Mapping[str, Any]) -> Iterator[Document]:
    """Give good objects of a kind, in which every field that can have fields has some."""
    for base in bases[kind]:
        yield base
        yield from _grown(NOUNS[kind], base, (), kind, fills)


def _grown(model: type[Object], whole: Document, where: Where, at: str, fills: Mapping[str, Any]) -> Iterator[Document]:
    here = _get(whole, where)
    for key, each in model.fields.items():
        inner = _model(each.type)
        if inner is None or (issubclass(model, Noun) and not _may_have(model, here, key)):
            continue
        grown, path = whole, f"{at}.{key}"
        if not here.get(key):
            fill = fills.get(path, dict(inner.example))
            if fill is None:
                continue
            grown = replaced(whole, where, {**here, key: [fill] if isinstance(each.type, ListOf) else fill})
            yield grown
        deeper = (*where, key, 0) if isinstance(each.type, ListOf) else (*where, key)
        yield from _grown(inner, grown, deeper, path, fills)


def _may_have(noun: type[Noun], document: Document, key: str) -> bool:
    """Tell whether an object of a noun may have a field beside what it has: it is of one kind."""
    chosen = [each for each in noun.alternatives() if each in document]
    return key in document or (key not in noun.alternatives() and not (chosen and key in noun.alone))


def _get(whole: Any, where: Where) -> Any:
    for key in where:
        whole = whole[key]
    return whole


def _model(type_: Type) -> type[Object] | None:
    match type_:
        case Nested(model) | ListOf(Nested(model)):
            return model
        case _:
            return None


def bad(type_: Type) -> Iterator[Any]:
    """Give values of which some are none of a type."""
    yield from _WRONG
    match type_:
        case Whole():
            yield from ((type_.lowest or 0) - 1, (type_.highest or 2**31) + 1, 10**30, -(10**30))
        case Choice():
            yield from (word.value.upper() for word in type_.words)
            yield "nope"
        case Flag():
            yield "t"
        case Text():
            yield from _TEXTS
            if type_.most is not None:
                yield from ("a" * (type_.most + 1), "/" + "a" * type_.most)
        case ListOf(item):
            yield from ([each] for each in bad(item))
            yield from ([text, text] for text in ("a", "/a", "GET", "10.0.0.1", "404", "gzip", "text/html", "X-A"))
            yield [f"a{number}" for number in range(1_001)]
        case MapOf(item):
            yield from ({"a": each} for each in bad(item))
            yield from ({each: "a"} for each in ("", "A b", "é", "x" * 2_000))
            yield from ({"X-A": "1", "x-a": "2"}, {f"a{number}": "b" for number in range(1_001)})


def _tried(kind: str, base: Document) -> Iterator[Document]:
    yield from _tried_in(NOUNS[kind], base, ())
    if kind in {"middleware", "service"}:
        yield {}


def _tried_in(model: type[Object], whole: Document, where: Where) -> Iterator[Document]:
    here = _get(whole, where)
    yield replaced(whole, where, {**here, "bogus": "x"})
    for key, each in model.fields.items():
        is_ours = issubclass(model, Noun) and key in {LABELS, BESIDE, *OURS.get(model.kind, ())}
        if is_ours or (issubclass(model, Noun) and not _may_have(model, here, key)):
            continue
        if key in here and key != NAME:
            yield replaced(whole, where, {other: value for other, value in here.items() if other != key})
        for value in bad(each.type):
            yield replaced(whole, where, {**here, key: value})
        inner = _model(each.type)
        if inner is not None and here.get(key):
            yield from _tried_in(inner, whole, (*where, key, 0) if isinstance(each.type, ListOf) else (*where, key))


def _told(kind: str, document: Document) -> FieldError | None:
    try:
        NOUNS[kind].read(document)
    except Invalid as invalid:
        return invalid.fields[0]
    return None


def find(bases: Mapping[str, list[Document]], fills: Mapping[str, Any], number: int = 1) -> list[Refused]:
    """Find values of all fields that are refused, a `number` of each field and code; also the rows of other tests."""
    found: dict[tuple[str, str], list[Refused]] = defaultdict(list)
    for kind in bases:
        for base in shapes(kind, bases, fills):
            named = {NAME: "one", **base}
            error = _told(kind, named)
            assert error is None, (kind, base, error)
            for document in _tried(kind, named):
                _add(found, kind, document, named)
    for base in bases["middleware"]:
        (key,) = base
        for row, _pointer, _code in ROWS[key].bad:
            _add(found, "middleware", {NAME: "one", key: dict(row)}, {NAME: "one", **base})
    chance = Random(1)  # the same in each run
    return [each for listed in found.values() for each in chance.sample(listed, min(number, len(listed)))]


def _add(found: dict[tuple[str, str], list[Refused]], kind: str, document: Document, base: Document) -> None:
    error = _told(kind, document)
    if error is None:
        return
    at = kind + re.sub(r"\.\d+(?=\.|$)", "[]", error.pointer.replace("/", "."))
    listed = found[(at, error.code)]
    if len(listed) < _MOST and document not in [each.document for each in listed]:
        listed.append(Refused(kind, document, base, at, error.code))
