"""What is laid over the desired state for all edges: it is served and no revision, and never hides what is desired."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provider import overlays
from provider.database.file import Database
from provider.models import Actor
from provider.nouns import Domain, Named
from provider.parts import Part
from provider.revisions import Revisions
from provider.serving import Serving
from provider.snapshots import Snapshot
from provider.store import nouns

KEY: Named = ("service", "provider.acme")
ADDED = Part(b'"provider.acme":{"loadBalancer":{"servers":[]}}')
BROKEN = Part(b'"provider.acme.x":{"rule":"Path(`/`)","service":"gone"}', needs=(("service", "gone"),))


class Running:
    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.revisions = Revisions(self.database)
        self.serving = Serving(self.revisions)
        self.added: dict[Named, Part] = {}
        self.served: list[Snapshot] = []
        self.serving.add(lambda _desired: overlays.adding(self.added))
        self.serving.subscribe(self.served.append)
        assert self.revisions.load()

    def add_domain(self, name: str) -> None:
        self.revisions.change(lambda session: nouns.put(session, Domain.read({"name": name})), actor=Actor("test"))


@pytest.fixture
def running(migrated: Path, tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "provider.db"
    path.write_bytes(migrated.read_bytes())
    made = Running(path)
    yield made
    made.database.close()


def current(running: Running) -> Snapshot:
    found = running.serving.current
    assert found is not None
    return found


def test_without_anything_to_lay_over_it_the_desired_state_itself_is_served(running: Running) -> None:
    assert running.serving.current is running.revisions.current
    running.serving.renew()
    assert len(running.served) == 1


def test_what_is_added_is_served_at_the_same_revision_and_is_newer(running: Running) -> None:
    before, desired = current(running), running.revisions.current
    running.added[KEY] = ADDED
    running.serving.renew()
    after = current(running)
    assert after.revision == before.revision
    assert after.order > before.order
    assert ADDED.content in after.document.content
    assert running.revisions.current is desired
    running.serving.renew()
    assert running.served == [before, after]
    # A change later it is still there; and once it is taken away, what was before is served again, and is newer.
    running.add_domain("alvin.xyz")
    assert ADDED.content in current(running).document.content
    running.added.clear()
    running.serving.renew()
    assert current(running).document == before.document
    assert [each.order for each in running.served] == sorted(each.order for each in running.served)


def test_what_needs_something_that_is_not_there_is_left_out(running: Running) -> None:
    running.added[("router", "provider.acme.x")] = BROKEN
    running.serving.renew()
    assert running.serving.current is running.revisions.current
