"""Whatever happens to the database, the edge serves on, and nothing that is lost was acknowledged."""

import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfile
from sqlite3 import connect

import httpx
import pytest

from provider.database.file import FileDatabase
from provider.revisions import Revisions
from tests.cli.running import run_forked, variables
from tests.e2e import faults
from tests.e2e.faults import Fault
from tests.e2e.traffic import HOST, expose, goes_on, load
from tests.running import (
    NamedServer,
    Service,
    cases,
    fetch,
    free_port,
    http_client,
    named_servers,
    running_service,
    running_traefik,
    service_process,
    wait_until,
)

SERVER = "/services/alvin/servers/a"
PROBLEM = "application/problem+json"


@pytest.fixture
def servers() -> Iterator[tuple[NamedServer, NamedServer]]:
    with named_servers("a", "b") as (a, b):
        yield a, b


@contextmanager
def exposed(
    folder: Path, migrated: Path, servers: tuple[NamedServer, NamedServer], port: int | None = None
) -> Iterator[tuple[Service, httpx.Client]]:
    """Run a service of one's own that exposes two servers, and give a client of its API."""
    a, b = servers
    with running_service(folder, migrated, port=port) as service, http_client(f"{service.url}/api/v1") as client:
        expose(client, (a, 1), (b, 1))
        yield service, client


def configuration(service: Service) -> bytes | None:
    """Return the document that the service serves, or None if it answers 503."""
    answer = fetch(f"{service.url}/traefik/configuration")
    assert answer.status_code in {200, 503}
    return answer.content if answer.status_code == 200 else None


def calls(client: httpx.Client) -> Iterator[httpx.Response]:
    """Call the API in many ways, of which each reads or writes what is stored."""
    yield client.patch(SERVER, json={"weight": 7})
    yield client.put(SERVER, json={"url": "http://127.0.0.1:1"})
    yield client.post("/services", json={"name": "other"})
    yield client.delete(f"/domains/{HOST}", params={"cascade": True})
    yield client.post("/expose", json={"domain": "b.xyz", "servers": [{"url": "http://127.0.0.1:1"}]})
    for path in ("/domains", "/services", "/routers", "/services/alvin/servers", SERVER, "/routers/alvin"):
        yield client.get(path)


WHILE_IT_RUNS: list[Fault] = [
    faults.unlink,
    faults.replace,
    faults.copy_over,
    faults.truncate,
    faults.fill_with_garbage,
    faults.drop_tables,
    faults.rename_columns,
]


@pytest.mark.parametrize("fault", WHILE_IT_RUNS)
def test_whatever_happens_to_the_file_the_last_document_is_served_and_no_change_is_acknowledged(
    migrated: Path, tmp_path: Path, servers: tuple[NamedServer, NamedServer], fault: Fault
) -> None:
    with exposed(tmp_path, migrated, servers) as (service, client), running_traefik(tmp_path, service.url) as traefik:
        traefik.wait_for(service)
        with load(traefik.web, clients=2) as requests:
            before = configuration(service)
            goes_on(requests)
            fault(service.database)
            for answer in calls(client):
                reads = answer.request.method == "GET"
                assert answer.status_code == 503 or (reads and answer.status_code == 200), answer.text
                assert answer.status_code == 200 or answer.headers["Content-Type"] == PROBLEM
                assert configuration(service) == before
            assert fetch(f"{service.url}/healthz").status_code == 200
            goes_on(requests)
        assert requests.failures == []
        assert traefik.digest() == service.digest()


def test_a_service_that_starts_on_a_ruined_file_leaves_the_edge_alone_until_the_file_is_back(
    migrated: Path, tmp_path: Path, servers: tuple[NamedServer, NamedServer]
) -> None:
    port = free_port()
    with (
        running_traefik(tmp_path, f"http://127.0.0.1:{port}") as traefik,
        load(traefik.web, clients=2, waits=True) as requests,
    ):
        with exposed(tmp_path, migrated, servers, port=port) as (service, _client):
            before = configuration(service)
            traefik.wait_for(service)
            requests.begin()
            goes_on(requests)
        path, good = service.database, tmp_path / "good.db"
        copyfile(path, good)
        faults.fill_with_garbage(path)
        with running_service(tmp_path, None, port=port) as service, http_client(f"{service.url}/api/v1") as client:
            assert configuration(service) is None
            assert {answer.status_code for answer in calls(client)} == {503}
            goes_on(requests)
            good.replace(path)
            wait_until(lambda: configuration(service) == before, "the state is read once the file is back")
            assert client.patch(SERVER, json={"weight": 7}).status_code == 200
            traefik.wait_for(service)
            goes_on(requests)
    assert requests.failures == []


