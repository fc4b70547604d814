"""Changes that are rolled back unless somebody confirms them: `confirmWithin`."""

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import httpx
import pytest

from provider.app import Application
from provider.store import confirmations
from tests.api.checks import problem
from tests.api.test_revisions import change, exposed, numbers, served
from tests.running import Service, fetch, http_client, running_service, wait_until

LONG = {"confirmWithin": "10m"}


def expire(service: Service, *revisions: int, seconds: int = 3600) -> None:
    """Let the time of pending revisions have passed before the service starts."""
    past = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    with closing(sqlite3.connect(service.database)) as connection:
        for number in revisions:
            connection.execute("UPDATE confirmation SET deadline = ? WHERE revision = ?", (past, number))
        connection.commit()


def confirmation(client: httpx.Client, number: int) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/revisions/{number}").raise_for_status().json()["confirmation"]
    return found


def is_rolled_back(client: httpx.Client, number: int) -> Callable[[], bool]:
    return lambda: confirmation(client, number)["state"] == "rolledBack"


def test_a_change_that_nobody_confirms_is_rolled_back_by_a_revision_that_says_so(
    client: httpx.Client, service: Service
) -> None:
    exposed(client, a=3, b=1)
    before = served(service)
    answer = client.patch("/services/alvin/servers/a", json={"weight": 9}, params={"confirmWithin": "1s"})
    number = int(answer.raise_for_status().headers["Config-Revision"])
    assert abs(datetime.fromisoformat(answer.headers["Confirm-Before"]) - datetime.now(UTC)) < timedelta(minutes=1)
    wait_until(is_rolled_back(client, number), "the change is rolled back")
    assert served(service) == before
    found = confirmation(client, number)
    undone = client.get(f"/revisions/{found['revision']}").json()
    assert undone["summary"] == f"Rolled back revision {number}: nobody confirmed it within 1s"
    assert (undone["author"], undone["confirmation"], found["left"]) == ("deadline", None, [])
    told = fetch(f"{service.url}/readyz").json()
    assert f"revision {number} was rolled back: nobody confirmed it within 1s" in str(told)
    with closing(sqlite3.connect(service.database)) as connection, connection:  # by a clock that was ahead
        connection.execute("UPDATE confirmation SET ended = ?", ((datetime.now(UTC) + timedelta(days=30)).isoformat(),))
    change(client, "PUT", "/domains/other.test", json={}, params=LONG)
    assert f"revision {number} was rolled back" not in fetch(f"{service.url}/readyz").text
    assert "provider_revisions_rolled_back_total" in fetch(f"{service.url}/metrics").text


def test_a_confirmed_change_stays_and_is_no_longer_listed_as_pending(client: httpx.Client, service: Service) -> None:
    number = change(client, "PUT", "/domains/a.test", json={}, params=LONG)
    pending = client.get("/revisions", params={"pending": True}).json()["items"]
    assert [each["number"] for each in pending] == [number]
    assert (pending[0]["confirmation"]["state"], pending[0]["confirmation"]["within"]) == ("pending", "10m")
    assert "provider_revisions_pending 1.0" in fetch(f"{service.url}/metrics").text
    for _ in range(2):
        kept = client.post(f"/revisions/{number}/confirm").raise_for_status()
        assert (kept.json()["confirmation"]["state"], kept.json()["confirmation"]["by"]) == ("confirmed", "tests")
        assert kept.headers["Config-Revision"] == str(number)
    assert numbers(client.get("/revisions", params={"pending": True})) == []
    assert number in numbers(client.get("/revisions", params={"pending": False}))
    entry = client.get("/audit", params={"action": "state.confirm"}).json()["items"][0]
    assert entry["words"] == f"Confirmed revision {number}"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/expose", {"domain": "x.test", "servers": [{"url": "http://127.0.0.1:3000"}]}),
        ("POST", "/domains", {"name": "x.test"}),
        ("DELETE", "/domains/a.test", None),
        ("POST", "/apply", {"domains": {"x.test": {}}}),
        ("POST", "/revisions/{before}/rollback", None),
        ("POST", "/revisions/{last}/undo", None),
    ],
)
def test_every_write_takes_it_and_a_dry_run_says_until_when(
    client: httpx.Client, method: str, path: str, body: dict[str, Any] | None
) -> None:
    before = change(client, "PUT", "/domains/a.test", json={})
    last = change(client, "PUT", "/domains/b.test", json={})
    path = path.format(before=before, last=last)
    tried = client.request(method, path, json=body, params={**LONG, "dryRun": True}).raise_for_status()
    assert "Confirm-Before" in tried.headers
    assert numbers(client.get("/revisions", params={"pending": True})) == []
    answer = client.request(method, path, json=body, params=LONG).raise_for_status()
    assert "Confirm-Before" in answer.headers
    assert numbers(client.get("/revisions", params={"pending": True})) == [int(answer.headers["Config-Revision"])]


