"""Objects with a secret in them: one for each place where the declarations have one, a new one too."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provider.errors import Invalid
from provider.nouns import NOUNS, Noun
from provider.nouns.certificate import PRIVATE_KEY, Certificate, Paired
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.free import FreeObject
from provider.nouns.nested import Nested
from provider.nouns.noun import NAME
from provider.nouns.objects import Object
from provider.nouns.protocol import KEY
from provider.nouns.reading import MISSING, Reading
from provider.nouns.texts import Secrecy, Text
from provider.nouns.types import Type
from tests.e2e.declared import Drawing

Document = dict[str, Any]
Wrap = Callable[[Any], Any]

SHAPES: Final = ("{}", "alvin:{}", "alvin:traefik:{}")
"""What a secret may need around it: users with passwords."""

HEADER: Final = "Authorization"
HIDDEN: Final = "apiToken"
_DRAWN: Final = 60


@dataclass(frozen=True)
class Planted:
    """An object with one secret in it. `give` returns it as JSON, with a value in the secret's place."""

    kind: str
    path: str
    give: Callable[[Any], Document]
    type: Text

    @property
    def plural(self) -> str:
        return NOUNS[self.kind].plural


def value_of(type_: Text, word: str) -> tuple[str, str]:
    """Return a value for a secret, and what of it nobody may see: the word, or a line of a key."""
    if type_.check in {KEY.check, PRIVATE_KEY.check}:
        text = key(word)
        return text, text.splitlines()[1]
    for shape in SHAPES:
        text = shape.format(word)
        if type_.read(text, Reading(), ()) is not MISSING and word not in type_.masked(text):
            return text, word
    raise AssertionError("nobody knows such a secret: add its shape")


@cache
def key(_word: str) -> str:
    """Return a key of its own for each word."""
    return trustme.CA().private_key_pem.bytes().decode()


def certificate_of(text: Any) -> str:
    """Return a certificate that fits a key; any, for what is none."""
    try:
        private = serialization.load_pem_private_key(str(text).encode(), None)
    except ValueError:
        return str(Certificate.example["certFile"])
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alvin.test")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, private.public_key(), 1, now - timedelta(days=1), now + timedelta(days=90)
    )
    return made.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def everywhere() -> Iterator[Planted]:
    """Give an object for each place of a secret."""
    for kind, noun in NOUNS.items():
        for path, wrap, type_ in _places(noun):
            yield Planted(kind, f"{kind}.{path}", _whole(noun, wrap, type_), type_)


def _places(model: type[Object]) -> Iterator[tuple[str, Wrap, Text]]:
    """Give the places of secrets in objects, with what puts a value there."""
    for name, each in model.fields.items():
        for path, wrap, type_ in _places_of(each.type):
            yield f"{name}{path}", _member(name, wrap), type_


def _places_of(type_: Type) -> Iterator[tuple[str, Wrap, Text]]:
    match type_:
        case Text():
            if type_.is_secret:
                yield "", _itself, type_
        case Nested(model):
            for path, wrap, inner in _places(model):
                yield f".{path}", _whole(model, wrap, inner), inner
        case ListOf(item):
            for path, wrap, inner in _places_of(item):
                yield f"[]{path}", _item(wrap), inner
        case MapOf():
            yield from _places_of_map(type_)


def _places_of_map(type_: MapOf) -> Iterator[tuple[str, Wrap, Text]]:
    if isinstance(type_.value, FreeObject):
        yield f".*.{HIDDEN}", _member("demo", _member(HIDDEN, _itself)), Text(secret=Secrecy())
    if type_.hides is not None:
        member = type_.member(HEADER)
        assert isinstance(member, Text)
        yield f".{HEADER}", _member(HEADER, _itself), member
    for path, wrap, inner in _places_of(type_.value):
        yield f".*{path}", _member("a", wrap), inner


def _itself(value: Any) -> Any:
    return value


def _member(name: str, wrap: Wrap) -> Wrap:
    return lambda value: {name: wrap(value)}


def _item(wrap: Wrap) -> Wrap:
    return lambda value: [wrap(value)]


def _whole(model: type[Object], wrap: Wrap, type_: Text) -> Wrap:
    """Return what puts a value into a whole object: with what that needs besides."""
    value = value_of(type_, "sample")[0]
    sample = wrap(value)
    chain = model.pair[0] if issubclass(model, Paired) else None
    if chain is not None:
        sample[chain] = certificate_of(value)
    for base in _bases(model):
        try:
            model.read({**base, **sample})
        except Invalid:
            continue
        beside = {name: value for name, value in base.items() if name != NAME}
        if chain is not None:
            return lambda value: {**beside, chain: certificate_of(value), **wrap(value)}
        return lambda value: {**beside, **wrap(value)}
    raise AssertionError(f"nobody knows what {model.__name__} needs beside {sample}")


def _bases(model: type[Object]) -> Iterator[Document]:
    """Give what an object may need beside what it has, the least of it first."""
    yield {NAME: "a"} if issubclass(model, Noun) else {}
    yield dict(model.example)
    for seed in range(_DRAWN):
        drawn = Drawing(seed).object(model, {NAME: "a"} if issubclass(model, Noun) else {})
        if drawn is not None:
            yield drawn.changed()
