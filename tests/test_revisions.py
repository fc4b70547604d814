"""One change is one transaction is one revision; and the snapshot is what is stored."""

import json
import logging
import random
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from provider import effects
from provider.database import schema
from provider.database.connecting import database_at
from provider.database.locations import Location
from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.errors import InUse, Invalid, NotFound, Unavailable, Unverified
from provider.hosts import to_ascii
from provider.models import Actor, Change, Revision
from provider.nouns import Domain, HealthCheck, Router, Server, Service
from provider.revisions import Revisions
from provider.snapshots import Snapshot
from provider.store import domains, nouns, servers, writes
from provider.store import revisions as stored_revisions

Apply = Callable[[Session], object]


@contextmanager
def opened(place: Location | Path) -> Iterator[Revisions]:
    database = database_at(Location(file=place) if isinstance(place, Path) else place)
    made = Revisions(database)
    try:
        yield made
    finally:
        database.close()


@pytest.fixture
def place(places: Callable[[], Location | None], migrated: Path, tmp_path: Path) -> Location:
    return places() or Location(file=Path(shutil.copy(migrated, tmp_path / "provider.db")))


@pytest.fixture
def path(place: Location) -> Path:
    if place.file is None:
        pytest.skip("this is about the SQLite file itself")
    return place.file


@pytest.fixture
def kept(place: Location) -> Iterator[Revisions]:
    """Revisions of a database of the test's own, loaded."""
    with opened(place) as made:
        assert made.load()
        yield made


def served(kept: Revisions) -> Snapshot:
    assert kept.current is not None
    return kept.current


def document(kept: Revisions) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(served(kept).document.content)["http"]
    return decoded


def put_service(name: str = "wayshub", **options: Any) -> Apply:
    return lambda session: writes.put(session, Service.read({"name": name, **options}))


def put_server(name: str = "a", weight: int = 1, service: str = "wayshub") -> Apply:
    server = Server.read({"name": name, "url": f"http://{name}.test", "weight": weight})
    return lambda session: writes.put(session, server, service)


def put_domain(name: str = "alvin.xyz") -> Apply:
    return lambda session: writes.put(session, Domain(name=name))


def put_router(name: str = "wayshub", **options: Any) -> Apply:
    given = {"name": name, "domains": ["alvin.xyz"], "service": "wayshub", **options}
    return lambda session: writes.put(session, Router.read(given))


def in_turn(*steps: Apply) -> Apply:
    return lambda session: [step(session) for step in steps]


def change(kept: Revisions, *steps: Apply, author: str = "test") -> int:
    return kept.change(in_turn(*steps), actor=Actor(author)).revision


def stored(kept: Revisions) -> list[Revision]:
    with kept.reading() as session:
        return list(session.exec(select(Revision).order_by(col(Revision.number))))


def changes_of(kept: Revisions, number: int) -> list[Change]:
    with kept.reading() as session:
        return stored_revisions.changes_of(session, number)


def test_a_change_makes_a_revision_and_gives_back_what_it_made(kept: Revisions) -> None:
    outcome = kept.change(lambda session: (put_service()(session), "made")[1], actor=Actor("test"))
    assert (outcome.result, outcome.revision) == ("made", 1)
    assert served(kept).revision == 1
    assert document(kept)["services"]["wayshub"]["loadBalancer"]["servers"] == []


def test_a_revision_says_when_who_and_what(kept: Revisions) -> None:
    change(kept, put_service(), put_server(), author="ada")
    change(kept, put_server(weight=3), author="grace")
    first, second = stored(kept)
    assert (first.number, first.author, first.summary) == (1, "ada", "service wayshub added; server wayshub/a added")
    assert (second.number, second.author, second.summary) == (2, "grace", "server wayshub/a: weight 1 → 3")
    assert second.digest == served(kept).document.digest != first.digest
    when = datetime.fromisoformat(second.time)
    assert when.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - when) < timedelta(minutes=1)
    before = {"name": "a", "url": "http://a.test", "weight": 1, "state": "ready", "labels": {}}
    assert changes_of(kept, 2) == [Change("server", "wayshub/a", before, before | {"weight": 3})]


