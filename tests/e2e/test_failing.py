"""Servers that fail: each field of `retry`, `circuitBreaker` and `errors` acts on real requests."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.acting import Recorder, Running, Servers, acting, acts, pool, routed
from tests.running import wait_until

Given = Mapping[str, Any]

FAILING: Final = "ResponseCodeRatio(500, 600, 0, 600) > 0.5"
MIDDLEWARES: Final[Mapping[str, Given]] = {
    "once": {"retry": {"attempts": 1, "status": ["503"]}},
    "thrice": {"retry": {"attempts": 3, "status": ["500-599"]}},
    "network": {"retry": {"attempts": 4}},
    "status-only": {"retry": {"attempts": 4, "status": ["503"], "disableRetryOnNetworkError": True}},
    "unsafe": {"retry": {"attempts": 3, "status": ["503"], "retryNonIdempotentMethod": True}},
    "short-bodies": {
        "retry": {"attempts": 3, "status": ["503"], "retryNonIdempotentMethod": True, "maxRequestBodyBytes": 4}
    },
    "patient": {"retry": {"attempts": 3, "status": ["503"], "initialInterval": "300ms"}},
    "hasty": {"retry": {"attempts": 100, "status": ["503"], "initialInterval": "100ms", "timeout": "250ms"}},
    "lasting": {
        "circuitBreaker": {
            "expression": FAILING,
            "checkPeriod": "1ms",
            "fallbackDuration": "720h",
            "responseCode": 599,
        }
    },
    "brief": {
        "circuitBreaker": {
            "expression": FAILING,
            "checkPeriod": "1ms",
            "fallbackDuration": "100ms",
            "recoveryDuration": "1ms",
        }
    },
    "recovering": {
        "circuitBreaker": {
            "expression": FAILING,
            "checkPeriod": "1ms",
            "fallbackDuration": "100ms",
            "recoveryDuration": "720h",
        }
    },
    "unchecked": {"circuitBreaker": {"expression": FAILING, "checkPeriod": "720h"}},
    "pages": {
        "errors": {
            "status": ["500-599"],
            "service": "spare",
            "query": "/pages/{status}?from={originalStatus}",
            "statusRewrites": {"503": 502},
            "errorRequestHeaders": ["Accept-Language"],
        }
    },
}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Recorder, Recorder]]:
    with Servers() as made:
        app, spare = made.http("app", bad=503, missing=404)[0], made.http("spare")[0]
        yield app, spare


@pytest.fixture(scope="module")
def edge(
    servers: tuple[Recorder, Recorder], migrated: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    app, spare = servers
    closed = {"servers": {"closed": {"url": "http://127.0.0.1:9"}, "app": {"url": app.url}}}
    with acting(tmp_path_factory.mktemp("failing"), migrated) as made:
        routers = {name: routed(name, service="app", middlewares=[name])[name] for name in MIDDLEWARES}
        for name in ("network", "status-only"):
            routers[name]["service"] = "half"
        services = {"app": pool(app), "spare": pool(spare), "half": closed}
        made.apply({"middlewares": MIDDLEWARES, "services": services, "routers": routers})
        yield made


@pytest.fixture
def app(servers: tuple[Recorder, Recorder]) -> Recorder:
    return servers[0]


def tries(edge: Running, app: Recorder, name: str, method: str = "GET", content: bytes = b"") -> int:
    """Return how often a server was asked for one request that fails."""
    before = len(app.asked)
    assert edge.get(name, "/bad", method=method, content=content).status_code == 503
    return len(app.asked) - before


@acts("http.middlewares.*.retry.{attempts,status,retryNonIdempotentMethod,maxRequestBodyBytes}")
def test_a_request_is_sent_again_as_often_as_was_said(edge: Running, app: Recorder) -> None:
    assert [tries(edge, app, name) for name in ("once", "thrice")] == [1, 3]
    assert [tries(edge, app, name, "POST") for name in ("thrice", "unsafe")] == [1, 3]
    assert [tries(edge, app, "short-bodies", "POST", body) for body in (b"1234", b"12345")] == [3, 1]


@acts("http.middlewares.*.retry.{initialInterval,timeout}")
def test_attempts_are_as_far_apart_as_was_said_and_end_in_time(edge: Running, app: Recorder) -> None:
    answers = [edge.get(name, "/bad") for name in ("thrice", "patient")]
    assert answers[1].elapsed.total_seconds() > 0.3 > answers[0].elapsed.total_seconds() - 0.3
    assert 1 < tries(edge, app, "hasty") < 100


@acts("http.middlewares.*.retry.disableRetryOnNetworkError")
def test_a_server_that_cannot_be_reached_is_replaced_by_another_unless_only_a_status_counts(edge: Running) -> None:
    found = {name: {edge.get(name).status_code for _ in range(4)} for name in ("network", "status-only")}
    assert found == {"network": {200}, "status-only": {200, 502}}


def fail(edge: Running, name: str, status: int = 503) -> None:
    """Ask for errors until the circuit breaker answers itself."""

    def is_open() -> bool:
        edge.get(name, "/bad")
        return edge.get(name, "/missing").status_code == status

    wait_until(is_open, "the circuit breaker is open")


@acts("http.middlewares.*.circuitBreaker.{expression,responseCode,fallbackDuration,recoveryDuration,checkPeriod}")
def test_a_failing_service_is_left_in_peace_for_as_long_as_was_said(edge: Running) -> None:
    fail(edge, "lasting", 599)
    assert edge.get("lasting").status_code == 599
    fail(edge, "brief")
    wait_until(lambda: edge.get("brief").status_code == 200, "requests go on")
    assert {edge.get("brief").status_code for _ in range(10)} == {200}
    fail(edge, "recovering")
    # For a month it lets a part of the requests through, which is nearly none in the beginning.
    assert {edge.get("recovering").status_code for _ in range(20)} == {503}
    edge.get("unchecked").raise_for_status()  # the first answer is looked at
    for _ in range(20):
        edge.get("unchecked", "/bad")
    assert edge.get("unchecked").status_code == 200


@acts("http.middlewares.*.errors.{status,service,query,statusRewrites,errorRequestHeaders}")
def test_an_error_is_shown_as_a_page_of_another_service(edge: Running, servers: tuple[Recorder, Recorder]) -> None:
    spare = servers[1]
    headers = {"Accept-Language": "id", "X-Key": "a"}
    answer: httpx.Response = edge.get("pages", "/bad", headers=headers)
    assert (answer.status_code, answer.text) == (502, "spare")
    asked = spare.asked[-1]
    assert asked.path == "/pages/502?from=503"
    assert (asked.headers["accept-language"], "x-key" in asked.headers) == ("id", False)
    assert edge.get("pages", "/missing").text == "app"
