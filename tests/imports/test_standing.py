"""Routers are imported to stand beside those of other providers, and take none of their requests."""

from typing import Any

import pytest

from provider import configuration, declarations, imports
from provider.declarations import Declaration
from provider.imports import Imported, ImportOutcome, Running
from provider.listening import Listening

OBSERVED = {"status": "enabled", "using": ["web"]}
POOL: dict[str, Any] = {"loadBalancer": {"servers": [{"url": "http://10.0.0.1"}]}, **OBSERVED}


def route(rule: str = "Host(`a.test`)", **fields: Any) -> dict[str, Any]:
    return {"rule": rule, "priority": len(rule), "service": "s", "entryPoints": ["web"], **OBSERVED, **fields}


def read(rawdata: dict[str, Any], here: Any = None, *, with_services: bool = False) -> Imported:
    state = declarations.read(here or {})
    return imports.read(imports.reshaped(rawdata), Running(state, with_services=with_services))


def outcomes(found: Imported) -> dict[str, tuple[ImportOutcome, str]]:
    return {f"{each.kind} {each.name}": (each.outcome, each.reason) for each in found.findings}


def priorities(state: Declaration) -> dict[str, int]:
    """Return the priority that Traefik gets of each router."""
    return {
        name: served.priority
        for name, router in state.routers.items()
        for served in configuration.describe_router(router, Listening()).values()
    }


def test_routers_lead_to_the_services_and_middlewares_that_are_there() -> None:
    found = read(
        {
            "routers": {"r@docker": route(middlewares=["login", "mark@file"])},
            "services": {"s@docker": POOL},
            "middlewares": {"login@docker": {"basicAuth": {}}, "mark@file": {"compress": {}}},
        }
    )
    router = found.declaration.routers["r"]
    assert (router.service, router.middlewares) == ("s@docker", ["login@docker", "mark@file"])
    assert router.entry_points == ["web"]
    assert router.beside is not None
    assert router.beside.json() == {"router": "r@docker", "rank": 14}
    assert {kind for kind, _name, _item in found.declaration} == {"domain", "router"}
    assert found.findings == ()


def test_they_rank_below_all_others_in_the_order_of_those_beside_which_they_stand() -> None:
    ranks = {"a": 5000, "b": 14, "c": -3, "d": -400_000_000, "e": -1_900_000_000, "f": 2**62}
    found = read(
        {
            "routers": {f"{name}@file": route(priority=rank) for name, rank in ranks.items()},
            "services": {"s@file": POOL},
        }
    )
    given = priorities(found.declaration)
    assert all(given[name] < min(rank, -1_000_000_000) for name, rank in ranks.items())
    assert given["a"] > given["b"] > given["c"] > given["d"] > given["e"]
    assert given["f"] == max(given.values())
    assert min(given.values()) > -(2**31)


def test_services_are_taken_over_where_that_is_wanted() -> None:
    rawdata = {
        "routers": {"r@docker": route(middlewares=["mark"])},
        "services": {"s@docker": POOL},
        "middlewares": {"mark@docker": {"compress": {}}},
    }
    router = read(rawdata, with_services=True).declaration.routers["r"]
    assert (router.service, router.middlewares) == ("s", ["mark"])


def test_what_cannot_be_taken_over_stays_there_and_the_router_leads_to_it() -> None:
    found = read(
        {
            "routers": {"r@docker": route(middlewares=["odd", "mark"])},
            "services": {"s@docker": POOL},
            "middlewares": {"odd@docker": {"news": {}}, "mark@docker": {"compress": {}}},
        },
        with_services=True,
    )
    assert found.declaration.routers["r"].middlewares == ["odd@docker", "mark"]
    told = outcomes(found)
    assert told["middleware odd@docker"][0] is ImportOutcome.LEFT_OUT
    assert told["router r@docker"] == (
        ImportOutcome.CHANGED,
        "its middleware odd cannot be taken over: it stays odd@docker",
    )


def test_tcp_routers_stand_beside_others_and_udp_routers_cannot() -> None:
    found = read(
        {
            "tcpRouters": {
                "t@file": {"rule": "HostSNI(`*`)", "priority": -1, "service": "t", "entryPoints": ["db"], **OBSERVED},
            },
            "tcpServices": {"t@file": {"loadBalancer": {"servers": [{"address": "10.0.0.1:1"}]}}},
            "udpRouters": {"u@file": {"service": "u", "entryPoints": ["dns"], **OBSERVED}},
            "udpServices": {"u@file": {"loadBalancer": {"servers": [{"address": "10.0.0.1:1"}]}}},
        }
    )
    (router,) = found.declaration.objects["tcpRouter"].values()
    assert router.json()["beside"] == {"router": "t@file", "rank": -1}
    assert router.json()["priority"] == 0
    assert outcomes(found) == {
        "UDP router u@file": (
            ImportOutcome.LEFT_OUT,
            "if an entry point has several UDP routers, only the last by name gets packets: none can stand beside it",
        )
    }


HERE = {
    "services": {"s": {"servers": {"a": {"url": "http://10.9.9.9"}}}, "free": {}},
    "domains": {"own.test": {}},
    "routers": {"r": {"domains": ["own.test"], "service": "s"}},
}


def test_nothing_that_a_router_of_ones_own_leads_to_is_changed() -> None:
    rawdata = {
        "routers": {"r@docker": route(), "free@docker": route("Host(`b.test`)", service="free")},
        "services": {"s@docker": POOL, "free@docker": POOL},
    }
    found = read(rawdata, HERE, with_services=True)
    assert {name: router.service for name, router in found.declaration.routers.items()} == {
        "r-docker": "s-docker",
        "free": "free",
    }
    assert set(found.declaration.services) == {"s-docker", "free"}


def test_another_import_finds_its_routers_again_and_hands_none_back() -> None:
    rawdata = {"routers": {"Odd_Name@docker": route(priority=20)}, "services": {"s@docker": POOL}}
    beside = {"router": "Odd_Name@docker", "rank": 14, "adopted": True}
    router = {"rule": "Host(`a.test`)", "service": "x@docker", "entryPoints": ["web"], "beside": beside}
    found = read(rawdata, {"routers": {"mine": router}})
    assert {name: item.json()["beside"] for name, item in found.declaration.routers.items()} == {"mine": beside}
    assert found.declaration.routers["mine"].service == "s@docker"


@pytest.mark.parametrize("rank", [2**63 - 1 - 1000, -(2**63)])
def test_one_beside_which_none_has_a_place_is_left_out(rank: int) -> None:
    found = read({"routers": {"r@file": route(priority=rank)}, "services": {"s@file": POOL}})
    assert found.declaration.routers == {}
    assert outcomes(found)["router r@file"][0] is ImportOutcome.LEFT_OUT


def test_what_refers_to_what_is_kept_here_does_so_by_its_name_here() -> None:
    beacon = {"headers": {"customResponseHeaders": {"X-Config-Digest": "0"}}}
    found = read(
        {
            "routers": {"r@file": route(service="mine@http")},
            "services": {"mine@http": POOL},
            "middlewares": {"provider.beacon@http": beacon},
        }
    )
    assert found.declaration.routers["r"].service == "mine"
