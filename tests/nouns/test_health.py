"""Services made of others need these to tell their health, in the same cases in which Traefik disables them."""

from typing import Any, Final

import pytest

from provider.nouns import Service
from provider.nouns.health import lacks, unchecked

Json = dict[str, Any]

CHECK: Final[Json] = {"healthCheck": {"path": "/"}}
BY_HEALTH: Final[Json] = {"healthCheck": {}}


def weighted(*names: str, **more: Any) -> Json:
    return {"weighted": {"services": [{"name": name} for name in names], **more}}


def hrw(*names: str, **more: Any) -> Json:
    return {"highestRandomWeight": {"services": [{"name": name} for name in names], **more}}


def mirroring(name: str, **more: Any) -> Json:
    return {"mirroring": {"service": name, "mirrors": [{"name": "plain", "percent": 1}], **more}}


def failover(name: str, fallback: str = "plain", **more: Any) -> Json:
    return {"failover": {"service": name, "fallback": fallback, **more}}


POOLS: Final[dict[str, Json]] = {
    "plain": {},
    "checked": CHECK,
    "passive": {"passiveHealthCheck": {"failureWindow": "10s", "maxFailedAttempts": 1}},
}
ERRORS: Final[Json] = {"errors": {"status": ["500"]}}
PARENTS: Final[dict[str, tuple[Json, list[tuple[str, str]]]]] = {
    "w-plain": (weighted("plain", **BY_HEALTH), [("/weighted/services/0/name", "plain")]),
    "w-passive": (weighted("passive", **BY_HEALTH), [("/weighted/services/0/name", "passive")]),
    "w-mixed": (weighted("checked", "plain", **BY_HEALTH), [("/weighted/services/1/name", "plain")]),
    "w-checked": (weighted("checked", **BY_HEALTH), []),
    "w-none": (weighted("plain"), []),
    "w-of-none": (weighted("w-none", **BY_HEALTH), [("/weighted/services/0/name", "w-none")]),
    "w-of-w": (weighted("w-checked", **BY_HEALTH), []),
    "w-of-bad": (weighted("w-mixed", **BY_HEALTH), [("/weighted/services/0/name", "plain")]),
    "w-of-m": (weighted("m-checked", **BY_HEALTH), []),
    "w-of-m-plain": (weighted("m-plain", **BY_HEALTH), [("/weighted/services/0/name", "plain")]),
    "w-of-f": (weighted("f-checked", **BY_HEALTH), [("/weighted/services/0/name", "f-checked")]),
    "w-of-f-both": (weighted("f-both", **BY_HEALTH), []),
    "w-of-f-errors": (weighted("f-errors-health", **BY_HEALTH), []),
    "w-of-api": (weighted("api@internal", **BY_HEALTH), [("/weighted/services/0/name", "api@internal")]),
    "h-plain": (hrw("plain", **BY_HEALTH), [("/highestRandomWeight/services/0/name", "plain")]),
    "h-checked": (hrw("checked", **BY_HEALTH), []),
    "m-plain": (mirroring("plain", **BY_HEALTH), []),
    "m-checked": (mirroring("checked", **BY_HEALTH), []),
    "f-plain": (failover("plain", "checked"), [("/failover/service", "plain")]),
    "f-checked": (failover("checked"), []),
    "f-errors": (failover("plain", "checked", **ERRORS), []),
    "f-health": (failover("checked", **BY_HEALTH), [("/failover/fallback", "plain")]),
    "f-both": (failover("checked", "checked2", **BY_HEALTH), []),
    "f-errors-health": (failover("plain", "checked", **ERRORS, **BY_HEALTH), []),
    "f-errors-plain": (failover("passive", "plain", **ERRORS, **BY_HEALTH), [("/failover/fallback", "plain")]),
    "f-of-w": (failover("w-checked"), []),
    "f-of-none": (failover("w-none"), [("/failover/service", "w-none")]),
    "f-of-f": (failover("f-checked"), [("/failover/service", "f-checked")]),
    "f-of-api": (failover("api@internal"), [("/failover/service", "api@internal")]),
}
SERVICES: Final[dict[str, Service]] = {
    name: Service.read({"name": name, **given})
    for name, given in {
        **POOLS,
        "checked2": CHECK,
        **{name: given for name, (given, _lacks) in PARENTS.items()},
    }.items()
}


@pytest.mark.parametrize("name", PARENTS)
def test_who_does_not_tell_its_health_is_named(name: str) -> None:
    found = list(lacks(SERVICES[name], SERVICES.get))
    wrong = [error for _other, error in unchecked(SERVICES[name], SERVICES.get)]
    assert [(error.pointer, lack.name) for error, lack in zip(wrong, found, strict=True)] == PARENTS[name][1]
    assert all(lack.is_known and lack.name in str(lack.words) for lack in found)


def test_what_another_provider_has_is_not_known_unless_something_else_is() -> None:
    made = Service.read({"name": "made", **weighted("other@file", **BY_HEALTH)})
    (lack,) = lacks(made, SERVICES.get)
    assert (lack.is_known, lack.name) == (False, "other@file")
    assert not list(unchecked(made, SERVICES.get))
    mixed = Service.read({"name": "mixed", **weighted("other@file", "plain", **BY_HEALTH)})
    outer = Service.read({"name": "outer", **failover("mixed", "other@file")})
    (lack,) = lacks(outer, {**SERVICES, "mixed": mixed}.get)
    assert (lack.is_known, lack.name) == (True, "plain")


def test_ways_may_be_many_and_long() -> None:
    services = {
        f"s{number}": Service.read({"name": f"s{number}", **weighted(f"s{number + 1}", f"s{number + 2}", **BY_HEALTH)})
        for number in range(3000)
    }
    services |= {name: Service.read({"name": name, **CHECK}) for name in ("s3000", "s3001")}
    assert not list(lacks(services["s0"], services.get))
