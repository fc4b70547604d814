"""Random states that follow the declarations: whatever a noun declares is drawn, field by field, by its type.

The texts of a type are those among many samples that it takes, and what it takes of these when they are changed at
random: with any character of Unicode, and as long as may be. Left to chance are the shape of the state and every
value; what would need more than a document is left out, and said below.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import trustme

from provider.declarations import Declaration
from provider.errors import Invalid
from provider.nouns import NOUNS, Domain, Noun, Router, Server, Service
from provider.nouns.balancing import HealthCheck
from provider.nouns.certificate import CHAIN, PRIVATE_KEY
from provider.nouns.common import HOSTNAME
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.free import FreeObject
from provider.nouns.health import unchecked
from provider.nouns.middleware import Middleware
from provider.nouns.middlewares.access import BasicAuth
from provider.nouns.middlewares.digests import DigestAuth
from provider.nouns.nested import Nested
from provider.nouns.noun import NAME
from provider.nouns.objects import Object
from provider.nouns.protocol import KEY, PEM
from provider.nouns.reading import MISSING, Reading
from provider.nouns.texts import Reference, Text
from provider.nouns.tls_option import TLSOption
from provider.nouns.types import Choice, Flag, Type, Whole
from provider.nouns.udp_router import UDPRouter
from provider.values import check_entry_point

Document = dict[str, Any]

_ISSUED: Final = [trustme.CA().issue_cert("a.test") for _ in range(2)]
"""Certificates with their keys: Traefik disables what has a pair that does not fit, so each state has one of them."""

_PAIRS: Final = [
    (issued.cert_chain_pems[0].bytes().decode(), issued.private_key_pem.bytes().decode()) for issued in _ISSUED
]

SAMPLES: Final = (
    *("a", "X-A", "abc-1", "GET", "5xx", "é", "a b", "║", "`'\"\\", "\U0001f600", "<script>", "${HOME}", "{{ .Env }}"),
    *("100ms", "1s", "2m30s", "-1ms", "0s", "1h", "720h"),
    *("/", "/a", "/a/b-c", "/%20", "/a?b=c", "/{status}"),
    *("a.test", "*.a.test", "b.test", "münchen.test", "xn--mnchen-3ya.test"),
    *("http://127.0.0.1:9", "https://127.0.0.1:9", "h2c://[::1]:9", "http://127.0.0.1:9/deep", "https://a.test/$1"),
    *("127.0.0.1:9", "[::1]:9", "a.invalid:53"),
    *("10.0.0.0/8", "127.0.0.1", "::1", "2001:db8::/32"),
    *("^/a/(.*)$", "[a-z]+", "(?i)b"),
    *("Host(`a.test`)", "PathPrefix(`/x`) && !Query(`é`, `1`)", "HeaderRegexp(`A`, `\\d`)", "HostSNI(`*`)"),
    *("HostSNI(`a.test`)", "HostSNIRegexp(`^.+\\.test$`) && ClientIP(`10.0.0.0/8`)", "ALPN(`h2`)"),
    *("503", "500-599", "text/html", "application/json", "br", "gzip", "https", "8443"),
    *("LatencyAtQuantileMS(50.0) > 100", "NetworkErrorRatio() > 0.5"),
    *("IsNetworkError() && Attempts() < 2", "ResponseCode() == 503"),
    *("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", "X25519", "CurveP256"),
    *("a:$2y$04$4CVq8qjfjAn.hHdHjYJtz.sB2XWszD6YdYncG20dPqbKTaOSwkEAi", "a:traefik:d41d8cd98f00b204e9800998ecf8427e"),
    *("a:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "budi:traefik:secret"),
    *("http/1.1", "h2", "acme-tls/1", "letsencrypt", "spiffe://a.test/b"),
)

PLUGIN: Final = "demo"
"""The plugin that the edge has."""

USERS: Final[Mapping[type[Object], Path]] = {
    BasicAuth: Path(__file__).with_name("users.htpasswd"),
    DigestAuth: Path(__file__).with_name("users.htdigest"),
}
"""The files of users that are there, by kind: Traefik disables what names another."""

CERTIFICATES: Final = (PEM.check, CHAIN.check)
KEYS: Final = (KEY.check, PRIVATE_KEY.check)
"""The checks of texts of which each has to be a real one."""

LEFT_OUT: Final = {
    "spiffe": "Traefik needs a SPIFFE server for it",
    "beside": "it names a router of another provider, of which these edges have none",
    "drainUntil": "it counts for a while alone: the document of a state would be another one later",
}
"""What is not drawn, and why."""

_TRIES: Final = 8
LONGEST_NAME: Final = 63
_LONGEST: Final = 300
"""The most characters of a text that has no limit, and the most items of a list."""

POINTS: Final = ("web", "other")
PACKET_POINTS: Final = ("dns", "time")
FOREIGN: Final = "other@file"
"""What an edge has from its file provider: an object of each kind."""


class Drawing:
    """A state that is being drawn: what there is of it so far can be referred to."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # the same for the same seed
        self.objects: dict[str, dict[str, Noun]] = {kind: {} for kind in NOUNS}
        self._points: Sequence[str] = POINTS
        self._certificate, self._key = self.random.choice(_PAIRS)

    def state(self) -> Declaration:
        """Draw a state with a few objects of each noun."""
        self.objects[Service.kind]["plain"] = Service(name="plain")
        self.objects[Service.kind]["checked"] = Service(name="checked", health_check=HealthCheck())
        # Domains can name TLS options, which come before them for that.
        for kind, noun in sorted(NOUNS.items(), key=lambda each: each[0] != TLSOption.kind):
            for number in range(self.random.randint(1, 8 if noun is Middleware else 3)):
                self._add(kind, noun, f"{kind.lower()}-{number}")
        return Declaration(self.objects)

    def _add(self, kind: str, noun: type[Noun], name: str) -> None:
        self._points = PACKET_POINTS if noun is UDPRouter else POINTS
        if noun is Domain:
            name = self.random.choice([f"{name}.test", f"*.{name}.test", "münchen.test", self._text(HOSTNAME) or name])
        elif self._chance(0.1):
            name += "-" * (LONGEST_NAME - len(name) - 1) + "z"
        item = self.object(noun, {NAME: name})
        if item is not None and item.chosen == "digestAuth":
            item = item.kept(None)  # a password with colons is no hash
        if item is not None and not any(True for _each in unchecked(item, self.objects[kind].get)):
            owner = self._owner() if noun is Server else ""
            self.objects[kind][f"{owner}/{item.key}" if owner else item.key] = item

    def _owner(self) -> str:
        services = self.objects[Service.kind]
        return self.random.choice([name for name, each in services.items() if each.chosen is None])

    def object(self, model: type[Object], given: Document) -> Any:
        """Draw an object; None where what it needs is not there."""
        document = {**given, **dict(self._members(model))}
        for _try in range(_TRIES):
            try:
                return model.read(document)
            except Invalid as invalid:
                wrong = {error.pointer.split("/")[1] if error.pointer else "" for error in invalid.fields}
                self._mend(model, document, wrong)
        return None

    def _mend(self, model: type[Object], document: Document, wrong: set[str]) -> None:
        """Leave out what is wrong, and draw what is missing; where nothing is set, anything."""
        for key in sorted(wrong & model.fields.keys()):
            if document.pop(key, None) is None:
                document[key] = self.value(model.fields[key].type)
        if "" in wrong:
            document.update(self._members(model))
        if model is Router and "domains" in wrong:
            document.pop("pathPrefix", None)
            document["rule"] = "Host(`a.test`)"

    def _members(self, model: type[Object]) -> Iterator[tuple[str, Any]]:
        """Draw values of some fields, as JSON."""
        kinds = [key for key, each in model.fields.items() if each.is_alternative and issubclass(model, Noun)]
        chosen = self.random.choice(kinds) if kinds and (model is not Service or self._chance(0.5)) else None
        for key, each in model.fields.items():
            if key == NAME and issubclass(model, Noun):
                continue
            is_wanted = key == chosen if key in kinds else each.is_required or self._chance(0.4)
            if is_wanted and not _is_left_out(model, key):
                value = self._file(USERS[model]) if key == "usersFile" else self.value(each.type)
                if value is not None:
                    yield key, value

    def value(self, type_: Type) -> Any:
        """Draw a value of a type as JSON; None where there can be none."""
        match type_:
            case Nested(model):
                item = self.object(model, {})
                return None if item is None else item.json()
            case ListOf():
                return self._list(type_)
            case MapOf(FreeObject()):
                return {PLUGIN: {"names": ["a"], "deep": self._free_object(2)}}
            case MapOf():
                keys = {self.value(type_.key) for _ in range(self._number_of(type_.least, type_.most))}
                values = {key: self.value(type_.value) for key in sorted(keys - {None})}
                return {key: value for key, value in values.items() if value is not None}
            case _:
                return self._plain(type_)

    def _file(self, path: Path) -> str:
        return self.random.choice([str(path), f"{path.parent}/./{path.name}"])

    def _number_of(self, least: int, most: int | None) -> int:
        """Draw how many items something has: few nearly always, and sometimes as many as may be."""
        if self._chance(0.01):
            return min(most or _LONGEST, _LONGEST)
        return self.random.randint(max(1, least), 3)

    def _plain(self, type_: Type) -> Any:
        """Draw a value that has nothing within."""
        match type_:
            case Flag():
                return self._chance(0.5)
            case Choice():
                return self.random.choice([word.value for word in type_.words])
            case Whole():
                least, most = limits(type_)
                return self.random.choice([least, most, self.random.randint(least, most)])
            case Reference():
                return self._reference(type_)
            case Text():
                return self._text(type_)
            case _:
                raise TypeError(f"nobody draws a {type(type_).__name__}")

    def _list(self, type_: ListOf) -> Any:
        drawn_items = [self.value(type_.item) for _ in range(self._number_of(type_.least, type_.most))]
        items: dict[str, Any] = {}
        for item in drawn_items:
            if item is not None and not (isinstance(item, str) and "║" in item):  # Traefik cuts texts there
                name = item.get(NAME, item) if isinstance(item, dict) else item
                same = type_.same(name) if type_.same and isinstance(item, str) else name
                items.setdefault(str(same), item)
        return list(items.values()) or None

    def _free_object(self, depth: int) -> Document:
        """Draw what a plugin may be given; what Traefik would lose of it is refused, and not drawn."""
        found: Document = {}
        for _ in range(self.random.randint(1, 3)):
            key, value = self._any_text(12), self._free(depth)
            if FreeObject(lambda _name: False).read({key: value}, Reading(), ()) is not MISSING:
                found[key] = value
        return found or {"a": "b"}

    def _free(self, depth: int) -> Any:
        kinds: list[Callable[[], Any]] = [
            lambda: self._any_text(20),
            lambda: self.random.randint(-(2**53), 2**53),
            lambda: round(self.random.uniform(-1_000, 1_000), 3),
            lambda: self._chance(0.5),
            lambda: [self._any_text(8) for _ in range(self.random.randint(1, 3))],
            lambda: self._free_object(depth - 1),
        ]
        return self.random.choice(kinds if depth else kinds[:-1])()

    def _reference(self, type_: Reference) -> str | None:
        known = sorted(self.objects[type_.kind])
        if type_.kind == Domain.kind:
            known = [item.name for item in self.objects[type_.kind].values()]
        known += [FOREIGN] if type_.is_foreign else []
        return self.random.choice(known) if known else None

    def _text(self, type_: Text) -> str | None:
        if type_.check is check_entry_point:
            return self.random.choice(self._points)
        if type_.check in CERTIFICATES:  # what is no PEM is the path of a file, which is not there
            return self._certificate
        if type_.check in KEYS:
            return self._key
        known = _accepted(type_)
        if not known:
            return None
        for _ in range(_TRIES if self._chance(0.6) else 0):
            text = self._changed(self.random.choice(known), type_.most or _LONGEST)
            if is_taken(type_, text):
                return text
        return self.random.choice(known)

    def _changed(self, text: str, most: int) -> str:
        """Return a text with something put in, taken out or put at its end, or with another in its place."""
        place, end = sorted(self.random.randint(0, len(text)) for _ in range(2))
        ways: list[Callable[[], str]] = [
            lambda: text[:place] + self._any_text(3) + text[place:],
            lambda: text[:place] + self._any_text(1) + text[place + 1 :],
            lambda: text[:place] + text[end:],
            lambda: text[:place] + text[place:end] * 2 + text[end:],
            lambda: self._any_text(20),
            lambda: self.random.choice(SAMPLES)[: place + 1] + text[place:],
        ]
        if most <= _LONGEST or self._chance(0.1):
            ways.append(lambda: (text[:place] + (text[place:end] or "a") * most)[: most - len(text) + end] + text[end:])
        return self.random.choice(ways)()

    def _any_text(self, most: int) -> str:
        """Draw characters: of ASCII, or of all Unicode."""
        highest = 0x7E if self._chance(0.5) else sys.maxunicode
        return "".join(chr(self.random.randint(0x20, highest)) for _ in range(self.random.randint(1, most)))

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


def limits(type_: Whole) -> tuple[int, int]:
    """Return the least and the greatest number of a type."""
    return type_.lowest or 0, type_.highest if type_.highest is not None else 10**9


@cache
def _accepted_of(check: Callable[[str], str] | None, most: int | None) -> Sequence[str]:
    return [sample for sample in SAMPLES if is_taken(Text(check, most), sample)]


def _accepted(type_: Text) -> Sequence[str]:
    return _accepted_of(type_.check, type_.most)


def is_taken(type_: Type, sample: Any) -> bool:
    """Tell whether a value is one of a type."""
    return type_.read(sample, Reading(), ()) is not MISSING


def _is_left_out(model: type[Object], key: str) -> bool:
    name = model.__name__.removeprefix("TCP")
    return key in LEFT_OUT or f"{name[:1].lower()}{name[1:]}.{key}" in LEFT_OUT


def drawn(seed: int) -> Declaration:
    """Return the state of a seed."""
    return Drawing(seed).state()
