"""Random states that follow the declarations: whatever a noun declares is drawn, field by field, by its type.

The texts of a type are those among many samples that it takes. Left to chance are the shape of the state and every
value; what would need more than a document (a plugin, a file on the edge) is left out, and said below.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from random import Random
from typing import Any, Final

import trustme

from provider.declarations import Declaration
from provider.errors import Invalid
from provider.nouns import NOUNS, Domain, Noun, Router, Server, Service
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.middleware import Middleware
from provider.nouns.noun import LABELS, NAME
from provider.nouns.objects import Nested, Object
from provider.nouns.protocol import KEY, PEM
from provider.nouns.reading import MISSING, Reading
from provider.nouns.types import Choice, Flag, Reference, Text, Type, Whole
from provider.nouns.udp_router import UDPRouter
from provider.values import check_entry_point

Document = dict[str, Any]

_ISSUED: Final = trustme.CA().issue_cert("a.test")
"""One certificate and its key: Traefik disables what has a pair that does not fit."""

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
    *("a:$2y$04$4CVq8qjfjAn.hHdHjYJtz.sB2XWszD6YdYncG20dPqbKTaOSwkEAi", "a:b:d41d8cd98f00b204e9800998ecf8427e"),
    *("http/1.1", "h2", "acme-tls/1", "letsencrypt", "spiffe://a.test/b"),
    *(_ISSUED.cert_chain_pems[0].bytes().decode(), _ISSUED.private_key_pem.bytes().decode()),
)

LEFT_OUT: Final = {
    "plugin": "Traefik disables one that its static configuration does not have",
    "usersFile": "Traefik disables what names a file that is not there",
    "weighted.healthCheck": "Traefik disables it where one of its services has no health check",
    "highestRandomWeight.healthCheck": "as above",
    "mirroring.healthCheck": "as above",
    "failover": "Traefik disables it where its first service has no health check",
    "spiffe": "Traefik needs a SPIFFE server for it",
}
"""What is not drawn, and why."""

_TRIES: Final = 8

POINTS: Final = ("web", "other")
PACKET_POINTS: Final = ("dns",)


class Drawing:
    """A state that is being drawn: what there is of it so far can be referred to."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # the same for the same seed
        self.objects: dict[str, dict[str, Noun]] = {kind: {} for kind in NOUNS}
        self._points: Sequence[str] = POINTS

    def state(self) -> Declaration:
        """Draw a state with a few objects of each noun."""
        self.objects[Service.kind]["plain"] = Service(name="plain")
        for kind, noun in NOUNS.items():
            for number in range(self.random.randint(1, 8 if noun is Middleware else 3)):
                self._add(kind, noun, f"{kind.lower()}-{number}")
        return Declaration(self.objects)

    def _add(self, kind: str, noun: type[Noun], name: str) -> None:
        self._points = PACKET_POINTS if noun is UDPRouter else POINTS
        hosts = [f"{name}.test", f"*.{name}.test", "münchen.test"]
        item = self.object(noun, {NAME: self.random.choice(hosts) if noun is Domain else name})
        if item is not None:
            owner = "plain" if noun is Server else ""
            self.objects[kind][f"{owner}/{item.key}" if owner else item.key] = item

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
            if key in {NAME, LABELS} and issubclass(model, Noun):
                continue
            is_wanted = key == chosen if key in kinds else each.is_required or self._chance(0.4)
            if is_wanted and not _is_left_out(model, key):
                value = self.value(each.type)
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
            case MapOf():
                keys = {self.value(type_.key) for _ in range(self.random.randint(max(1, type_.least), 3))}
                values = {key: self.value(type_.value) for key in sorted(keys - {None})}
                return {key: value for key, value in values.items() if value is not None}
            case _:
                return self._plain(type_)

    def _plain(self, type_: Type) -> Any:
        """Draw a value that has nothing within."""
        match type_:
            case Flag():
                return self._chance(0.5)
            case Choice():
                return self.random.choice([word.value for word in type_.words])
            case Whole():
                least, most = type_.lowest or 0, type_.highest if type_.highest is not None else 10**9
                return self.random.choice([least, most, self.random.randint(least, most)])
            case Reference():
                return self._reference(type_)
            case Text():
                return self._text(type_)
            case _:
                raise TypeError(f"nobody draws a {type(type_).__name__}")

    def _list(self, type_: ListOf) -> Any:
        drawn_items = [self.value(type_.item) for _ in range(self.random.randint(max(1, type_.least), 3))]
        items: dict[str, Any] = {}
        for item in drawn_items:
            if item is not None and item != "║":  # Traefik cuts texts there: lists do not take it
                name = item.get(NAME, item) if isinstance(item, dict) else item
                same = type_.same(name) if type_.same and isinstance(item, str) else name
                items.setdefault(str(same), item)
        return list(items.values()) or None

    def _reference(self, type_: Reference) -> str | None:
        known = sorted(self.objects[type_.kind])
        if type_.kind == Domain.kind:
            known = [item.name for item in self.objects[type_.kind].values()]
        return self.random.choice(known) if known else None

    def _text(self, type_: Text) -> str | None:
        if type_.check is check_entry_point:
            return self.random.choice(self._points)
        known = _accepted(type_)
        if type_.check in {PEM.check, KEY.check}:  # what is no PEM is the path of a file, which is not there
            known = [sample for sample in known if "-----" in sample]
        return self.random.choice(known) if known else None

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


@cache
def _accepted_of(check: Callable[[str], str] | None, most: int | None) -> Sequence[str]:
    return [sample for sample in SAMPLES if _is_taken(Text(check, most), sample)]


def _accepted(type_: Text) -> Sequence[str]:
    return _accepted_of(type_.check, type_.most)


def _is_taken(type_: Text, sample: str) -> bool:
    return type_.read(sample, Reading(), ()) is not MISSING


def _is_left_out(model: type[Object], key: str) -> bool:
    name = model.__name__.removeprefix("TCP")
    return key in LEFT_OUT or f"{name[:1].lower()}{name[1:]}.{key}" in LEFT_OUT


def drawn(seed: int) -> Declaration:
    """Return the state of a seed."""
    return Drawing(seed).state()
