"""A database on a PostgreSQL server keeps the promises that an SQLite file keeps."""

import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, Self

import psycopg
import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from provider.apart.turns import Turns
from provider.confirmations import Confirmations
from provider.database import connecting, upgrades, versions
from provider.database.database import Database
from provider.database.locations import Location
from provider.database.sealing import MARK
from provider.database.server import ServerDatabase
from provider.database.server_connections import connect, make_engine, told
from provider.database.sessions import Session
from provider.errors import NotFound, Unavailable
from provider.models import Actor, AuditEntry, Confirming, EdgeRecord, Issuance, Revision, Token
from provider.nouns import Domain, Service
from provider.nouns.texts import Hidden
from provider.revisions import Revisions
from provider.store import audit, edges, nouns, tokens, writes
from provider.store import revisions as stored_revisions
from provider.store.records import Order
from tests.postgres import Postgres, pooler
from tests.running import wait_until

ACTOR = Actor("tests")


@pytest.fixture
def location(postgres: Postgres) -> Location:
    return postgres.migrated()


@pytest.fixture
def database(location: Location) -> Iterator[ServerDatabase]:
    made = ServerDatabase(location)
    made.open()
    yield made
    made.close()


@pytest.fixture
def kept(database: Database) -> Revisions:
    made = Revisions(database)
    assert made.load(), made.problem
    return made


@pytest.fixture
def other(location: Location) -> Iterator[Revisions]:
    """Another service on the database, which does not hear what others commit."""
    with closing(connecting.database_at(location)) as database:
        yield Revisions(database)


def put(kept: Revisions, name: str, message: str = "") -> int:
    return kept.change(lambda session: writes.put(session, Domain(name=name)), actor=ACTOR, message=message).revision


def test_the_same_migrations_go_up_and_down_and_give_what_the_models_say(postgres: Postgres) -> None:
    location = postgres.empty()
    said: list[str] = []
    connecting.migrate(location, said.append)
    assert said == [f"created the tables of version {versions.versions()[-1]}"]
    config = upgrades.alembic_config(location)
    config.attributes["say"] = said.append
    command.check(config)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)


def test_a_database_that_is_not_current_is_refused_with_what_to_do(postgres: Postgres) -> None:
    empty, foreign, newer = postgres.empty(), postgres.empty(), postgres.migrated()
    with pytest.raises(Unavailable, match="is empty: run `wayshub-provider migrate`"):
        connecting.check_current(empty)
    postgres.run("CREATE TABLE bills (id int)", name_of(foreign))
    with pytest.raises(Unavailable, match="of another program: set PROVIDER_DATABASE_URL to a database of its own"):
        connecting.check_current(foreign)
    with pytest.raises(Unavailable, match="of another program: it is left as it is"):
        connecting.migrate(foreign, print)
    postgres.run("UPDATE alembic_version SET version_num = '9999'", name_of(newer))
    with pytest.raises(Unavailable, match="made by a newer version of wayshub-provider"):
        connecting.database_at(newer).open()


@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
def test_a_pooler_has_to_pool_sessions(postgres: Postgres, mode: str) -> None:
    with pooler(postgres, mode) as through:
        location = through(postgres.migrated())
        for _again in range(3):
            if mode == "session":
                connecting.check_current(location)
                continue
            with pytest.raises(Unavailable, match=r"pool_mode = session|statement pooling mode"):
                connecting.check_current(location)
            with pytest.raises(Unavailable, match=r"pool_mode = session|statement pooling mode"):
                connecting.database_at(location).open()


def test_migrate_makes_the_key_file_once_and_no_service_makes_one(postgres: Postgres, tmp_path: Path) -> None:
    location = Location(url=postgres.migrated().url, key_file=tmp_path / "provider.key")
    database = connecting.database_at(location)
    database.open()

    def write() -> None:
        with database.writing() as session:
            session.add(Issuance(name="alvin.xyz", key=Hidden("secret")))

    with pytest.raises(Unavailable, match="put the one that all services share there"):
        write()
    assert not location.keys_path.exists()
    connecting.migrate(location, lambda _line: None)
    write()
    with database.reading() as session:
        assert session.exec(select(Issuance)).one().key == "secret"
    with psycopg.connect(postgres.conninfo(name_of(location))) as plain:
        ((written,),) = plain.execute("SELECT key::text FROM issuance").fetchall()
    assert MARK in written
    assert "secret" not in written
    location.keys_path.unlink()
    with pytest.raises(Unavailable, match="is missing, and the secrets in the database are encrypted with it"):
        connecting.migrate(location, lambda _line: None)
    database.close()


