"""`Prefer: wait`: a write is answered when the edges run it, or with who does not, and why."""

import asyncio
import contextlib
import os
import shutil
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider import display_strings
from tests.e2e.edge import place, shown, wait_for_state
from tests.running import (
    AUTHORIZED,
    Service,
    Traefik,
    cases,
    fetch,
    free_port,
    http_client,
    running_service,
    running_traefik,
    service_process,
    wait_until,
)

PATIENTLY = {"Prefer": "wait=300"}
"""For longer than the client waits for an answer: what is answered at all was not waited for until the time was up."""

WAIT_SECONDS = 300
WAITING = cases(80, 200)
AT_ONCE = 60
"""More than the service has threads for requests."""

OTHER_THREADS = (os.cpu_count() or 1) + 4
"""As many as asyncio has at most for all else that the service does meanwhile: far less than there are writes."""

Write = tuple[str, str, dict[str, Any] | None, int]

WRITES: list[Write] = [
    ("POST", "/domains", {"name": "alvin.xyz"}, 201),
    ("POST", "/services", {"name": "alvin"}, 201),
    ("PUT", "/services/alvin/servers/a", {"url": "http://10.0.0.11:3000"}, 201),
    ("POST", "/routers", {"name": "alvin", "domains": ["alvin.xyz"], "service": "alvin"}, 201),
    ("PUT", "/services/alvin/servers/a", {"url": "http://10.0.0.11:3000", "weight": 3}, 200),
    ("PATCH", "/services/alvin/servers/a", {"weight": 4}, 200),
    ("PATCH", "/domains/alvin.xyz", {"description": "of which no edge hears"}, 200),
    ("DELETE", "/services/alvin/servers/a?confirm=1", None, 204),
    ("POST", "/expose", {"domain": "budi.xyz", "servers": [{"url": "http://10.0.0.12:3000"}]}, 201),
]


