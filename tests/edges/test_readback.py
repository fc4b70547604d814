"""Reading back a Traefik's API: what is made of its answers, and of those of anything else."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from provider import configuration
from provider.edges.observed import DisabledRouter, Observation
from provider.edges.readback import ReadbackError, TraefikAPI
from provider.edges.states import Edge
from provider.edges.watch import find_news, observe
from provider.listening import Listening
from provider.nouns import Router, Service
from provider.parts import Part, Parts, Section
from provider.snapshots import Served
from tests.e2e.edge import place
from tests.edges.apis import LIKE_TRAEFIK, NONSENSE, Answer, always, api, like_traefik
from tests.edges.snapshots import snapshot
from tests.running import compact, free_port

T = TypeVar("T")

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

CHECKED = snapshot(1, "f8d11bf8ddb1", b'{"loadBalancer":{"healthCheck":{"path":"/"}}}')
SERVER = {"url": "http://10.0.0.11:3000"}


def read(url: str, question: Callable[[TraefikAPI], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with httpx.AsyncClient(trust_env=False, timeout=5, verify=NO_TLS) as client:
            return await question(TraefikAPI(client, url))

    return asyncio.run(ask())


def observed(answer: Answer, given: Served | None = CHECKED) -> Observation:
    with api(answer) as url:
        return read(url, lambda traefik: observe(traefik, given, 7.0))


def test_all_is_read_from_a_traefik_that_runs_what_it_was_given() -> None:
    services = [
        {"name": "api@internal", "status": "enabled"},
        {
            "name": "wayshub@http",
            "loadBalancer": {"servers": [SERVER], "healthCheck": {"path": "/", "interval": "5s"}},
            "serverStatus": {"http://10.0.0.11:3000": "UP", "http://10.0.0.12:3000": "DOWN"},
        },
        {"name": "wayshub@file", "loadBalancer": {"healthCheck": {}}, "serverStatus": {"http://10.0.0.11:3000": "UP"}},
        {"name": "other@http", "loadBalancer": {}, "serverStatus": {"http://10.0.0.13:3000": "UP"}},
    ]
    routers = [
        {"name": "a@http", "status": "disabled", "error": ["no such entry point", "no such service"]},
        {"name": "b@http", "status": "disabled"},
        {"name": "c@file", "status": "disabled", "error": ["not ours"]},
    ]
    points = [{"name": "web", "address": "127.0.0.1:8080", "reusePort": False}, {"name": "odd"}]
    answers = {**LIKE_TRAEFIK, "/api/http/services": services, "/api/http/routers": routers}
    answers["/api/entrypoints"] = points
    assert observed(like_traefik(answers)) == Observation(
        7.0,
        None,
        "f8d11bf8ddb1",
        "3.7.15",
        "2026-01-01T12:00:00Z",
        (DisabledRouter("a", "no such entry point, no such service"), DisabledRouter("b", "without a reason")),
        {"wayshub": {"http://10.0.0.11:3000": True, "http://10.0.0.12:3000": False}},
        {"web": "127.0.0.1:8080", "odd": ""},
    )


def test_a_traefik_that_runs_another_document_is_asked_for_no_more() -> None:
    answers = {path: LIKE_TRAEFIK[path] for path in LIKE_TRAEFIK if path != "/api/http/routers"}
    found = observed(like_traefik(answers), snapshot(2, "another"))
    assert (found.error, found.digest, found.servers) == (None, "f8d11bf8ddb1", None)


def test_a_traefik_without_our_document_runs_none() -> None:
    found = observed(like_traefik({"/api/version": LIKE_TRAEFIK["/api/version"]}))
    assert (found.error, found.digest, found.version) == (None, None, "3.7.15")


def test_a_traefik_that_still_builds_what_it_was_given_is_asked_for_its_digest_alone() -> None:
    """It has better things to do than to answer us."""
    edge, asked, beacon = (
        Edge("default", given=snapshot(2, "another"), given_at=6.9),
        [],
        "/api/http/middlewares/provider.beacon@http",
    )
    answer = like_traefik()

    def answer_and_note(connection: socket.socket, path: str) -> None:
        asked.append(path)
        answer(connection, path)

    async def look(traefik: TraefikAPI) -> None:
        found = await find_news(traefik, edge, 7.0)
        assert found is not None
        edge.observed(found)
        asked.clear()
        assert await find_news(traefik, edge, 7.1) is None
        assert asked == [beacon]
        assert await find_news(traefik, edge, 9.0) is not None  # it may have been started anew
        edge.given = CHECKED
        found = await find_news(traefik, edge, 9.1)
        assert found is not None
        assert found.servers == {}

    with api(answer_and_note) as url:
        read(url, look)


def test_services_are_not_read_when_none_has_a_health_check() -> None:
    answers = {path: LIKE_TRAEFIK[path] for path in LIKE_TRAEFIK if path != "/api/http/services"}
    found = observed(like_traefik(answers), snapshot(1, "f8d11bf8ddb1", b"{}"))
    assert (found.error, found.servers) == (None, {})


def test_servers_of_tcp_are_told_apart_from_those_of_http() -> None:
    http, tcp = ({"name": "a@http", "loadBalancer": {"healthCheck": {}}, "serverStatus": {each: "UP"}} for each in "ht")
    answers = {**LIKE_TRAEFIK, "/api/http/services": [http], "/api/tcp/services": [tcp], "/api/tcp/routers": []}
    checked = b'{"tcp":{"services":{"a":{"loadBalancer":{"healthCheck":{}}}}}}'
    found = observed(like_traefik(answers), snapshot(1, "f8d11bf8ddb1", checked))
    assert found.servers == {"a": {"h": True}, "tcpService/a": {"t": True}}


def test_services_that_have_not_changed_are_the_same_object() -> None:
    service = {"name": "a@http", "loadBalancer": {"healthCheck": {}}, "serverStatus": {"http://10.0.0.11": "UP"}}
    answers = {"/api/http/services": [service]}

    async def twice(traefik: TraefikAPI) -> bool:
        first = await traefik.list_servers()
        same = await traefik.list_servers() is first
        service["serverStatus"] = {"http://10.0.0.11": "DOWN"}
        assert await traefik.list_servers() == {"a": {"http://10.0.0.11": False}}
        return same

    with api(like_traefik(answers)) as url:
        assert read(url, twice)


def test_thousands_of_services_are_read() -> None:
    services = [
        {
            "name": f"app-{number:05d}@http",
            "loadBalancer": {"servers": [SERVER, SERVER], "strategy": "wrr", "healthCheck": {"path": "/"}},
            "usedBy": [f"app-{number:05d}@http"],
            "serverStatus": {f"http://10.0.0.11:{number}": "UP"},
        }
        for number in range(10_000)
    ]
    with api(like_traefik({"/api/http/services": services})) as url:
        assert len(read(url, TraefikAPI.list_servers)) == 10_000


def test_an_api_below_a_path_is_read() -> None:
    with api(like_traefik({"/traefik/api/version": LIKE_TRAEFIK["/api/version"]})) as url:
        assert read(f"{url}/traefik/", TraefikAPI.get_version) == ("3.7.15", "2026-01-01T12:00:00Z")


@pytest.mark.parametrize("name", sorted(set(NONSENSE) - {"silent", "dripping"}))
def test_nonsense_is_an_error_in_words_and_not_waited_out(name: str) -> None:
    found = observed(NONSENSE[name])
    assert found.error is not None
    assert "127.0.0.1" in found.error
    assert (found.digest, found.servers) == (None, None)
    assert "in time" not in found.error


def test_where_nobody_listens_the_api_cannot_be_reached() -> None:
    with pytest.raises(ReadbackError, match="cannot be reached"):
        read(f"http://127.0.0.1:{free_port()}", TraefikAPI.get_version)


def test_what_is_not_read_as_a_host_cannot_be_reached() -> None:
    with pytest.raises(ReadbackError, match="cannot be reached"):
        read("http://nowhere.invalid", TraefikAPI.get_version)


def test_an_error_is_told_with_its_status() -> None:
    with api(always(b"", "401 Unauthorized")) as url, pytest.raises(ReadbackError, match="answers 401"):
        read(url, TraefikAPI.find_digest)


DOCUMENT = compact(
    {"http": {"routers": {name: {"entryPoints": ["web"]} for name in ("two", "web-two", "tls", "conflicted-x")}}}
).encode()


@pytest.mark.parametrize(
    ("shown", "entry_points", "name"),
    [
        ("two", ["web"], "two"),
        ("websecure-two", ["websecure"], "two"),
        ("web-two", ["web"], "web-two"),
        ("web-web-two", ["web"], "web-two"),
        ("websecure-conflicted-tls", ["websecure"], "tls"),
        ("websecure-conflicted-websecure-tls", ["websecure"], "tls"),
        ("websecure-conflicted-x", ["websecure"], "conflicted-x"),
        ("a-b-two", ["a", "a-b"], "two"),
        ("other-two", ["websecure"], "other-two"),
        ("websecure-gone", ["websecure"], "websecure-gone"),
    ],
)
def test_a_router_is_known_by_the_name_that_we_gave_it(shown: str, entry_points: list[str], name: str) -> None:
    listed = [{"name": f"{shown}@http", "status": "disabled", "entryPoints": entry_points, "error": ["no"]}]
    with api(like_traefik({"/api/http/routers": listed})) as url:
        assert read(url, lambda traefik: traefik.list_routers("disabled", DOCUMENT)) == (DisabledRouter(name, "no"),)


def test_routers_of_tcp_and_udp_are_told_like_those_of_http() -> None:
    told = {"status": "disabled", "entryPoints": ["db"], "error": ["no such service"]}
    answers = {f"/api/{root}/routers": [{"name": f"db-{root}@http", **told}] for root in ("http", "tcp", "udp")}
    document = compact({"http": {}, "tcp": {"routers": {}}, "udp": {"routers": {}}}).encode()
    with api(like_traefik(answers)) as url:
        found = read(url, lambda traefik: traefik.list_routers("disabled", document))
    kinds = {"http": "router", "tcp": "tcpRouter", "udp": "udpRouter"}
    assert found == tuple(DisabledRouter(f"db-{root}", "no such service", kind) for root, kind in kinds.items())
    assert [each.words for each in found][1] == "TCP router db-tcp: no such service"


def test_the_parts_of_one_router_are_one(tmp_path: Path) -> None:
    """As a real Traefik takes it apart: `websecure` has TLS, `web` has not."""
    port = free_port()
    document = configuration.assemble(
        Parts(
            {
                "router": Section({"shop": part("shop", "Host(`a.test`)"), "web": part("web", "Host(`b.test`)")}),
                "service": Section({"s": configuration.service_part(Service(name="s"), [])}),
            }
        )
    )
    content = document.content.replace(b"Host(`a.test`)", b"Hos(`a.test`)")
    with (
        api(always(content, "200 OK", "Content-Type: application/json")) as provider,
        place(tmp_path, provider) as edge,
    ):
        edge.static["entryPoints"]["websecure"] = {"address": f"127.0.0.1:{port}", "http": {"tls": {}}}
        traefik = edge.start()
        traefik.wait_for_digest(document.digest)
        assert {"websecure-shop", "websecure-web"} <= traefik.objects("routers").keys()
        (found,) = read(edge.api, lambda made: made.list_routers("disabled", content))
    assert found.name == "shop"
    assert "unsupported function: Hos" in found.error


def part(name: str, rule: str) -> Part:
    router = Router.read({"name": name, "rule": rule, "service": "s", "entryPoints": ["web", "websecure"]})
    made = configuration.router_part(router, Listening())
    assert made is not None
    return made