def test_eight_writers_lose_no_update(database: Database) -> None:
    with database.writing() as session:
        session.add(Issuance(name="counted", attempts=0))

    def count() -> None:
        for _ in range(20):
            with database.writing() as session:
                row = session.get(Issuance, "counted")
                assert row is not None
                row.attempts += 1

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.exec(select(Issuance.attempts)).one() == 160


@pytest.mark.parametrize("begin", ["writing", "trying"])
def test_who_only_computes_for_long_keeps_the_transaction(database: ServerDatabase, begin: str) -> None:
    """The server ends that of who stands still."""
    database.silent_seconds = 0.4
    with getattr(database, begin)() as session:
        session.add(Issuance(name="alvin.xyz"))
        until = monotonic() + 1.0
        while monotonic() < until:
            sum(range(1_000))
        session.flush()
        assert session.exec(select(Issuance.name)).all() == ["alvin.xyz"]


def test_a_reader_sees_one_moment_and_cannot_write(database: Database) -> None:
    with database.reading() as session:
        assert session.exec(select(Issuance)).all() == []
        with database.writing() as other:
            other.add(Issuance(name="alvin.xyz"))
        assert session.exec(select(Issuance)).all() == []
    with pytest.raises(Unavailable), database.reading() as session:
        session.connection().exec_driver_sql("DELETE FROM issuance")


def test_what_breaks_a_constraint_is_undone_whole(database: Database) -> None:

    def write() -> None:
        with database.writing() as session:
            session.add(Issuance(name="alvin.xyz"))
            session.flush()
            session.connection().exec_driver_sql("INSERT INTO router_domain VALUES ('no', 0, 'no')")

    with pytest.raises(IntegrityError):
        write()
    with database.reading() as session:
        assert session.exec(select(Issuance)).all() == []


def test_a_service_that_starts_keeps_nobody_from_writing(other: Revisions) -> None:
    locked: list[str] = []

    def note(*given: Any) -> None:
        locked.extend(each for each in given if "pg_advisory_xact_lock" in str(each))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert other.load(), other.problem
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert locked == []


def test_changes_are_kept_tried_and_found_again_by_another_process(
    kept: Revisions, other: Revisions, location: Location, database: Database
) -> None:
    assert put(kept, "first.example") == 1
    tried = kept.try_change(lambda session: writes.put(session, Domain(name="tried.example")))
    assert [change.name for change in tried.changes] == ["tried.example"]
    assert put(kept, "other.example") == 2
    assert other.load()
    assert other.current is not None
    assert kept.current is not None
    assert (other.current.revision, other.current.document) == (2, kept.current.document)
    with database.reading() as session, pytest.raises(NotFound):
        nouns.get(session, Domain, "tried.example")
    with closing(connecting.database_at(location)) as closed, pytest.raises(Unavailable, match="is not open"):
        closed.writing().__enter__()


@pytest.mark.parametrize("looked_for", ["STRASSE", "straße", "EINE ", "E_S", "100%"])
def test_names_are_found_in_either_case(kept: Revisions, database: Database, looked_for: str) -> None:
    put(kept, "alvin.xyz", "Eine Straße, e_s, 100% of it")
    put(kept, "other.xyz", "eXs 100")
    with database.reading() as session:
        found = stored_revisions.page(session, limit=10, q=looked_for)
    assert [each.number for each in found] == [1]


def test_texts_are_in_the_order_of_their_code_points(database: Database) -> None:
    names = ["B", "a", "a-b", "a_b", "ab", "ä"]
    with database.writing() as session:
        for number, name in enumerate(reversed(names)):
            session.add(Token(id=str(number), name=name, secret_hash="", scopes=[], created=""))
    with database.reading() as session:
        listed = [token.name for token in tokens.list_all(session) if token.name != "tests"]
    assert listed == sorted(names)