@pytest.fixture(scope="module")
def api_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def shared_service(migrated: Path, api_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that only these tests share: nobody has polled it as another edge, and is waited for."""
    folder, api = tmp_path_factory.mktemp("service"), f"http://127.0.0.1:{api_port}"
    with running_service(folder, migrated, coalesce_ms=20, traefik_api=api) as service:
        yield service


@pytest.fixture(scope="module")
def shared_traefik(
    shared_service: Service, api_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Traefik]:
    with running_traefik(tmp_path_factory.mktemp("traefik"), shared_service.url, api_port=api_port) as traefik:
        yield traefik


def send(client: httpx.Client, write: Write, headers: dict[str, str]) -> httpx.Response:
    method, path, body, _status = write
    return client.request(method, path, json=body, headers=headers)


def test_a_write_is_answered_when_the_edge_runs_it(client: httpx.Client, service: Service, traefik: Traefik) -> None:
    for write in WRITES:
        answer = send(client, write, PATIENTLY)
        assert answer.status_code == write[3], answer.text
        assert answer.headers["Preference-Applied"] == "wait"
        assert traefik.digest() == service.digest()
        assert shown(service.url)["state"] == "live"
        assert answer.headers["Config-Revision"] == str(fetch(f"{service.url}/readyz").json()["revision"])


def test_the_answer_is_the_same_as_without_waiting(client: httpx.Client, traefik: Traefik) -> None:
    assert traefik.digest()
    patient = client.put("/services/one", json={}, headers=PATIENTLY)
    plain = client.put("/services/two", json={})
    assert patient.json() | {"name": "two"} == plain.json()
    assert patient.headers.keys() == plain.headers.keys() | {"preference-applied"}


def test_where_there_is_no_edge_nobody_is_waited_for(start_service: Callable[..., Service]) -> None:
    with http_client(f"{start_service().url}/api/v1") as client:
        for write in WRITES:
            answer = send(client, write, PATIENTLY)
            assert answer.status_code == write[3]
            assert answer.headers["Preference-Applied"] == "wait"


def test_what_ran_before_another_change_is_not_taken_for_the_change(
    client: httpx.Client, service: Service, traefik: Traefik
) -> None:
    send(client, WRITES[-1], PATIENTLY).raise_for_status()
    server = "/services/budi/servers/10-0-0-12-3000"
    for _ in range(2):
        client.patch(server, json={"weight": 2}).raise_for_status()
        client.patch(server, json={"weight": 1}, headers=PATIENTLY).raise_for_status()
        assert shown(service.url)["state"] == "live"
        assert traefik.digest() == service.digest()


def test_who_looked_at_the_document_once_is_not_waited_for(start_service: Callable[..., Service]) -> None:
    service = start_service()
    fetch(f"{service.url}/traefik/configuration?edge=typo").raise_for_status()
    with http_client(f"{service.url}/api/v1") as client:
        assert client.put("/services/alvin", json={}, headers=PATIENTLY).status_code == 201
    assert fetch(f"{service.url}/readyz").json()["warnings"] == []


def test_an_edge_that_polled_shortly_before_a_restart_is_waited_for(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, polling(service.url, "paris"):
        wait_for_state(service.url, "unconfirmed", "paris")
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        answer = client.put("/services/alvin", json={}, headers={"Prefer": "wait=1"})
        assert answer.status_code == 202
        assert [edge["state"] for edge in answer.json()["pending"]] == ["pending"]


def test_an_edge_that_can_never_tell_is_not_waited_for(start_service: Callable[..., Service]) -> None:
    service = start_service()
    with http_client(f"{service.url}/api/v1") as client, polling(service.url, "mute"):
        wait_for_state(service.url, "unconfirmed", "mute")
        answer = client.put("/services/alvin", json={}, headers=PATIENTLY)
        assert answer.status_code == 202
        assert answer.json()["pending"] == [
            {
                "name": "mute",
                "state": "unconfirmed",
                "detail": "it was given revision 1; the address of its API is not set",
            }
        ]


@pytest.mark.parametrize("wait", ["-1", "301", "1.5", "soon", "", "1e2", "٣", "999999999999"])
@pytest.mark.parametrize("write", [WRITES[0], WRITES[5], WRITES[7], WRITES[8]])
def test_a_wait_that_is_no_number_of_seconds_is_refused_and_nothing_is_done(
    client: httpx.Client, service: Service, wait: str, write: Write
) -> None:
    revision = fetch(f"{service.url}/readyz").json()["revision"]
    answer = send(client, write, {"Prefer": f"wait={wait}".encode()})  # type: ignore[dict-item]  # bytes are allowed
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "pointer": "/Prefer",
            "code": "prefer.wait",
            "detail": "wait has to be a whole number of seconds from 0 to 300",
            "in": "header",
        }
    ]
    assert fetch(f"{service.url}/readyz").json()["revision"] == revision


@pytest.mark.parametrize(
    "prefer",
    [
        "wait=0",
        'wait="3"',
        "respond-async, wait=3",
        "WAIT = 3",
        "wait=3; foo=bar",
        "handling=lenient,wait=3,return=minimal",
    ],
)
def test_a_wait_is_found_among_other_preferences(start_service: Callable[..., Service], prefer: str) -> None:
    with http_client(f"{start_service().url}/api/v1") as client:
        answer = client.put("/services/alvin", json={}, headers={"Prefer": prefer})
        assert answer.headers["Preference-Applied"] == "wait"
        answer = client.put("/services/budi", json={}, headers=[("Prefer", "return=minimal"), ("Prefer", prefer)])
        assert answer.headers["Preference-Applied"] == "wait"


@pytest.mark.parametrize("prefer", ["return=minimal", "waiting=3", "respond-async", ""])
def test_other_preferences_are_left_alone(start_service: Callable[..., Service], prefer: str) -> None:
    with http_client(f"{start_service().url}/api/v1") as client:
        answer = client.put("/services/alvin", json={}, headers={"Prefer": prefer})
        assert answer.status_code == 201
        assert "Preference-Applied" not in answer.headers


def test_a_write_that_fails_is_answered_at_once(client: httpx.Client, traefik: Traefik) -> None:
    assert traefik.digest()
    assert client.post("/services", json={"name": "-"}, headers=PATIENTLY).status_code == 422
    assert client.delete("/services/nothing", headers=PATIENTLY).status_code == 404


# Edges that run it, and do not serve it


def router(*entry_points: str) -> dict[str, Any]:
    return {"domains": ["budi.xyz"], "pathPrefix": "/shop", "service": "budi", "entryPoints": entry_points}


def test_a_write_is_live_only_where_the_routers_that_it_is_about_are_enabled(
    client: httpx.Client, traefik: Traefik
) -> None:
    assert traefik.digest()
    send(client, WRITES[-1], PATIENTLY).raise_for_status()
    for _ in range(2):  # the second time it changes nothing
        answer = client.put("/routers/shop", json=router("nope"), headers=PATIENTLY)
        assert answer.status_code == 202
        assert answer.json()["result"]["name"] == "shop"
        (pending,) = answer.json()["pending"]
        assert (pending["name"], pending["state"]) == ("default", "degraded")
        assert pending["detail"].startswith("it disabled router shop: ")
    assert (
        client.put("/services/budi/servers/b", json={"url": "http://10.0.0.13"}, headers=PATIENTLY).status_code == 202
    )
    assert client.patch("/services/budi", json={"strategy": "p2c"}, headers=PATIENTLY).status_code == 202
    other = {"domain": "cici.xyz", "servers": [{"url": "http://10.0.0.12:3000"}]}
    assert client.post("/expose", json=other, headers=PATIENTLY).headers["Preference-Applied"] == "wait"
    assert (
        client.put("/services/cici/servers/b", json={"url": "http://10.0.0.13"}, headers=PATIENTLY).status_code == 201
    )
    partly = client.put("/routers/shop", json=router("web", "nope"), headers=PATIENTLY)
    assert partly.json()["pending"][0]["detail"].startswith("it serves only in part router shop: ")
    edge = client.get("/edges/default").json()
    assert [each["name"] for each in edge["partlyServedRouters"]] == ["shop"]
    assert edge["disabledRouters"] == []
    assert client.delete("/routers/shop", headers=PATIENTLY).status_code == 204


def test_entry_points_that_an_edge_does_not_have_are_told_before_and_with_the_write(
    client: httpx.Client, traefik: Traefik
) -> None:
    assert traefik.digest()
    send(client, WRITES[-1], PATIENTLY).raise_for_status()
    words = "edge default has no entry point nope (it has other, traefik, web, websecure): it disables the router shop"
    tried = client.put("/routers/shop", json=router("nope"), params={"dryRun": True}).json()["warnings"]
    assert [(each["conflict"], each["objects"]) for each in tried] == [
        ("missing-entry-point", [{"kind": "router", "name": "shop"}])
    ]
    assert tried[0]["detail"] == f"{words}, and requests get 404"
    done = client.put("/routers/shop", json=router("nope"))
    assert done.headers["Config-Warnings"] == "1"
    assert display_strings.read(done.headers["Config-Warning"]) == [tried[0]["detail"]]
    assert client.get("/conflicts").json()["items"] == tried
    mended = client.put("/routers/shop", json=router("web", "other"))
    assert mended.headers["Config-Warnings"] == "0"
    assert client.put("/routers/shop", json={**router("nope"), "enabled": False}).headers["Config-Warnings"] == "0"


def test_a_router_without_tls_on_the_secure_entry_point_is_told(client: httpx.Client, traefik: Traefik) -> None:
    assert traefik.digest()
    send(client, WRITES[-1], PATIENTLY).raise_for_status()
    plain = router("websecure")

    def told() -> list[str]:
        tried = client.put("/routers/shop", json=plain, params={"dryRun": True}).raise_for_status()
        return [each["detail"] for each in tried.json()["warnings"]]

    words = "the router shop listens on websecure without TLS: over TLS, edge default answers 404"
    (detail,) = wait_until(told, "what the entry points of the edge do is known")
    assert detail.startswith(words)
    client.put("/routers/shop", json=plain, headers=PATIENTLY).raise_for_status()
    assert [each["detail"] for each in client.get("/conflicts").json()["items"]] == [detail]
    address = client.get("/edges/default").json()["entryPoints"]["websecure"]
    with httpx.Client(verify=False, trust_env=False, timeout=60) as visitor:  # noqa: S501  # Traefik's own certificate
        assert visitor.get(f"https://{address}/shop", headers={"Host": "budi.xyz"}).status_code == 404
    plain |= {"tls": {}}
    assert told() == []


# Edges that are away


@contextmanager
def polling(service_url: str, name: str, wait_seconds: int = 1) -> Iterator[None]:
    """Poll as an edge, on one connection, until the end."""
    over, polled = threading.Event(), threading.Event()

    def poll() -> None:
        with http_client() as client, contextlib.suppress(httpx.TransportError):  # the service may stop before us
            while not over.is_set():
                client.get(f"{service_url}/traefik/configuration?edge={name}&wait={wait_seconds}").raise_for_status()
                polled.set()

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        assert polled.wait(timeout=60)
        yield
    finally:
        over.set()
        thread.join(timeout=60)


def test_who_does_not_run_a_change_in_time_is_named_with_why_and_one_that_is_away_is_not_waited_for(
    migrated: Path, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    nobody = f"http://127.0.0.1:{free_port()}"
    with (
        place(tmp_path / "traefik", url, "edge=default&wait=1") as edge,
        running_service(tmp_path, migrated, port=port, traefik_api=f"default={edge.api},odd={nobody}") as service,
        http_client(f"{url}/api/v1") as client,
    ):
        edge.start()
        wait_for_state(url, "live")
        with polling(url, "odd"):
            wait_for_state(url, "unconfirmed", "odd")
            start = time.monotonic()
            answer = client.put("/services/alvin", json={}, headers={"Prefer": "wait=1"})
            assert time.monotonic() - start >= 1
            assert answer.status_code == 202
            assert "Preference-Applied" not in answer.headers
            assert answer.headers["Location"] == "/api/v1/services/alvin"
            assert answer.headers["ETag"] == client.get("/services/alvin").headers["ETag"]
            body = answer.json()
            assert body["revision"] == int(answer.headers["Config-Revision"]) == 1
            assert body["result"]["name"] == "alvin"
            (pending,) = body["pending"]
            assert (pending["name"], pending["state"]) == ("odd", "unconfirmed")
            assert pending["detail"].startswith(f"it was given revision 1; its API at {nobody} cannot be reached")
            assert shown(url)["state"] == "live"

            deleted = client.delete("/services/alvin", headers={"Prefer": "wait=0"})
            assert deleted.status_code == 202
            assert deleted.json()["result"] is None

        with ThreadPoolExecutor(1) as pool:  # it becomes stale while we wait
            waiting = pool.submit(client.put, "/services/budi", json={}, headers=PATIENTLY)
            assert waiting.result(timeout=60).status_code == 201
        assert shown(url, "odd")["state"] == "stale"

        edge.kill()
        wait_for_state(url, "stale")
        assert client.put("/services/cici", json={}, headers=PATIENTLY).status_code == 201

        with polling(url, "odd", 5), ThreadPoolExecutor(1) as pool:
            wait_for_state(url, "unconfirmed", "odd")
            waiting = pool.submit(client.put, "/services/dedi", json={}, headers=PATIENTLY)
            wait_until(lambda: b'"dedi"' in fetch(f"{url}/traefik/configuration?edge=other").content, "it is done")
            service.server.should_exit = True
            assert waiting.result(timeout=60).status_code == 202  # a service that stops lets nobody wait


# Several that poll as one edge


def instances(service: Service) -> int:
    found: int = shown(service.url)["instances"]
    return found


def test_two_traefiks_under_one_name_are_counted_and_nothing_is_told_to_be_live(
    client: httpx.Client, service: Service, traefik: Traefik, tmp_path: Path
) -> None:
    assert traefik.digest()
    send(client, WRITES[-1], PATIENTLY).raise_for_status()
    assert instances(service) == 1
    with running_traefik(tmp_path, service.url) as second:
        wait_until(lambda: instances(service) == 2, "the second is counted")
        answer = client.put("/services/cici", json={}, headers=PATIENTLY)
        (pending,) = answer.json()["pending"]
        assert (answer.status_code, pending["name"], pending["state"]) == (202, "default", "unconfirmed")
        assert pending["detail"].startswith("2 Traefiks poll under this name, so what each runs is unknown")
        assert shown(service.url)["addresses"] == ["127.0.0.1", "127.0.0.1"]
        (warning,) = fetch(f"{service.url}/readyz").json()["warnings"]
        assert warning.startswith("edge default: unconfirmed, 2 Traefiks poll under this name")
        assert 'provider_edge_instances{edge="default"} 2.0' in fetch(f"{service.url}/metrics").text

        second.process.send_signal(signal.SIGSTOP)  # its connection stays open
        wait_until(lambda: "One of them" in shown(service.url)["detail"], "the second has fallen silent")
        assert client.put("/services/dedi", json={}, headers=PATIENTLY).status_code == 202
    wait_until(lambda: instances(service) == 1, "the second is gone")
    assert client.put("/services/eko", json={}, headers=PATIENTLY).headers["Preference-Applied"] == "wait"
    assert fetch(f"{service.url}/readyz").json()["warnings"] == []


def test_one_that_comes_on_a_new_connection_is_no_second_one(start_service: Callable[..., Service]) -> None:
    service = start_service()
    for _ in range(3):
        with http_client(service.url) as before:
            before.get("/traefik/configuration?wait=1").raise_for_status()
            before.get("/traefik/configuration?wait=0.1").raise_for_status()
    for _ in range(2):  # a proxy gives its polls to two connections in turn
        with http_client(service.url) as one, http_client(service.url) as other:
            for _ in range(3):
                one.get("/traefik/configuration?wait=0.1").raise_for_status()
                other.get("/traefik/configuration?wait=0.1").raise_for_status()
                assert instances(service) == 1
    wait_until(lambda: instances(service) == 0, "all connections are closed")


def test_two_that_do_not_wait_are_told_apart_and_one_alone_is_told_in_the_warnings_of_nobody(
    start_service: Callable[..., Service],
) -> None:
    service = start_service()
    with http_client(service.url) as one, http_client(service.url) as other:
        for _ in range(3):
            one.get("/traefik/configuration").raise_for_status()
        assert (instances(service), fetch(f"{service.url}/readyz").json()["warnings"]) == (1, [])
        for _ in range(3):
            other.get("/traefik/configuration").raise_for_status()
        assert instances(service) == 2
        (warning,) = fetch(f"{service.url}/readyz").json()["warnings"]
        assert "2 Traefiks poll under this name" in warning


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def threads(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Threads:"))


class Waiting:
    """Many writes that wait, all at once."""

    def __init__(self, service_url: str, process: int) -> None:
        self._url = service_url
        self._process = process
        limits = httpx.Limits(max_connections=2 * WAITING)
        self._client = httpx.AsyncClient(
            base_url=f"{service_url}/api/v1",
            headers=AUTHORIZED,
            limits=limits,
            verify=NO_TLS,
            timeout=WAIT_SECONDS,
            trust_env=False,
        )

    async def run(self, release: Callable[[], None]) -> list[httpx.Response]:
        """Return the answers of those that wait until `release` was called."""
        async with self._client, asyncio.TaskGroup() as tasks:
            await asyncio.gather(*(self._put(number, wait_seconds=0) for number in range(AT_ONCE)))
            before = threads(self._process)
            writes = [tasks.create_task(self._put(number, wait_seconds=WAIT_SECONDS)) for number in range(WAITING)]
            await self._until_all_are_committed()
            for number in range(20):
                assert (await self._client.get("/services/s-1")).status_code == 200
                assert (await self._client.put(f"/services/other-{number}", json={})).status_code == 201
            assert threads(self._process) < before + OTHER_THREADS
            assert not any(write.done() for write in writes), "all others were answered while these wait"
            await asyncio.to_thread(release)
            return list(await asyncio.gather(*writes))

    async def _put(self, number: int, wait_seconds: int) -> httpx.Response:
        body, headers = {"passHostHeader": wait_seconds == 0}, {"Prefer": f"wait={wait_seconds}"}
        return await self._client.put(f"/services/s-{number}", json=body, headers=headers)

    async def _until_all_are_committed(self) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            revision = 0
            while revision < AT_ONCE + WAITING:
                answer = await self._client.get(f"{self._url}/readyz")
                revision = answer.json()["revision"]
                await asyncio.sleep(0.1)  # whoever asks all the time takes it from the writes


def test_writes_that_wait_take_no_thread_and_nobody_elses_time(migrated: Path, tmp_path: Path) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    nobody = f"http://127.0.0.1:{free_port()}"
    environment = {"PROVIDER_TRAEFIK_API": f"odd={nobody}", "PROVIDER_LOG_LEVEL": "warning"}
    with service_process(tmp_path, **environment) as (process, url), ExitStack() as edge:
        edge.enter_context(polling(url, "odd"))
        answers = asyncio.run(Waiting(url, process.pid).run(release=edge.close))
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE + [201] * (WAITING - AT_ONCE)
    assert {answer.headers["Preference-Applied"] for answer in answers} == {"wait"}
