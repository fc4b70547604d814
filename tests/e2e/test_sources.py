"""How clients are told apart, behind proxies too: by address, header or host, for whoever counts or admits them."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.acting import Recorder, Running, Servers, acting, acts, pool
from tests.running import wait_until

Given = Mapping[str, Any]
Headers = Mapping[str, str]

NETWORK: Final = "2001:db8:1:2::/64"


def via(*addresses: str) -> Headers:
    return {"X-Forwarded-For": ", ".join(addresses)}


BY: Final[Mapping[str, tuple[Given, tuple[Headers, Headers, Headers]]]] = {
    "depth": (
        {"ipStrategy": {"depth": 2}},
        (via("10.0.0.1", "10.9.9.9"), via("10.0.0.1", "10.8.8.8"), via("10.0.0.2", "10.9.9.9")),
    ),
    "excludedIPs": (
        {"ipStrategy": {"excludedIPs": ["10.9.0.0/16"]}},
        (via("10.0.0.1", "10.9.9.9"), via("10.0.0.1"), via("10.0.0.2", "10.9.9.9")),
    ),
    "ipv6Subnet": (
        {"ipStrategy": {"depth": 1, "ipv6Subnet": 64}},
        (via("2001:db8:1:2::1"), via("2001:db8:1:2::2"), via("2001:db8:1:3::1")),
    ),
    "requestHeaderName": ({"requestHeaderName": "X-Key"}, ({"X-Key": "a"}, {"X-Key": "a"}, {"X-Key": "b"})),
    "requestHost": ({"requestHost": True}, ({"Host": "a.test"}, {"Host": "a.test"}, {"Host": "b.test"})),
}
"""By field: what tells clients apart, and requests of one client, of the same again, and of another one."""

ADMITTED: Final[Mapping[str, tuple[Given, Headers, Headers]]] = {
    "depth": ({"depth": 2}, via("10.0.0.1", "10.9.9.9"), via("10.9.9.9", "10.0.0.1")),
    "excludedIPs": ({"excludedIPs": ["10.9.0.0/16"]}, via("10.0.0.1", "10.9.9.9"), via("10.8.8.8", "10.9.9.9")),
    "ipv6Subnet": ({"depth": 1, "ipv6Subnet": 64}, via("2001:db8:1:2::9"), via("2001:db8:1:3::9")),
}
"""By field: whose address counts, a client that is let in, and one that is not."""

LISTS: Final = ("ipAllowList", "ipWhiteList")
LIMITS: Final[Mapping[str, Given]] = {
    "rateLimit": {"average": 1, "period": "720h"},
    "inFlightReq": {"amount": 1},
}


def named(kind: str, field: str) -> str:
    return f"{kind}-{field}".lower()


@pytest.fixture(scope="module")
def app() -> Iterator[Recorder]:
    with Servers() as servers:
        yield servers.http("app")[0]


@pytest.fixture(scope="module")
def edge(app: Recorder, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    def trust(static: dict[str, Any]) -> None:
        static["entryPoints"]["web"]["forwardedHeaders"] = {"insecure": True}

    allowed = {"sourceRange": ["10.0.0.1", "2001:db8:1:2::"]}
    middlewares = {
        **{
            named(kind, field): {kind: {**allowed, "ipStrategy": ADMITTED[field][0]}}
            for kind in LISTS
            for field in BY
            if field in ADMITTED
        },
        **{
            named(kind, field): {kind: {**given, "sourceCriterion": BY[field][0]}}
            for kind, given in LIMITS.items()
            for field in BY
        },
    }
    # A path chooses the middleware, since some are told apart by hosts.
    routers = {
        name: {"rule": f"PathPrefix(`/{name}/`)", "service": "app", "middlewares": [name], "entryPoints": ["web"]}
        for name in middlewares
    }
    with acting(tmp_path_factory.mktemp("sources"), migrated, adapt=trust) as made:
        made.apply({"middlewares": middlewares, "services": {"app": pool(app)}, "routers": routers})
        yield made


def ask(edge: Running, name: str, headers: Headers, path: str = "") -> int:
    return edge.get("app", f"/{name}/{path}", headers=headers).status_code


@acts("http.middlewares.*.{ipAllowList,ipWhiteList}.ipStrategy.{depth,excludedIPs,ipv6Subnet}")
@pytest.mark.parametrize("field", ADMITTED)
@pytest.mark.parametrize("kind", LISTS)
def test_the_address_that_counts_is_let_in_and_no_other(edge: Running, kind: str, field: str) -> None:
    _given, known, strange = ADMITTED[field]
    assert [ask(edge, named(kind, field), headers) for headers in (known, strange)] == [200, 403]


@acts("http.middlewares.*.rateLimit.sourceCriterion.ipStrategy.{depth,excludedIPs,ipv6Subnet}")
@acts("http.middlewares.*.rateLimit.sourceCriterion.{requestHeaderName,requestHost}")
@pytest.mark.parametrize("field", BY)
def test_requests_are_counted_for_each_client(edge: Running, field: str) -> None:
    one, same, other = BY[field][1]
    assert [ask(edge, named("rateLimit", field), headers) for headers in (one, same, other)] == [200, 429, 200]


@acts("http.middlewares.*.inFlightReq.sourceCriterion.ipStrategy.{depth,excludedIPs,ipv6Subnet}")
@acts("http.middlewares.*.inFlightReq.sourceCriterion.{requestHeaderName,requestHost}")
@pytest.mark.parametrize("field", BY)
def test_open_requests_are_counted_for_each_client(edge: Running, app: Recorder, field: str) -> None:
    one, same, other = BY[field][1]
    name = named("inFlightReq", field)
    app.go.clear()
    before = len(app.asked)
    with ThreadPoolExecutor(1) as asking:
        try:
            slow = asking.submit(ask, edge, name, one, "slow")
            wait_until(lambda: len(app.asked) > before, "the first request is with the server")
            assert [ask(edge, name, headers) for headers in (same, other)] == [429, 200]
        finally:
            app.go.set()
        assert slow.result() == 200