def test_a_write_that_changes_nothing_leaves_nothing_to_confirm(client: httpx.Client) -> None:
    change(client, "PUT", "/domains/a.test", json={})
    answer = client.put("/domains/a.test", json={}, params=LONG).raise_for_status()
    assert "Confirm-Before" not in answer.headers
    assert numbers(client.get("/revisions", params={"pending": True})) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [("soon", "duration.format"), ("10", "duration.format"), ("0s", "duration.format"), ("200h", "duration.format")],
)
def test_a_time_that_is_none_or_too_long_is_refused(client: httpx.Client, text: str, code: str) -> None:
    answer = client.put("/domains/a.test", json={}, params={"confirmWithin": text})
    problem(answer, "invalid", ("/confirmWithin", code))


def test_what_does_not_wait_cannot_be_confirmed(client: httpx.Client) -> None:
    plain = change(client, "PUT", "/domains/a.test", json={})
    told = problem(client.post(f"/revisions/{plain}/confirm"), "not-pending")
    assert told["detail"] == f"revision {plain} does not have to be confirmed: it stays"
    number = change(client, "PUT", "/domains/b.test", json={}, params=LONG)
    undone = change(client, "POST", f"/revisions/{number}/undo")
    told = problem(client.post(f"/revisions/{number}/confirm"), "not-pending")
    assert (
        told["detail"] == f"revision {number} was already undone, in revision {undone}: undo that one to bring it back"
    )
    problem(client.post("/revisions/999999999/confirm"), "not-found")


def test_undoing_it_or_rolling_back_before_it_ends_the_wait(client: httpx.Client) -> None:
    first = change(client, "PUT", "/domains/a.test", json={}, params=LONG)
    second = change(client, "PUT", "/domains/b.test", json={}, params=LONG)
    change(client, "POST", f"/revisions/{second}/undo")
    assert (confirmation(client, second)["state"], confirmation(client, second)["by"]) == ("undone", "tests")
    third = change(client, "PUT", "/domains/c.test", json={}, params=LONG)
    change(client, "POST", f"/revisions/{first}/rollback")
    assert [confirmation(client, number)["state"] for number in (first, third)] == ["pending", "undone"]


@dataclass(frozen=True)
class Stopped:
    """A service that was stopped, and what it served before two changes: one whose time is up by now, and another."""

    service: Service
    before: bytes
    late: int
    waiting: int


@pytest.fixture
def stopped(migrated: Path, tmp_path: Path) -> Stopped:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        exposed(client, a=1)
        before = served(service)
        late = change(client, "PATCH", "/services/alvin/servers/a", json={"weight": 5}, params=LONG)
        waiting = change(client, "PUT", "/domains/b.test", json={}, params=LONG)
    expire(service, late)
    return Stopped(service, before, late, waiting)


def test_what_passed_while_the_service_was_away_is_rolled_back_before_an_edge_is_answered(
    stopped: Stopped, tmp_path: Path
) -> None:
    with running_service(tmp_path, None) as service:
        assert served(service) == stopped.before  # the first answer
        with http_client(f"{service.url}/api/v1") as client:
            assert confirmation(client, stopped.late)["state"] == "rolledBack"
            assert numbers(client.get("/revisions", params={"pending": True})) == [stopped.waiting]
            assert client.get("/domains/b.test").is_success


def test_a_database_that_comes_after_the_service_is_rolled_back_before_an_edge_is_answered(
    stopped: Stopped, tmp_path: Path
) -> None:
    away = stopped.service.database.rename(tmp_path / "away.db")
    with running_service(tmp_path, None) as service, http_client(service.url) as edge:
        path = "/traefik/configuration"
        assert edge.get(path).status_code == 503
        away.rename(service.database)
        first = wait_until(lambda: [each for each in [edge.get(path)] if each.is_success], "an edge is answered")
        assert first[0].content == stopped.before


