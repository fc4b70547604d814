"""Texts: whatever is accepted here, a real Traefik takes and reads back unchanged; what it cannot read is refused."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from provider import configuration, verification
from provider.configuration import Document
from provider.errors import Invalid, Unverified
from provider.listening import Listening
from provider.nouns import Router, Server, Service
from provider.parts import Parts, Section
from provider.values import Refusal, check_text
from tests.e2e.documents import Routing, routing
from tests.running import cases

Fields = dict[str, Any]

REFUSED = [chr(code) for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF)]
"""Characters that are refused because Traefik cannot read them. C0 is refused besides: a rule is one line."""

ROUTERS: list[Callable[[str], Fields]] = [
    lambda text: {"pathPrefix": f"/{text}"},
    lambda text: {"domains": [f"{text}.test", f"*.{text}.test"]},
    lambda text: {"pathPrefix": "/", "entryPoints": [text, "web"]},
    lambda text: {"pathPrefix": "/", "service": text},
    lambda text: {"pathPrefix": "/", "name": text},
]
SERVICES: list[Callable[[str], Fields]] = [
    lambda text: {"healthCheck": {"path": f"/{text}?{text}"}},
    lambda text: {"sticky": {"cookie": {"name": text}}},
]
SERVERS: list[Callable[[str], Fields]] = [
    lambda text: {"url": f"http://{text}.test"},
    lambda text: {"url": f"https://a.{text}.:80"},
]
"""Objects with some text in each place where one can be."""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with routing(tmp_path_factory.mktemp("texts")) as running:
        yield running


def document(routers: Sequence[Router], services: Sequence[Service] = (), servers: Sequence[Server] = ()) -> Document:
    """Make the document of routers and services; the service `s` has the servers."""
    parts = {service.name: configuration.service_part(service, []) for service in services}
    for name in {router.service for router in routers if "@" not in router.service}:
        parts[name] = configuration.service_part(Service(name=name), servers if name == "s" else [])
    made = {router.name: configuration.router_part(router, Listening()) for router in routers}
    routing = Section({name: part for name, part in made.items() if part})
    return configuration.assemble(Parts({"router": routing, "service": Section(parts)}))


def router(**fields: Any) -> Router:
    return Router.read({"name": "r", "service": "s", **fields})


def with_each_character(forms: Sequence[Callable[[str], Fields]]) -> Iterator[Fields]:
    """Give objects with each ASCII character in the middle and at the ends of a text."""
    for form in forms:
        for code in range(128):
            for text in (f"a{chr(code)}b", f"{chr(code)}a", f"a{chr(code)}"):
                yield form(text)


def accepted(make: Callable[[Fields], Any], given: Iterator[Fields]) -> list[Any]:
    """Make objects, those that are accepted."""
    made = []
    for fields in given:
        try:
            made.append(make(fields))
        except Invalid:
            continue
    return made


def test_every_character_that_a_rule_may_have_is_read_back_as_it_was(edge: Routing) -> None:
    surrogates, others = range(0xD800, 0xE000), {*REFUSED, "`"}
    allowed = [chr(code) for code in range(32, sys.maxunicode + 1) if code not in surrogates]
    allowed = [character for character in allowed if character not in others]
    pieces = [allowed[start : start + 1000] for start in range(0, len(allowed), 1000)]
    # With blanks around each: YAML would swallow them at what it takes for a line break.
    rules = [f"Path(`/{' '.join(piece)} `) || Query(`{''.join(piece)}`)" for piece in pieces]
    routers = [router(name=f"r{number}", rule=rule) for number, rule in enumerate(rules)]
    made = document(routers)
    verification.verify(made.content)
    shown = edge.run(made.content.decode(), made.digest).objects("routers")
    assert [number for number, rule in enumerate(rules) if shown[f"r{number}"]["rule"] != rule] == []
    assert {shown[f"r{number}"]["status"] for number in range(len(rules))} == {"enabled"}


def test_a_rule_is_refused_for_these_characters_alone() -> None:
    """Up to U+FFFF: those beyond are accepted by the test above."""
    refused = []
    for code in range(32, 0x10000):
        try:
            check_text(chr(code))
        except Refusal:
            refused.append(chr(code))
    assert refused == sorted([*REFUSED, *map(chr, range(0xD800, 0xE000))])
    assert accepted(lambda fields: router(**fields), ({"rule": f"Path(`/{character}`)"} for character in refused)) == []


@pytest.mark.parametrize("character", REFUSED[:: cases(9, 1)], ids=ascii)
def test_what_is_refused_traefik_rejects_or_does_not_read_as_it_was(edge: Routing, character: str) -> None:
    ship = document([router(rule="Path(`/ \U0001f6a2 `)")])
    content = ship.content.decode().replace("\U0001f6a2", character)
    with pytest.raises(Unverified, match=r"cannot be decoded: the character U\+"):
        verification.verify(content.encode())
    if not edge.refuses(content, ship.digest):
        assert edge.run(content, ship.digest).objects("routers")["r"]["rule"] != f"Path(`/ {character} `)"
    before = document([])  # what stays in its place, so that the next one is seen to be taken or not
    edge.run(before.content.decode(), before.digest)


def test_every_other_text_is_read_back_as_it_was(edge: Routing) -> None:
    found = accepted(lambda fields: router(**fields), with_each_character(ROUTERS))
    routers = {each.name: each for each in found if each.name != "r"}
    routers |= {f"r-{number}": each.copy(name=f"r-{number}") for number, each in enumerate(found)}
    found = accepted(lambda fields: Service.read({"name": "p", **fields}), with_each_character(SERVICES))
    services = [each.copy(name=f"p-{number}") for number, each in enumerate(found)]
    servers = accepted(lambda fields: Server.read({"name": "a", **fields}), with_each_character(SERVERS))
    assert min(len(routers) - 600, len(services) - 300, len(servers) - 150) > 0
    made = document(list(routers.values()), services, servers)
    verification.verify(made.content)
    wanted = json.loads(made.content)["http"]
    traefik = edge.run(made.content.decode(), made.digest)
    for kind in ("routers", "services"):
        shown = traefik.objects(kind)
        differing = {name: (shown[name], what) for name, what in wanted[kind].items() if not has(shown[name], what)}
        assert differing == {}


def has(shown: Any, wanted: Any) -> bool:
    """Tell whether what Traefik shows has all that is wanted, and perhaps more that is so by default."""
    if isinstance(wanted, dict):
        return all(has(shown.get(key, []), value) for key, value in wanted.items())  # of no servers it shows no list
    if isinstance(wanted, list):
        return len(shown) == len(wanted) and all(map(has, shown, wanted))
    return bool(shown == wanted)