def test_while_the_database_is_locked_all_else_goes_on_and_afterwards_writes_work(
    migrated: Path, tmp_path: Path, servers: tuple[NamedServer, NamedServer]
) -> None:
    def write(number: int) -> int:
        with http_client(f"{service.url}/api/v1") as client:
            answer = client.put(f"/services/s{number}", json={})
            assert answer.status_code == 201 or answer.headers["Content-Type"] == PROBLEM
            return answer.status_code

    with exposed(tmp_path, migrated, servers) as (service, client), running_traefik(tmp_path, service.url) as traefik:
        traefik.wait_for(service)
        before = configuration(service)
        with (
            load(traefik.web, clients=1) as requests,
            closing(connect(service.database, isolation_level=None)) as other,
            ThreadPoolExecutor(45) as pool,
        ):
            other.execute("BEGIN EXCLUSIVE")
            writing = [pool.submit(write, number) for number in range(45)]
            rounds = 0
            while not any(written.done() for written in writing):
                assert [fetch(service.url + path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
                assert configuration(service) == before
                goes_on(requests, 5)
                rounds += not any(written.done() for written in writing)
            assert rounds, "all else waits for the lock as well"
            other.execute("ROLLBACK")
            assert client.patch(SERVER, json={"weight": 7}).status_code == 200
            statuses = {written.result(timeout=60) for written in writing}
        assert requests.failures == []
        assert 503 in statuses
        assert statuses <= {201, 503}
        traefik.wait_for(service)


def test_a_service_that_starts_while_the_database_is_locked_serves_and_takes_changes_when_it_is_not(
    migrated: Path, tmp_path: Path
) -> None:
    path = tmp_path / "provider.db"
    copyfile(migrated, path)
    with closing(connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with running_service(tmp_path, None) as service, http_client(f"{service.url}/api/v1") as client:
            wait_until(lambda: configuration(service) is not None, "the state is read")
            assert client.put("/services/s", json={}).status_code == 503
            assert fetch(f"{service.url}/healthz").status_code == 200
            other.execute("ROLLBACK")
            wait_until(lambda: client.put("/services/s", json={}).status_code == 201, "changes are taken again")


def test_a_file_that_replaces_a_ruined_one_is_the_one_that_is_used(migrated: Path, tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    copyfile(migrated, path)
    faults.drop_tables(path)
    with running_service(tmp_path, None) as service, http_client(f"{service.url}/api/v1") as client:
        assert configuration(service) is None
        wait_until(lambda: list(tmp_path.glob("provider.db*")) == [path], "it is let go of between the tries")
        other = tmp_path / "other.db"
        copyfile(migrated, other)
        other.replace(path)
        wait_until(lambda: configuration(service) is not None, "the state is read")
        assert client.put("/services/s", json={}).status_code == 201
        with closing(connect(path)) as connection:
            assert connection.execute("SELECT name FROM service").fetchall() == [("s",)]


def test_when_the_disk_is_full_no_change_is_acknowledged_and_afterwards_writes_work(
    migrated: Path, tmp_path: Path
) -> None:
    path = tmp_path / "provider.db"
    copyfile(migrated, path)
    with service_process(tmp_path) as (process, url), http_client(f"{url}/api/v1") as client:
        expose_one = {"domain": HOST, "servers": [{"name": "a", "url": "http://127.0.0.1:1"}]}
        client.post("/expose", json=expose_one).raise_for_status()
        before = fetch(f"{url}/traefik/configuration").content
        unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        full = path.with_name("provider.db-wal").stat().st_size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, unlimited[1]))
        for weight in range(10, 20):
            answer = client.patch(SERVER, json={"weight": weight})
            assert (answer.status_code, answer.headers["Content-Type"]) == (503, PROBLEM)
            assert fetch(f"{url}/traefik/configuration").content == before
        assert client.get(SERVER).json()["weight"] == 1
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert client.patch(SERVER, json={"weight": 7}).status_code == 200
    with service_process(tmp_path) as (_process, url):
        assert fetch(f"{url}/api/v1{SERVER}").json()["weight"] == 7


REFUSED: list[tuple[Fault, str]] = [
    (faults.unlink, "there is no database"),
    (faults.fill_with_garbage, "cannot be read as an SQLite database"),
    (faults.replace, "is the database of another program"),
    (faults.make_newer, "made by a newer version"),
]


def test_serve_refuses_a_database_that_it_cannot_serve_and_names_it(migrated: Path, tmp_path: Path) -> None:
    def serve(case: tuple[int, tuple[Fault, str]]) -> None:
        number, (fault, told) = case
        path = tmp_path / str(number) / "provider.db"
        path.parent.mkdir()
        copyfile(migrated, path)
        fault(path)
        ended = run_forked("serve", "--port", "0", env=variables(PROVIDER_DATABASE_URL=f"sqlite:///{path}"))
        assert told in ended.error()
        assert str(path) in ended.err

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(serve, enumerate(REFUSED)))


def test_however_a_file_is_damaged_the_service_says_so_or_serves_what_it_was(
    start_service: Callable[..., Service], tmp_path: Path
) -> None:
    whole = start_service(name="whole.db")
    with http_client(f"{whole.url}/api/v1") as client:
        for number in range(8):
            servers = [{"name": "a", "url": "http://127.0.0.1:1"}]
            body = {"domain": f"a{number}.test", "servers": servers, "healthCheck": {"path": "/"}}
            client.post("/expose", json=body).raise_for_status()
    served = configuration(whole)
    last = fetch(f"{whole.url}/readyz").json()["revision"]
    with closing(connect(whole.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    good = whole.database.read_bytes()
    for seed in range(cases(60, 5000)):
        path = tmp_path / f"{seed}.db"
        faults.damage(good, path, seed)
        database = FileDatabase(path)
        revisions = Revisions(database)
        if revisions.load():
            assert revisions.current is not None
            # SQLite has no checksums: a value that is another one now is told by the digest of its revision,
            # and is never passed off as what that revision was.
            same = revisions.current.document.content == served
            assert same or revisions.current.revision == last + 1, seed
        else:
            assert revisions.current is None
            assert revisions.problem
        database.close()
