"""Services made of others: those that are refused are those that a real Traefik disables."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from provider.nouns import Noun, Service, document
from provider.nouns.health import unchecked
from provider.nouns.service import served
from provider.nouns.tcp_service import TCPService
from tests.e2e.documents import Routing, routing
from tests.nouns.test_health import SERVICES as MORE
from tests.running import compact, fetch

Document = dict[str, Any]

CHECK: Final = {"healthCheck": {"path": "/", "interval": "5s", "timeout": "2s"}}
BY_HEALTH: Final[Document] = {"healthCheck": {}}
TCP_POOL: Final[Document] = {"servers": [{"address": "127.0.0.1:9"}]}


def shared(kind: str, *names: str, **more: Any) -> Document:
    return {kind: {"services": [{"name": name} for name in names], **more}}


def spared(first: str, spare: str, **more: Any) -> Document:
    return {"failover": {"service": first, "fallback": spare, **more}}


SERVICES: Final[dict[str, Document]] = {
    "plain": {},
    "checked": CHECK,
    "passive": {"passiveHealthCheck": {"failureWindow": "10s"}},
    "shared": shared("weighted", "checked"),
    "shared-by-health": shared("weighted", "checked", **BY_HEALTH),
    "mixed": shared("weighted", "checked", "plain", **BY_HEALTH),
    "by-passive": shared("weighted", "passive", **BY_HEALTH),
    "nested": shared("weighted", "shared-by-health", **BY_HEALTH),
    "nested-unchecked": shared("weighted", "shared", **BY_HEALTH),
    "hashed": shared("highestRandomWeight", "checked", **BY_HEALTH),
    "hashed-unchecked": shared("highestRandomWeight", "plain", **BY_HEALTH),
    "mirrored": {"mirroring": {"service": "plain", "mirrors": [{"name": "checked", "percent": 1}], **BY_HEALTH}},
    "spared": spared("checked", "plain"),
    "spared-unchecked": spared("plain", "checked"),
    "spared-passive": spared("passive", "checked"),
    "spared-by-health": spared("checked", "shared-by-health", **BY_HEALTH),
    "spared-by-health-unchecked": spared("checked", "plain", **BY_HEALTH),
    "spared-by-errors": spared("plain", "checked", errors={"status": ["500"]}),
    "spared-by-both": spared("plain", "checked", errors={"status": ["500"]}, **BY_HEALTH),
    "spared-by-both-unchecked": spared("checked", "plain", errors={"status": ["500"]}, **BY_HEALTH),
    "spared-nested": spared("spared-by-health", "plain"),
    "spared-nested-unchecked": spared("spared", "plain"),
    "spared-shared": spared("shared-by-health", "plain"),
    "spared-shared-unchecked": spared("shared", "plain"),
}
TCP_SERVICES: Final[dict[str, Document]] = {
    "plain": {"loadBalancer": TCP_POOL},
    "checked": {"loadBalancer": {**TCP_POOL, "healthCheck": {"interval": "30s"}}},
    "shared": shared("weighted", "checked", **BY_HEALTH),
    "shared-unchecked": shared("weighted", "plain", **BY_HEALTH),
    "nested": shared("weighted", "shared", **BY_HEALTH),
}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with routing(tmp_path_factory.mktemp("composed")) as made:
        yield made


def refused(services: Mapping[str, Noun]) -> set[str]:
    return {name for name, item in services.items() if any(True for _each in unchecked(item, services.get))}


def test_what_is_refused_for_a_missing_health_check_traefik_disables_and_nothing_else(edge: Routing) -> None:
    http = {name: Service.read({"name": name, **given}) for name, given in SERVICES.items()} | MORE
    tcp = {name: TCPService.read({"name": name, **given}) for name, given in TCP_SERVICES.items()}
    beacon = {"headers": {"customResponseHeaders": {"X-Config-Digest": "composed"}}}
    content = {
        "http": {
            "middlewares": {"provider.beacon": beacon},
            "routers": {name: {"rule": f"Host(`{name}`)", "service": name} for name in http},
            "services": {name: json.loads(document.encode(served(item, []))) for name, item in http.items()},
        },
        "tcp": {
            "routers": {name: {"rule": f"HostSNI(`{name}`)", "service": name, "tls": {}} for name in tcp},
            "services": {name: json.loads(document.encode(item)) for name, item in tcp.items()},
        },
    }
    traefik = edge.run(compact(content), "composed")
    kinds: list[tuple[str, Mapping[str, Noun]]] = [("http", http), ("tcp", tcp)]
    for root, services in kinds:
        listed = fetch(f"{traefik.api}/api/{root}/services?per_page=1000").raise_for_status().json()
        disabled = {each["name"] for each in listed if each["status"] == "disabled"}
        assert {f"{name}@http" for name in refused(services)} == disabled
