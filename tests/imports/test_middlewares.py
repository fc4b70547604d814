"""Middlewares of Traefik's files, read by the declarations of their kinds."""

import json

import pytest

from provider import imports
from provider.imports import ImportOutcome
from tests.nouns.middleware_rows import good

HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"


def read(middlewares: dict[str, object], used: list[str]) -> imports.Imported:
    router = {"rule": "Host(`a.test`)", "service": "s", "entryPoints": ["web"], "middlewares": used}
    pool = {"loadBalancer": {"servers": [{"url": "http://10.0.0.1:80"}]}}
    return imports.read({"http": {"routers": {"r": router}, "services": {"s": pool}, "middlewares": middlewares}})


def test_a_router_comes_with_its_middlewares_under_names_that_fit() -> None:
    found = read(
        {
            "My_Login": {"basicauth": {"users": [f"a:{HASH}"]}},
            "both": {"chain": {"middlewares": "My_Login, strip@file"}},
            "strip": {"stripPrefix": {"prefixes": "/api,/v1"}},
        },
        ["both"],
    )
    assert found.findings == ()
    middlewares = {name: item.changed() for name, item in found.declaration.objects["middleware"].items()}
    assert middlewares["strip"]["stripPrefix"] == {"prefixes": ["/api", "/v1"]}
    assert middlewares["my-login"]["basicAuth"] == {"users": [f"a:{HASH}"]}
    assert middlewares["both"]["chain"] == {"middlewares": ["my-login", "strip"]}
    assert found.declaration.routers["r"].middlewares == ["both"]


def test_error_pages_come_with_the_service_that_has_them() -> None:
    pages = {"errors": {"status": "500-599,404", "service": "s@file", "statusRewrites": {"404": "410"}}}
    found = read({"sorry": pages}, ["sorry"])
    assert found.findings == ()
    (sorry,) = found.declaration.objects["middleware"].values()
    assert sorry.changed()["errors"] == {
        "status": ["500-599", "404"],
        "service": "s",
        "statusRewrites": {"404": 410},
    }


def test_numbers_in_quotes_seconds_and_cases_are_read_as_traefik_reads_them() -> None:
    found = read({"limit": {"RateLimit": {"Average": "5", "period": 10, "burst": "2"}}}, ["limit"])
    assert found.findings == ()
    (limit,) = found.declaration.objects["middleware"].values()
    assert limit.changed()["rateLimit"] == {"average": 5, "period": "10s", "burst": 2}


def test_a_duration_of_zero_is_imported_as_what_traefik_makes_of_it() -> None:
    redis = {"endpoints": ["redis:6379"], "readTimeout": 0, "dialTimeout": 0}
    found = read({"limit": {"rateLimit": {"average": 5, "period": 0, "redis": redis}}}, ["limit"])
    (limit,) = found.declaration.objects["middleware"].values()
    assert limit.changed()["rateLimit"] == {
        "average": 5,
        "redis": {"endpoints": ["redis:6379"], "readTimeout": "0s"},
    }
    assert {each.outcome for each in found.findings} == {ImportOutcome.CHANGED}
    assert [cause.text for each in found.findings for cause in each.causes] == [
        "period 0s: Traefik uses 1s instead, so that is imported",
        "dialTimeout 0s: Traefik uses 5s instead, so that is imported",
    ]


@pytest.mark.parametrize(
    ("middleware", "reason"),
    [
        ({"basicAuth": {"users": ["a:plain"]}}, "it would let nobody in"),
        ({"stripPrefix": {"prefixes": ["/a b"]}}, "prefixes"),
        ({"snippet": {"serverSnippet": "a"}}, "Traefik has no field snippet here"),
        ({"digestAuth": {"users": ["a:traefik:plain"]}}, "it would let nobody in"),
        ({"chain": {"middlewares": ["m"]}}, "this refers back to m: m → m"),
        ({"compress": {}, "addPrefix": {"prefix": "/x"}}, "a middleware has one kind"),
    ],
)
def test_one_that_cannot_be_held_is_left_out_with_its_routers(middleware: dict[str, object], reason: str) -> None:
    found = read({"m": middleware}, ["m"])
    told = {finding.kind: finding for finding in found.findings}
    assert told["middleware"].outcome is told["router"].outcome is ImportOutcome.LEFT_OUT
    assert reason in told["middleware"].reason
    lost = f"its middleware m ({', '.join(middleware)})"
    assert told["router"].reason in {f"{lost} is left out", f"Traefik disables {lost}"}
    assert not found.declaration.routers


