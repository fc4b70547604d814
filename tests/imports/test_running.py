"""What a running Traefik's API tells is imported as well."""

from typing import Any

from provider import imports
from provider.imports import Imported, ImportOutcome, Running
from provider.imports.restoring import read_entry_points

POOL: dict[str, Any] = {"loadBalancer": {"servers": [{"url": "http://10.0.0.1"}]}, "status": "enabled"}
OBSERVED = {"status": "enabled", "using": ["web"], "observability": {"accessLogs": True, "traceVerbosity": "minimal"}}
BEACON = {"headers": {"customResponseHeaders": {"X-Config-Digest": "0"}}}


def route(**fields: Any) -> dict[str, Any]:
    return {"rule": "Host(`a.test`)", "priority": 14, "service": "s", "entryPoints": ["web"], **OBSERVED, **fields}


def read(rawdata: dict[str, Any], *entry_points: dict[str, Any]) -> Imported:
    return imports.read(imports.reshaped(rawdata, [*entry_points]), Running())


def outcomes(found: Imported) -> dict[str, tuple[ImportOutcome, str]]:
    return {f"{each.kind} {each.name}": (each.outcome, each.reason) for each in found.findings}


def test_the_provider_is_taken_off_the_names_and_what_is_observed_counts_for_nothing() -> None:
    found = read({"routers": {"r@docker": route()}, "services": {"s@docker": {**POOL, "serverStatus": {"x": "UP"}}}})
    assert (found.findings, found.renamed) == ((), ())
    assert found.declaration.routers["r"].priority is None
    assert found.declaration.routers["r"].service == "s"


def test_a_name_that_two_providers_have_is_two() -> None:
    rawdata = {
        "routers": {"r@docker": route(), "r@file": route(service="s@docker")},
        "services": {"s@docker": POOL, "s@file": POOL},
    }
    found = read(rawdata)
    assert {name: router.service for name, router in found.declaration.routers.items()} == {"r": "s", "r-file": "s"}
    assert [(each.given, each.name) for each in found.renamed] == [("s@file", "s-file"), ("r@file", "r-file")]


def test_what_is_traefiks_own_or_ours_already_is_recognised() -> None:
    found = read(
        {
            "routers": {
                "api@internal": route(service="api@internal"),
                "r@http": route(),
                "mine@file": route(service="api@internal"),
            },
            "services": {"api@internal": {"status": "enabled"}, "s@http": POOL},
            "middlewares": {"provider.beacon@http": BEACON, "strip@internal": {"stripPrefix": {"prefixes": ["/x"]}}},
        }
    )
    own = (ImportOutcome.RECOGNISED, "it is Traefik's own")
    ours = (ImportOutcome.RECOGNISED, "wayshub-provider already serves it to this Traefik")
    assert outcomes(found) == {
        "router api@internal": own,
        "router r@http": ours,
        "service api@internal": own,
        "service s@http": ours,
        "middleware provider.beacon@http": ours,
        "middleware strip@internal": own,
    }
    assert found.declaration.routers["mine"].service == "api@internal"


def test_another_http_provider_is_not_taken_for_ours() -> None:
    found = read({"routers": {"r@http": route()}, "services": {"s@http": POOL}})
    assert list(found.declaration.routers) == ["r"]


def test_what_traefik_has_disabled_is_left_out_with_its_reason() -> None:
    broken = {"status": "disabled", "error": ["it is broken"]}
    found = read(
        {
            "routers": {"r@file": route(), "t@file": {**route(), **broken}},
            "services": {"s@file": {**POOL, **broken}},
        }
    )
    told = {name: reason for name, (_outcome, reason) in outcomes(found).items()}
    assert told == {
        "router r@file": "its service s is left out",
        "router t@file": "Traefik has disabled it: it is broken; its service s is left out",
        "service s@file": "Traefik has disabled it: it is broken",
    }


