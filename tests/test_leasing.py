"""What follows when leases end, and when they begin again."""

from contextlib import closing
from pathlib import Path
from shutil import copy

from provider.database.file import FileDatabase
from provider.declarations import Declaration
from provider.leasing import changes
from provider.leasing.changes import Due
from provider.models import Actor
from provider.nouns import Server, Service
from provider.revisions import Revisions
from provider.store import declarations, leases, servers
from provider.values import ServerState

MANY = 1100


def test_many_servers_that_were_silent_come_back_at_once_or_go_at_once(migrated: Path, tmp_path: Path) -> None:
    names = [f"s{index}" for index in range(MANY)]
    listed = [("server", f"web/{name}", Server(name=name, url=f"http://{name}:1", ttl="30s")) for name in names]
    with closing(FileDatabase(Path(copy(migrated, tmp_path / "provider.db")))) as database:
        revisions = Revisions(database)
        assert revisions.load(), revisions.problem
        declared = Declaration.gathered([("service", "web", Service(name="web")), *listed])
        revisions.change(lambda session: declarations.apply(session, declared), actor=Actor("tests"))
        silent = [("web", name) for name in names]
        changes.write(revisions, Due(drained=silent))
        changes.write(revisions, Due(back=silent))
        with revisions.reading() as session:
            assert {server.state for server in servers.of_services(session, ["web"])["web"]} == {ServerState.READY}
        changes.write(revisions, Due(drained=silent))
        changes.write(revisions, Due(gone=silent))
        with revisions.reading() as session:
            assert leases.list_all(session) == {}
