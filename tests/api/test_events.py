"""`/api/v1/events`: what becomes new, as it does, for whoever may read."""

import contextlib
import json
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider import moments
from provider.api import events
from provider.app import Application
from provider.security import secrets
from provider.security.access import IDLE
from tests.api.checks import problem
from tests.people import add_token, bearer
from tests.running import Service, Traefik, http_client, let_wait, named_servers, running_service, wait_until


@dataclass(frozen=True)
class Told:
    """One event as it came."""

    id: str
    name: str
    data: dict[str, Any]


class Listener:
    """A client that listens in a thread of its own until the stream ends."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.told: list[Told] = []
        self.last_id = ""
        self.status = 0
        self.ended = threading.Event()
        self._begun = threading.Event()
        self._client = http_client(url, timeout=60, headers=headers)
        threading.Thread(target=self._run, daemon=True).start()
        assert self._begun.wait(60), "nothing came"

    def _run(self) -> None:
        with contextlib.suppress(httpx.TransportError), self._client.stream("GET", "/api/v1/events") as answer:
            self.status = answer.status_code
            self.headers = answer.headers
            self._take(answer.iter_lines())
        self._begun.set()
        self.ended.set()

    def _take(self, lines: Iterator[str]) -> None:
        fields: dict[str, str] = {}
        for line in lines:
            if line:
                name, _colon, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
                continue
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                self.told.append(Told(self.last_id, fields["event"], json.loads(fields["data"])))
            fields = {}
            self._begun.set()

    def named(self, name: str) -> list[Told]:
        return [event for event in self.told if event.name == name]

    def wait_for(self, name: str, /, **data: object) -> Told:
        """Wait for an event with this in its data, and return it."""
        wanted = data.items()
        found: list[Told] = wait_until(
            lambda: [event for event in self.named(name) if wanted <= event.data.items()],
            f"{name} with {data}, among {self.told[-3:]}",
        )
        return found[-1]

    def close(self) -> None:
        self._client.close()


@contextmanager
def listening(service: Service, last_id: str | None = None, **headers: str) -> Iterator[Listener]:
    sent = headers if last_id is None else {"Last-Event-ID": last_id, **headers}
    listener = Listener(service.url, sent)
    try:
        yield listener
    finally:
        listener.close()


def expose(service: Service, name: str, *urls: str, **fields: Any) -> None:
    with http_client(f"{service.url}/api/v1") as client:
        body = {"domain": f"{name}.test", "servers": [{"url": url} for url in urls], **fields}
        client.post("/expose", json=body).raise_for_status()


def log_in(service: Service, account: str, *, idle: timedelta = timedelta(0)) -> str:
    """Begin a session of a new viewer that was used last so long ago, and return its secret."""
    secret, now = secrets.make_session(), datetime.now(UTC)
    used = moments.kept(now - idle)
    with closing(sqlite3.connect(service.database)) as connection:
        connection.execute("INSERT INTO account VALUES (?, 'viewer', 'none', ?)", (account, used))
        connection.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (secret.hash, account, used, used))
        connection.commit()
    return secret.text


def change(service: Service, server: str, **fields: Any) -> None:
    with http_client(f"{service.url}/api/v1") as client:
        path, name = server.split("/")
        client.patch(f"/services/{path}/servers/{name}", json=fields).raise_for_status()


def test_a_revision_is_told_with_who_made_it_and_what_it_did(service: Service) -> None:
    with listening(service) as listener:
        assert listener.headers["Content-Type"].startswith("text/event-stream")
        assert listener.headers["Cache-Control"] == "no-store"
        expose(service, "told", "http://10.0.0.1:80", "http://10.0.0.2:80")
        event = listener.wait_for("revision", summary="Exposed told.test")
        assert event.data["author"] == "tests"
        assert event.data["summary"] == "Exposed told.test"
        assert {"kind": "router", "name": "told"} in event.data["objects"]
        assert {"kind": "server", "name": "told/10-0-0-1-80"} in event.data["objects"]
        assert event.data["more"] is False
        shares = listener.wait_for("shares", service="told")
        assert shares.data["shares"] == {"10-0-0-1-80": 0.5, "10-0-0-2-80": 0.5}


def test_a_new_weight_and_a_drained_server_are_told_as_the_shares_that_result(service: Service) -> None:
    expose(service, "weights", "http://10.0.0.1:80", "http://10.0.0.2:80")
    with listening(service) as listener:
        change(service, "weights/10-0-0-1-80", weight=3)
        listener.wait_for("shares", shares={"10-0-0-1-80": 0.75, "10-0-0-2-80": 0.25})
        change(service, "weights/10-0-0-1-80", state="drain")
        listener.wait_for("shares", shares={"10-0-0-1-80": 0.0, "10-0-0-2-80": 1.0})
        numbers = [event.data["number"] for event in listener.named("revision")][-2:]
        assert numbers == [numbers[0], numbers[0] + 1]


def test_a_revision_of_many_objects_names_some_and_says_that_there_are_more(service: Service) -> None:
    urls = [f"http://10.0.{index}.1:80" for index in range(150)]
    with listening(service) as listener:
        expose(service, "many", *urls)
        event = listener.wait_for("revision", summary="Exposed many.test")
        assert (len(event.data["objects"]), event.data["more"]) == (100, True)
        assert len(listener.wait_for("shares").data["shares"]) == 150


def test_whoever_was_cut_off_goes_on_where_it_was(service: Service) -> None:
    with listening(service) as listener:
        expose(service, "first", "http://10.0.0.1:80")
        first = listener.wait_for("revision", summary="Exposed first.test")
    expose(service, "second", "http://10.0.0.1:80")
    expose(service, "third", "http://10.0.0.1:80")
    with listening(service, first.id) as listener:
        wait_until(lambda: len(listener.named("revision")) == 2, "both are told")
        assert [event.data["number"] - first.data["number"] for event in listener.named("revision")] == [1, 2]
        assert listener.named("reset") == []
        assert len({event.id for event in listener.told}) == len(listener.told)


def test_a_browser_says_in_the_query_after_which_event_it_wants_to_listen(service: Service) -> None:
    with listening(service) as listener:
        first_id = listener.last_id
    expose(service, "missed", "http://10.0.0.1:80")
    with listening(service) as other:
        expose(service, "noticed", "http://10.0.0.1:80")
        other.wait_for("revision", summary="Exposed noticed.test")
    with http_client(service.url, timeout=60) as client:
        with client.stream("GET", "/api/v1/events", params={"after": first_id}) as answer:
            assert any("missed" in line for line in answer.iter_lines())
        headers = {"Last-Event-ID": other.last_id}
        with client.stream("GET", "/api/v1/events", params={"after": first_id}, headers=headers) as answer:
            expose(service, "newest", "http://10.0.0.1:80")
            told = next(line for line in answer.iter_lines() if "router" in line)
            assert "newest" in told
        problem(client.get("/api/v1/events", params={"after": "x" * 101}), "invalid", ("/after", "value.long"))


@pytest.mark.parametrize("last_id", ["", "0-0", "nonsense", "00000000-99999999999999999999", "-1", "\u00b2-\u00b2"])
def test_an_id_that_is_not_known_is_answered_with_a_reset(service: Service, last_id: str) -> None:
    with http_client(service.url, timeout=60) as client:
        headers = {b"Last-Event-ID": last_id.encode()}
        request = client.build_request("GET", "/api/v1/events", headers=headers)
        answer = client.send(request, stream=True)
        lines = answer.iter_lines()
        found = [next(lines) for _ in range(6)]
        answer.close()
    assert "event: reset" in found
    assert "data: {}" in found


def test_an_id_of_before_a_restart_is_answered_with_a_reset(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, listening(service) as listener:
        expose(service, "before", "http://10.0.0.1:80")
        event = listener.wait_for("revision", summary="Exposed before.test")
    with running_service(tmp_path, migrated) as service, listening(service, event.id) as listener:
        reset = listener.wait_for("reset")
        assert reset.id != event.id
        expose(service, "after", "http://10.0.0.1:80")
        assert listener.wait_for("revision", summary="Exposed after.test").data["number"] == event.data["number"] + 1


def keep_few(app: Application) -> None:
    app.plane.events._kept = deque(maxlen=5)


def test_an_id_that_is_too_old_is_answered_with_a_reset(start_service: Callable[..., Service]) -> None:
    service = start_service(prepare=keep_few)
    with listening(service) as listener, http_client(service.url) as client:
        first_id = listener.last_id
        for index in range(6):
            client.get(f"/traefik/configuration?edge=edge-{index}")
        listener.wait_for("edge", name="edge-5")
        last_but_two = listener.told[-3].id
    with listening(service, last_but_two) as listener:
        wait_until(lambda: len(listener.told) == 2, "the last two are told")
        assert [event.name for event in listener.told] == ["edge", "edge"]
    with listening(service, first_id) as listener:
        assert listener.wait_for("reset").id == f"{first_id.partition('-')[0]}-{5 + 1}"
        assert len(listener.told) == 1


def test_an_edge_is_told_when_something_else_is_to_be_said_of_it(start_service: Callable[..., Service]) -> None:
    service = start_service()
    with listening(service) as listener, http_client(service.url) as client:
        client.get("/traefik/configuration?edge=paris").raise_for_status()
        event = listener.wait_for("edge", name="paris", state="unconfirmed")
        assert event.data["revision"] == 0
        assert event.data["since"].endswith("Z")
        assert event.data["detail"] == "it was given revision 0; the address of its API is not set"
        expose(service, "news", "http://10.0.0.1:80")
        client.get("/traefik/configuration?edge=paris").raise_for_status()
        assert listener.wait_for("edge", state="unconfirmed", revision=1).id != event.id


def test_a_server_that_dies_and_comes_back_is_told_with_the_shares(service: Service, traefik: Traefik) -> None:
    check = {"path": "/", "interval": "500ms", "timeout": "400ms"}
    with named_servers("a", "b") as (alive, dying), listening(service) as listener:
        expose(service, "health", alive.url, dying.url, healthCheck=check)
        traefik.wait_for(service)
        listener.wait_for("edge", name="default", state="live")
        name = dying.url.rpartition(":")[2]
        listener.wait_for("health", service="health", name=name, state="up")
        dying.shutdown()
        dying.server_close()
        down = listener.wait_for("health", service="health", name=name, state="down")
        assert down.data["why"] == "its health check fails on default"
        wait_until(lambda: listener.named("shares")[-1].data["shares"][name] == 0, "it is told to get nothing")
        assert sum(listener.named("shares")[-1].data["shares"].values()) == 1


def test_a_lease_is_told_when_it_begins_and_whenever_it_stands_otherwise(
    service: Service, client: httpx.Client
) -> None:
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    with listening(service) as listener:
        for name, ttl in (("steady", None), ("a", "1s")):
            body = {"url": "http://127.0.0.1:9", "ttl": ttl}
            client.put(f"/services/wayshub/servers/{name}", json=body).raise_for_status()
        for before, state in ((None, "live"), ("live", "silent"), ("silent", None)):
            listener.wait_for("lease", service="wayshub", name="a", before=before, state=state)
        assert {told.data["name"] for told in listener.named("lease")} == {"a"}


def test_what_came_of_an_order_for_a_certificate_is_told(service: Service, client: httpx.Client) -> None:
    with listening(service) as listener:
        let_wait(client, "alvin.xyz")
        told = listener.wait_for("issuance", domain="alvin.xyz", state="waiting").data
        assert "127.0.0.1" in told["why"]
        assert datetime.fromisoformat(told["next"]) > datetime.now(UTC)
        listener.wait_for("issuance", domain="alvin.xyz", state="ordering")


def test_many_listen_and_take_no_thread_each(service: Service) -> None:
    count = 200
    before = threading.active_count()
    with http_client(service.url, limits=httpx.Limits(max_connections=None), timeout=60) as client:
        streams = []
        for _ in range(count):
            answer = client.send(client.build_request("GET", "/api/v1/events"), stream=True)
            streams.append((answer, answer.iter_lines()))
        assert threading.active_count() < before + 50
        expose(service, "crowd", "http://10.0.0.1:80")
        for answer, lines in streams:
            assert any(line == "event: revision" for line in lines)
            answer.close()


def test_each_of_many_changes_in_a_row_is_told_to_each_who_listens(service: Service) -> None:
    """Polls are let go of with the newest document alone; events are not: each revision is one."""
    expose(service, "row", "http://10.0.0.1:80")
    with ExitStack() as stack, http_client(f"{service.url}/api/v1") as client:
        listeners = [stack.enter_context(listening(service)) for _ in range(20)]
        (server,) = client.get("/services/row/servers").json()["items"]
        path = f"/services/row/servers/{server['name']}"
        answers = [client.patch(path, json={"weight": weight}).raise_for_status() for weight in range(2, 17)]
        made = [int(answer.headers["config-revision"]) for answer in answers]
        for listener in listeners:
            listener.wait_for("revision", number=made[-1])
            told = [event.data["number"] for event in listener.named("revision")]
            assert told[-len(made) :] == made


# Who may listen


def test_who_listens_with_one_token_takes_the_places_of_nobody_else(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_OF_ONE", 2)
    token = add_token(service, "read")
    with ExitStack() as stack, http_client(service.url, headers=bearer(token)) as client:
        for _ in range(2):
            stack.enter_context(client.stream("GET", "/api/v1/events"))
        wait_until(lambda: client.get("/api/v1/events").status_code == 503, "there is no place left")
        stack.enter_context(listening(service))


def test_who_may_not_read_may_not_listen(service: Service) -> None:
    answer = httpx.get(f"{service.url}/api/v1/events")
    assert problem(answer, "unauthenticated")
    answer = httpx.get(f"{service.url}/api/v1/events", headers={"Authorization": "Bearer nonsense"})
    assert problem(answer, "unauthenticated")
    with http_client(service.url) as client:
        problem(client.get("/api/v1/events?from=1"), "invalid", ("/from", "query.unknown"))
        problem(client.post("/api/v1/events"), "method-not-allowed")


def test_a_stream_ends_when_its_token_is_good_no_more(start_service: Callable[..., Service]) -> None:
    service = start_service()
    with listening(service) as listener:
        with closing(sqlite3.connect(service.database)) as connection:
            connection.execute("UPDATE token SET expires = '2026-01-01T00:00:00.000+00:00'")
            connection.commit()
        assert listener.ended.wait(60), "the stream goes on"
        assert listener.status == 200


def test_what_happens_after_a_token_was_revoked_is_not_told_to_who_listened_with_it(
    start_service: Callable[..., Service],
) -> None:
    service = start_service()
    token = add_token(service, "read")
    with listening(service, **bearer(token)) as listener:
        expose(service, "told", "http://10.0.0.11:3000")
        first = listener.wait_for("revision", summary="Exposed told.test").data["number"]
        with http_client(service.url) as client:
            client.delete(f"/api/v1/tokens/{token.split('_')[1]}").raise_for_status()
            for number in range(10):
                client.put(f"/api/v1/services/secret-{number}", json={}).raise_for_status()
        assert listener.ended.wait(60), "the stream goes on"
        assert [event.data["number"] for event in listener.named("revision")] == [first]


def test_a_stream_ends_when_its_session_does(service: Service) -> None:
    secret = log_in(service, "listener")
    client = httpx.Client(base_url=service.url, headers={"Cookie": f"provider_session={secret}"}, timeout=60)
    with client, client.stream("GET", "/api/v1/events") as answer:
        assert answer.status_code == 200
        with closing(sqlite3.connect(service.database)) as connection:
            connection.execute("DELETE FROM session WHERE account = 'listener'")
            connection.commit()
        assert list(answer.iter_lines())  # until it ends


def test_a_page_that_listens_does_not_keep_its_session_alive(start_service: Callable[..., Service]) -> None:
    service = start_service()
    secret = log_in(service, "idle", idle=IDLE - timedelta(seconds=6))
    client = httpx.Client(base_url=service.url, headers={"Cookie": f"provider_session={secret}"}, timeout=60)
    with client:
        live = {"X-Live-Update": "1"}
        assert client.get("/", headers=live).status_code == 200
        wait_until(lambda: client.get("/", headers=live).status_code == 303, "the session ends")


def test_streams_end_when_the_service_stops(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, listening(service) as listener:
        service.server.should_exit = True
        assert listener.ended.wait(60), "the stream goes on"
