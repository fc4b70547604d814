"""What takes much away has to be confirmed with its number, and an everyday edit has not."""

import json
from typing import Any

import httpx
import pytest

from provider.brake import Counts, gained_by, judge, lost_by
from provider.models import Change
from tests.api.checks import problem, state
from tests.running import Service

NOTHING = Counts()


def reasons(lost: Counts, after: Counts, gained: Counts = NOTHING, emptied: tuple[str, ...] = ()) -> list[str]:
    return [reason.code for reason in judge(lost, after, gained, emptied).reasons]


@pytest.mark.parametrize(
    ("lost", "after", "codes"),
    [
        (Counts(routers=3), Counts(), []),
        (Counts(routers=4), Counts(routers=12), []),  # a quarter is not more than a quarter
        (Counts(routers=4), Counts(routers=11), ["brake.routers"]),
        (Counts(servers=3), Counts(), []),
        (Counts(servers=4), Counts(servers=12), []),
        (Counts(servers=4), Counts(servers=11), ["brake.servers"]),
        (Counts(domains=1), Counts(), []),
        (Counts(domains=2), Counts(), ["brake.domains"]),
        (Counts(domains=9), Counts(domains=1), []),
        (Counts(routers=9, servers=9, domains=9), Counts(), ["brake.routers", "brake.servers", "brake.domains"]),
    ],
)
def test_the_brake_begins_beyond_a_quarter_and_beyond_three(lost: Counts, after: Counts, codes: list[str]) -> None:
    assert reasons(lost, after) == codes


def test_what_a_change_brings_does_not_make_the_state_before_larger() -> None:
    # 8 were there, 4 of them go and 20 come: half of what there was is gone.
    assert reasons(Counts(routers=4), Counts(routers=24), gained=Counts(routers=20)) == ["brake.routers"]


def test_the_number_is_that_of_all_that_goes() -> None:
    removal = judge(Counts(4, 5, 6), Counts(), NOTHING, ["app"])
    assert removal.number == 15
    assert [reason.code for reason in removal.reasons] == [
        *("brake.routers", "brake.servers", "brake.service", "brake.domains")
    ]


def change(kind: Any, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    return Change(kind, "a/b" if kind == "server" else "a", before, after)


def test_what_is_disabled_or_drained_is_lost_to_the_edge_as_what_is_removed() -> None:
    on, off, ready, drained = {"enabled": True}, {"enabled": False}, {"state": "ready"}, {"state": "drain"}
    assert lost_by([change("router", on, None), change("router", on, off)]) == Counts(routers=2)
    assert lost_by([change("router", off, None), change("router", on, on), change("router", None, on)]) == NOTHING
    assert lost_by([change("server", ready, drained), change("server", ready, None)]) == Counts(servers=2)
    assert lost_by([change("server", drained, None), change("server", drained, ready)]) == NOTHING
    assert gained_by([change("server", drained, ready), change("domain", None, {})]) == Counts(servers=1, domains=1)


@pytest.fixture
def pool(client: httpx.Client) -> httpx.Client:
    """Two applications: one with a server, one with two."""
    for name, count in (("one", 1), ("two", 2)):
        servers = [{"name": f"s{number}", "url": f"http://10.0.0.{number + 1}"} for number in range(count)]
        client.post("/expose", json={"domain": f"{name}.test", "servers": servers}).raise_for_status()
    return client


SERVER = "/services/one/servers/s0"
LAST = ("/confirm", "brake.service")


@pytest.mark.parametrize(
    ("method", "body"),
    [("DELETE", None), ("PATCH", {"state": "drain"}), ("PUT", {"url": "http://10.0.0.1", "state": "maint"})],
)
def test_the_last_ready_server_of_a_service_with_traffic_goes_only_with_its_number(
    pool: httpx.Client, service: Service, method: str, body: dict[str, Any] | None
) -> None:
    before = state(service)
    for params in ({}, {"confirm": 2}):
        refused = problem(pool.request(method, SERVER, json=body, params=params), "brake", LAST)
        assert refused["confirm"] == 1
        assert "service one" in refused["errors"][0]["detail"]
    assert state(service) == before
    pool.request(method, SERVER, json=body, params={"confirm": 1}).raise_for_status()


def test_a_dry_run_tells_what_has_to_be_confirmed_and_is_not_refused(pool: httpx.Client) -> None:
    tried = pool.delete(SERVER, params={"dryRun": True}).raise_for_status().json()
    brake = tried["difference"]["brake"]
    assert brake["confirm"] == 1
    assert "service one" in brake["reasons"][0]
    assert pool.delete("/services/two/servers/s0", params={"dryRun": True}).json()["difference"]["brake"] is None


def test_everyday_edits_need_nobodys_word(pool: httpx.Client) -> None:
    pool.delete("/services/two/servers/s0").raise_for_status()
    pool.patch("/routers/two", json={"enabled": False}).raise_for_status()
    pool.patch("/services/two/servers/s1", json={"state": "drain"}).raise_for_status()  # nothing leads there now
    pool.delete("/services/one", params={"cascade": True}).raise_for_status()
    pool.delete("/domains/one.test").raise_for_status()
    pool.delete("/domains/two.test", params={"cascade": True}).raise_for_status()


def test_all_domains_at_once_go_only_with_their_number(pool: httpx.Client) -> None:
    kept = pool.get("/export").json()
    del kept["domains"]
    kept["routers"] = {}
    refused = pool.post("/apply", json=kept, params={"prune": True})
    found = problem(refused, "brake", ("/confirm", "brake.domains"))
    assert found["confirm"] == 4
    assert "2 domains" in json.dumps(found)
    pool.post("/apply", json=kept, params={"prune": True, "confirm": 4}).raise_for_status()
    assert pool.get("/domains").json()["items"] == []
