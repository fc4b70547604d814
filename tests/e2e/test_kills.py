"""A state of 500 objects is applied all or nothing, whenever the service is killed meanwhile."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from shutil import copy
from typing import Any

import httpx

from provider.app import create_app
from provider.server import HttpServer
from provider.settings import Settings
from tests.e2e.test_durability import check_database, committed_document
from tests.running import SOAK, answers, cases, fetch, free_port, http_client, wait_until

APPLICATIONS = 100
"""Each is five objects."""


FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["provider.app", "provider.server"])
"""Makes processes that have imported all before: each would take some seconds for that."""


def serve(path: Path, port: int) -> None:
    """Serve a database until killed."""
    settings = Settings(database_url=f"sqlite:///{path}", port=port)
    HttpServer(create_app(settings), settings).run()


@contextmanager
def serving(path: Path) -> Iterator[tuple[ForkServerProcess, str]]:
    """Run a service as a process of its own, that a test may kill. Gives the process and the service's URL."""
    port = free_port()
    process = FORKING.Process(target=serve, args=(path, port), daemon=True)
    process.start()
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(f"{url}/readyz"), "the service is ready", seconds=60)
        yield process, url
    finally:
        process.kill()
        process.join()


def declared(version: int) -> dict[str, Any]:
    """A whole state. Of two that follow one another half of the names differ, and all else has other values."""
    names = [f"a{index:03d}" if index % 2 else f"a{index:03d}-{version % 2}" for index in range(APPLICATIONS)]
    return {
        "domains": {f"{name}.test": {"description": f"version {version}"} for name in sorted(names)},
        "services": {
            name: {
                "labels": {"version": str(version)},
                "servers": {
                    server: {"url": f"http://10.0.0.{index + 1}:{port}", "weight": version + 2}
                    for server, port in (("a", 3000), ("b", 3001))
                },
            }
            for index, name in enumerate(names)
        },
        "routers": {
            name: {"domains": [f"{name}.test"], "service": name, "priority": version + 1} for name in sorted(names)
        },
    }


def number(client: httpx.Client, document: dict[str, Any]) -> int:
    """Ask for the number that confirms what a document takes away; 1 where nobody has to confirm it."""
    tried = client.post("/apply", json=document, params={"prune": True, "dryRun": True}).raise_for_status()
    brake = tried.json()["difference"]["brake"]
    return int(brake["confirm"]) if brake else 1


def apply(client: httpx.Client, document: dict[str, Any], confirmed: int) -> bool:
    """Bring the state in step with a document. Returns whether that was acknowledged."""
    try:
        client.post("/apply", json=document, params={"prune": True, "confirm": confirmed}).raise_for_status()
    except httpx.TransportError:
        return False
    return True


def apply_for(client: httpx.Client, document: dict[str, Any]) -> float:
    """Apply a document undisturbed. Returns the seconds that it took."""
    confirmed, start = number(client, document), time.monotonic()
    assert apply(client, document, confirmed)
    return time.monotonic() - start


def apply_until_killed(process: ForkServerProcess, url: str, document: dict[str, Any], seconds: float) -> bool:
    """Apply a document, and kill the service after so many seconds. Returns whether it was acknowledged."""
    with http_client(f"{url}/api/v1") as client, ThreadPoolExecutor(1) as pool:
        applied = pool.submit(apply, client, document, number(client, document))
        wait([applied], timeout=seconds)
        process.kill()
        return applied.result(timeout=60)


def state(path: Path, url: str) -> dict[str, Any]:
    """Return the whole state as a service shows it that was started after a kill: whole, and served."""
    check_database(path)
    assert fetch(f"{url}/traefik/configuration").content == committed_document(path)
    exported: dict[str, Any] = fetch(f"{url}/api/v1/export").raise_for_status().json()
    return exported


def test_kill_9_during_apply_leaves_all_of_it_or_nothing(migrated: Path, tmp_path: Path) -> None:
    path, random, moments = tmp_path / "provider.db", Random(6), cases(2, 50)
    copy(migrated, path)
    before, wanted, acknowledged, kept = declared(0), declared(1), True, []
    with serving(path) as (_process, url), http_client(f"{url}/api/v1") as client:
        apply_for(client, before)
        seconds = apply_for(client, wanted)
    for moment in range(moments + 1):
        with serving(path) as (process, url):
            found = state(path, url)
            assert found in (before, wanted), "a part of it was kept"
            assert found == wanted or not acknowledged, "it was acknowledged, and is not kept"
            kept.append(found == wanted)
            if moment < moments:
                before, wanted = found, declared(moment + 2)
                # Each moment is in its own part of the time that it takes, and somewhat beyond.
                seconds_left = (moment + random.random()) / moments * 1.5 * seconds
                acknowledged = apply_until_killed(process, url, wanted, seconds_left)
    assert not SOAK or set(kept[1:]) == {False, True}, "no moment was before it was kept, or none after"
