"""The log: one line a request, a change and a new state of an edge; whole, and with no secret in it."""

import contextvars
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from email.message import Message
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider import logs
from provider.configuration import Document
from provider.parts import Parts
from provider.security import secrets
from tests.running import (
    AUTHORIZED,
    TOKEN,
    TOKEN_ID,
    NamedServer,
    Service,
    answers,
    fetch,
    free_port,
    http_client,
    running_servers,
    running_service,
    wait_until,
)

SECRET = "hunter2"
ID = re.compile(r"[0-9a-f]{16}")

Line = dict[str, Any]


class Lines(logging.Handler):
    """Keeps all lines, as they are written for programs and for people."""

    def __init__(self) -> None:
        super().__init__()
        self.json: list[Line] = []
        self.text: list[str] = []
        self._json, self._text = logs.formatter("json"), logs.formatter("text")

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("httpx", "httpcore")):
            return  # the client is in this process too, and a service writes none of these
        line = json.loads(self._json.format(record))
        line.pop("message", None)  # left by pytest's own handler
        self.json.append(line)
        self.text.append(self._text.format(record))

    def of(self, logger: str, level: str = "") -> list[Line]:
        return [line for line in self.json if line["logger"] == logger and level in {"", line["level"]}]

    def requests(self, level: str = "") -> list[Line]:
        # What empties the service before each test may be told when that has begun already.
        return [line for line in self.of("provider.api.requests", level) if line["path"] != "/api/v1/apply"]

    def wait_for_requests(self, count: int) -> list[Line]:
        """Return the lines of so many requests: each is written when its answer is on its way already."""
        wait_until(lambda: len(self.requests("info")) >= count, f"{count} lines are written")
        return self.requests("info")

    def changes(self) -> list[Line]:
        return self.of("provider.revisions")


@pytest.fixture(scope="module", autouse=True)
def unspared() -> Iterator[None]:
    """The tests of a module share a service, and ask it more often than one who is refused may fill its log."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "_LINES_AT_ONCE", 1_000)
        yield


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All lines from now on, of every level."""
    made, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(made)
    root.setLevel(logging.DEBUG)
    try:
        yield made
    finally:
        root.removeHandler(made)
        root.setLevel(level)


# Requests and changes


def test_a_write_has_a_line_for_the_change_and_one_for_the_request_with_one_id(
    client: httpx.Client, service: Service, lines: Lines
) -> None:
    answer = client.put("/services/wayshub", json={}).raise_for_status()
    request_id, revision = answer.headers["x-request-id"], int(answer.headers["config-revision"])
    assert ID.fullmatch(request_id)
    (change,) = lines.changes()
    assert change.pop("timestamp")
    assert change == {
        "event": f"revision {revision} by tests: service wayshub added",
        "level": "info",
        "logger": "provider.revisions",
        "request_id": request_id,
        "actor": "tests",
        "credential": f"token:{TOKEN_ID}",
        "revision": revision,
        "author": "tests",
        "summary": "service wayshub added",
        "digest": service.digest(),
    }
    (request,) = wait_until(lambda: lines.requests("info"), "the line is written")
    assert request.pop("timestamp")
    assert 0 < request.pop("duration_ms") < 60_000
    assert re.fullmatch(
        rf"PUT /api/v1/services/wayshub: 201 in [0-9.]+ ms, revision {revision}, from 127.0.0.1", request.pop("event")
    )
    assert request == {
        "level": "info",
        "logger": "provider.api.requests",
        "request_id": request_id,
        "actor": "tests",
        "credential": f"token:{TOKEN_ID}",
        "method": "PUT",
        "route": "/api/v1/services/{name}",
        "path": "/api/v1/services/wayshub",
        "status": 201,
        "client": "127.0.0.1",
        "revision": revision,
    }