def test_a_clock_that_was_set_back_gives_no_more_time_than_there_was_at_first(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        number = change(client, "PUT", "/domains/a.test", json={}, params={"confirmWithin": "30s"})
    expire(service, number, seconds=-1_000_000)
    with closing(sqlite3.connect(service.database)) as connection:
        connection.execute("UPDATE confirmation SET seconds = 1")
        connection.commit()
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        wait_until(is_rolled_back(client, number), "the change is rolled back")


def test_what_others_changed_since_stays_and_an_alarm_says_so(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        exposed(client, a=1)
        number = change(
            client, "PATCH", "/services/alvin/servers/a", json={"weight": 5, "labels": {"x": "1"}}, params=LONG
        )
        change(client, "PATCH", "/services/alvin/servers/a", json={"weight": 7})
    expire(service, number)
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        found = client.get("/services/alvin/servers/a").json()
        assert (found["weight"], found["labels"]) == (7, {})
        [left] = confirmation(client, number)["left"]
        assert left.startswith("weight of server alvin/a was 1, and has been set to 7 in revision")
        assert f"revision {number} was only partly rolled back" in fetch(f"{service.url}/readyz").text


def test_what_others_use_by_now_stays_with_what_belongs_to_it(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        body = {"domain": "x.test", "servers": [{"url": "http://127.0.0.1:3000"}], "name": "x"}
        number = change(client, "POST", "/expose", json=body, params=LONG)
        change(client, "PUT", "/domains/y.test", json={})
        change(client, "PUT", "/routers/y", json={"domains": ["y.test"], "service": "x"})
    expire(service, number)
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        assert client.get("/routers/x").status_code == client.get("/domains/x.test").status_code == 404
        assert len(client.get("/services/x/servers").json()["items"]) == 1
        assert confirmation(client, number)["left"] == ["service x is used by router y now"]


def test_a_pending_change_that_builds_on_another_is_rolled_back_with_it(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        exposed(client, a=1)
        before = client.get("/services/alvin/servers").json()
        first = change(client, "PATCH", "/services/alvin/servers/a", json={"weight": 5}, params=LONG)
        second = change(client, "PATCH", "/services/alvin/servers/a", json={"weight": 7}, params=LONG)
        other = change(client, "PUT", "/domains/b.test", json={}, params=LONG)
    expire(service, first)
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        assert client.get("/services/alvin/servers").json() == before
        assert [confirmation(client, number)["state"] for number in (first, second, other)] == [
            "rolledBack",
            "rolledBack",
            "pending",
        ]
        assert confirmation(client, first)["left"] == []
        summary = client.get(f"/revisions/{confirmation(client, first)['revision']}").json()["summary"]
        assert summary == (
            f"Rolled back revision {first}: nobody confirmed it within 10m; "
            f"Rolled back revision {second}, which builds on it"
        )


def test_it_is_rolled_back_though_that_takes_much_away(migrated: Path, tmp_path: Path) -> None:
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        empty = served(service)
        number = change(client, "POST", "/apply", json={"domains": {f"d{n}.test": {} for n in range(9)}}, params=LONG)
    expire(service, number)
    with running_service(tmp_path, migrated) as service, http_client(f"{service.url}/api/v1") as client:
        assert client.get("/domains").json()["items"] == []
        assert served(service) == empty


def test_what_waits_to_be_confirmed_is_kept_in_the_history_until_then(migrated: Path, tmp_path: Path) -> None:
    with (
        running_service(tmp_path, migrated, history_revisions=1, history_days=1) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        number = change(client, "PUT", "/domains/a.test", json={}, params=LONG)
        with closing(sqlite3.connect(service.database)) as connection:
            connection.execute("UPDATE revision SET time = '2020-01-01T00:00:00.000+00:00'")
            connection.commit()
        change(client, "PUT", "/domains/b.test", json={})
        change(client, "PUT", "/domains/c.test", json={})
        assert number in numbers(client.get("/revisions"))
        client.post(f"/revisions/{number}/confirm").raise_for_status()
        newest = change(client, "PUT", "/domains/d.test", json={})
        assert number not in numbers(client.get("/revisions"))
        assert newest in numbers(client.get("/revisions"))


def test_only_so_many_wait_to_be_confirmed(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmations, "MOST", 2)
    made = [change(client, "PUT", f"/domains/{name}.test", json={}, params=LONG) for name in ("a", "b")]
    refused = client.put("/domains/c.test", json={}, params=LONG)
    problem(refused, "invalid", ("/confirmWithin", "confirmations.many"))
    assert client.get("/domains/c.test").status_code == 404
    change(client, "PUT", "/domains/c.test", json={})
    client.post(f"/revisions/{made[0]}/confirm").raise_for_status()
    change(client, "PUT", "/domains/d.test", json={}, params=LONG)


def stop_apart(signal_number: int) -> None:
    """Send a signal to the process that makes those in which long work is done."""
    os.kill(forkserver._forkserver._forkserver_pid, signal_number)  # type: ignore[attr-defined]  # nothing tells it


def test_others_write_while_a_large_change_that_nobody_confirmed_is_planned_back(
    migrated: Path, tmp_path: Path
) -> None:
    def apart(app: Application) -> None:
        app.plane.turns.large_bytes = 0

    many: dict[str, Any] = {"domains": {f"{index}.test": {} for index in range(20)}}
    with (
        running_service(tmp_path, migrated, prepare=apart) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        client.post("/apply", json={"domains": {"own.test": {}}}).raise_for_status()  # so that the process is there
        number = change(client, "POST", "/apply", json=many, params={"confirmWithin": "1s"})
        stop_apart(signal.SIGSTOP)
        try:
            waiting = service.server._app.plane.confirmations
            wait_until(lambda: waiting.pending[0].left_seconds == 0, "its time is up")
            client.patch("/domains/own.test", json={"description": "changed meanwhile"}).raise_for_status()
            assert [each.revision for each in waiting.pending] == [number]
        finally:
            stop_apart(signal.SIGCONT)
        wait_until(is_rolled_back(client, number), "it is rolled back")
        (left,) = client.get("/domains").json()["items"]
        assert (left["name"], left["description"]) == ("own.test", "changed meanwhile")
        assert confirmation(client, number)["left"] == []
        into = confirmation(client, number)["revision"]
        summary = f"Rolled back revision {number}: nobody confirmed it within 1s"
        assert client.get(f"/revisions/{into}").json()["summary"] == summary
