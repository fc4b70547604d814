"""A service with many routers, each with a service of two servers."""

import shutil
from pathlib import Path

from provider.database.file import Database
from provider.database.sessions import Session
from provider.models import Actor
from provider.nouns import Domain, Router, Server, Service
from provider.revisions import Revisions
from provider.store import nouns


def seeded(migrated: Path, folder: Path, count: int) -> Path:
    """Return a database with `count` routers, in a folder."""
    path = folder / "provider.db"
    shutil.copy(migrated, path)
    database = Database(path)
    revisions = Revisions(database)
    assert revisions.load(), revisions.problem
    revisions.change(lambda session: fill(session, count), actor=Actor("benchmark"))
    database.close()
    return path


def fill(session: Session, count: int) -> None:
    for index in range(count):
        name = f"app-{index:05d}"
        nouns.put(session, Domain(name=f"{name}.example.com"))
        nouns.put(session, Service(name=name))
        for server, weight in (("a", 3), ("b", 1)):
            address = f"http://10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}:{3000 + weight}"
            nouns.put(session, Server(name=server, url=address, weight=weight), name)
        nouns.put(session, Router(name=name, domains=[f"{name}.example.com"], service=name))
