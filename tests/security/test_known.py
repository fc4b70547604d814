"""What the service knows of who may come in: read once for many, and never put back to what it was."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.nouns import Domain
from provider.security import tokens
from provider.security.access import Access
from provider.store import tokens as stored
from provider.store import writes
from tests.people import TESTER, bearer, writing
from tests.running import TOKEN

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class CountedAccess(Access):
    """Counts how often it reads, and holds what it has read first until it may go on."""

    def __init__(self, database: FileDatabase) -> None:
        super().__init__(database)
        self.tries = self.reads = self.looks = 0
        self.has_read, self.go_on = threading.Event(), threading.Event()

    def _find_newer(self) -> int | None:
        self.looks += 1
        return super()._find_newer()

    def _read(self) -> object:  # type: ignore[override]  # what it gives is nobody's business
        self.tries += 1
        found = super()._read()
        self.reads += 1
        if self.reads == 1:
            self.has_read.set()
            assert self.go_on.wait(60)
        return found


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    made = tmp_path / "provider.db"
    made.write_bytes(migrated.read_bytes())
    return made


@pytest.fixture
def database(path: Path) -> Iterator[FileDatabase]:
    made = FileDatabase(path)
    made.open()
    yield made
    made.close()


@pytest.fixture
def access(database: FileDatabase) -> CountedAccess:
    return CountedAccess(database)


def test_many_requests_at_once_read_once_who_there_is(access: CountedAccess) -> None:
    access.go_on.set()

    async def ask() -> None:
        await asyncio.gather(*(access.follow() for _ in range(50)))

    asyncio.run(ask())
    assert access.reads == 1
    assert access.find_by_token(TOKEN, NOW) is not None


def test_polls_that_came_together_look_once_and_those_that_come_later_look_again(
    path: Path, access: CountedAccess
) -> None:
    access.go_on.set()

    async def ask() -> None:
        await access.follow()
        before = access.looks
        await asyncio.gather(*(access.catch_up() for _ in range(50)))
        assert access.looks == before + 1
        with writing(path) as session:
            tokens.revoke(session, TESTER, "tests000")
        await asyncio.gather(*(access.catch_up() for _ in range(50)))
        assert access.find_by_token(TOKEN, NOW) is None

    asyncio.run(ask())


def test_what_was_read_before_a_token_was_revoked_never_makes_it_good_again(path: Path, access: CountedAccess) -> None:
    async def ask() -> None:
        slow = asyncio.create_task(access.follow())
        assert await asyncio.to_thread(access.has_read.wait, 60)
        with writing(path) as session:
            tokens.revoke(session, TESTER, "tests000")
        quick = asyncio.create_task(access.follow())
        await asyncio.wait({quick}, timeout=0.5)  # it would be first, if it did not wait for the other
        access.go_on.set()
        await quick
        assert access.find_by_token(TOKEN, NOW) is None
        await slow
        assert access.find_by_token(TOKEN, NOW) is None
        assert access.find_by_header(bearer(TOKEN)["Authorization"].encode()) is None

    asyncio.run(ask())


def test_a_request_does_not_wait_for_long_for_what_cannot_be_read(access: CountedAccess) -> None:
    """A probe that waits would have the service killed, with all that it can serve."""

    async def ask() -> None:
        await access.follow_soon()
        assert not access.is_known
        access.go_on.set()
        await access.follow()
        assert access.is_known

    asyncio.run(ask())
    assert access.reads == 1


def move(file: Path, target: Path) -> None:
    file.rename(target)


def test_what_cannot_be_read_is_tried_once_for_all_that_wait(path: Path, access: CountedAccess) -> None:
    access.go_on.set()
    elsewhere = path.with_name("elsewhere.db")

    async def ask() -> None:
        await access.follow()
        with writing(path) as session:
            tokens.revoke(session, TESTER, "tests000")
        move(path, elsewhere)
        await asyncio.gather(*(access.follow() for _ in range(50)))
        assert access.tries == 2
        assert access.find_by_token(TOKEN, NOW) is not None, "what is known stays"
        move(elsewhere, path)
        await access.follow()
        assert access.find_by_token(TOKEN, NOW) is None

    asyncio.run(ask())


def test_when_a_token_was_used_is_noted_at_the_end(path: Path, access: CountedAccess) -> None:
    access.go_on.set()

    async def use() -> None:
        await access.follow()
        assert access.find_by_token(TOKEN, datetime.now(UTC)) is not None
        keeping = asyncio.create_task(access.keep())
        await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    asyncio.run(use())
    with writing(path) as session:
        (token,) = stored.list_all(session)
        assert token.last_used is not None
        assert datetime.now(UTC) >= datetime.fromisoformat(token.last_used)


def put_domain(database: FileDatabase, name: str) -> None:
    with database.writing() as session:
        writes.put(session, Domain.read({"name": name}))


def reads_after(access: CountedAccess, *writes: Callable[[], object]) -> int:
    """Return how often it reads who there is, from what is known, when requests come after each of these writes."""
    access.go_on.set()
    asyncio.run(access.follow())
    before = access.reads
    for write in writes:
        write()
        asyncio.run(access.follow())
    return access.reads - before


def test_a_change_of_the_desired_state_reads_nobody_anew(database: FileDatabase, access: CountedAccess) -> None:
    writes = [partial(put_domain, database, f"{name}.example") for name in ("one", "two", "three")]
    assert reads_after(access, *writes) == 0
    assert access.find_by_token(TOKEN, NOW) is not None


def revoke(session: Session) -> None:
    tokens.revoke(session, TESTER, "tests000")


def remove_as_text(session: Session) -> None:
    session.connection().exec_driver_sql("DELETE FROM token")


@pytest.mark.parametrize("remove", [revoke, remove_as_text])
def test_a_token_that_goes_in_a_change_of_ours_is_good_no_more(
    database: FileDatabase, access: CountedAccess, remove: Callable[[Session], None]
) -> None:
    def write() -> None:
        with database.writing() as session:
            writes.put(session, Domain.read({"name": "one.example"}))
            remove(session)

    assert reads_after(access, write, partial(put_domain, database, "two.example")) == 1
    assert access.find_by_token(TOKEN, NOW) is None


def revoke_elsewhere(path: Path) -> None:
    with writing(path) as session:
        revoke(session)


def test_a_token_that_another_process_revokes_before_a_change_of_ours_is_good_no_more(
    path: Path, database: FileDatabase, access: CountedAccess
) -> None:
    def write() -> None:
        put_domain(database, "one.example")
        revoke_elsewhere(path)
        put_domain(database, "two.example")

    assert reads_after(access, write) == 1
    assert access.find_by_token(TOKEN, NOW) is None


def test_a_token_that_another_process_revokes_right_after_a_change_of_ours_is_good_no_more(
    path: Path, database: FileDatabase, access: CountedAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Session.commit

    def commit_and_revoke(session: Session) -> None:
        monkeypatch.setattr(Session, "commit", commit)
        commit(session)
        revoke_elsewhere(path)

    def write() -> None:
        monkeypatch.setattr(Session, "commit", commit_and_revoke)
        put_domain(database, "one.example")

    assert reads_after(access, write) == 1
    assert access.find_by_token(TOKEN, NOW) is None
