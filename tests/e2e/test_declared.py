"""Whatever the nouns declare, a real Traefik takes: random states over all nouns and fields."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from provider import configuration, rendering, verification
from provider.declarations import Declaration
from provider.nouns import NOUNS
from provider.parts import PLACES, ROUTERS
from tests.e2e.declared import LEFT_OUT, drawn
from tests.e2e.documents import Routing, routing
from tests.nouns.test_fields import held
from tests.running import SOAK, Traefik, cases, fetch, free_port


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    points = {"dns": {"address": f"127.0.0.1:{free_port()}/udp"}}
    with routing(tmp_path_factory.mktemp("declared"), points=points) as made:
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


def written(state: Declaration) -> configuration.Document:
    """Return the document of a state, as an edge gets it."""
    made = configuration.assemble(rendering.whole(state))
    verification.verify(made.content)
    return made


def test_traefik_takes_and_enables_whatever_the_nouns_declare(edge: Routing) -> None:
    seen: set[str] = set()
    for seed in range(cases(40, 2_000)):
        document = written(drawn(seed))
        traefik = edge.run(document.content.decode(), document.digest)
        assert (seed, hindered(traefik)) == (seed, [])
        plain = json.loads(document.content)
        for root, place in PLACES.values():
            for member in plain.get(root, {}).get(place, {}).values():
                seen |= set(paths(member, f"{root}.{place}.*"))
    if SOAK:
        missing = {path for path in held() if ".*." in path} - seen
        assert {path for path in missing if not any(f".{left}." in f"{path}." for left in LEFT_OUT)} == set()


def test_the_states_have_objects_of_every_noun() -> None:
    assert {kind for kind, _name, _item in drawn(1)} == NOUNS.keys()
