"""`GET /traefik/configuration`: what Traefik polls."""

import hashlib
import http.client
import itertools
import json
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider.database import schema
from tests.api.checks import problem, revision
from tests.running import (
    AUTHORIZED,
    Service,
    answers,
    compact,
    empty,
    fetch,
    give_token,
    http_client,
    running_service,
    wait_until,
)

PATH = "/traefik/configuration"
HELD = "?wait=60"
MOST_SECONDS = 50
"""For which an edge waits for an answer: it gets one to a poll that would be held for longer, so nothing held it."""


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    content: bytes
    seconds: float

    @property
    def revision(self) -> int:
        return int(self.headers["config-revision"])


class Edge:
    """One TCP connection, on which one request follows another, as Traefik does it."""

    def __init__(self, service: Service) -> None:
        url = httpx.URL(service.url)
        self.connection = http.client.HTTPConnection(url.host, url.port, timeout=MOST_SECONDS)

    def poll(self, query: str = "", method: str = "GET") -> Answer:
        begun = time.monotonic()
        self.connection.request(method, PATH + query, headers=AUTHORIZED)
        answer = self.connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read(), time.monotonic() - begun)


@contextmanager
def edge(service: Service) -> Iterator[Edge]:
    made = Edge(service)
    try:
        yield made
    finally:
        made.connection.close()


@contextmanager
def in_background(call: Callable[[], Answer]) -> Iterator["Future[Answer]"]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(call)


def held(service: Service) -> int:
    return service.server._app.plane.polls.held


def wait_for_held(service: Service, polls: int) -> None:
    wait_until(lambda: held(service) == polls, f"{polls} polls are held")


def quiet(service: Service) -> None:
    """Wait until the last release is long enough ago, so that the next change goes out at once."""
    polls = service.server._app.plane.polls
    pause = polls._coalesce_seconds

    def is_quiet() -> bool:
        released_at: float = polls._released_at
        return polls._timer is None and time.monotonic() - released_at > pause

    wait_until(is_quiet, "the coalescing ends")


def put_weight(client: httpx.Client, weight: int) -> int:
    return revision(client.put("/services/s/servers/a", json={"url": "http://a", "weight": weight}))


