"""A change that cuts off whoever made it is rolled back by itself: with a real Traefik, and whenever we are killed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from shutil import copyfile
from threading import Event

import httpx

from tests.e2e.test_durability import check_database
from tests.running import (
    TOKEN,
    Service,
    Traefik,
    cases,
    http_client,
    running_service,
    running_traefik,
    service_process,
    wait_until,
)

HOST = "console.test"


@contextmanager
def behind_its_own_edge(service: Service, folder: Path) -> Iterator[tuple[Traefik, httpx.Client]]:
    """Run an edge, through which the control plane itself is reached, and give a client that knows only that way."""
    with running_traefik(folder, service.url) as traefik:
        with http_client(f"{service.url}/api/v1") as directly:
            made = {"domain": HOST, "name": "console", "servers": [{"name": "a", "url": service.url}]}
            directly.post("/expose", json=made).raise_for_status()
        traefik.wait_for(service)
        headers = {"Host": HOST, "Authorization": f"Bearer {TOKEN}"}
        with http_client(f"{traefik.web}/api/v1", headers=headers) as through:
            yield traefik, through


def test_who_cuts_himself_off_through_his_own_edge_comes_back_in(migrated: Path, tmp_path: Path) -> None:
    with (
        running_service(tmp_path, migrated, allowed_hosts=HOST) as service,
        behind_its_own_edge(service, tmp_path) as (traefik, through),
    ):
        assert through.get("/revisions").is_success
        broken = {"domains": [], "rule": "Host(`elsewhere.test`)"}
        answer = through.patch("/routers/console", json=broken, params={"confirmWithin": "3s"})
        number = int(answer.raise_for_status().headers["Config-Revision"])
        wait_until(lambda: through.get("/revisions").status_code == 404, "the edge does not lead here any more")
        wait_until(lambda: through.get("/revisions").is_success, "the edge leads here again")
        found = through.get(f"/revisions/{number}").json()["confirmation"]
        assert found["state"] == "rolledBack"
        assert through.get("/routers/console").json()["domains"] == [HOST]
        traefik.wait_for(service)


def test_who_is_not_cut_off_confirms_through_his_own_edge(migrated: Path, tmp_path: Path) -> None:
    with (
        running_service(tmp_path, migrated, allowed_hosts=HOST) as service,
        behind_its_own_edge(service, tmp_path) as (_traefik, through),
    ):
        answer = through.patch(
            "/services/console/servers/a",
            json={"weight": 5},
            params={"confirmWithin": "1m"},
            headers={"Prefer": "wait=30"},
        )
        number = int(answer.raise_for_status().headers["Config-Revision"])
        kept = through.post(f"/revisions/{number}/confirm").raise_for_status().json()
        assert kept["confirmation"]["state"] == "confirmed"


def state_of(path: Path, number: int) -> tuple[str, str]:
    """Read what became of a revision that has to be confirmed, and what it changed, past the service."""
    with closing(sqlite3.connect(path)) as connection:
        ((state,),) = connection.execute("SELECT state FROM confirmation WHERE revision = ?", (number,)).fetchall()
        ((description,),) = connection.execute("SELECT description FROM domain WHERE name = 'a.test'").fetchall()
        return state, description


def is_rolled_back(client: httpx.Client, number: int) -> bool:
    state: str = client.get(f"/revisions/{number}").raise_for_status().json()["confirmation"]["state"]
    return state == "rolledBack"


def test_it_is_rolled_back_whenever_the_service_is_killed(migrated: Path, tmp_path: Path) -> None:
    """Killed at moments around the deadline: it is pending and as changed, or rolled back and as before."""
    path = tmp_path / "provider.db"
    copyfile(migrated, path)
    random, pause = Random(7), Event()
    for _ in range(cases(1, 25)):
        with service_process(tmp_path) as (process, url), http_client(f"{url}/api/v1") as client:
            client.put("/domains/a.test", json={"description": "before"}).raise_for_status()
            made = client.put("/domains/a.test", json={"description": "after"}, params={"confirmWithin": "1s"})
            number = int(made.raise_for_status().headers["Config-Revision"])
            pause.wait(random.uniform(0.95, 1.1))
            process.kill()
            process.wait(timeout=60)
        check_database(path)
        assert state_of(path, number) in {("pending", "after"), ("rolledBack", "before")}
        with service_process(tmp_path) as (_process, url), http_client(f"{url}/api/v1") as client:
            wait_until(partial(is_rolled_back, client, number), "it is rolled back")
        assert state_of(path, number) == ("rolledBack", "before")
