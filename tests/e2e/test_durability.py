"""What was acknowledged is kept, whenever the service is killed."""

import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from shutil import copy

import httpx
from sqlmodel import create_engine

from provider import configuration, rendering
from provider.database.sessions import Session
from provider.listening import DEFAULT_POINTS
from provider.store import declarations
from tests.running import Process, cases, fetch, http_client, service_process, wait_until

WRITERS = 8


class Writer:
    """One client that writes until the service dies, and notes what was acknowledged."""

    def __init__(self, number: int) -> None:
        self._path = f"/services/w{number}/servers"
        self._count = 0
        self.acknowledged: dict[str, int] = {}
        """Weights by the path of the server; 0 for one that was removed."""
        self.unsure: str | None = None
        """The server of the call that was not answered: it may have any state."""
        self.revision = 0

    def write(self, url: str) -> None:
        with http_client(f"{url}/api/v1") as client:
            try:
                client.put(self._path.removesuffix("/servers"), json={}).raise_for_status()
                while True:
                    self._write_one(client)
            except httpx.TransportError:
                return

    def _write_one(self, client: httpx.Client) -> None:
        self._count += 1
        server = f"{self._path}/s{self._count % 7}"
        self.unsure = server
        if self._count % 5 == 0 and self.acknowledged.get(server):
            answer, weight = client.delete(server), 0
        else:
            weight = self._count % 1000 + 1
            answer = client.put(server, json={"url": f"http://127.0.0.1:{self._count}", "weight": weight})
        assert answer.is_success, answer.text
        self.acknowledged[server] = weight
        self.revision = int(answer.headers["Config-Revision"])
        self.unsure = None

    def check(self, client: httpx.Client) -> None:
        """Check that everything that was acknowledged is there."""
        for server, weight in self.acknowledged.items():
            if server != self.unsure:
                answer = client.get(server)
                assert (answer.json()["weight"] if answer.status_code == 200 else 0) == weight, server
        if self.unsure:  # what it is now counts from here on
            answer = client.get(self.unsure)
            self.acknowledged[self.unsure] = answer.json()["weight"] if answer.status_code == 200 else 0


def check_database(path: Path) -> None:
    """Check that the file is whole, and that the revisions have no gap."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        count, last = connection.execute("SELECT count(*), coalesce(max(number), 0) FROM revision").fetchone()
        assert count == last


def committed_document(path: Path) -> bytes:
    """Render what is committed, past the service."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with Session(engine) as session:
            return configuration.assemble(rendering.whole(declarations.read(session), DEFAULT_POINTS)).content
    finally:
        engine.dispose()


def kill_while_all_write(process: Process, url: str, writers: list[Writer], writes: int) -> None:
    """Let all write, and kill the service after so many writes."""
    enough = max(writer.revision for writer in writers) + writes
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(writer.write, url) for writer in writers]
        wait_until(lambda: fetch(f"{url}/readyz").json()["revision"] >= enough, "writes are acknowledged")
        process.kill()
        for written in writing:
            written.result(timeout=60)


def check_all(path: Path, url: str, writers: list[Writer]) -> None:
    """Check that everything that was acknowledged is there, whole, and served."""
    check_database(path)
    assert fetch(f"{url}/traefik/configuration").content == committed_document(path)
    assert fetch(f"{url}/readyz").json()["revision"] >= max(writer.revision for writer in writers)
    with http_client(f"{url}/api/v1") as client:
        for writer in writers:
            writer.check(client)


def test_kill_9_during_8_writers_loses_nothing_that_was_acknowledged(migrated: Path, tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    copy(migrated, path)
    random = Random(20)
    writers = [Writer(number) for number in range(WRITERS)]
    for _ in range(cases(2, 20)):
        with service_process(tmp_path) as (process, url):
            check_all(path, url, writers)
            kill_while_all_write(process, url, writers, random.randint(20, 150))
    with service_process(tmp_path) as (_process, url):
        check_all(path, url, writers)
    assert all(writer.acknowledged for writer in writers)


def test_a_stop_during_8_writers_loses_nothing_that_was_acknowledged(migrated: Path, tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    copy(migrated, path)
    writers = [Writer(number) for number in range(WRITERS)]
    with service_process(tmp_path) as (process, url), ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(writer.write, url) for writer in writers]
        wait_until(lambda: all(writer.revision for writer in writers), "all write")
        process.terminate()
        assert process.wait(timeout=60) in {0, -signal.SIGTERM}
        for written in writing:
            written.result(timeout=60)
    with service_process(tmp_path) as (_process, url):
        check_all(path, url, writers)
