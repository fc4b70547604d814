"""Pools without servers that are kept out, and what goes on checking these."""

import json
from typing import Any

import pytest

from provider import configuration, pools
from provider.nouns import Server, Service
from provider.nouns.balancing import HealthCheck
from provider.parts import Parts

CHECK = HealthCheck(path="/health", interval="1s", timeout="500ms")
URLS = {name: f"http://{name}:3000" for name in ("a", "b", "c")}


def parts_of(check: HealthCheck | None = CHECK, **more: Any) -> Parts:
    servers = [Server(name=name, url=url, weight=3, preserve_path=True) for name, url in URLS.items()]
    part = configuration.service_part(Service(name="shop", health_check=check, **more), servers)
    return Parts().replaced({("service", "shop"): part})


def document_without(parts: Parts, *names: str) -> dict[str, Any]:
    made = pools.without(parts, {"shop": frozenset(URLS[name] for name in names)}, "web")
    content = configuration.assemble(made).content
    http: dict[str, Any] = json.loads(content)["http"]
    return http


def test_servers_that_are_kept_out_are_watched_by_a_service_of_their_own() -> None:
    found = document_without(parts_of(), "a")
    pool, watching = (found["services"][name]["loadBalancer"] for name in ("shop", "provider.watch.shop"))
    assert pool["servers"] == [{"url": URLS[name], "weight": 3, "preservePath": True} for name in ("b", "c")]
    assert watching["servers"] == [{"url": URLS["a"], "weight": 1}]
    assert watching["healthCheck"] == pool["healthCheck"]
    router = found["routers"]["provider.watch.shop"]
    assert (router["service"], router["entryPoints"]) == ("provider.watch.shop", ["web"])
    assert router["rule"] == "Method(`GET`) && !Method(`GET`)"


def test_what_the_service_has_besides_stays() -> None:
    found = document_without(parts_of(servers_transport="own@file", pass_host_header=False), "a", "b")
    assert found["services"]["shop"]["loadBalancer"]["passHostHeader"] is False
    for name in ("shop", "provider.watch.shop"):
        assert found["services"][name]["loadBalancer"]["serversTransport"] == "own@file"


@pytest.mark.parametrize("names", [("a", "b", "c"), ()])
def test_a_pool_that_would_be_empty_stays_as_it_is(names: tuple[str, ...]) -> None:
    parts = parts_of()
    assert pools.without(parts, {"shop": frozenset(URLS[name] for name in names)}, "web") is parts


def test_nothing_is_kept_out_where_nobody_would_see_it_return() -> None:
    parts = parts_of(check=None)
    assert pools.without(parts, {"shop": frozenset({URLS["a"]}), "gone": frozenset({URLS["a"]})}, "web") is parts


def test_a_check_takes_its_interval_and_its_timeout() -> None:
    found = pools.find(parts_of(), "shop")
    assert found is not None
    assert (found.urls, found.check_seconds) == (frozenset(URLS.values()), 1.5)
    assert pools.find(parts_of(check=None), "shop") is None
    assert pools.find(Parts(), "shop") is None
    assert pools.longest_check(parts_of().services, 10) == (1, 0.5)
    assert pools.longest_check(parts_of(HealthCheck(path="/", interval="9s")).services, 10) == (0, 0)