def test_reads_and_refusals_have_a_line_and_what_programs_ask_all_the_time_is_quiet(
    client: httpx.Client, service: Service, lines: Lines
) -> None:
    client.get("/services")
    client.get("/services/none")
    client.post("/services", json={"name": "No"})
    for path in ("/healthz", "/readyz", "/metrics", "/traefik/configuration", "/traefik/configuration?edge=No"):
        fetch(service.url + path)
    told = [(line["method"], line["path"], line["status"]) for line in lines.wait_for_requests(3)]
    assert told == [
        ("GET", "/api/v1/services", 200),
        ("GET", "/api/v1/services/none", 404),
        ("POST", "/api/v1/services", 422),
    ]
    wait_until(lambda: len(lines.requests("debug")) >= 3, "the lines are written")
    quiet = [line["path"] for line in lines.requests("debug")]
    assert quiet == ["/healthz", "/readyz", "/metrics"]
    assert [line["event"] for line in lines.of("provider.api.configuration", "debug") if "422" in line["event"]]
    assert lines.of("provider.api.configuration", "info") == []


def test_a_change_that_changes_nothing_has_no_line_of_its_own(client: httpx.Client, lines: Lines) -> None:
    client.put("/services/wayshub", json={}).raise_for_status()
    client.put("/services/wayshub", json={}).raise_for_status()
    assert len(lines.changes()) == 1
    assert [line["status"] for line in lines.wait_for_requests(2)] == [201, 200]


def test_a_long_summary_is_cut_in_the_log(client: httpx.Client, lines: Lines) -> None:
    client.post("/domains", json={"name": "alvin.xyz"}).raise_for_status()
    client.patch("/domains/alvin.xyz", json={"description": "long " * 199}).raise_for_status()
    _added, changed = lines.changes()
    assert len(changed["summary"]) < 600
    assert changed["summary"].endswith("…")


# Ids


@pytest.mark.parametrize("given", ["a", "A-b_c.9", "x" * 64])
def test_the_id_that_a_client_sends_is_kept(client: httpx.Client, lines: Lines, given: str) -> None:
    answer = client.put("/services/wayshub", json={}, headers={"X-Request-ID": given})
    assert answer.headers.get_list("x-request-id") == [given]
    asked = [line for line in lines.wait_for_requests(1) if line["method"] == "PUT"]
    assert {line["request_id"] for line in (*asked, *lines.changes())} == {given}


@pytest.mark.parametrize("given", [b"", b"x" * 65, b"a b", b"a;b", b'a"b', b"a\tb", b"\xc3\xa9", b"\xff", b"a/../b"])
def test_an_id_that_could_not_stand_in_a_log_is_replaced(client: httpx.Client, lines: Lines, given: bytes) -> None:
    answer = client.get("/services", headers=[(b"X-Request-ID", given)])
    assert ID.fullmatch(answer.headers["x-request-id"])
    assert [line["request_id"] for line in lines.wait_for_requests(1)] == [answer.headers["x-request-id"]]


def test_every_answer_has_an_id_of_its_own(client: httpx.Client, service: Service) -> None:
    answers_ = [client.get("/services") for _ in range(3)]
    answers_ += [fetch(f"{service.url}/{path}") for path in ("nothing", "healthz", "static/docs.css", "metrics")]
    answers_.append(client.post("/services", content=b"x" * (2 * 1024 * 1024)))
    ids = {answer.headers["x-request-id"] for answer in answers_}
    assert len(ids) == len(answers_)
    assert answers_[-1].status_code == 413


def test_the_lines_of_requests_at_one_time_are_not_mixed_up(service: Service, lines: Lines) -> None:
    def put(number: int) -> None:
        with http_client(f"{service.url}/api/v1") as other:
            headers = {"X-Request-ID": f"request-{number}"}
            for turn in range(5):
                other.put(f"/services/s-{number}-{turn}", json={}, headers=headers).raise_for_status()

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines.changes()) == 40
    for line in lines.changes():
        number = line["summary"].split("-")[1]
        assert line["request_id"] == f"request-{number}"
    for line in lines.requests("info"):
        assert line["request_id"] == f"request-{line['path'].split('-')[1]}"


# What must not be in it