def test_a_long_change_is_summed_up(kept: Revisions) -> None:
    change(kept, *(put_service(f"s{number}") for number in range(8)))
    assert stored(kept)[0].summary.endswith("service s4 added; and 3 more")
    assert len(changes_of(kept, 1)) == 8


def test_a_change_that_changes_nothing_makes_no_revision(kept: Revisions) -> None:
    change(kept, put_domain(), put_service(), put_server(), put_router())
    before = served(kept)
    assert change(kept, put_domain(), put_service(), put_server(), put_router()) == 1
    assert change(kept) == 1
    assert change(kept, put_server(weight=7), put_server(weight=1)) == 1
    assert change(kept, put_server("b"), lambda session: writes.remove(session, Server, "b", "wayshub")) == 1
    assert served(kept) is before
    assert len(stored(kept)) == 1


def raising(error: Exception) -> Apply:
    def step(_session: Session) -> None:
        raise error

    return step


def without_a_path(session: Session) -> None:
    """Write what no input model lets through."""
    check = HealthCheck(path="")
    writes.put(session, Service(name="wayshub", health_check=check))


def past_the_store(session: Session) -> None:
    row = {"service": "missing", "name": "a", "url": "http://a", "state": "ready", "labels": {}, "fields": {}}
    session.connection().execute(insert(TABLES["server"].table).values(**row))
    session.flush()


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (raising(ZeroDivisionError()), ZeroDivisionError),
        (raising(KeyboardInterrupt()), KeyboardInterrupt),  # type: ignore[arg-type]  # it stops a program, and is no Exception
        (put_router("other", service="missing"), Invalid),
        (put_router("other", domains=["missing.test"]), Invalid),
        (put_server(service="missing"), NotFound),
        (lambda session: writes.remove(session, Service, "wayshub"), InUse),
        (lambda session: writes.remove(session, Domain, "alvin.xyz"), InUse),
        (without_a_path, Unverified),
        (past_the_store, IntegrityError),
    ],
)
def test_a_change_that_fails_leaves_everything_as_it_was(
    kept: Revisions, place: Location, step: Apply, error: type[BaseException]
) -> None:
    change(kept, put_domain(), put_service(), put_server(), put_router())
    before = served(kept)
    told: list[Snapshot] = []
    kept.subscribe(told.append)
    with pytest.raises(error):
        change(kept, put_server(weight=9), put_service("other"), step)
    assert served(kept) is before
    assert told == []
    assert len(stored(kept)) == 1
    with opened(place) as again:
        assert again.load()
        assert served(again).document == before.document
    assert change(kept, put_server(weight=9)) == 2


def test_listeners_are_told_after_the_commit_and_before_the_answer(kept: Revisions, path: Path) -> None:
    told: list[tuple[int, list[tuple[int]]]] = []

    def listen(snapshot: Snapshot) -> None:
        assert kept.current is snapshot
        connection = sqlite3.connect(path)
        told.append((snapshot.revision, connection.execute("SELECT max(number) FROM revision").fetchall()))
        connection.close()

    kept.subscribe(listen)
    change(kept, put_service())
    change(kept, put_service())
    change(kept, put_server())
    assert told == [(1, [(1,)]), (2, [(2,)])]