def test_names_are_in_the_order_of_people_where_that_is_asked_for(kept: Revisions, database: Database) -> None:
    for name in ("bücher.xyz", "app10.xyz", "app2.xyz", "app1.xyz"):
        put(kept, name)
    with database.reading() as session:
        assert nouns.page(session, Service, order=Order()) == []
        listed = nouns.page(session, Domain, limit=2, after="app1.xyz", order=Order())
        assert nouns.first_names(session, Service, 2) == []
    assert [domain.name for domain in listed] == ["app2.xyz", "app10.xyz"]
    with database.reading() as session:
        assert nouns.first_names(session, Domain, 2) == ["app1.xyz", "app2.xyz"]
        assert nouns.first_names(session, Domain, 5) == ["app1.xyz", "app2.xyz", "app10.xyz", "bücher.xyz"]


def test_numbers_have_64_bits_and_a_text_with_nul_is_nobodys(database: Database) -> None:
    with database.writing() as session:
        row = {"number": 2**40, "time": "", "author": "", "summary": "", "words": [], "digest": "", "message": ""}
        stored_revisions.add(session, row)
        audit.add(session, ACTOR, "test", "words", revision=2**40)
    with database.reading() as session:
        assert session.exec(select(Revision.number)).one() == 2**40
        assert session.exec(select(AuditEntry.revision)).one() == 2**40
        with pytest.raises(NotFound):
            stored_revisions.get(session, 10**17)
        with pytest.raises(NotFound):
            nouns.get(session, Domain, "alvin\0.xyz")


def test_a_server_that_is_away_is_told_and_comes_back(postgres: Postgres, kept: Revisions, database: Database) -> None:
    put(kept, "before.example")
    postgres.kill()
    assert not database.probe()
    assert "cannot be reached" in (database.find_trouble() or "")
    with pytest.raises(Unavailable, match="cannot be reached"):
        put(kept, "never.example")
    assert kept.current is not None
    assert kept.current.revision == 1
    postgres.start()
    assert database.probe()
    assert database.find_trouble() is None
    assert put(kept, "after.example") == 2


def test_nothing_is_asked_of_the_server_by_who_wants_to_know_its_size(database: Database) -> None:
    """He keeps all polls waiting: a table that is being migrated would keep him for seconds."""
    statements: list[str] = []
    event.listen(database._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))  # type: ignore[attr-defined]
    assert (database.find_size_bytes(), statements) == (None, [])
    assert database.probe()
    asked = len(statements)
    assert (database.find_size_bytes() or 0) > 0
    assert len(statements) == asked > 0


