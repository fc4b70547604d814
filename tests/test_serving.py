"""What is laid over the desired state for all edges: it is served and no revision, and never hides what is desired."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from provider import overlays
from provider.database.file import FileDatabase
from provider.errors import Unverified
from provider.models import Actor
from provider.nouns import Domain, Named
from provider.overlays import Overlay, Replacement
from provider.parts import Part, Parts
from provider.revisions import Revisions
from provider.serving import Serving
from provider.snapshots import ReloadCause, Snapshot
from provider.store import writes

KEY: Named = ("service", "provider.acme")
ADDED = Part(b'"provider.acme":{"loadBalancer":{"servers":[]}}')
BROKEN = Part(b'"provider.acme.x":{"rule":"Path(`/`)","service":"gone"}', needs=(("service", "gone"),))


class Running:
    def __init__(self, path: Path) -> None:
        self.database = FileDatabase(path)
        self.revisions = Revisions(self.database)
        self.serving = Serving(self.revisions)
        self.added: dict[Named, Part] = {}
        self.served: list[Snapshot] = []
        self.serving.add(lambda _desired, _parts: overlays.adding(self.added))
        self.serving.subscribe(self.served.append)
        assert self.revisions.load()

    def add_domain(self, name: str) -> None:
        self.revisions.change(lambda session: writes.put(session, Domain.read({"name": name})), actor=Actor("test"))


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
    running.serving.renew(ReloadCause.CERTIFICATE)
    assert len(running.served) == 1


def test_what_is_added_is_served_at_the_same_revision_and_is_newer(running: Running) -> None:
    before, desired = current(running), running.revisions.current
    running.added[KEY] = ADDED
    running.serving.renew(ReloadCause.CERTIFICATE)
    after = current(running)
    assert after.revision == before.revision
    assert after.order > before.order
    assert ADDED.content in after.document.content
    assert running.revisions.current is desired
    running.serving.renew(ReloadCause.CERTIFICATE)
    assert running.served == [before, after]
    # A change later it is still there; and once it is taken away, what was before is served again, and is newer.
    running.add_domain("alvin.xyz")
    assert ADDED.content in current(running).document.content
    running.added.clear()
    running.serving.renew(ReloadCause.CERTIFICATE)
    assert current(running).document == before.document
    assert [each.order for each in running.served] == sorted(each.order for each in running.served)


def test_what_needs_something_that_is_not_there_is_left_out(running: Running) -> None:
    running.added[("router", "provider.acme.x")] = BROKEN
    running.serving.renew(ReloadCause.CERTIFICATE)
    assert running.serving.current is running.revisions.current


def test_a_source_sees_what_those_before_it_made_and_may_change_it(running: Running) -> None:
    def source(_desired: Snapshot, parts: Parts) -> Overlay:
        found = parts.find(KEY)
        by = None if found is None else Part(found.content.replace(b"provider.acme", b"provider.acme.again"))
        return {KEY: Replacement(found, by)}

    running.serving.add(source)
    running.added[KEY] = ADDED
    running.serving.renew(ReloadCause.CERTIFICATE)
    assert b'"provider.acme.again":' in current(running).document.content
    assert current(running).cause is ReloadCause.CERTIFICATE
    running.add_domain("alvin.xyz")
    assert current(running).cause is ReloadCause.CHANGE


def test_a_source_that_fails_keeps_no_other_from_being_served(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_desired: Snapshot, _parts: Parts) -> Overlay:
        raise Unverified("Traefik would not take it")

    running.serving.add(fail)
    running.added[KEY] = ADDED
    running.serving.renew(ReloadCause.CERTIFICATE)
    assert ADDED.content in current(running).document.content
    assert "Traefik would not take it" in caplog.text


def test_what_can_wait_is_served_soon_and_once(running: Running) -> None:
    async def wait() -> None:
        running.serving.open()
        running.added[KEY] = ADDED
        for seconds in (60, 0.01, 30):
            running.serving.renew(ReloadCause.CERTIFICATE, within=seconds)
        assert len(running.served) == 1
        loop, again = asyncio.get_running_loop(), asyncio.Event()

        def wake(_served: Snapshot) -> None:
            loop.call_soon_threadsafe(again.set)

        running.serving.subscribe(wake)
        async with asyncio.timeout(10):
            await again.wait()
        running.serving.close()

    asyncio.run(wait())
    assert ADDED.content in current(running).document.content
    assert len(running.served) == 2


def test_what_could_wait_goes_out_with_what_cannot(running: Running) -> None:
    async def wait() -> None:
        running.serving.open()
        running.added[KEY] = ADDED
        running.serving.renew(ReloadCause.CERTIFICATE, within=60)
        await asyncio.to_thread(running.add_domain, "alvin.xyz")
        running.serving.close()

    asyncio.run(wait())
    assert ADDED.content in current(running).document.content
    assert len(running.served) == 2
