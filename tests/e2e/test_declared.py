"""Whatever the nouns declare, a real Traefik takes: random states over all nouns and fields."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest
import yaml

from provider import configuration, rendering, verification
from provider.configuration import STORES
from provider.declarations import Declaration
from provider.listening import DEFAULT_POINTS
from provider.nouns import NOUNS
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.reading import Reading
from provider.nouns.texts import Text
from provider.nouns.types import Type, Whole
from provider.parts import PLACES, ROUTERS
from tests.e2e.declared import CERTIFICATES, KEYS, LEFT_OUT, PACKET_POINTS, drawn, is_taken, limits
from tests.e2e.documents import Routing, routing
from tests.e2e.plugins import PLUGINS, add_plugin
from tests.nouns.test_fields import held
from tests.running import SOAK, Traefik, cases, fetch, free_port

OTHERS: Final = {
    "http": {
        "services": {
            "other": {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:9"}], "healthCheck": {"path": "/"}}}
        },
        "middlewares": {"other": {"addPrefix": {"prefix": "/a"}}},
        "serversTransports": {"other": {"maxIdleConnsPerHost": 1}},
    },
    "tcp": {
        "services": {
            "other": {"loadBalancer": {"servers": [{"address": "127.0.0.1:9"}], "healthCheck": {"interval": "30s"}}}
        },
        "middlewares": {"other": {"inFlightConn": {"amount": 1}}},
        "serversTransports": {"other": {"dialTimeout": "1s"}},
    },
    "udp": {"services": {"other": {"loadBalancer": {"servers": [{"address": "127.0.0.1:9"}]}}}},
    "tls": {"options": {"other": {"minVersion": "VersionTLS12"}}},
}
"""What the edge has from its file provider."""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    folder = tmp_path_factory.mktemp("declared")
    (folder / "fallback.yml").write_text(yaml.safe_dump(OTHERS))
    add_plugin(folder)
    points = {name: {"address": f"127.0.0.1:{free_port()}/udp"} for name in PACKET_POINTS}
    with routing(folder, PLUGINS, points) as made:
        yield made


def hindered(traefik: Traefik) -> list[tuple[str, str, Any]]:
    """Return what of ours is not enabled: kind, name and why.

    Not so routers to whose hosts Traefik gives its default TLS options, with a warning: of that people are told.
    """
    found: list[tuple[str, str, Any]] = []
    for kind in (*ROUTERS, "service", "middleware", "tcpService", "tcpMiddleware", "udpService"):
        root, place = PLACES[kind]
        listed = fetch(f"{traefik.api}/api/{root}/{place}?per_page=100000").raise_for_status().json()
        found += [
            (kind, item["name"], item.get("error", item["status"]))
            for item in listed
            if item["provider"] == "http" and item["status"] != "enabled" and not _is_told(item)
        ]
    return found


def _is_told(item: Mapping[str, Any]) -> bool:
    return item["status"] == "warning" and all(re.search("TLS ?[Oo]ption", error) for error in item["error"])


def paths(value: Any, where: str) -> Iterator[str]:
    """Give the paths of all that stands in a value."""
    yield where
    for key, member in value.items() if isinstance(value, dict) else ():
        yield from paths(member, f"{where}.{key}")
    for item in value if isinstance(value, list) else ():
        yield from paths(item, f"{where}[]")


def all_paths(document: configuration.Document) -> set[str]:
    """Return the paths of all that stands in a document."""
    plain = json.loads(document.content)
    return {path for section in (*PLACES.values(), STORES) for path in of_section(plain, section)}


def of_section(document: Any, section: Sequence[str]) -> Iterator[str]:
    """Give the paths of all that stands in a section of a document."""
    where = ".".join(section)
    for key in section:
        document = document.get(key, {})
    end, members = ("[]", document) if isinstance(document, list) else (".*", document.values())
    for member in members:
        yield from paths(member, where + end)


def written(state: Declaration) -> configuration.Document:
    """Return the document of a state, as an edge gets it."""
    made = configuration.assemble(rendering.whole(state, DEFAULT_POINTS))
    verification.verify(made.content)
    return made


def test_traefik_takes_and_enables_whatever_the_nouns_declare(edge: Routing) -> None:
    wrong: list[tuple[int, Any]] = []
    seen: set[str] = set()
    for seed in range(cases(40, 2_000)):
        document = written(drawn(seed))
        traefik = edge.run(document.content.decode(), document.digest)
        wrong += [(seed, each) for each in hindered(traefik)]
        seen |= all_paths(document)
    assert wrong == []
    if SOAK:
        missing = {path for path in held() if ".*." in path or "[]." in path} - seen
        assert {path for path in missing if not is_left_out(path)} == set()


def is_left_out(path: str) -> bool:
    return any(f".{left}." in f"{path}." for left in LEFT_OUT)


def test_the_states_have_objects_of_every_noun() -> None:
    assert {kind for kind, _name, _item in drawn(1)} == NOUNS.keys()


@pytest.mark.soak
def test_the_states_have_different_values_of_every_field_and_its_limits() -> None:
    seen: dict[str, Found] = {}
    for seed in range(800):
        for kind, _name, item in drawn(seed):
            for path, type_, value in values(item, kind):
                seen.setdefault(path, Found(type_)).values.add(json.dumps(value, sort_keys=True))
    fields = {path for noun in NOUNS.values() for path in named(noun, noun.kind)}
    assert {path for path in fields - seen.keys() if not is_left_out(path)} == set()
    for path in [path for path in seen if path.endswith((".usersFile", ".redis.username"))]:
        del seen[path]  # only some files are there, and few limits are those of Redis
    assert {path: each.missing() for path, each in seen.items() if each.missing()} == {}


@dataclass
class Found:
    """The values that a field has had, as JSON."""

    type: Type
    values: set[str] = dataclasses.field(default_factory=set)

    def missing(self) -> str:
        """Say what has not been tried of it."""
        if len(self.values - {"null"}) < 2 and not (isinstance(self.type, Nested) and not self.type.model.fields):
            return f"it had {self.values} only"
        if isinstance(self.type, Whole):
            ends = [end for end in limits(self.type) if is_taken(self.type, end)]
            return ", ".join(f"it was never {end}" for end in ends if str(end) not in self.values)
        is_ascii = not any("\\u" in value for value in self.values)
        return "it had ASCII only" if is_ascii and isinstance(self.type, Text) and _takes_unicode(self.type) else ""


def _takes_unicode(type_: Text) -> bool:
    """Tell whether a text can have more than ASCII; but for the paths of files, of which only some are there."""
    return type_.check not in {*CERTIFICATES, *KEYS} and type_.read("aé", Reading(), ()) == "aé"


def values(item: Object, where: str) -> Iterator[tuple[str, Type, Any]]:
    """Give all values in an object, with their paths and types."""
    for key, each in item.fields.items():
        value = item.__dict__[each.name]
        if value is not None:
            yield from values_of(each.type, value, f"{where}.{key}")


def values_of(type_: Type, value: Any, where: str) -> Iterator[tuple[str, Type, Any]]:
    yield where, type_, type_.json(value)
    match type_:
        case Nested():
            yield from values(value, where)
        case ListOf(item):
            for each in value:
                yield from values_of(item, each, f"{where}[]")
        case MapOf(item):
            for each in value.values():
                yield from values_of(item, each, f"{where}.*")


def named(model: type[Object], where: str) -> Iterator[str]:
    """Give the paths of all fields of objects."""
    for key, each in model.fields.items():
        yield f"{where}.{key}"
        match each.type:
            case Nested(inner):
                yield from named(inner, f"{where}.{key}")
            case ListOf(Nested(inner)):
                yield from named(inner, f"{where}.{key}[]")
            case MapOf(Nested(inner)):
                yield from named(inner, f"{where}.{key}.*")
