"""What each server gets through services that are made of services."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from provider import shares
from provider.nouns import Server, Service
from provider.shares import KnownService, MemberRole, Spread

CHECKED: dict[str, Any] = {"healthCheck": {"path": "/"}}


def pool(name: str, servers: Mapping[str, int], down: tuple[str, ...] = (), *, check: bool = False) -> KnownService:
    """A pool with servers by their weights; one of weight 0 is drained."""
    listed = [
        Server.read(
            {"name": key, "url": f"http://{key}", "weight": weight or 1, "state": "ready" if weight else "drain"}
        )
        for key, weight in servers.items()
    ]
    more = CHECKED if check else {}
    return KnownService(Service.read({"name": name, **more}), listed, down)


def made(name: str, **composition: Any) -> KnownService:
    return KnownService(Service.read({"name": name, **composition}))


def weighted(name: str, weights: Mapping[str, int], *, by_health: bool = False) -> KnownService:
    check: dict[str, Any] = {"healthCheck": {}} if by_health else {}
    listed = [{"name": key, "weight": weight} for key, weight in weights.items()]
    return made(name, weighted={"services": listed, **check})


def failover(name: str, main: str, spare: str, **more: Any) -> KnownService:
    return made(name, failover={"service": main, "fallback": spare, **more})


def spread(*pools: KnownService) -> Spread:
    """What becomes of the requests to the first of them."""
    return shares.find(pools[0].service.name, {each.service.name: each for each in pools})


def told(found: Spread) -> dict[str, float]:
    return {f"{each.service.name}/{server.name}": round(share, 4) for each, server, share in found.servers()}


def test_a_pool_has_the_shares_of_its_weights() -> None:
    assert told(spread(pool("w", {"a": 3, "b": 1}))) == {"w/a": 0.75, "w/b": 0.25}


def test_two_pools_get_three_to_one() -> None:
    found = spread(weighted("w", {"blue": 3, "green": 1}), pool("blue", {"a": 1, "b": 1}), pool("green", {"c": 1}))
    assert told(found) == {"blue/a": 0.375, "blue/b": 0.375, "green/c": 0.25}
    assert found.answered == 1


def test_shares_multiply_at_each_depth_and_add_up_where_ways_meet() -> None:
    pools = [
        weighted("w", {"inner": 1, "a": 1}),
        weighted("inner", {"a": 3, "b": 1}),
        pool("a", {"a": 1}),
        pool("b", {"b": 1}),
    ]
    found = spread(*pools)
    assert told(found) == {"a/a": 0.875, "b/b": 0.125}
    rows = [(row.depth, row.member.name, round(row.share, 4), row.again) for row in found.rows()]
    assert rows == [(0, "inner", 0.5, False), (1, "a", 0.375, False), (1, "b", 0.125, False), (0, "a", 0.5, True)]


def test_drained_servers_and_those_that_are_down_get_nothing() -> None:
    found = spread(
        weighted("w", {"x": 1, "y": 1}), pool("x", {"a": 1, "b": 0, "c": 1}, ("c",), check=True), pool("y", {"d": 1})
    )
    assert told(found) == {"x/a": 0.5, "x/b": 0, "x/c": 0, "y/d": 0.5}


def test_a_service_that_is_down_keeps_its_share_unless_the_parent_goes_by_health() -> None:
    pools = [pool("x", {"a": 1}, ("a",), check=True), pool("y", {"b": 1}, check=True)]
    found = spread(weighted("w", {"x": 1, "y": 1}), *pools)
    assert (told(found), found.answered, found.lacking()) == ({"x/a": 0, "y/b": 0.5}, 0.5, ["x"])
    found = spread(weighted("w", {"x": 1, "y": 1}, by_health=True), *pools)
    assert (told(found), found.answered, found.lacking()) == ({"x/a": 0, "y/b": 1}, 1, [])


def test_a_parent_passes_health_on_only_with_a_health_check_of_its_own() -> None:
    pools = [pool("x", {"a": 1}, ("a",), check=True), pool("y", {"b": 1}, check=True)]
    for passes, answered in ((False, 0.5), (True, 1)):
        inner = weighted("inner", {"x": 1}, by_health=passes)
        assert spread(weighted("w", {"inner": 1, "y": 1}, by_health=True), inner, *pools).answered == answered


def test_a_pool_without_any_server_is_never_down_for_its_parent() -> None:
    pools = [pool("x", {"a": 0}, check=True), pool("y", {"b": 1}, check=True)]
    assert spread(weighted("w", {"x": 1, "y": 1}, by_health=True), *pools).answered == 0.5
    assert spread(failover("f", "x", "y"), *pools).answered == 0


def test_the_spare_service_answers_while_the_first_is_down() -> None:
    spare = pool("y", {"b": 1})
    assert told(spread(failover("f", "x", "y"), pool("x", {"a": 1}, check=True), spare)) == {"x/a": 1, "y/b": 0}
    found = spread(failover("f", "x", "y"), pool("x", {"a": 1}, ("a",), check=True), spare)
    assert told(found) == {"x/a": 0, "y/b": 1}
    assert found.lacking() == []


def test_a_spare_service_that_is_down_too_gets_nothing_where_health_is_passed_on() -> None:
    pools = [pool("x", {"a": 1}, ("a",), check=True), pool("y", {"b": 1}, ("b",), check=True)]
    found = spread(failover("f", "x", "y", healthCheck={}), *pools)
    assert (found.services, found.answered) == ({"f": 1, "x": 0, "y": 0}, 0)


def test_mirrors_answer_nobody() -> None:
    mirroring = made("m", mirroring={"service": "x", "mirrors": [{"name": "y", "percent": 10}]})
    found = spread(mirroring, pool("x", {"a": 1}), pool("y", {"b": 1}))
    assert told(found) == {"x/a": 1}
    assert [(row.member.role, row.member.number, row.share) for row in found.rows()] == [
        (MemberRole.MAIN, None, 1),
        (MemberRole.MIRROR, 10, 0),
    ]


def test_clients_are_shared_by_weight_too() -> None:
    services = [{"name": "x", "weight": 3}, {"name": "y"}]
    found = spread(made("h", highestRandomWeight={"services": services}), pool("x", {"a": 1}), pool("y", {"b": 1}))
    assert told(found) == {"x/a": 0.75, "y/b": 0.25}


def test_services_of_other_providers_are_unknown_and_get_their_share() -> None:
    found = spread(made("w", weighted={"services": [{"name": "x"}, {"name": "old@file"}]}), pool("x", {"a": 1}))
    assert told(found) == {"x/a": 0.5}
    assert (found.foreign(), found.answered) == (["old@file"], 1)


def test_a_cycle_ends() -> None:
    found = spread(weighted("w", {"x": 1, "inner": 1}), weighted("inner", {"w": 1}), pool("x", {"a": 1}))
    assert told(found) == {"x/a": 0.5}
    assert [row.member.name for row in found.rows()] == ["x", "inner", "w"]


def test_many_ways_to_the_same_take_the_time_of_each_service() -> None:
    layers = [[f"l{depth}a", f"l{depth}b"] for depth in range(60)]
    pools = [weighted("w", {"l0a": 1, "l0b": 1})]
    for here, below in pairwise(layers):
        pools += [weighted(name, dict.fromkeys(below, 1)) for name in here]
    found = spread(*pools, *(pool(name, {"a": 1}) for name in layers[-1]))
    assert set(told(found).values()) == {0.5}
    assert len(found.rows()) < 250
