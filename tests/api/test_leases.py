"""Servers with a lease: registering, heartbeats, silence."""

import shutil
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.checks import problem
from tests.e2e.edge import stays
from tests.running import http_client, service_process, wait_until

SERVERS = "/services/wayshub/servers"
URL = "http://127.0.0.1:9"


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    """A client of a service that has one service, `wayshub`, with one server that needs no heartbeats."""
    client.post("/services", json={"name": "wayshub"}).raise_for_status()
    register(client, "always", ttl=None)
    return client


def register(client: httpx.Client, name: str, ttl: str | None = "1s", **more: Any) -> httpx.Response:
    return client.put(f"{SERVERS}/{name}", json={"url": URL, "ttl": ttl, **more}).raise_for_status()


def beat(client: httpx.Client, name: str = "a", service: str = "wayshub") -> int:
    return client.post(f"/services/{service}/servers/{name}/heartbeat").status_code


def lease(client: httpx.Client, name: str = "a") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{SERVERS}/{name}").raise_for_status().json()["lease"]
    return found


def state(client: httpx.Client, name: str = "a") -> str | None:
    answer = client.get(f"{SERVERS}/{name}")
    return answer.json()["state"] if answer.status_code == 200 else None


def wait_for(client: httpx.Client, wanted: str | None, name: str = "a") -> None:
    wait_until(lambda: state(client, name) == wanted, f"{name} is {wanted}")


