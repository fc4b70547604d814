"""Databases that tests look into, and what they put there."""

import shutil
import sqlite3
from pathlib import Path

from alembic import command

from provider.database import upgrades
from provider.database.locations import Location
from tests.running import ROOT

NEWEST = max(file.name for file in (ROOT / "migrations" / "versions").glob("*.py"))[:4]
"""This version's newest migration."""

SERVICE = "INSERT INTO service (name) VALUES ('{}')"
SERVER = "INSERT INTO server (service, name, url, state) VALUES ('wayshub', 'a', '0', 'ready')"


def execute(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def tables(path: Path) -> list[tuple[object, ...]]:
    return query(path, "SELECT type, name, sql FROM sqlite_master ORDER BY type, name")


def copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*.copy"))


def next_version(folder: Path, body: str) -> Path:
    """Make the migrations of a later version, with one more whose upgrade is `body`. Returns their folder."""
    migrations = Path(shutil.copytree(ROOT / "migrations", folder / "migrations"))
    (migrations / "versions" / "later.py").write_text(
        '"""later"""\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n'
        f'revision = "later"\ndown_revision = "{NEWEST}"\nbranch_labels = None\ndepends_on = None\n\n\n'
        f"def upgrade():\n    {body}\n\n\ndef downgrade():\n    pass\n"
    )
    return migrations


def migrate_with(migrations: Path, path: Path) -> list[str]:
    """Migrate with other migrations than this version's. Returns what was said."""
    said: list[str] = []
    config = upgrades.alembic_config(Location(file=path))
    config.set_main_option("script_location", str(migrations))
    config.attributes["say"] = said.append
    command.upgrade(config, "head")
    return said
