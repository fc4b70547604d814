"""What migrations make of the rows that there are, and back."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from provider.database import upgrades
from provider.database.file import FileDatabase
from provider.database.locations import Location
from provider.store import declarations
from tests.database.files import execute, query
from tests.running import ROOT

EARLIER = [file.name[:4] for file in sorted((ROOT / "migrations" / "versions").glob("*.py")) if file.name < "0007"]
"""The migrations before that which made rows of the changes."""

WITH_QUARANTINE = [file.name[:4] for file in sorted((ROOT / "migrations" / "versions").glob("*.py"))][1:]
"""The migrations since that which made the quarantine."""


CHANGES: list[dict[str, object]] = [
    {"kind": "service", "name": "wayshub", "before": None, "after": {"name": "wayshub", "healthCheck": None}},
    {"kind": "domain", "name": "xn--bcher-kva.example", "before": {"name": "b\u00fccher.example"}, "after": None},
]


@pytest.mark.parametrize("version", EARLIER)
def test_what_revisions_changed_is_moved_from_every_earlier_version_and_back(tmp_path: Path, version: str) -> None:
    path = tmp_path / "provider.db"
    config = upgrades.alembic_config(Location(file=path))
    config.attributes["say"] = lambda _line: None
    command.upgrade(config, version)
    columns = "(number, time, author, summary, changes, digest)"
    for number, changes in ((1, CHANGES), (2, []), (3, CHANGES[:1])):
        values = f"({number}, '2026-01-01T00:00:00.000+00:00', 'ada', 'told', '{json.dumps(changes)}', 'd')"
        execute(path, f"INSERT INTO revision {columns} VALUES {values}")  # noqa: S608  # written here
    stored = query(path, f"SELECT {columns[1:-1]} FROM revision ORDER BY number")  # noqa: S608
    command.upgrade(config, "head")
    assert query(path, "SELECT number, author, summary, words, digest FROM revision ORDER BY number") == [
        (number, "ada", "told", None, "d") for number in (1, 2, 3)
    ]
    moved = query(path, "SELECT revision, kind, name, before, after FROM revision_change ORDER BY revision, position")
    assert [(number, kind, name, _value(before), _value(after)) for number, kind, name, before, after in moved] == [
        (number, change["kind"], change["name"], change["before"], change["after"])
        for number, changes in ((1, CHANGES), (3, CHANGES[:1]))
        for change in changes
    ]
    command.downgrade(config, version)
    assert query(path, f"SELECT {columns[1:-1]} FROM revision ORDER BY number") == stored  # noqa: S608


@pytest.mark.parametrize("version", [version for version in WITH_QUARANTINE if version < "0009"])
def test_a_document_in_quarantine_stays_so_from_every_earlier_version_and_back(tmp_path: Path, version: str) -> None:
    path = tmp_path / "provider.db"
    config = upgrades.alembic_config(Location(file=path))
    config.attributes["say"] = lambda _line: None
    command.upgrade(config, version)
    for number, digest in ((7, "f8d11bf8ddb1"), (8, "other")):
        # What a revision changed stood beside it in its own row, and then in rows of its own.
        has_changes = query(path, "SELECT 1 FROM pragma_table_info('revision') WHERE name = 'changes'")
        column, value = (", changes", ", '[]'") if has_changes else ("", "")
        execute(
            path,
            f"INSERT INTO revision (number, time, author, summary, digest{column}) "  # noqa: S608  # written here
            f"VALUES ({number}, '2026-01-01T00:00:00.000+00:00', 'ada', 'told', '{digest}'{value})",
        )
    former = "edge, rejected_digest, accepted_revision, accepted_digest, accepted_content"
    execute(path, f"INSERT INTO quarantine ({former}) VALUES ('eu', 'f8d11bf8ddb1', 6, '0c7a9e1f24b3', x'7b7d')")  # noqa: S608
    stored = query(path, f"SELECT {former} FROM quarantine")  # noqa: S608
    command.upgrade(config, "head")
    assert query(path, f"SELECT {former} FROM quarantine") == stored  # noqa: S608
    assert query(path, "SELECT rejected_revision, held FROM quarantine") == [(7, b"{}")]
    execute(path, "INSERT INTO quarantine VALUES ('us', 8, 'other', 6, '0c7a9e1f24b3', x'', x'7b7d')")
    command.downgrade(config, version)
    assert query(path, f"SELECT {former} FROM quarantine") == stored  # noqa: S608


def _value(text: object) -> object:
    return None if text is None else json.loads(str(text))


def test_what_changed_an_object_last_is_found_by_an_index(path: Path) -> None:
    wanted = "SELECT max(revision) FROM revision_change WHERE kind = 'router' AND name = 'a' AND revision > 5"
    ((*_ids, plan),) = query(path, f"EXPLAIN QUERY PLAN {wanted}")
    assert "USING COVERING INDEX ix_revision_change_kind_name_revision (kind=? AND name=? AND revision>?)" in str(plan)


# What became fields of JSON

BEFORE_FIELDS: dict[str, list[tuple[object, ...]]] = {
    "domain": [
        ("xn--bcher-kva.example", "bücher.example", "Toko buku", '{"team": "a"}'),
        ("b.test", "b.test", "", "{}"),
    ],
    "service": [
        ("shop", "p2c", 0, '{"path": "/", "interval": "5s", "timeout": "2s"}', '{"cookie": {"name": "c"}}', "{}"),
        ("plain", "wrr", 1, None, None, '{"team": "a"}'),
    ],
    "server": [("shop", "a", "http://10.0.0.1:80", 7, "drain", "{}")],
    "router": [
        ("shop", "shop", "/x", '["web", "other"]', 9, 1, None, "{}"),
        ("ruled", "plain", None, '["web"]', None, 0, "Path(`/`)", "{}"),
    ],
    "router_domain": [("shop", 0, "xn--bcher-kva.example"), ("shop", 1, "b.test")],
}
COLUMNS = {
    "domain": "name, shown, description, labels",
    "service": "name, strategy, pass_host_header, health_check, sticky, labels",
    "server": "service, name, url, weight, state, labels",
    "router": "name, service, path_prefix, entry_points, priority, enabled, rule, labels",
    "router_domain": "router, position, domain",
}


def test_fields_move_into_json_and_back_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    config = upgrades.alembic_config(Location(file=path))
    config.attributes["say"] = lambda _line: None
    command.upgrade(config, "0009")
    with closing(sqlite3.connect(path)) as connection:
        for table, rows in BEFORE_FIELDS.items():
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})", rows)  # noqa: S608  # ours
        connection.commit()
    command.upgrade(config, "head")
    opened = FileDatabase(path)
    opened.open()
    with opened.reading() as session:
        state = declarations.read(session)
    opened.close()
    assert [domain.name for domain in state.domains.values()] == ["b.test", "bücher.example"]
    shop, plain = state.services["shop"].json(), state.services["plain"].json()
    assert (shop["strategy"], shop["passHostHeader"], shop["sticky"]) == ("p2c", False, {"cookie": {"name": "c"}})
    assert (plain["healthCheck"], plain["sticky"], plain["labels"]) == (None, None, {"team": "a"})
    assert state.servers["shop"]["a"].json() == {
        "name": "a",
        "url": "http://10.0.0.1:80",
        "weight": 7,
        "state": "drain",
        "labels": {},
    }
    router = state.routers["shop"]
    assert (router.domains, router.entry_points, router.priority) == (["bücher.example", "b.test"], ["web", "other"], 9)
    assert (state.routers["ruled"].rule, state.routers["ruled"].enabled) == ("Path(`/`)", False)
    command.downgrade(config, "0009")
    for table, rows in BEFORE_FIELDS.items():
        found = query(path, f"SELECT {COLUMNS[table]} FROM {table}")  # noqa: S608  # ours
        assert sorted(found, key=repr) == sorted(rows, key=repr), table