@pytest.mark.parametrize(
    ("middleware", "held", "told"),
    [
        ({"addPrefix": {"prefix": "api"}}, {"prefix": "/api"}, "Traefik puts a slash before api: it becomes /api"),
        (
            {"stripPrefix": {"prefixes": ["api", "/x"]}},
            {"prefixes": ["/x"]},
            "Traefik strips no prefix that does not begin with a slash: api is left out",
        ),
        ({"rateLimit": {"burst": 5}}, {"average": 0, "burst": 5}, ""),
    ],
)
def test_what_traefik_makes_of_an_odd_value_is_what_is_held(
    middleware: dict[str, object], held: dict[str, object], told: str
) -> None:
    found = read({"m": middleware}, ["m"])
    (kind,) = middleware
    assert found.declaration.objects["middleware"]["m"].changed()[kind] == held
    assert found.declaration.routers["r"].middlewares == ["m"]
    assert [each.reason for each in found.findings] == ([told] if told else [])


@pytest.mark.parametrize("prefixes", [["api"], "api, v1", []])
def test_a_router_does_without_a_middleware_that_strips_nothing(prefixes: object) -> None:
    """A path begins with a slash, so Traefik lets each request pass as it is."""
    chain = {"both": {"chain": {"middlewares": ["m", "own"]}}, "own": {"addPrefix": {"prefix": "/x"}}}
    found = read({**chain, "m": {"StripPrefix": {"prefixes": prefixes}}}, ["m@file", "both"])
    assert found.declaration.routers["r"].middlewares == ["both"]
    held = {name: each.changed() for name, each in found.declaration.objects["middleware"].items()}
    assert held["both"]["chain"] == {"middlewares": ["own"]}
    assert held.keys() == {"both", "own"}
    told = [(f"{each.kind} {each.name}", each.outcome.value) for each in found.findings]
    assert ("middleware m", "left out") in told
    assert [each.reason for each in found.findings if each.kind == "router"] == [
        "its middleware m@file does nothing: it is left out"
    ]


@pytest.mark.parametrize("kind", sorted({kind for kind, _document in good()}))
def test_every_kind_that_is_held_is_imported(kind: str) -> None:
    for each, document in good():
        is_rejected = "{}" in json.dumps(document.get("redis"))  # by the file provider
        if each == kind and kind not in {"basicAuth", "chain", "digestAuth", "errors"} and not is_rejected:
            found = read({"m": {kind: document}}, ["m"])
            assert found.declaration.routers, found.findings


def test_what_nothing_but_an_address_is_set_of_counts_by_the_address_that_connects() -> None:
    """That is what a rate limit does anyway, and requests at the same time are counted by the host without it."""
    source = {"sourceCriterion": {"ipStrategy": {"depth": 0}}}
    found = read({"rate": {"rateLimit": {"average": 5, **source}}, "few": {"inFlightReq": {"amount": 5, **source}}}, [])
    assert found.findings == ()
    rate, few = (found.declaration.objects["middleware"][name].changed() for name in ("rate", "few"))
    assert rate["rateLimit"] == {"average": 5}
    assert few["inFlightReq"] == {"amount": 5, "sourceCriterion": {"ipStrategy": {"ipv6Subnet": 128}}}


def test_what_traefik_takes_twice_without_a_difference_is_kept_once() -> None:
    networks = ["10.0.0.0/8", "192.168.0.1", "10.0.0.0/8"]
    strategies: list[object] = [{}, True, "false"]
    for strategy in strategies:
        found = read({"inside": {"ipAllowList": {"sourceRange": networks, "ipStrategy": strategy}}}, ["inside"])
        (inside,) = found.declaration.objects["middleware"].values()
        assert inside.changed()["ipAllowList"] == {"sourceRange": networks[:2]}


def test_a_header_is_as_it_is_sent_without_spaces_around_it() -> None:
    headers = {"contentSecurityPolicy": " default-src 'self'; ", "customRequestHeaders": {"X-Own": " a\t"}}
    found = read({"own": {"headers": headers}}, ["own"])
    (own,) = found.declaration.objects["middleware"].values()
    assert own.changed()["headers"] == {
        "contentSecurityPolicy": "default-src 'self';",
        "customRequestHeaders": {"X-Own": "a"},
    }
    assert found.findings == ()


def test_line_breaks_in_a_header_to_clients_become_spaces_and_are_told() -> None:
    """Over HTTP/1.1, Traefik sends spaces instead of them; over HTTP/2 it leaves the header out."""
    headers = {"contentSecurityPolicy": "default-src 'self';\nimg-src *;\n", "customResponseHeaders": {"X-Own": "a\n"}}
    found = read({"own": {"headers": headers}}, ["own"])
    (own,) = found.declaration.objects["middleware"].values()
    assert own.changed()["headers"] == {
        "contentSecurityPolicy": "default-src 'self'; img-src *;",
        "customResponseHeaders": {"X-Own": "a"},
    }
    assert [finding.reason for finding in found.findings] == [
        "contentSecurityPolicy has line breaks, so Traefik does not send it over HTTP/2: they become spaces",
        "X-Own has line breaks, so Traefik does not send it over HTTP/2: they become spaces",
    ]


def test_a_header_to_servers_with_a_line_break_is_refused_as_traefik_answers_500_for_it() -> None:
    found = read({"own": {"headers": {"customRequestHeaders": {"X-Own": "a\n"}}}}, ["own"])
    assert not found.declaration.routers