def test_a_database_that_cannot_have_all_texts_is_refused(postgres: Postgres) -> None:
    location = postgres.empty()
    name = f"{name_of(location)}_ascii"
    postgres.run(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(Unavailable, match="has the encoding SQL_ASCII: create one with `createdb --encoding UTF8"):
        connecting.migrate(postgres.location(name), print)


def test_what_the_server_refuses_is_not_told_as_if_it_were_away(database: Database) -> None:
    with pytest.raises(Unavailable, match="cannot be used now: canceling"), database.reading() as session:
        session.connection().exec_driver_sql("SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(60)")


def test_a_server_that_hangs_is_waited_for_so_long_and_no_longer(location: Location) -> None:
    """One whose disk stands still keeps its connections, and never answers."""
    engine = make_engine(location, json.dumps, json.loads, answer_seconds=0.2)
    try:
        with pytest.raises(Unavailable, match=r"cannot be reached: no answer within 0\.2 s"):  # noqa: SIM117
            with told(location), engine.connect() as connection:
                connection.exec_driver_sql("SELECT pg_sleep(5)")
        with told(location), engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    finally:
        engine.dispose()


def test_who_finds_all_connections_taken_is_told(location: Location) -> None:
    engine = create_engine(location.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    try:
        with engine.connect(), pytest.raises(Unavailable, match="others have been using the database"):  # noqa: SIM117
            with told(location), engine.connect():
                pass
    finally:
        engine.dispose()


def test_parameters_of_the_url_count(location: Location) -> None:
    named = replace(location, url=f"{location.url}&application_name=replica-1&connect_timeout=7")
    for connected in (connect(named), make_engine(named, json.dumps, json.loads).raw_connection().driver_connection):
        assert connected is not None
        with closing(connected):
            assert connected.execute("SHOW application_name").fetchone() == ("replica-1",)
            assert connected.info.get_parameters()["connect_timeout"] == "7"


def test_who_is_told_of_no_commit_looks_what_was_committed(location: Location, tmp_path: Path) -> None:
    """The connection may break between the commit and its answer."""
    with Relay(location, tmp_path) as relay, closing(connecting.database_at(relay.location)) as database:
        heard: list[object] = []
        database.follow(heard.append)
        database.open()
        wait_until(lambda: heard == [None], "it hears")
        known = database.find_credentials_version()
        relay.is_deaf = True
        with pytest.raises(Unavailable), database.writing() as session:
            session.add(Token(id="1", name="n", secret_hash="", scopes=[], created=""))
        wait_until(lambda: database.find_credentials_version() != known, "it looks again")
        with database.reading() as session:
            assert "1" in {token.id for token in tokens.list_all(session)}


class Relay:
    """Stands between a service and the server: when it is deaf, the answer to the next commit is lost."""

    def __init__(self, location: Location, folder: Path) -> None:
        url = make_url(location.url)
        self._server = Path(str(url.query["host"])) / ".s.PGSQL.5432"
        self._folder = Path(tempfile.mkdtemp(prefix="relay-", dir="/tmp"))  # the path of a socket has to be short
        self.location = replace(location, url=url.set(query={"host": str(self._folder)}).render_as_string())
        self.is_deaf = False

    def __enter__(self) -> Self:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        shutil.rmtree(self._folder)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        state = {"commits": False}
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._server))
            back = threading.Thread(target=lambda: self._pass_on(server, client, state, asks=False), daemon=True)
            back.start()
            self._pass_on(client, server, state, asks=True)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket, state: dict[str, bool], *, asks: bool) -> None:
        with suppress(OSError):
            while content := source.recv(65_536):
                if asks and b"COMMIT\0" in content and self.is_deaf:
                    state["commits"] = True
                if not asks and state["commits"]:
                    self.is_deaf = False
                    break
                target.sendall(content)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def test_what_a_service_with_another_clock_began_has_all_its_time(
    postgres: Postgres, location: Location, kept: Revisions
) -> None:
    postgres.run(
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "NEW.deadline := '2026-01-01T00:00:00.000+00:00'; RETURN NEW; END $$; "
        "CREATE TRIGGER late BEFORE INSERT ON confirmation FOR EACH ROW EXECUTE FUNCTION late()",
        name_of(location),
    )
    with closing(connecting.database_at(location)) as database:
        other = Revisions(database)
        confirmations = Confirmations(other, Turns(database, other.reading))
        database.follow(other.heard)
        database.follow(confirmations.heard)
        assert other.load()
        confirmations.start()
        kept.change(
            lambda session: writes.put(session, Domain(name="alvin.xyz")),
            actor=ACTOR,
            confirming=Confirming(seconds=600),
        )
        wait_until(lambda: bool(confirmations.pending), "the other has heard of it")
        assert confirmations.pending[0].left_seconds > 300


def test_who_waits_too_long_for_another_writer_is_told(database: Database) -> None:
    with (
        database.writing(),
        pytest.raises(Unavailable, match="is busy with other writes"),
        database.writing(),
    ):
        pass


def test_others_write_while_something_is_tried_and_it_sees_nothing_of_that(kept: Revisions, other: Revisions) -> None:
    put(kept, "before.example")
    assert other.load()

    def beside(session: Session) -> None:
        writes.put(session, Domain(name="tried.example"))
        assert put(other, "other.example") == 2
        assert put(kept, "kept.example") == 3
        with pytest.raises(NotFound):
            nouns.get(session, Domain, "other.example")

    outcome = kept.try_change(beside)
    assert outcome.revision == 1
    assert [change.name for change in outcome.changes] == ["tried.example"]
    with kept.reading() as session:
        assert sorted(nouns.names(session, Domain)) == ["before.example", "kept.example", "other.example"]


def test_a_trial_gives_way_to_whoever_writes_the_same_and_begins_anew(kept: Revisions, other: Revisions) -> None:
    put(kept, "same.example")
    assert other.load()
    tries = []

    def describe(session: Session) -> None:
        tries.append(nouns.get(session, Domain, "same.example").description)
        if len(tries) == 1:
            other.change(
                lambda beside: writes.put(beside, Domain(name="new.example", description="of others")), actor=ACTOR
            )
            other.change(
                lambda beside: writes.put(beside, Domain(name="same.example", description="of others")), actor=ACTOR
            )
        for name in ("same.example", "new.example"):
            writes.put(session, Domain(name=name, description="tried"))

    outcome = kept.try_change(describe)
    assert tries == ["", "of others"]
    assert outcome.revision == 3
    assert {change.name for change in outcome.changes if change.before} == {"new.example", "same.example"}