def test_no_line_has_what_may_be_secret(client: httpx.Client, service: Service, lines: Lines) -> None:
    for authorization, status in ((f"Bearer {SECRET}", 401), (f"Bearer {TOKEN}", 201)):
        headers = {
            "Authorization": authorization,
            "Cookie": f"session={SECRET}; provider_session={SECRET}",
            "X-Request-ID": f"{SECRET} {SECRET}",
        }
        client.get("/services", params={"q": SECRET}, headers=headers)
        client.get("/services", params={"token": SECRET}, headers=headers)
        client.put("/services/wayshub", json={"password": SECRET}, headers=headers)
        client.put("/services/wayshub", json={"strategy": SECRET}, headers=headers)
        client.put("/services/wayshub", content=f'{{"{SECRET}'.encode(), headers=headers)
        assert client.put("/services/wayshub", json={}, headers=headers).status_code == status
        fetch(f"{service.url}/traefik/configuration?token={SECRET}", headers=headers)
        fetch(f"{service.url}/traefik/configuration?edge=default", headers=headers)
    made = client.post("/tokens", json={"name": "canary", "scopes": ["read"]}).raise_for_status().json()["token"]
    assert len(lines.wait_for_requests(13)) == 13
    written = json.dumps(lines.json) + "".join(lines.text)
    assert not [secret for secret in (SECRET, TOKEN, made) if secret in written]


def fail(_parts: Parts) -> Document:
    raise RuntimeError("no luck")


def test_a_fault_is_logged_with_its_traceback_and_the_id_and_without_values(
    migrated: Path, tmp_path: Path, lines: Lines
) -> None:
    with running_service(tmp_path, migrated, assemble=fail) as service:
        answer = httpx.put(
            f"{service.url}/api/v1/domains/alvin.xyz",
            json={"description": SECRET},
            headers=AUTHORIZED | {"Cookie": f"provider_session={SECRET}", "X-Request-ID": "the-fault"},
        )
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "the-fault"
    assert SECRET not in answer.text
    (fault,) = [line for line in lines.json if "exception" in line]
    assert fault["request_id"] == "the-fault"
    assert fault["exception"].startswith("Traceback")
    assert fault["exception"].endswith("RuntimeError: no luck")
    (request,) = wait_until(lambda: lines.requests("warning"), "the line is written")
    assert (request["status"], request["request_id"]) == (500, "the-fault")
    assert lines.changes() == []
    assert SECRET not in json.dumps(lines.json) + "".join(lines.text)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/%0a2026-01-01 info forged", r"/\n2026-01-01 info forged"),
        ("/%1b[31mred", r"/\x1b[31mred"),
        ("/%e2%80%aeright", r"/\u202eright"),
        ("/%c2%85next", r"/\x85next"),
        ("/caf%c3%a9", "/café"),
        ("/" + "x" * 1000, "/" + "x" * 299),
    ],
)
def test_a_path_cannot_forge_a_line(service: Service, lines: Lines, path: str, told: str) -> None:
    fetch(service.url + path)
    wait_until(lambda: [each for each in lines.requests("info") if each["path"] == told], "the line is written")
    (line,) = [line for line in lines.text if f" GET {told}" in line or f"GET {told}" in line]
    assert line.count("\n") == 0
    assert line.isprintable()


# Edges


class Nonsense(NamedServer):
    """Answers like no Traefik."""

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return 200, "{}"


def test_an_edge_whose_api_cannot_be_read_for_long_has_one_line(migrated: Path, tmp_path: Path, lines: Lines) -> None:
    with (
        running_servers(Nonsense("api")) as (api,),
        running_service(tmp_path, migrated, traefik_api=f"quiet={api.url}") as service,
        http_client(service.url) as edge,
    ):
        poll = "/traefik/configuration?edge=quiet&wait=30"
        edge.get(poll).raise_for_status()
        held = threading.Thread(target=edge.get, args=(poll,))
        held.start()
        wait_until(lambda: api.count >= 8, "the API is asked again and again")
        told = [line["event"] for line in lines.of("provider.edges.registry") if "edge quiet" in line["event"]]
        service.server.should_exit = True
        held.join(timeout=60)
    assert len(told) == 1
    assert told[0].startswith("edge quiet: unconfirmed, was never seen: ")


# How lines look


def formatted(style: Any, message: str, *, level: int = logging.INFO, fault: bool = False, **options: Any) -> str:
    record = logging.LogRecord("provider.test", level, __file__, 1, message, (), None)
    record.__dict__["fact"] = 7
    if fault:
        try:
            go_wrong(SECRET)
        except ValueError:
            record.exc_info = sys.exc_info()
    return logs.formatter(style, **options).format(record)


def go_wrong(_value: str) -> None:
    raise ValueError("two\nlines\x1b[2J")


def test_a_line_for_people_is_short() -> None:
    line = formatted("text", "It is done.\n")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d info    It is done\.", line)


