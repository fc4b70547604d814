"""Servers that are known to be dead get no requests, whatever changes meanwhile."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from provider import configuration
from provider.configuration import Document
from provider.parts import Parts
from tests.e2e.keeping import (
    CHANGE_SECONDS,
    CHECK,
    HOST,
    INTERVAL_SECONDS,
    NAMES,
    UNWELL,
    Field,
    flapping,
    running_field,
)
from tests.e2e.steady import OK
from tests.running import SOAK, answers, fetch, wait_until

EDGES = 3 if SOAK else 1
PER_SECOND = 200.0 if SOAK else 40.0
STORM_SECONDS = 60.0 if SOAK else 6.0
ROLLOUT = "/services/alvin/rollout"
WAIT = {"Prefer": "wait=30"}


def die(field: Field) -> list[int]:
    """Let one server refuse connections and another say that it is not well. Return how many requests fail until then.

    That is until their first failed check on each edge.
    """
    begun = time.monotonic()
    field.servers["a"].refuse()
    field.servers["b"].status = UNWELL
    wait_for_edges_without(field, "a", "b")
    return field.failed_since(begun)


def wait_for_edges_without(field: Field, *names: str) -> None:
    """Wait until all edges run a document without just these servers."""
    gone = {field.servers[name].url for name in names}
    left = {field.servers[name].url for name in NAMES} - gone

    def is_so() -> bool:
        services = [traefik.objects("services") for traefik in field.traefiks]
        return all(urls(each, "alvin") == left and urls(each, "provider.watch.alvin") == gone for each in services)

    wait_until(is_so, f"the edges keep out {names}")


def urls(services: dict[str, dict[str, dict[str, list[dict[str, str]]]]], name: str) -> set[str]:
    """The URLs of the servers of a service, as Traefik has it."""
    return {server["url"] for server in services[name]["loadBalancer"]["servers"]} if name in services else set()


def test_changes_send_no_request_to_a_server_that_is_known_to_be_dead(tmp_path: Path, migrated: Path) -> None:
    with running_field(tmp_path, migrated, edges=EDGES, per_second=PER_SECOND) as field:
        before = die(field)
        revision = field.revision()
        begun, asked = time.monotonic(), field.load.answers[0].count
        changes = field.storm(STORM_SECONDS)
        assert field.load.answers[0].count > asked
        failed = field.failed_since(begun)
        assert all(later <= earlier for later, earlier in zip(failed, before, strict=True))
        assert sum(failed) == 0, "and none at all where the machine keeps up"
        assert field.revision() == revision + changes, "what is kept out is no revision"
        assert field.kept_out() == {"a": field.edges(), "b": field.edges(), "c": set()}
        wait_until(lambda: field.states() == dict.fromkeys(field.edges(), "live"), "the last change is live, too")

        field.servers["a"].listen()
        field.servers["b"].status = OK
        wait_for_edges_without(field)
        assert field.down() == set()
        assert all(set(found) == set(NAMES) for found in field.answered_by(30))
        assert field.failed_since(begun) == failed, "coming back costs none"


def test_the_fallback_file_and_the_desired_state_have_the_whole_pool(tmp_path: Path, migrated: Path) -> None:
    fallback = tmp_path / "fallback.json"
    with running_field(tmp_path, migrated, per_second=10, fallback_file=fallback) as field:
        die(field)
        field.change(1)
        wait_until(lambda: b'"weight": 2' in fallback.read_bytes(), "the file is written")
        services = json.loads(fallback.read_bytes())["http"]["services"]
        assert urls(services, "alvin") == {server.url for server in field.servers.values()}
        assert not any(name.startswith("provider.watch") for name in services)
        metrics = fetch(f"{field.service.url}/metrics").text
        assert 'provider_edge_servers_kept_out{edge="edge-0"} 2.0' in metrics
        assert 'provider_edge_reloads_total{cause="server_down",edge="edge-0"} 1.0' in metrics


def test_a_pool_of_which_no_server_is_left_keeps_its_last_and_takes_the_first_that_answers(
    tmp_path: Path, migrated: Path
) -> None:
    with running_field(tmp_path, migrated, per_second=10) as field:
        die(field)
        field.servers["c"].status = UNWELL
        wait_until(lambda: field.down() == set(NAMES), "all are down")
        wait_for_edges_without(field, "a", "b")
        field.servers["b"].status = OK
        wait_for_edges_without(field, "a", "c")
        assert field.traefiks[0].get(HOST).text == "b"


def test_a_server_that_comes_and_goes_is_let_in_ever_more_rarely(tmp_path: Path, migrated: Path) -> None:
    seconds = 60.0 if SOAK else 14.0
    with running_field(tmp_path, migrated, edges=EDGES, per_second=PER_SECOND) as field:
        begun = time.monotonic()
        with flapping(field.servers["a"], 3.0):
            field.storm(seconds)
        failed = field.failed_since(begun)
        # Each time that it fails, a third of the requests fail until its first failed check.
        assert all(each < 3 * PER_SECOND / 3 * (INTERVAL_SECONDS + CHANGE_SECONDS) * 3 for each in failed)


def test_a_restart_brings_no_dead_server_back(tmp_path: Path, migrated: Path) -> None:
    with running_field(tmp_path, migrated, per_second=40) as field:
        die(field)
        since = field.client.get("/services/alvin/servers/a").json()["health"]["keptOut"][0]["since"]
        reloads, begun = field.reloads(), time.monotonic()
        field.restart()
        wait_until(lambda: field.kept_out()["a"] == field.edges(), "it is known again what is kept out")
        assert field.client.get("/services/alvin/servers/a").json()["health"]["keptOut"][0]["since"] == since
        assert field.reloads() == reloads, "the edge got what it had"
        field.change(1)
        wait_until(lambda: field.states() == {"edge-0": "live"}, "the change is live")
        assert field.failed_since(begun) == [0]
        field.servers["b"].status = OK
        wait_for_edges_without(field, "a")


def test_a_database_that_comes_after_the_service_brings_no_dead_server_back(tmp_path: Path, migrated: Path) -> None:
    with running_field(tmp_path, migrated, per_second=40) as field:
        die(field)
        database, away = tmp_path / "provider.db", tmp_path / "away.db"
        reloads, begun = field.reloads(), time.monotonic()
        field.stop()
        database.rename(away)
        field.start()
        assert not answers(f"{field.service.url}/readyz")
        away.rename(database)
        wait_until(lambda: answers(f"{field.service.url}/readyz"), "the state can be read")
        wait_until(lambda: field.states() == {"edge-0": "live"}, "the edge polls again")
        assert field.kept_out() == {"a": field.edges(), "b": field.edges(), "c": set()}
        assert field.reloads() == reloads, "the edge got what it had"
        assert field.failed_since(begun) == [0]


def test_a_server_that_nobody_could_see_return_is_left_to_traefik(tmp_path: Path, migrated: Path) -> None:
    with running_field(tmp_path, migrated, per_second=10) as field:
        die(field)
        field.restart(traefik_api=None)
        wait_for_edges_without(field)
        field.servers["a"].listen()
        field.servers["b"].status = OK
        wait_until(lambda: all(set(found) == set(NAMES) for found in field.answered_by(30)), "all answer")


def add_next(field: Field) -> None:
    """Add a service that a rollout can lead to, with the server that stays alive."""
    field.client.post("/services", json={"name": "next", "healthCheck": CHECK}).raise_for_status()
    field.client.put("/services/next/servers/c", json={"url": field.servers["c"].url}).raise_for_status()


def test_neither_the_beginning_nor_the_end_of_a_rollout_brings_a_dead_server_back(
    tmp_path: Path, migrated: Path
) -> None:
    with running_field(tmp_path, migrated, per_second=40) as field:
        add_next(field)
        die(field)
        begun = time.monotonic()
        start = {"to": "next", "hold": "60s"}
        field.client.post(ROLLOUT, json=start, headers=WAIT).raise_for_status()
        field.answered_by(80)  # for two seconds, and so for longer than a check takes
        assert field.kept_out() == {"a": field.edges(), "b": field.edges(), "c": set()}
        field.client.post(f"{ROLLOUT}/back", headers=WAIT).raise_for_status()
        field.answered_by(80)
        assert field.failed_since(begun) == [0]
        field.servers["a"].listen()
        wait_for_edges_without(field, "b")


def test_a_rollout_that_is_taken_back_from_its_last_step_brings_no_dead_server_back(
    tmp_path: Path, migrated: Path
) -> None:
    with running_field(tmp_path, migrated, per_second=40) as field:
        add_next(field)
        field.client.post(ROLLOUT, json={"to": "next", "steps": [100], "hold": "60s"}).raise_for_status()

        def is_over() -> bool:
            return all(set(found) == {"c"} for found in field.answered_by(30))

        wait_until(is_over, "the new service answers")
        begun = time.monotonic()
        field.servers["a"].refuse()
        field.servers["b"].status = UNWELL
        wait_until(lambda: field.kept_out() == {"a": field.edges(), "b": field.edges(), "c": set()}, "it is seen")
        told = field.client.get(ROLLOUT).json()["detail"]
        assert "is down" not in told, "servers that get nothing may be stopped"
        field.client.post(f"{ROLLOUT}/back", headers=WAIT).raise_for_status()
        field.answered_by(80)  # for two seconds, and so for longer than a check takes
        assert field.failed_since(begun) == [0]


def test_an_edge_that_refused_a_document_without_servers_gets_one_again_after_a_later_one(
    tmp_path: Path, migrated: Path
) -> None:
    spoiled = ["provider.watch.alvin"]
    with running_field(tmp_path, migrated, per_second=10, assemble=_spoiling(spoiled)) as field:
        field.servers["b"].status = UNWELL

        def is_refused() -> bool:
            metrics = fetch(f"{field.service.url}/metrics").text
            return 'provider_edge_reloads_total{cause="server_down",edge="edge-0"} 1.0' in metrics and (
                field.kept_out()["b"] == set()
            )

        wait_until(is_refused, "nothing is kept out where the edge does not take that")
        field.servers["a"].status = UNWELL
        wait_until(lambda: field.down() == {"a", "b"}, "all is seen")
        assert field.kept_out() == {name: set() for name in NAMES}
        spoiled.clear()
        field.change(1)
        wait_for_edges_without(field, "a", "b")


def _spoiling(spoiled: list[str]) -> Callable[[Parts], Document]:
    """Put documents together as always, with a field that Traefik does not know where they have such a service."""

    def assemble(parts: Parts) -> Document:
        made = configuration.assemble(parts)
        if not any(name in parts.services.parts for name in spoiled):
            return made
        return Document(made.content.replace(b'{"http":{', b'{"http":{"bogus":1,', 1), made.digest)

    return assemble


def test_what_is_kept_out_can_be_left_to_traefik(tmp_path: Path, migrated: Path) -> None:
    with running_field(tmp_path, migrated, per_second=10, keep_out=False) as field:
        field.servers["b"].status = UNWELL
        wait_until(lambda: field.down() == {"b"}, "it is down")
        field.change(1)
        field.traefiks[0].wait_for(field.service)
        assert "provider.watch.alvin" not in field.traefiks[0].objects("services")
        assert field.kept_out() == {name: set() for name in NAMES}
