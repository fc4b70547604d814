"""What can happen to a database file while the service runs, or before it starts."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from shutil import copyfile

Fault = Callable[[Path], object]


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def another_programs(folder: Path) -> Path:
    """Make the database of another program."""
    path = folder / "another.db"
    execute(path, "CREATE TABLE note (text)", "INSERT INTO note VALUES ('mine')")
    return path


def unlink(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    another_programs(path.parent).replace(path)


def copy_over(path: Path) -> None:
    copyfile(another_programs(path.parent), path)


def truncate(path: Path) -> None:
    os.truncate(path, 0)


def fill_with_garbage(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(Random(size).randbytes(size))


def drop_tables(path: Path) -> None:
    execute(path, "PRAGMA foreign_keys = 0", *(f"DROP TABLE {name}" for name in ("router_domain", "router", "server")))


def rename_columns(path: Path) -> None:
    execute(path, *(f"ALTER TABLE {name} RENAME COLUMN name TO title" for name in ("domain", "router", "server")))


def make_newer(path: Path) -> None:
    execute(path, "UPDATE alembic_version SET version_num = '9999'")


def damage(good: bytes, path: Path, seed: int) -> None:
    """Write a database with a part of it cut off, a page lost, or some bytes changed."""
    random = Random(seed)
    content = bytearray(good)
    match random.choice(["cut", "page", "page", "bytes"]):
        case "cut":
            del content[random.randrange(len(content)) :]
        case "page":
            start = 4096 * random.randrange(len(content) // 4096)
            content[start : start + 4096] = random.randbytes(4096)
        case "bytes":
            for _ in range(random.choice([5, 50, 500])):
                content[random.randrange(100, len(content))] = random.randrange(256)
    path.write_bytes(content)