def test_the_lines_of_a_task_are_marked_with_what_is_bound_in_it() -> None:
    def mark() -> str:
        logs.bind(request_id="abc")
        return formatted("text", "It is done.")

    assert contextvars.copy_context().run(mark).endswith(" info    It is done. [abc]")
    assert formatted("text", "It is done.").endswith(" info    It is done.")


def test_colors_are_for_terminals_and_for_what_is_wrong() -> None:
    assert "\x1b[33mwarning\x1b[0m" in formatted("text", "careful", level=logging.WARNING, colors=True)
    assert "\x1b[31merror  \x1b[0m" in formatted("text", "wrong", level=logging.ERROR, colors=True)
    assert "\x1b" not in formatted("text", "fine", colors=True)
    assert "\x1b" not in formatted("text", "wrong", level=logging.ERROR)


def test_a_traceback_for_people_shows_no_values_and_moves_no_cursor() -> None:
    first, *rest = formatted("text", "it failed", fault=True).splitlines()
    assert first.endswith("it failed")
    assert rest[0] == "Traceback (most recent call last):"
    assert rest[-2:] == ["ValueError: two", r"lines\x1b[2J"]
    assert SECRET not in "\n".join(rest)


def test_a_line_for_programs_is_one_object_with_the_facts() -> None:
    line = formatted("json", "it failed\nbadly \x1b \ud800", fault=True)
    assert "\n" not in line
    found = json.loads(line)
    assert found["event"] == "it failed\nbadly \x1b \ud800"
    assert found["fact"] == 7
    assert found["logger"] == "provider.test"
    assert "ValueError" in found["exception"]
    assert found["timestamp"].endswith("Z")
    assert SECRET not in line


@pytest.fixture
def logged(tmp_path: Path, migrated: Path) -> Callable[[str], Sequence[str]]:
    """Run the service as a process, make one change, and return what it wrote on standard error."""

    def run(style: str) -> Sequence[str]:
        database, log = tmp_path / "provider.db", tmp_path / "log"
        database.write_bytes(migrated.read_bytes())
        port = str(free_port())
        settings = {"DATABASE_URL": f"sqlite:///{database}", "PORT": port, "LOG_FORMAT": style}
        environment = os.environ | {f"PROVIDER_{name}": value for name, value in settings.items()}
        url = f"http://127.0.0.1:{port}"
        with log.open("wb") as output:
            process = subprocess.Popen([sys.executable, "-m", "provider", "serve"], env=environment, stderr=output)
            try:
                wait_until(lambda: answers(f"{url}/readyz"), "the service is ready")
                httpx.put(f"{url}/api/v1/domains/alvin.xyz", json={}, headers=AUTHORIZED | {"X-Request-ID": "mine"})
            finally:
                process.terminate()
                process.wait(timeout=60)
        return log.read_text().splitlines()

    return run


def test_a_service_that_logs_json_writes_nothing_else(logged: Callable[[str], Sequence[str]]) -> None:
    found = [json.loads(line) for line in logged("json")]
    mine = [(line["event"].partition(":")[0], line["level"]) for line in found if line.get("request_id") == "mine"]
    assert mine == [("revision 1 by tests", "info"), ("PUT /api/v1/domains/alvin.xyz", "info")]
    assert all({"event", "level", "timestamp", "logger"} <= line.keys() for line in found)


def test_a_service_that_logs_text_writes_a_line_each(logged: Callable[[str], Sequence[str]]) -> None:
    found = logged("text")
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (info   |warning|error  ) \S", line) for line in found)
    mine = [line[28:] for line in found if line.endswith(" [mine]")]
    assert mine[0] == "revision 1 by tests: domain alvin.xyz added [mine]"
    assert mine[1].startswith("PUT /api/v1/domains/alvin.xyz: 201 in ")


@pytest.mark.parametrize("make", [secrets.make_token, secrets.make_session, secrets.make_link])
def test_a_secret_is_cut_short_as_it_is_and_as_the_host_name_that_is_proposed_for_it(
    make: Callable[[], secrets.Secret],
) -> None:
    text = make().text
    for spelled in (text, text.replace("_", "-"), text.replace("_", "-").strip("-").lower()):
        shown = logs.hidden(f"it has an underscore; type a hyphen, {spelled}.")
        assert shown.endswith("….")
        assert spelled[-30:] not in shown
