"""A rate limit that several edges share through a Redis: each field of `rateLimit.redis` acts, with a real one."""

import socket
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from tests.e2e.acting import Running, Servers, acting, acts, pool, routed
from tests.e2e.redis import running_redis
from tests.running import wait_until

LIMIT: Final = {"average": 1, "period": "720h", "burst": 2}
OFTEN: Final = {"average": 1_000_000, "burst": 1_000_000}


@dataclass(frozen=True)
class Store:
    """A Redis that knows two users, and one that speaks TLS to who shows a certificate."""

    plain: str
    secure: str
    tls: Mapping[str, str]
    """The CA, and the certificate and the key that the second one wants to see."""

    def tell(self, *command: str) -> str:
        """Say something to the plain one, and return the answer."""
        _host, port = self.plain.split(":")
        asked = ["redis-cli", "-p", port, "--no-auth-warning", "-a", "root", *command]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()

    def clients(self, number: int) -> int:
        """Return how many connections there are to a database."""
        return self.tell("CLIENT", "LIST").count(f" db={number} ")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("redis")
    ca = trustme.CA()
    served, shown = ca.issue_cert("127.0.0.1"), ca.issue_cert("traefik.test")
    for name, blob in (
        ("ca", ca.cert_pem),
        ("cert", served.cert_chain_pems[0]),
        ("key", served.private_key_pem),
    ):
        blob.write_to_path(str(folder / name))
    users = ["--requirepass", "root", *("--user", "traefik", "on", ">secret", "~*", "+@all")]
    tls = ["--port", "0", "--tls-port", "{port}", "--tls-auth-clients", "yes", "--tls-ca-cert-file", str(folder / "ca")]
    tls += ["--tls-cert-file", str(folder / "cert"), "--tls-key-file", str(folder / "key")]
    texts = {
        "ca": ca.cert_pem.bytes().decode(),
        "cert": shown.cert_chain_pems[0].bytes().decode(),
        "key": shown.private_key_pem.bytes().decode(),
    }
    with ExitStack() as stack:
        plain = stack.enter_context(running_redis(folder / "plain", *users))
        yield Store(plain, stack.enter_context(running_redis(folder / "secure", *tls)), texts)


@pytest.fixture(scope="module")
def edge(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("limits"), migrated) as made:
        yield made


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as made:
        yield made


def limit(edge: Running, servers: Servers, limits: Mapping[str, Mapping[str, Any]], rate: Mapping[str, Any]) -> None:
    """Let routers have a rate limit through some Redis each, by name."""
    (app,) = servers.http("app")
    middlewares = {name: {"rateLimit": {**rate, "redis": redis}} for name, redis in limits.items()}
    routers = {name: routed(name, service="app", middlewares=[name])[name] for name in limits}
    edge.apply({"middlewares": middlewares, "services": {"app": pool(app)}, "routers": routers})


def statuses(edge: Running, name: str, number: int = 1) -> list[int]:
    return [edge.get(name).status_code for _ in range(number)]


@acts("http.middlewares.*.rateLimit.redis.{endpoints,username,password,db}")
def test_requests_are_counted_in_the_redis_that_was_named(edge: Running, servers: Servers, store: Store) -> None:
    known = {"endpoints": [store.plain], "username": "traefik", "password": "secret"}
    limits: dict[str, dict[str, Any]] = {
        "counted": {**known, "db": 3},
        "default-user": {"endpoints": [store.plain], "password": "root"},
        "stranger": {**known, "password": "wrong"},
        "nobody": {**known, "username": "nobody"},
    }
    limit(edge, servers, limits, LIMIT)
    assert statuses(edge, "counted", 3) == [200, 200, 429]
    assert store.tell("-n", "3", "DBSIZE") == "1"
    # The count outlives a change, which empties what each edge counts by itself.
    limit(edge, servers, {**limits, "default-user": {**limits["default-user"], "db": 4}}, LIMIT)
    assert statuses(edge, "counted") == [429]
    assert statuses(edge, "default-user") == [200]
    assert [statuses(edge, name) for name in ("stranger", "nobody")] == [[500], [500]]


@acts("http.middlewares.*.rateLimit.redis.tls.{ca,cert,key,insecureSkipVerify}")
def test_a_redis_is_spoken_to_by_tls(edge: Running, servers: Servers, store: Store) -> None:
    pair = {key: store.tls[key] for key in ("cert", "key")}
    tls: dict[str, dict[str, Any]] = {
        "trusted": dict(store.tls),
        "careless": {**pair, "insecureSkipVerify": True},
        "strange": pair,
        "hidden": {"ca": store.tls["ca"]},
    }
    limit(edge, servers, {name: {"endpoints": [store.secure], "tls": each} for name, each in tls.items()}, LIMIT)
    found = {name: statuses(edge, name) for name in tls}
    assert found == {"trusted": [200], "careless": [200], "strange": [500], "hidden": [500]}


@acts("http.middlewares.*.rateLimit.redis.{poolSize,maxActiveConns,minIdleConns}")
def test_there_are_as_many_connections_as_was_said(edge: Running, servers: Servers, store: Store) -> None:
    options = {
        "many": {"poolSize": 12},
        "few": {"poolSize": 2},
        "bounded": {"poolSize": 12, "maxActiveConns": 3},
        "waiting": {"poolSize": 12, "minIdleConns": 5},
    }
    numbers = {name: number for number, name in enumerate(options, 5)}
    known = {"endpoints": [store.plain], "password": "root"}
    limit(edge, servers, {name: {**known, **each, "db": numbers[name]} for name, each in options.items()}, OFTEN)
    assert statuses(edge, "waiting") == [200]
    # Nothing was said on them yet, not even which database.
    wait_until(lambda: store.tell("CLIENT", "LIST").count(" cmd=NULL ") >= 4, "some are made before they are needed")
    for name in ("many", "few", "bounded"):
        store.tell("CLIENT", "PAUSE", "1500")
        with ThreadPoolExecutor(12) as asking:
            answers = [asking.submit(edge.get, name) for _ in range(12)]
            assert {each.result().status_code for each in answers} <= {200, 500}
    found = {name: store.clients(number) for name, number in numbers.items()}
    assert found["few"] == 2 < found["bounded"] < found["many"]


@acts("http.middlewares.*.rateLimit.redis.{readTimeout,dialTimeout}")
def test_a_redis_that_does_not_answer_is_not_waited_for(edge: Running, servers: Servers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        at = {name: f"127.0.0.1:{each.getsockname()[1]}" for name, each in (("silent", silent), ("full", full))}
        hasty = {"readTimeout": "10ms", "dialTimeout": "10ms"}
        limits = {
            "hasty": {"endpoints": [at["silent"]], **hasty},
            "unconnected": {"endpoints": [at["full"]], **hasty},
            "patient": {"endpoints": [at["silent"]], "readTimeout": "1500ms"},
        }
        limit(edge, servers, limits, LIMIT)
        answers = {name: edge.get(name) for name in limits}
        for each in waiting:
            each.close()
    assert {answer.status_code for answer in answers.values()} == {500}
    seconds = {name: answer.elapsed.total_seconds() for name, answer in answers.items()}
    assert seconds["hasty"] < 1.5 < seconds["patient"]
    assert seconds["unconnected"] < 5  # the time limit that holds otherwise, for each of several tries
