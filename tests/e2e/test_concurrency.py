"""Clients that change one thing at the same time lose none of their changes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copy

from tests.running import cases, http_client, service_process

SERVER = "/services/s/servers/a"
CLIENTS = 8
LARGEST = 1000


def add_to_weight(url: str, times: int, started: threading.Barrier) -> tuple[int, int]:
    """Raise the weight by one that many times (after 1000 comes 1). Returns how often this won and lost a race."""
    won = lost = 0
    with http_client(f"{url}/api/v1") as client:
        started.wait(timeout=60)
        while won < times:
            seen = client.get(SERVER)
            assert seen.status_code == 200, seen.text
            weight = seen.json()["weight"] % LARGEST + 1
            answer = client.patch(SERVER, json={"weight": weight}, headers={"If-Match": seen.headers["ETag"]})
            if answer.status_code == 412:
                assert answer.headers["Content-Type"] == "application/problem+json"
                lost += 1
                continue
            assert answer.status_code == 200, answer.text
            assert answer.json()["weight"] == weight
            won += 1
    return won, lost


def test_conditional_increments_of_8_clients_are_all_kept(migrated: Path, tmp_path: Path) -> None:
    copy(migrated, tmp_path / "provider.db")
    times = cases(10, 200)
    first = LARGEST - times  # so that it goes past the largest on its way
    with service_process(tmp_path) as (_process, url), http_client(f"{url}/api/v1") as client:
        client.put("/services/s", json={}).raise_for_status()
        begun = client.put(SERVER, json={"url": "http://127.0.0.1:1", "weight": first}).raise_for_status()
        started = threading.Barrier(CLIENTS)
        with ThreadPoolExecutor(CLIENTS) as pool:
            results = list(pool.map(lambda _: add_to_weight(url, times, started), range(CLIENTS)))
        acknowledged = sum(won for won, _lost in results)
        assert acknowledged == CLIENTS * times
        assert client.get(SERVER).json()["weight"] == (first + acknowledged - 1) % LARGEST + 1
        ready = client.get(f"{url}/readyz").json()
        assert ready["revision"] == int(begun.headers["Config-Revision"]) + acknowledged
        assert sum(lost for _won, lost in results) > 0, "no race was lost, so nothing was tried here"


def test_writers_of_different_things_never_wait_in_vain(migrated: Path, tmp_path: Path) -> None:
    copy(migrated, tmp_path / "provider.db")
    times = cases(4, 200)

    def write(number: int) -> set[int]:
        statuses = set()
        with http_client(f"{url}/api/v1") as client:
            for weight in range(1, times + 1):
                path = f"/services/s{number}"
                statuses.add(client.put(path, json={"passHostHeader": weight % 2 == 0}).status_code)
                server = {"url": "http://127.0.0.1:1", "weight": weight}
                statuses.add(client.put(f"{path}/servers/a", json=server).status_code)
                statuses.add(client.get("/services", params={"limit": 1000}).status_code)
        return statuses

    with service_process(tmp_path) as (_process, url), ThreadPoolExecutor(16) as pool:
        assert set().union(*pool.map(write, range(16))) == {200, 201}
