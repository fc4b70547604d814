"""Ten thousand servers with leases that send a heartbeat each 10 s: what that costs the service."""

import asyncio
import multiprocessing
import shutil
import time
from pathlib import Path

import httpx
import pytest

from tests.benchmarks.results import Results
from tests.benchmarks.test_polls import cpu_seconds
from tests.e2e.test_push import open_files
from tests.running import TOKEN, fresh_service_process, http_client

LEASES = 10_000
SERVICES = 100
EVERY_SECONDS = 10.0
MEASURED_SECONDS = 30.0
CONNECTIONS = 100
"""Each of these sends for a hundred: many more that all come at one moment are guests whom the service turns away."""
MOST_PART = 0.5


def state() -> dict[str, object]:
    """All servers, a hundred in each service."""
    return {
        "services": {
            f"s-{number}": {
                "servers": {
                    f"n-{each}": {"url": f"http://10.0.{number}.{each}:80", "ttl": "30s"}
                    for each in range(LEASES // SERVICES)
                }
            }
            for number in range(SERVICES)
        }
    }


def send(port: int, seconds: float, sent: "multiprocessing.Queue[tuple[int, int]]") -> None:
    """Send all heartbeats, evenly, for so many seconds; tells how many were answered with 204, and how many not."""
    sent.put(asyncio.run(_send_all(port, seconds)))


async def _send_all(port: int, seconds: float) -> tuple[int, int]:
    end = time.monotonic() + seconds
    counts = await asyncio.gather(*(_send(port, number, end) for number in range(CONNECTIONS)))
    return sum(good for good, _bad in counts), sum(bad for _good, bad in counts)


async def _send(port: int, number: int, end: float) -> tuple[int, int]:
    """Send the heartbeats of a hundred servers on one connection."""
    own = [divmod(each, LEASES // SERVICES) for each in range(number, LEASES, CONNECTIONS)]
    head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 0\r\n\r\n"
    requests = [
        f"POST /api/v1/services/s-{service}/servers/n-{server}/heartbeat HTTP/1.1\r\n{head}".encode()
        for service, server in own
    ]
    good = bad = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    pause = EVERY_SECONDS / len(requests)
    following = time.monotonic() + pause * number / CONNECTIONS
    while following < end:
        for request in requests:
            await asyncio.sleep(max(following - time.monotonic(), 0))
            following += pause
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            good, bad = (good + 1, bad) if answer.startswith(b"HTTP/1.1 204") else (good, bad + 1)
    writer.close()
    return good, bad


@pytest.mark.bench
def test_heartbeats_of_10000_servers_take_less_than_half_a_core(
    migrated: Path, tmp_path: Path, results: Results
) -> None:
    shutil.copy(migrated, tmp_path / "provider.db")
    with (
        open_files(3 * CONNECTIONS),
        fresh_service_process(tmp_path, PROVIDER_LOG_LEVEL="warning") as (process, url),
        http_client(f"{url}/api/v1") as client,
    ):
        client.post("/apply", json=state()).raise_for_status()
        before, revision = cpu_seconds(process.pid), client.get("/revisions").json()["items"][0]["number"]
        started, sent = time.monotonic(), multiprocessing.get_context("spawn").Queue()
        sender = multiprocessing.get_context("spawn").Process(
            target=send, args=(httpx.URL(url).port, MEASURED_SECONDS, sent)
        )
        sender.start()
        good, bad = sent.get(timeout=300)
        spent, took = cpu_seconds(process.pid) - before, time.monotonic() - started
        sender.join()
        leases = client.get("/leases").raise_for_status().json()
        assert client.get("/revisions").json()["items"][0]["number"] == revision
    per_beat = spent / (good + bad)
    part = per_beat * LEASES / EVERY_SECONDS
    limit = f"< {MOST_PART * 100:.0f}"
    results.add(f"heartbeats of {LEASES:,} leases each {EVERY_SECONDS:.0f} s", part * 100, "% of a core", limit)
    results.add("one heartbeat, in CPU time", per_beat * 1e6, "µs")
    assert (bad, leases["live"]) == (0, LEASES)
    assert good > 0.5 * LEASES * took / EVERY_SECONDS
    assert part < MOST_PART