@pytest.fixture
def others(location: Location) -> Iterator[Revisions]:
    """The same state at another service, which follows it."""
    database = connecting.database_at(location)
    made = Revisions(database)
    database.follow(made.heard)
    assert made.load()
    yield made
    database.close()


def at(kept: Revisions) -> int:
    return 0 if kept.current is None else kept.current.revision


def test_what_one_service_changes_another_serves_at_once(kept: Revisions, others: Revisions) -> None:
    published: list[int] = []
    others.subscribe(lambda snapshot: published.append(snapshot.revision))
    put(kept, "alvin.xyz")
    wait_until(lambda: at(others) == 1, "the other has heard of it")
    put(others, "bela.xyz")
    assert put(kept, "cici.xyz") == 3  # it had not heard of the second, or had: it follows it in any case
    wait_until(lambda: at(others) == 3, "the other has heard of it")
    assert published == [1, 2, 3]
    assert others.current is not None
    assert kept.current is not None
    assert others.current.document == kept.current.document
    assert others.current.author == "tests"


def test_who_was_cut_off_serves_what_it_has_and_catches_up(
    postgres: Postgres, location: Location, kept: Revisions, others: Revisions
) -> None:
    put(kept, "alvin.xyz")
    wait_until(lambda: at(others) == 1, "the other has heard of it")
    postgres.cut(name_of(location))
    put(kept, "bela.xyz")
    assert at(others) in {1, 2}
    wait_until(lambda: at(others) == 2, "the other has caught up")


def test_a_database_that_lost_what_was_acknowledged_is_told_and_not_followed(
    postgres: Postgres, location: Location, kept: Revisions, others: Revisions
) -> None:
    put(kept, "alvin.xyz")
    put(kept, "bela.xyz")
    wait_until(lambda: at(others) == 2, "the other has heard of it")
    postgres.run("DELETE FROM revision WHERE number = 2", name_of(location))
    others.probe()
    assert "lacks revision 2, which was saved" in (others.find_trouble() or "")
    with pytest.raises(Unavailable, match="lacks revision 2"):
        put(others, "cici.xyz")
    # Another one, which was started anew, goes on from there: what it makes is no successor of what these have served.
    postgres.run(
        "INSERT INTO revision (number, time, author, summary, digest, message) SELECT 2, time, author, '', 'x', '' "
        "FROM revision WHERE number = 1",
        name_of(location),
    )
    with pytest.raises(Unavailable, match="lacks revision 2"):
        put(kept, "cici.xyz")
    assert at(others) == at(kept) == 2
    assert others.load()


def test_others_know_at_once_who_may_do_what(location: Location, database: Database) -> None:
    other = connecting.database_at(location)
    other.follow(lambda _tables: None)
    other.open()
    wait_until(lambda: (other.find_credentials_version() or 0) > 0, "it hears")
    known = other.find_credentials_version()
    with database.writing() as session:
        session.add(Issuance(name="alvin.xyz"))
    with database.writing() as session:
        session.add(Token(id="1", name="n", secret_hash="", scopes=[], created=""))
    wait_until(lambda: other.find_credentials_version() != known, "it has heard")
    assert other.find_credentials_version() == (known or 0) + 1
    other.close()


def test_edges_that_poll_are_remembered_in_a_few_statements_however_many_they_are(database: Database) -> None:
    """Who writes keeps all other services waiting."""
    for last_seen in ("2026-01-01T00:00:00.000+00:00", "2026-01-01T00:00:10.000+00:00"):
        made = [EdgeRecord(name=f"e-{n}", first_seen="", last_seen=last_seen, address=None) for n in range(1000)]
        statements: list[str] = []
        with database.writing() as session:
            event.listen(
                session.connection(), "before_cursor_execute", lambda *given, found=statements: found.append(given[2])
            )
            edges.remember(session, made, 5_000)
        assert len(statements) <= 5
        with database.reading() as session:
            assert [each.last_seen for each in edges.list_all(session)] == [last_seen] * 1000


def name_of(location: Location) -> str:
    return location.url.rpartition("/")[2].partition("?")[0]