def test_changes_from_many_threads_are_told_in_order_and_none_is_lost(kept: Revisions) -> None:
    change(kept, put_service())
    told: list[int] = []
    kept.subscribe(lambda snapshot: told.append(snapshot.revision))
    numbers: list[int] = []

    def work(worker: int) -> None:
        numbers.extend(change(kept, put_server(f"w{worker}", weight)) for weight in range(1, 11))

    threads = [threading.Thread(target=work, args=[worker]) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == list(range(2, 82))
    assert sorted(numbers) == told
    assert [revision.number for revision in stored(kept)] == list(range(1, 82))
    assert len(document(kept)["services"]["wayshub"]["loadBalancer"]["servers"]) == 8


# What a revision has is enough to go forth and back


def random_step(chance: random.Random) -> Apply:
    names = [f"n{number}" for number in range(4)]
    hosts = ["a.test", "münchen.example", "MÜNCHEN.example", "*.b.test"]
    name, other, host = chance.choice(names), chance.choice(names), chance.choice(hosts)
    options = {
        "domains": chance.sample(["a.test", "münchen.example", "*.b.test"], chance.randint(0, 2)),
        "pathPrefix": chance.choice(["/", "/x"]),
        "enabled": chance.random() < 0.8,
        "service": other,
    }
    cascade = chance.random() < 0.5
    return chance.choice(
        [
            put_domain(host),
            put_service(name, strategy=chance.choice(["wrr", "p2c"])),
            put_server(name, chance.randint(1, 3), service=other),
            put_router(name, **options),
            lambda session: writes.remove(session, Domain, to_ascii(host), cascade=cascade),
            lambda session: writes.remove(session, Service, name, cascade=cascade),
            lambda session: writes.remove(session, Server, name, other),
            lambda session: writes.remove(session, Router, name),
        ]
    )


def comparable(kind: str, item: dict[str, Any] | None) -> dict[str, Any] | None:
    # A router shows its domains as they are typed now, and a domain may be typed in another way later.
    if kind == "router" and item is not None:
        return item | {"domains": [to_ascii(name) for name in item["domains"]]}
    return item


def whole_state(session: Session) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for domain in nouns.page(session, Domain, limit=1000):
        found["domain", domain.ascii_name] = domain.json()
    for service in nouns.page(session, Service, limit=None):
        found["service", service.name] = service.json()
    for name, pool in servers.by_service(session):
        found |= {("server", f"{name}/{server.name}"): server.json() for server in pool}
    for router in nouns.page(session, Router, limit=None):
        found["router", router.name] = comparable("router", router.json())
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_revisions_replay_to_the_state_and_back_to_nothing(kept: Revisions, place: Location, seed: int) -> None:
    chance = random.Random(seed)
    refused = 0
    for _ in range(120):
        try:
            change(kept, *(random_step(chance) for _ in range(chance.randint(1, 3))))
        except (NotFound, InUse, Invalid):
            refused += 1
    assert 0 < refused < 110
    state: dict[tuple[str, str], Any] = {}
    listed = stored(kept)
    for revision in listed:
        for item in changes_of(kept, revision.number):
            key = item.kind, item.name
            assert state.get(key) == comparable(item.kind, item.before) != item.after
            state[key] = comparable(item.kind, item.after)
    with kept.reading() as session:
        assert {key: item for key, item in state.items() if item is not None} == whole_state(session)
    for revision in reversed(listed):
        for item in reversed(changes_of(kept, revision.number)):
            state[item.kind, item.name] = comparable(item.kind, item.before)
    assert not any(state.values())
    with opened(place) as again:
        assert again.load()
        assert served(again) == Snapshot(served(kept).revision, served(kept).document, served(again).parts)


def test_what_changes_come_to_is_one_change_an_object() -> None:
    one, two, three = {"weight": 1}, {"weight": 2}, {"weight": 3}
    made = [Change("server", "s/a", None, one), Change("server", "s/a", one, two)]
    changed = [Change("server", "s/b", one, two), Change("router", "r", one, None), Change("server", "s/b", two, three)]
    undone = [Change("server", "s/c", one, two), Change("server", "s/c", two, one)]
    passing = [Change("domain", "d", None, one), Change("domain", "d", one, None)]
    assert effects.net([*made, *changed, *undone, *passing]) == [
        Change("server", "s/a", None, two),
        Change("server", "s/b", one, three),
        Change("router", "r", one, None),
    ]


# What is stored, and what others do to it


def test_nothing_is_changed_before_the_state_was_read(place: Location) -> None:
    with opened(place) as unloaded:
        with pytest.raises(Unavailable, match="has not been read yet"):
            change(unloaded, put_service())
        with pytest.raises(Unavailable), unloaded.reading():
            pass


def test_the_state_is_read_as_soon_as_the_database_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    with opened(path) as waiting:
        assert not waiting.load()
        assert "run `wayshub-provider migrate`" in waiting.problem
        assert waiting.current is None
        schema.migrate(path)
        assert waiting.load()
        assert served(waiting).revision == 0
        assert change(waiting, put_service()) == 1


def test_what_is_tried_keeps_nobody_from_writing_and_sees_nothing_of_it(kept: Revisions, path: Path) -> None:
    """A plan of 15,000 applications takes seconds: others' changes do not wait for it."""
    change(kept, put_domain("before.xyz"))

    def beside(session: Session) -> None:
        put_domain("tried.xyz")(session)
        change(kept, put_domain("kept.xyz"))
        with opened(path) as other:
            assert other.load()
            change(other, put_domain("other.xyz"))
        assert nouns.find(session, Domain, "kept.xyz") is None
        assert stored_revisions.get(session, 1).summary == "domain before.xyz added"

    outcome = kept.try_change(beside)
    assert outcome.revision == 1
    assert [one.name for one in outcome.changes] == ["tried.xyz"]
    with kept.reading() as session:
        assert domains.hosts(session) == ["before.xyz", "kept.xyz", "other.xyz"]


def test_what_is_tried_is_told_of_what_another_process_wrote(kept: Revisions, place: Location) -> None:
    with opened(place) as other:
        assert other.load()
        change(other, put_domain("other.xyz"))
    outcome = kept.try_change(put_domain("tried.xyz"))
    assert outcome.revision == 1
    assert [one.name for one in outcome.changes] == ["tried.xyz"]
    assert len(stored(kept)) == 1


def test_a_restart_serves_the_last_revision_and_makes_none(kept: Revisions, place: Location) -> None:
    change(kept, put_domain(), put_service(), put_server(), put_router())
    with opened(place) as again:
        assert again.load()
        assert (served(again).revision, served(again).document) == (1, served(kept).document)
        assert len(stored(again)) == 1


def test_what_another_process_wrote_is_taken_over_with_the_next_change(kept: Revisions, place: Location) -> None:
    change(kept, put_service())
    told: list[int] = []
    kept.subscribe(lambda snapshot: told.append(snapshot.revision))
    with opened(place) as other:
        assert other.load()
        assert change(other, put_server("b")) == 2
        assert change(kept, put_server("a")) == 3
        assert [item["url"] for item in document(kept)["services"]["wayshub"]["loadBalancer"]["servers"]] == [
            "http://a.test",
            "http://b.test",
        ]
        assert change(other) == 3
        assert served(other).document == served(kept).document
    assert told == [3]


def test_what_was_written_past_the_service_becomes_a_revision(
    kept: Revisions, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    change(kept, put_service(), put_server())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE server SET fields = json_set(fields, '$.weight', 7)")
    connection.commit()
    connection.close()
    with opened(path) as again, caplog.at_level(logging.WARNING):
        assert again.load()
        assert served(again).revision == 2
        assert document(again)["services"]["wayshub"]["loadBalancer"]["servers"][0]["weight"] == 7
        assert [revision.author for revision in stored(again)] == ["test", "start"]
    assert "a different document than revision 1" in caplog.text


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE service SET fields = '{"healthCheck": {"path": "/", "interval": "soon", "timeout": "1s"}}'""",
        """UPDATE service SET fields = '{"healthCheck": {"path": "/", "interval": "5s", "timeout": "٣s"}}'""",
        """UPDATE service SET fields = '{"sticky": {"cookie": {"name": ""}}}'""",
        "UPDATE server SET url = 'nonsense'",
        "UPDATE server SET url = ''",
    ],
)
def test_a_stored_state_that_traefik_would_not_take_is_not_served(path: Path, statement: str) -> None:
    with opened(path) as first:
        assert first.load()
        change(first, put_service(), put_server())
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with opened(path) as again:
        assert not again.load()
        assert "service wayshub" in again.problem
        assert again.current is None


def test_a_database_that_was_put_back_is_not_written_to(kept: Revisions, path: Path) -> None:
    change(kept, put_service())
    change(kept, put_server())
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM revision WHERE number = 2")
    connection.commit()
    connection.close()
    with pytest.raises(Unavailable, match="at revision 1, although 2 was saved"):
        change(kept, put_server(weight=5))
    assert served(kept).revision == 2
