"""A service with many routers, each with a service of two servers."""

import shutil
from pathlib import Path
from typing import Any

from provider import declarations
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.models import Actor
from provider.revisions import Revisions
from provider.store import declarations as stored

MIDDLEWARES = 20


def seeded(migrated: Path, folder: Path, count: int, *, dressed: bool = False) -> Path:
    """Return a database with `count` routers, in a folder; with TLS and two middlewares each, if they are `dressed`."""
    path = folder / "provider.db"
    shutil.copy(migrated, path)
    database = FileDatabase(path)
    revisions = Revisions(database)
    assert revisions.load(), revisions.problem
    revisions.change(lambda session: fill(session, count, dressed=dressed), actor=Actor("benchmark"))
    database.close()
    return path


def fill(session: Session, count: int, *, dressed: bool = False) -> None:
    stored.apply(session, declarations.read(declared(count, dressed=dressed)))


def declared(count: int, *, dressed: bool) -> dict[str, Any]:
    names = [f"app-{index:05d}" for index in range(count)]
    worn = [f"strip-{index:02d}" for index in range(MIDDLEWARES)]
    clothes = [
        {"tls": {"certResolver": "le"}, "middlewares": [worn[index % len(worn)], worn[(index + 1) % len(worn)]]}
        if dressed
        else {}
        for index in range(count)
    ]
    return {
        "domains": {f"{name}.example.com": {} for name in names},
        "middlewares": {name: {"stripPrefix": {"prefixes": [f"/{name}"]}} for name in worn} if dressed else {},
        "services": {name: {"servers": _servers(index)} for index, name in enumerate(names)},
        "routers": {
            name: {"domains": [f"{name}.example.com"], "service": name, **clothes[index]}
            for index, name in enumerate(names)
        },
    }


def _servers(index: int) -> dict[str, Any]:
    host = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}"
    return {name: {"url": f"http://{host}:{3000 + weight}", "weight": weight} for name, weight in (("a", 3), ("b", 1))}