def revisions(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/revisions").raise_for_status().json()["items"]
    return items


def revision(client: httpx.Client) -> int:
    """Return the number of the newest revision."""
    number: int = revisions(client)[0]["number"]
    return number


def test_a_server_that_falls_silent_is_drained_and_then_removed(client: httpx.Client) -> None:
    before = datetime.now(UTC)
    register(client, "a", ttl="3s")
    wait_until(lambda: lease(client)["lastHeartbeat"] is not None, "registering counts as a heartbeat")
    found = lease(client)
    assert found["state"] == "live"
    assert datetime.fromisoformat(found["until"]) > before + timedelta(seconds=2.9)
    wait_for(client, "drain")
    wait_until(lambda: lease(client)["state"] == "silent", "a is silent")
    wait_for(client, None)
    removed, drained, *_ = revisions(client)
    assert (removed["author"], drained["author"]) == ("lease", "lease")
    assert drained["summary"].startswith("Drained server a of wayshub: no heartbeat for ")
    assert removed["summary"].startswith("Removed server a of wayshub: no heartbeat for ")
    assert beat(client) == 404


def test_heartbeats_keep_a_server_and_make_no_revision(client: httpx.Client) -> None:
    register(client, "a")
    before = revision(client)
    end = time.monotonic() + 3
    stays(lambda: beat(client) == 204 and state(client) == "ready", "a is there", 3)
    assert (revision(client), time.monotonic() > end) == (before, True)


def test_a_heartbeat_brings_a_silent_server_back(client: httpx.Client) -> None:
    register(client, "a", ttl="2s")
    wait_for(client, "drain")
    wait_until(
        lambda: beat(client) == 204 and state(client) == "ready" and lease(client)["state"] == "live", "a is live"
    )
    told = [each["summary"] for each in revisions(client)]
    assert "Activated server a of wayshub: it sends heartbeats again" in told


def test_registering_again_counts_as_a_heartbeat(client: httpx.Client) -> None:
    register(client, "a", ttl="2s")
    wait_for(client, "drain")
    register(client, "a", ttl="2s")
    assert state(client) == "ready"
    wait_until(lambda: lease(client)["state"] == "live", "a is live")
    before = revision(client)
    register(client, "a", ttl="2s")
    assert revision(client) == before
    assert lease(client)["lastHeartbeat"] is not None


def test_a_server_that_somebody_drained_stays_drained_whatever_it_sends(client: httpx.Client) -> None:
    register(client, "a", ttl="24h")
    client.patch(f"{SERVERS}/a", json={"state": "drain"}).raise_for_status()
    before = revision(client)
    assert beat(client) == 204
    assert (state(client), lease(client)["state"], revision(client)) == ("drain", "live", before)


def test_the_last_server_of_a_service_is_held_until_somebody_says_that_it_is_gone(client: httpx.Client) -> None:
    register(client, "a")
    client.delete(f"{SERVERS}/always", params={"confirm": 1}).raise_for_status()
    wait_until(lambda: lease(client)["state"] == "held", "a is held")
    assert state(client) == "ready"
    told = client.get("/leases").raise_for_status().json()
    assert (told["held"], told["massSince"], told["servers"][0]["server"]) == (1, None, "a")
    warnings = httpx.get(str(client.base_url).removesuffix("/api/v1/") + "/readyz").json()["warnings"]
    assert any("server a of wayshub sends no heartbeats" in each for each in warnings)
    assert client.delete("/leases/held", params={"service": "other"}).status_code == 204
    assert state(client) == "ready"
    why = {"Config-Message": "the rack is gone"}
    assert client.delete("/leases/held", params={"service": "wayshub"}, headers=why).status_code == 204
    assert state(client) == "drain"
    newest = revisions(client)[0]
    assert (newest["author"], newest["message"]) == ("tests", "the rack is gone")


def test_the_last_server_that_was_held_and_returns_is_just_there(client: httpx.Client) -> None:
    register(client, "a")
    client.delete(f"{SERVERS}/always", params={"confirm": 1}).raise_for_status()
    wait_until(lambda: lease(client)["state"] == "held", "a is held")
    before = revision(client)
    wait_until(lambda: beat(client) == 204 and lease(client)["state"] == "live", "a is live")
    assert revision(client) == before


def test_many_that_fall_silent_at_once_are_held(client: httpx.Client) -> None:
    servers = {name: {"url": URL, "ttl": "1s"} for name in "abcd"}
    client.post("/apply", json={"services": {"wayshub": {"servers": servers}}}).raise_for_status()
    wait_until(lambda: client.get("/leases").json()["held"] == 4, "all are held")
    assert client.get("/leases").json()["massSince"] is not None
    assert [state(client, name) for name in "abcd"] == ["ready"] * 4
    before = revision(client)
    assert client.delete("/leases/held").status_code == 204
    assert [state(client, name) for name in "abcd"] == ["drain"] * 4
    assert revision(client) == before + 1
    assert revisions(client)[0]["summary"] == "Drained 4 servers that stopped sending heartbeats"


def test_a_restart_silences_nobody_and_forgets_nobody(migrated: Path, tmp_path: Path) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    with service_process(tmp_path) as (process, url), http_client(f"{url}/api/v1") as client:
        client.post("/services", json={"name": "wayshub"}).raise_for_status()
        register(client, "a", ttl="4s")
        register(client, "b", ttl="24h")
        register(client, "c", ttl="4s")
        client.patch(f"{SERVERS}/c", json={"state": "drain"}).raise_for_status()
        wait_for(client, "drain")
        before = revision(client)
        process.send_signal(signal.SIGKILL)
    with service_process(tmp_path) as (_process, url), http_client(f"{url}/api/v1") as client:
        assert (lease(client)["state"], lease(client, "c")["state"]) == ("silent", "live")
        assert [beat(client, name) for name in "abc"] == [204] * 3
        wait_for(client, "ready")
        assert (state(client, "c"), revision(client)) == ("drain", before + 1)


@pytest.mark.parametrize(
    ("ttl", "code"),
    [
        *((ttl, "duration.range") for ttl in ("0s", "999ms", "25h")),
        *((ttl, "duration.format") for ttl in ("a while", "")),
        (30, "type.string"),
    ],
)
def test_a_lease_lasts_from_a_second_to_a_day(client: httpx.Client, ttl: Any, code: str) -> None:
    answer = client.put(f"{SERVERS}/a", json={"url": URL, "ttl": ttl})
    problem(answer, "invalid", ("/ttl", code))


def test_what_has_no_lease_is_told_to_register(client: httpx.Client) -> None:
    assert beat(client, "always") == 404
    assert beat(client, "nobody") == 404
    assert beat(client, "a", "nothing") == 404


def test_a_token_for_a_service_sends_heartbeats_of_its_servers_alone(client: httpx.Client) -> None:
    client.post("/services", json={"name": "other"}).raise_for_status()
    register(client, "a", ttl="24h")
    client.put("/services/other/servers/a", json={"url": URL, "ttl": "24h"}).raise_for_status()
    made = client.post("/tokens", json={"name": "ci", "scopes": ["register:wayshub"]}).raise_for_status().json()
    with http_client(str(client.base_url), headers={"Authorization": f"Bearer {made['token']}"}) as own:
        assert (beat(own), beat(own, service="other"), own.get("/leases").status_code) == (204, 403, 403)
        client.delete(f"/tokens/{made['id']}").raise_for_status()
        assert beat(own) == 401
    assert httpx.post(f"{client.base_url}{SERVERS.removeprefix('/')}/a/heartbeat").status_code == 401


def test_a_file_that_does_not_name_a_server_with_a_lease_leaves_it_alone(client: httpx.Client) -> None:
    register(client, "a", ttl="24h")
    declared = {"services": {"wayshub": {"servers": {"b": {"url": URL}}}}}
    applied = client.post("/apply", json=declared, params={"prune": True}).raise_for_status()
    assert applied.json()["difference"]["words"]
    assert [state(client, name) for name in ("a", "b", "always")] == ["ready", "ready", None]
    client.post("/apply", json={}, params={"prune": True, "confirm": 2}).raise_for_status()
    assert state(client) is None


def test_a_rollback_neither_removes_nor_brings_back_a_server_with_a_lease(client: httpx.Client) -> None:
    register(client, "gone", ttl="24h")
    before = revision(client)
    client.delete(f"{SERVERS}/gone").raise_for_status()
    client.delete(f"{SERVERS}/always", params={"confirm": 1}).raise_for_status()
    register(client, "a", ttl="24h")
    client.post(f"/revisions/{before}/rollback").raise_for_status()
    assert [state(client, name) for name in ("a", "gone", "always")] == ["ready", None, "ready"]
    client.delete("/services/wayshub", params={"confirm": 2}).raise_for_status()
    client.post(f"/revisions/{before}/rollback").raise_for_status()
    assert [state(client, name) for name in ("a", "gone", "always")] == [None, "ready", "ready"]
    named = {"kind": "server", "name": "wayshub/gone"}
    client.post(f"/revisions/{before - 1}/rollback", params=named).raise_for_status()
    assert state(client, "gone") is None
