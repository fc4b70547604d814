"""Fixtures: a real service on a real database, and a real Traefik that polls it."""

import gc
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from provider.database.locations import Location
from tests import selection
from tests.postgres import Postgres, running_postgres
from tests.running import (
    SOAK,
    TOKEN,
    Service,
    Traefik,
    empty,
    free_port,
    http_client,
    migrated_copy,
    running_service,
    running_traefik,
)
from tests.web.samples import running_samples

# Laws of what is pure hold for the first cases or for none, nearly always: `make soak` tries more.
# No time is a fault: other tests take most of the machine. And what is found by chance is found by `make soak`.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("quick", max_examples=25, deadline=None, suppress_health_check=_SLOW, derandomize=True)
settings.register_profile("full", deadline=None, suppress_health_check=_SLOW)
settings.load_profile("full" if SOAK else "quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=("sqlite", "postgresql"), default="sqlite", help="what the shared services keep state in"
    )
    parser.addoption("--part", action="store_true", help="run a part of what takes long: see tests/selection.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if SOAK or not config.getoption("--part"):
        return
    kept = set(selection.select([(item.nodeid, item) for item in items], selection.read()))
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


_seconds: dict[str, float] = {}
_skipped: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration
    if report.skipped:
        _skipped.add(selection.function(report.nodeid))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep how long tests took, where that is asked for."""
    if os.environ.get("DURATIONS") == "1" and not hasattr(session.config, "workerinput"):
        selection.write(_seconds, _skipped)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays to the end: all modules, and all tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def interrupts() -> Iterator[None]:
    """Programs that tests start can be interrupted, even where the tests run in the background of a shell.

    There SIGINT is ignored, and a program that is started inherits that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def token() -> Iterator[None]:
    """Commands and programs that tests start may do all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROVIDER_TOKEN", TOKEN)
        yield


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A database file made by the real migrations, to be copied: who writes into it spoils all tests after it."""
    path = migrated_copy(tmp_path_factory.mktemp("migrated"))
    yield path
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM revision").fetchone() == (0,)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL with a database made by the real migrations, to be copied."""
    with running_postgres() as made:
        yield made


@pytest.fixture(scope="session")
def api_port() -> int:
    """The port of the shared Traefik's API, whether that Traefik runs already or not."""
    return free_port()


@pytest.fixture(scope="session")
def places(request: pytest.FixtureRequest) -> Callable[[], Location | None]:
    """Gives databases of the kind that `--database` names: None for a file, of which each service makes its own."""
    if request.config.getoption("--database") == "sqlite":
        return lambda: None
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.migrated


@pytest.fixture(scope="session")
def shared_service(
    migrated: Path, places: Callable[[], Location | None], api_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    # Changes reach Traefik sooner than in production: most of the time of these tests is spent on waiting for that.
    folder, api = tmp_path_factory.mktemp("service"), f"http://127.0.0.1:{api_port}"
    with running_service(folder, migrated, location=places(), coalesce_ms=20, traefik_api=api) as service:
        yield service


@pytest.fixture
def service(shared_service: Service) -> Iterator[Service]:
    """The service that all tests share, with nothing in it.

    A test that polls it as an edge of its own starts a service of its own: the edge would go stale in other tests.
    """
    empty(shared_service)
    known = shared_service.edges() | {"default"}
    yield shared_service
    assert shared_service.edges() <= known, "a service that others share knows one more edge"


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of the REST API of the shared service, empty at the beginning."""
    with http_client(f"{service.url}/api/v1") as made:
        yield made


@pytest.fixture(scope="session")
def samples(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that has sample pages too."""
    with running_samples(tmp_path_factory.mktemp("samples"), migrated) as service:
        yield service


@pytest.fixture(scope="session")
def shared_traefik(
    shared_service: Service, api_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Traefik]:
    with running_traefik(tmp_path_factory.mktemp("traefik"), shared_service.url, api_port=api_port) as traefik:
        yield traefik


@pytest.fixture
def traefik(service: Service, shared_traefik: Traefik) -> Traefik:
    """A Traefik that polls the shared service, and runs its empty document at the beginning."""
    shared_traefik.wait_for_digest(service.digest())
    return shared_traefik


@pytest.fixture
def start_service(
    migrated: Path, places: Callable[[], Location | None], tmp_path: Path
) -> Iterator[Callable[..., Service]]:
    """Start services of one's own: on a database of its own, or with other settings."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running_service(tmp_path, migrated, location=places(), **options))