@pytest.fixture(scope="module")
def own_service(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that no Traefik polls, so that the held polls are those of the test."""
    with running_service(tmp_path_factory.mktemp("own"), migrated, coalesce_ms=100) as service:
        yield service


@pytest.fixture
def service(own_service: Service) -> Service:
    empty(own_service)
    return own_service


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    """A client of a service that has a service `s`."""
    client.post("/services", json={"name": "s"}).raise_for_status()
    return client


# The document


def build(client: httpx.Client, seed: int) -> None:
    """Make one state, in an order that depends on the seed."""
    chance = random.Random(seed)

    def shuffled(*items: str) -> list[str]:
        return chance.sample(items, len(items))

    for name in shuffled("a.test", "münchen.example", "*.c.test"):
        client.put(f"/domains/{name}", json={}).raise_for_status()
    for name in shuffled("one", "two", "three"):
        client.put(f"/services/{name}", json={"strategy": "p2c"}).raise_for_status()
    for service, server in chance.sample(list(itertools.product(["one", "two"], ["a", "b", "c"])), 6):
        client.put(f"/services/{service}/servers/{server}", json={"url": f"http://{server}"}).raise_for_status()
    for name in shuffled("x", "y", "z"):
        router = {"domains": ["münchen.example", "a.test"], "pathPrefix": f"/{name}", "service": "one"}
        client.put(f"/routers/{name}", json=router).raise_for_status()


def test_the_same_state_gives_the_same_bytes_whatever_the_order_of_insertion(
    client: httpx.Client, service: Service
) -> None:
    found = set()
    for seed in range(4):
        build(client, seed)
        found.add(fetch(service.url + PATH).content)
        for path in ("/routers/x", "/routers/y", "/routers/z", "/services/one", "/services/two", "/services/three"):
            client.delete(path).raise_for_status()
    assert len(found) == 1


def has_empty_map(value: object) -> bool:
    if isinstance(value, dict):
        return not value or any(map(has_empty_map, value.values()))
    return isinstance(value, list) and any(map(has_empty_map, value))


def test_the_document_is_never_empty_and_has_no_empty_map(client: httpx.Client, service: Service) -> None:
    steps: list[Callable[[], httpx.Response]] = [
        lambda: client.delete("/services/s"),
        lambda: client.put("/domains/a.test", json={}),
        lambda: client.put("/services/s", json={}),
        lambda: client.put("/services/s", json={"healthCheck": {}, "sticky": {"cookie": {"name": "c"}}}),
        lambda: client.put("/routers/r", json={"domains": ["a.test"], "service": "s"}),
        lambda: client.put("/services/s/servers/a", json={"url": "http://a"}),
        lambda: client.put("/services/s/servers/a?confirm=1", json={"url": "http://a", "state": "drain"}),
        lambda: client.patch("/routers/r", json={"enabled": False}),
        lambda: client.delete("/services/s?cascade=true"),
        lambda: client.delete("/domains/a.test"),
    ]
    for step in steps:
        step().raise_for_status()
        document = service.configuration()
        assert document["http"]["middlewares"]
        assert not has_empty_map(document)


def test_the_beacon_is_the_digest_of_the_rest(client: httpx.Client, service: Service) -> None:
    for seed in (None, 1):
        if seed is not None:
            build(client, seed)
        answer = fetch(service.url + PATH)
        document = answer.json()
        beacon = document["http"].pop("middlewares")["provider.beacon"]["headers"]["customResponseHeaders"]
        digest = hashlib.sha256(compact(document).encode()).hexdigest()[:12]
        assert beacon == {"X-Config-Digest": digest}
        assert service.digest() == digest


def test_the_headers_say_what_is_sent(client: httpx.Client, service: Service) -> None:
    number = put_weight(client, 1)
    answer = fetch(service.url + PATH)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert int(answer.headers["config-revision"]) == number
    head = httpx.head(service.url + PATH, headers=AUTHORIZED)
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers[name] for name in ("content-length", "config-revision")} == {
        name: answer.headers[name] for name in ("content-length", "config-revision")
    }


def test_what_was_acknowledged_is_what_the_next_request_gets(client: httpx.Client, service: Service) -> None:
    with edge(service) as polling:
        for weight in range(1, 30):
            number = put_weight(client, weight)
            answer = polling.poll()
            assert answer.revision == number
            servers = json.loads(answer.content)["http"]["services"]["s"]["loadBalancer"]["servers"]
            assert servers == [{"url": "http://a", "weight": weight}]


# The long poll


def test_the_first_request_on_a_connection_is_answered_at_once(service: Service) -> None:
    for _ in range(3):
        with edge(service) as polling:
            assert polling.poll(HELD).status == 200


def test_a_later_request_is_held_and_answered_with_the_same_bytes_when_the_time_is_up(service: Service) -> None:
    with edge(service) as polling:
        first = polling.poll(HELD)
        for _ in range(2):
            again = polling.poll("?wait=0.4")
            assert again.status == 200
            assert again.content == first.content
            assert again.revision == first.revision
            assert again.seconds >= 0.35


def test_without_wait_nothing_is_held(service: Service) -> None:
    with edge(service) as polling:
        for query in (HELD, "", "?wait=0", "?wait=0.0"):
            assert polling.poll(query).status == 200


def test_a_change_answers_a_held_request_at_once(client: httpx.Client, service: Service) -> None:
    with edge(service) as polling:
        polling.poll(HELD)
        for weight in (5, 6):
            quiet(service)
            with in_background(lambda: polling.poll(HELD)) as answer:
                wait_for_held(service, 1)
                number = put_weight(client, weight)
                assert answer.result().revision == number


def test_what_changed_between_two_requests_is_not_waited_for(client: httpx.Client, service: Service) -> None:
    with edge(service) as polling:
        polling.poll(HELD)
        quiet(service)
        number = put_weight(client, 3)
        assert polling.poll(HELD).revision == number


def test_a_change_that_the_document_does_not_show_answers_nobody(client: httpx.Client, service: Service) -> None:
    with edge(service) as polling:
        first = polling.poll(HELD)
        with in_background(lambda: polling.poll("?wait=0.5")) as answer:
            wait_for_held(service, 1)
            client.put("/domains/a.test", json={}).raise_for_status()
            client.put("/services/s/servers/a", json={"url": "http://a", "state": "maint"}).raise_for_status()
            assert answer.result().seconds >= 0.45
            assert answer.result().content == first.content


def test_a_new_connection_is_never_kept_waiting(client: httpx.Client, service: Service) -> None:
    with edge(service) as polling, in_background(lambda: (polling.poll(), polling.poll(HELD))[1]) as answer:
        wait_for_held(service, 1)
        for _ in range(5):
            with edge(service) as another:
                assert another.poll(HELD).status == 200
        put_weight(client, 9)
        assert answer.result().status == 200


def test_edges_on_one_connection_are_apart(client: httpx.Client, service: Service) -> None:
    with edge(service) as polling:
        names = [f"e{number}" for number in range(40)]
        for name in ["default", *names]:
            assert polling.poll(f"?edge={name}&wait=60").status == 200
        assert polling.poll("?edge=e39&wait=0.3").seconds >= 0.25
        quiet(service)
        number = put_weight(client, 2)
        assert polling.poll("?edge=e39&wait=60").revision == number
        assert polling.poll("?edge=e39&wait=0.3").seconds >= 0.25


def test_without_a_name_an_edge_is_the_default_one(service: Service) -> None:
    with edge(service) as polling:
        polling.poll(HELD)
        assert polling.poll("?edge=default&wait=0.3").seconds >= 0.25


def test_what_answers_head_was_not_given(service: Service) -> None:
    with edge(service) as polling:
        assert polling.poll(HELD, method="HEAD").status == 200
        assert polling.poll(HELD).status == 200
        assert polling.poll(HELD, method="HEAD").status == 200
        assert polling.poll("?wait=0.3").seconds >= 0.25


def test_many_edges_are_held_and_answered_together(client: httpx.Client, service: Service) -> None:
    with ExitStack() as stack:
        edges = [stack.enter_context(edge(service)) for _ in range(30)]
        for polling in edges:
            polling.poll(HELD)
        with ThreadPoolExecutor(len(edges)) as pool:
            answered = [pool.submit(polling.poll, HELD) for polling in edges]
            wait_for_held(service, 30)
            quiet(service)
            number = put_weight(client, 4)
            assert {answer.result().revision for answer in answered} == {number}


def test_who_hangs_up_is_not_waited_for(service: Service) -> None:
    edges = [Edge(service) for _ in range(10)]
    for polling in edges:
        polling.poll("?wait=60")
        polling.connection.request("GET", PATH + "?wait=60", headers=AUTHORIZED)
    wait_for_held(service, 10)
    for polling in edges[:5]:
        polling.connection.close()
    wait_for_held(service, 5)
    for polling in edges[5:]:
        assert polling.connection.sock is not None
        polling.connection.sock.shutdown(2)
        polling.connection.close()
    wait_for_held(service, 0)


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("wait=-1", "/wait", "wait.range"),
        ("wait=60.001", "/wait", "wait.range"),
        ("wait=61", "/wait", "wait.range"),
        ("wait=nan", "/wait", "wait.range"),
        ("wait=inf", "/wait", "wait.range"),
        ("wait=1e3", "/wait", "wait.range"),
        ("wait=1e400", "/wait", "wait.range"),
        ("wait=01", "/wait", "wait.range"),
        ("wait=1_0", "/wait", "wait.range"),
        ("wait=%20" + "5", "/wait", "wait.range"),
        ("wait=%D9%A3", "/wait", "wait.range"),
        ("wait=", "/wait", "wait.range"),
        ("wait=x", "/wait", "wait.range"),
        ("wait=" + "0" * 5000 + "1", "/wait", "wait.range"),
        ("wait=1&wait=2", "/wait", "query.duplicate"),
        ("edge=", "/edge", "name.format"),
        ("edge=A", "/edge", "name.format"),
        ("edge=a%00", "/edge", "name.format"),
        ("edge=%ff", "/edge", "name.format"),
        ("edge=" + "a" * 5000, "/edge", "name.format"),
        ("edge=a&edge=b", "/edge", "query.duplicate"),
        ("wiat=30", "/wiat", "query.unknown"),
        ("&".join(f"x{number}" for number in range(30)), "", "query.format"),
    ],
)
def test_a_wrong_parameter_is_refused_and_named(service: Service, query: str, pointer: str, code: str) -> None:
    found = problem(fetch(f"{service.url}{PATH}?{query}"), "invalid", (pointer, code))
    assert found["errors"][0]["in"] == "query"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_it_is_polled_with_get(service: Service, method: str) -> None:
    answer = httpx.request(method, service.url + PATH, json={}, headers=AUTHORIZED)
    problem(answer, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_held_polls_are_answered_when_the_service_stops(migrated: Path, tmp_path: Path) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(20) as pool:
        service = stack.enter_context(running_service(tmp_path, migrated))
        edges = [stack.enter_context(edge(service)) for _ in range(20)]
        document = edges[0].poll("?wait=60").content
        for polling in edges[1:]:
            polling.poll("?wait=60")
        answered = [pool.submit(polling.poll, "?wait=60") for polling in edges]
        wait_for_held(service, 20)
        service.server.should_exit = True
        for answer in answered:
            assert (answer.result().status, answer.result().content) == (200, document)
        wait_until(lambda: not answers(f"{service.url}/healthz"), "the service stops")


# Without a database that can be relied on


def polled(service: Service) -> httpx.Response:
    return fetch(service.url + PATH)


def another_programs(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE note (text)")
    connection.close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Path.touch, "run `wayshub-provider migrate`"),
        (another_programs, "set PROVIDER_DATABASE_URL to a database of its own"),
    ],
)
def test_without_a_verified_state_traefik_gets_503_until_there_is_one(
    migrated: Path, tmp_path: Path, make: Callable[[Path], object], told: str
) -> None:
    path = tmp_path / "provider.db"
    make(path)
    with running_service(tmp_path, None) as service, edge(service) as polling:
        answer = polling.poll(HELD)
        assert answer.status == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "1"
        assert told in json.loads(answer.content)["detail"]
        problem(fetch(f"{service.url}/readyz"), "unavailable")
        path.unlink(missing_ok=True)
        shutil.copy(migrated, tmp_path / "copy.db")
        (tmp_path / "copy.db").rename(path)
        wait_until(lambda: polling.poll().status == 200, "the state is read")
        assert answers(f"{service.url}/readyz")
        with http_client(f"{service.url}/api/v1") as client:
            assert revision(client.put("/services/s", json={})) == 1


def test_a_database_that_is_migrated_later_is_served_without_a_restart(tmp_path: Path) -> None:
    with running_service(tmp_path, None) as service:
        assert polled(service).status_code == 503
        schema.migrate(service.database)
        wait_until(lambda: polled(service).status_code == 401, "the state is read, and nobody is known yet")
        give_token(service.database)
        wait_until(lambda: polled(service).status_code == 200, "the token is read")
        assert set(polled(service).json()["http"]) == {"middlewares"}


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    other = path.with_name("other.db")
    schema.migrate(other)
    other.replace(path)


def overwrite(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(0)


@pytest.mark.parametrize("harm", [remove, replace, overwrite, truncate])
def test_what_happens_to_the_database_does_not_reach_the_edge(
    migrated: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    with ExitStack() as stack:
        service = stack.enter_context(running_service(tmp_path, migrated))
        polling = stack.enter_context(edge(service))
        client = stack.enter_context(http_client(f"{service.url}/api/v1"))
        client.post("/services", json={"name": "s"}).raise_for_status()
        number = put_weight(client, 3)
        connection = sqlite3.connect(service.database)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        document = polling.poll(HELD).content
        harm(service.database)
        for answer in (
            client.get("/services/s"),
            client.get("/domains"),
            client.put("/services/s/servers/a", json={"url": "http://a", "weight": 4}),
            client.post("/domains", json={"name": "a.test"}),
            client.delete("/services/s"),
        ):
            problem(answer, "unavailable")
        for query in ("", "?wait=0.1"):
            again = polling.poll(query)
            assert (again.status, again.content, again.revision) == (200, document, number)
        assert polled(service).content == document
        assert answers(f"{service.url}/readyz")


def test_a_locked_database_holds_back_changes_and_nothing_else(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        client.post("/services", json={"name": "s"}).raise_for_status()
        number = put_weight(client, 3)
        document = polled(service).content
        locker = sqlite3.connect(service.database, isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(3) as pool:

            def write(worker: int) -> httpx.Response:
                with http_client(f"{service.url}/api/v1") as other:
                    return other.put("/services/s/servers/a", json={"url": "http://a", "weight": worker + 4})

            writing = [pool.submit(write, worker) for worker in range(3)]
            while not all(answer.done() for answer in writing):
                assert client.get("/services/s/servers/a").json()["weight"] == 3
                assert polled(service).content == document
            for answer in writing:
                problem(answer.result(), "unavailable")
        locker.execute("ROLLBACK")
        locker.close()
        assert put_weight(client, 4) == number + 1


def test_a_query_is_read_in_any_order_and_encoding(service: Service) -> None:
    for query in (
        "wait=0&edge=a-1",
        "edge=a%2D1&wait=0",
        "edge=default",
        "wait=60&edge=a",
        "wait=6e1",
        "wait=0.000001",
        "&&",
        "",
    ):
        assert fetch(f"{service.url}{PATH}?{query}").status_code == 200


def test_a_connection_goes_on_after_an_error(service: Service) -> None:
    with edge(service) as polling:
        assert polling.poll("?wait=x").status == 422
        assert polling.poll(HELD).status == 200
        assert polling.poll("?wait=0.2").seconds >= 0.15


def poll_headers(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.headers.items() if name.lower() != "date"}


def test_a_held_answer_has_the_headers_of_any_other(service: Service) -> None:
    with edge(service) as polling:
        assert poll_headers(polling.poll()) == poll_headers(polling.poll("?wait=0.1"))
