"""What a running Traefik's API tells is imported as its file would be: everything that the API shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from provider import declarations, imports
from provider.imports import Imported, ImportOutcome, Running
from tests.e2e.edge import Place, place
from tests.running import fetch, free_port, wait_until

Json = dict[str, Any]

EVERYTHING = Path(__file__).parent.parent / "imports" / "everything.yml"
UNTOLD = {"serversTransports", "tcpServersTransports", "tlsOptions", "certificates"}
"""What Traefik's API shows nothing of."""

RESOLVER: Json = {
    "acme": {"email": "a@b.test", "storage": "acme.json", "caServer": "https://127.0.0.1:1/d", "tlsChallenge": {}}
}
POOL: Json = {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:1"}]}}


@contextmanager
def traefik_of(folder: Path, document: Json, points: Json) -> Iterator[Place]:
    """Run a Traefik that has a document from a file, and entry points that add something."""
    with place(folder, "http://127.0.0.1:1") as made:
        folder.mkdir()
        file = folder / "dynamic.yml"
        file.write_text(yaml.safe_dump(document))
        made.static["providers"] = {"file": {"filename": str(file)}}
        made.static["certificatesResolvers"] = {"letters": RESOLVER}
        made.static["entryPoints"] |= {
            "db": {"address": f"127.0.0.1:{free_port()}"},
            "dns": {"address": f"127.0.0.1:{free_port()}/udp"},
        }
        for name, added in points.items():
            made.static["entryPoints"][name] |= added
        made.start()
        yield made


def from_api(made: Place, count: int) -> Imported:
    """Import what the Traefik tells, once it has so many routers from its file."""

    def told() -> Json:
        found: Json = fetch(f"{made.api}/api/rawdata").json()
        return found if sum(name.endswith("@file") for name in found.get("routers", {})) >= count else {}

    rawdata = wait_until(told, "Traefik has read its file")
    return imports.read(imports.reshaped(rawdata, fetch(f"{made.api}/api/entrypoints").json()), Running())


def written(found: Imported) -> Json:
    """Return what was imported as a document, without what the API does not show, and what leads there by its name."""
    document = declarations.write(found.declaration, has_secrets=True)
    plain = yaml.safe_dump({name: section for name, section in document.items() if name not in UNTOLD})
    for name in ("private", "raw", "strict"):
        plain = plain.replace(f"{name}@file", name)
    made: Json = yaml.safe_load(plain)
    for router in made["routers"].values():
        router["entryPoints"].sort()  # they come in the order of the names of the parts
    return made


def served() -> Json:
    """Return everything of a dynamic configuration that Traefik serves: `everything.yml` without what it disables."""
    document: Json = yaml.safe_load(EVERYTHING.read_text())
    del document["http"]["routers"]["whole"]
    document["tls"] = {"options": {"strict": {"minVersion": "VersionTLS12"}}}
    document["http"]["serversTransports"] = {"private": {"insecureSkipVerify": True}}
    document["tcp"]["serversTransports"] = {"raw": {"dialTimeout": "2s"}}
    document["tcp"]["routers"]["stream"]["entryPoints"] = ["db"]
    document["udp"]["routers"]["packets"]["entryPoints"] = ["dns"]
    return document


def test_everything_that_the_api_shows_comes_as_from_the_file(tmp_path: Path) -> None:
    document = served()
    with traefik_of(tmp_path / "own", document, {}) as made:
        found = from_api(made, len(document["http"]["routers"]))
    given = imports.read(document)
    assert written(found) == written(given)
    assert {kind for kind, (taken, _given) in found.counts.items() if taken} >= {
        *("router", "service", "middleware", "tcpRouter", "tcpService", "tcpMiddleware", "udpRouter", "udpService"),
    }
    untold = {
        (each.kind, each.reason) for each in found.findings if each.reason.startswith("Traefik's API does not show")
    }
    assert untold == {
        ("router", "Traefik's API does not show TLS options: it refers to strict@file, which stays there"),
        ("TCP router", "Traefik's API does not show TLS options: it refers to strict@file, which stays there"),
        ("service", "Traefik's API does not show servers transports: it refers to private@file, which stays there"),
        ("TCP service", "Traefik's API does not show TCP servers transports: it refers to raw@file, which stays there"),
    }
    lost = {(each.kind, each.name.removesuffix("@file")) for each in found.findings if is_lost(each.outcome)}
    assert lost == {
        (each.kind, each.name) for each in given.findings if is_lost(each.outcome) and not each.kind.endswith("model")
    }


def is_lost(outcome: ImportOutcome) -> bool:
    return outcome is ImportOutcome.LEFT_OUT


LETTERS: Json = {"certResolver": "letters", "domains": [{"main": "a.test"}]}
ADDING: Json = {
    "websecure": {"http": {"tls": {}}},
    "other": {"http": {"tls": LETTERS, "middlewares": ["mark@file"]}, "observability": {"accessLogs": False}},
}
ROUTERS: Json = {
    "plain": {"entryPoints": ["web"]},
    "one": {"entryPoints": ["other"]},
    "own": {"entryPoints": ["other"], "tls": {}},
    "strict": {"entryPoints": ["websecure"], "tls": {"options": "strict"}},
    "same": {"entryPoints": ["web", "websecure", "other"], "middlewares": ["own"]},
    "only-secure": {"entryPoints": ["websecure", "other"]},
    "both-tls": {"entryPoints": ["web", "other"], "tls": {"certResolver": "letters"}},
    "loud": {"entryPoints": ["other"], "observability": {"tracing": False}},
    "quiet": {"entryPoints": ["web", "other"], "observability": {"accessLogs": False}},
    "ranked": {"entryPoints": ["web", "other"], "priority": -3},
    "other-plain": {"entryPoints": ["web"]},
}


@pytest.mark.parametrize("points", [ADDING, {}], ids=["adding", "plain"])
def test_what_entry_points_add_is_no_part_of_a_router_and_what_they_took_apart_is_one(
    tmp_path: Path, points: Json
) -> None:
    mark: Json = {"headers": {"customResponseHeaders": {"X-Mark": "1"}}}
    routers = {name: {"rule": f"Host(`{name}.test`)", "service": "pool", **each} for name, each in ROUTERS.items()}
    http = {"routers": routers, "services": {"pool": POOL}, "middlewares": {"mark": mark, "own": mark}}
    document = {"http": http, "tls": {"options": {"strict": {"minVersion": "VersionTLS12"}}}}
    with traefik_of(tmp_path / "own", document, points) as made:
        found = from_api(made, len(routers))
    assert written(found) == written(imports.read(document))