def test_what_the_entry_points_add_to_a_router_is_no_reason_to_leave_it_out() -> None:
    secure = {"name": "web", "http": {"tls": {"certResolver": "letters"}, "middlewares": ["m@file"]}}
    rawdata = {
        "routers": {
            "same@file": route(tls={"certResolver": "letters", "options": "default"}, middlewares=["m@file"]),
            "more@file": route(middlewares=["m@file", "auth@file"], tls={"certResolver": "letters"}),
            "other@file": route(middlewares=["m@file"], tls={"certResolver": "others"}),
            "two@file": route(middlewares=["m@file"], tls={"certResolver": "letters"}, entryPoints=["web", "plain"]),
        },
        "services": {"s@file": POOL},
        "middlewares": {"m@file": {"compress": {}}, "auth@file": {"basicAuth": {}}},
    }
    found = read(rawdata, secure, {"name": "plain"})
    routers = {name: router.changed().get("tls") for name, router in found.declaration.routers.items()}
    assert routers == {"same": None, "other": {"certResolver": "others"}, "two": {"certResolver": "letters"}}
    assert found.declaration.routers["other"].middlewares == []
    assert outcomes(found)["router more@file"][1] == "its middleware auth@file (basicAuth) is left out"


def test_what_is_recorded_is_told_of_every_router_and_set_where_it_is_not_as_its_entry_points_say() -> None:
    quiet = {"name": "web", "observability": {"accessLogs": False, "metrics": True, "tracing": True}}
    rawdata = {
        "routers": {
            "same@file": route(observability={"accessLogs": False, "metrics": True, "traceVerbosity": "minimal"}),
            "loud@file": route(observability={"accessLogs": True, "metrics": True, "traceVerbosity": "minimal"}),
        },
        "services": {"s@file": POOL},
    }
    routers = read(rawdata, quiet).declaration.routers
    assert {name: router.changed().get("observability") for name, router in routers.items()} == {
        "same": None,
        "loud": {"accessLogs": True},
    }


def test_what_the_api_does_not_tell_is_referred_to_where_it_is() -> None:
    pool = {"loadBalancer": {**POOL["loadBalancer"], "serversTransport": "private"}, "status": "enabled"}
    found = read(
        {"routers": {"r@file": route(tls={"options": "strict@file"})}, "services": {"s@file": pool}}, {"name": "web"}
    )
    told = "Traefik's API does not show {}: it refers to {}, which stays there"
    assert outcomes(found) == {
        "router r@file": (ImportOutcome.CHANGED, told.format("TLS options", "strict@file")),
        "service s@file": (ImportOutcome.CHANGED, told.format("servers transports", "private@file")),
    }
    assert found.declaration.services["s"].servers_transport == "private@file"
    assert found.declaration.routers["r"].changed()["tls"] == {"options": "strict@file"}


def test_tcp_and_udp_are_taken_and_what_is_unknown_is_listed() -> None:
    found = read(
        {
            "tcpRouters": {"t@file": {"rule": "HostSNI(`*`)", "service": "t", "entryPoints": ["db"], "priority": -1}},
            "tcpServices": {"t@file": {"loadBalancer": {"servers": [{"address": "10.0.0.1:5432"}]}}},
            "udpServices": {"u@file": {"loadBalancer": {"servers": [{"address": "10.0.0.1:53"}]}, "odd": 1}},
            "news": {"x": 1},
        }
    )
    assert set(outcomes(found)) == {"UDP service u@file", "part news"}
    (router,) = found.declaration.objects["tcpRouter"].values()
    assert router.changed()["service"] == "t"


def test_entry_points_in_another_shape_add_nothing() -> None:
    shapes: list[Any] = [
        None,
        {},
        [1],
        [{}],
        [{"name": "web"}],
        [{"name": "web", "http": {"tls": 5, "middlewares": 5}}],
    ]
    for odd in shapes:
        known = read_entry_points(odd)
        assert [(each.tls, list(each.middlewares)) for each in known.values()] in ([], [(None, [])])


def test_a_template_in_what_runs_is_text() -> None:
    found = read({"routers": {"r@file": route(rule="Header(`a`, `{{b}}`)")}, "services": {"s@file": POOL}})
    assert found.declaration.routers["r"].rule == "Header(`a`, `{{b}}`)"
