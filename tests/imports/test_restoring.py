"""Routers of a running Traefik are told as they were given, without what its entry points add."""

from typing import Any

from provider import imports

SECURE = {"name": "secure", "http": {"tls": {"certResolver": "letters"}, "middlewares": ["mark@file"]}}
PLAIN_TLS = {"name": "tls", "http": {"tls": {}}}
QUIET = {"name": "quiet", "observability": {"accessLogs": False}}
POINTS = [{"name": "web"}, SECURE, PLAIN_TLS, QUIET]


def restored(**routers: dict[str, Any]) -> dict[str, Any]:
    """Return routers, whose names stand without the provider, as they were given."""
    rawdata = {"routers": {f"{name.replace('_', '-')}@file": router for name, router in routers.items()}}
    found: dict[str, Any] = imports.reshaped(rawdata, POINTS)["http"]["routers"]
    return {name.removesuffix("@file"): router for name, router in found.items()}


def part(*points: str, **fields: Any) -> dict[str, Any]:
    return {"entryPoints": list(points), "rule": "Host(`a.test`)", "service": "s", **fields}


LETTERS = {"certResolver": "letters"}


def test_tls_and_middlewares_of_an_entry_point_are_no_part_of_a_router() -> None:
    found = restored(a=part("secure", tls=LETTERS, middlewares=["mark@file", "own@file"]), b=part("tls", tls={}))
    assert found == {"a": part("secure", middlewares=["own@file"]), "b": part("tls")}


def test_tls_of_its_own_stays() -> None:
    found = restored(a=part("secure", tls={}, middlewares=["mark@file"]), b=part("web", tls=LETTERS))
    assert found == {"a": part("secure", tls={}), "b": part("web", tls=LETTERS)}


def test_what_was_taken_apart_for_its_entry_points_is_one_again() -> None:
    found = restored(
        a=part("web", middlewares=["own@file"]),
        secure_a=part("secure", tls=LETTERS, middlewares=["mark@file", "own@file"]),
        tls_a=part("tls", tls={}, middlewares=["own@file"]),
        secure_b=part("secure", tls=LETTERS, middlewares=["mark@file"]),
        tls_b=part("tls", tls={}),
    )
    assert found == {
        "a": part("web", "secure", "tls", middlewares=["own@file"]),
        "b": part("secure", "tls"),
    }


def test_one_that_asks_for_tls_itself_asks_for_it_on_each_of_its_entry_points() -> None:
    mine = {"options": "strict"}
    found = restored(a=part("web", tls=mine), secure_a=part("secure", tls=mine, middlewares=["mark@file"]))
    assert found == {"a": part("web", "secure", tls=mine)}


def test_what_only_looks_like_a_part_stays_a_router() -> None:
    other = part("secure", tls=LETTERS, middlewares=["mark@file"]) | {"service": "other"}
    assert restored(a=part("web"), secure_a=other) == {
        "a": part("web"),
        "secure-a": part("secure") | {"service": "other"},
    }
    assert restored(secure_b=part("secure", tls=LETTERS, middlewares=["mark@file"])) == {"secure-b": part("secure")}


def test_what_is_recorded_is_told_where_no_entry_point_says_it() -> None:
    loud = {"accessLogs": True, "metrics": True, "tracing": True, "traceVerbosity": "minimal"}
    silent = {**loud, "accessLogs": False}
    found = restored(
        a=part("web", observability=loud),
        quiet_a=part("quiet", observability=silent),
        b=part("web", observability=silent),
        quiet_b=part("quiet", observability=silent),
        c=part("quiet", observability=loud),
    )
    assert found == {
        "a": part("web", "quiet"),
        "b": part("web", "quiet", observability={"accessLogs": False}),
        "c": part("quiet", observability={"accessLogs": True}),
    }


def test_what_is_no_router_stays_as_it_is() -> None:
    odd: list[Any] = [None, 5, {}, {"entryPoints": 5}, {"entryPoints": [5]}, {"entryPoints": ["none"], "tls": 7}]
    for given in odd:
        assert restored(secure_a=given) == {"secure-a": given}
