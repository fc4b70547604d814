"""A declaration is applied as it says, and a plan is what happens. Laws, on random states."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from provider import configuration, declarations, plans
from provider.cli.files import documents
from provider.database.file import FileDatabase
from provider.database.sessions import Session
from provider.declarations import Declaration
from provider.errors import InUse, Invalid
from provider.listening import DEFAULT_POINTS
from provider.models import Actor
from provider.nouns import Domain, Router, Server, Service
from provider.plans import Prune
from provider.revisions import Outcome, Revisions
from provider.snapshots import read_verified
from provider.store import declarations as stored
from provider.store.revisions import LONG, Retention
from tests import strategies
from tests.running import SOAK, cases

PHASES = tuple(phase for phase in Phase if SOAK or phase is not Phase.shrink)
laws = settings(
    max_examples=cases(10, 500), deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck), database=None
)
ACTOR = Actor("tester")


@st.composite
def states(draw: st.DrawFn) -> Declaration:
    """Draw a whole state: what routers name is there."""
    pools, routers = draw(strategies.states())
    found: dict[str, Domain] = {}
    for host in [host for router in routers for host in router.domains] + draw(st.lists(strategies.hosts, max_size=2)):
        domain = Domain(name=host, description=draw(st.sampled_from(["", "1e5", "a: b"])), labels={"team": "a"})
        found.setdefault(domain.ascii_name, domain)
    shown = {label: domain.name for label, domain in found.items()}
    return Declaration.of(
        *found.values(),
        *(service for service, _pool in pools),
        *(router.copy(domains=[shown[label] for label in router.ascii_domains]) for router in routers),
        within={service.name: pool for service, pool in pools},
    )


def written(state: Declaration) -> dict[str, Any]:
    return declarations.write(state)


@contextmanager
def kept_in(folder: Path, migrated: Path, retention: Retention = LONG) -> Iterator[Revisions]:
    path = Path(shutil.copy(migrated, folder / "provider.db"))
    database = FileDatabase(path)
    revisions = Revisions(database, retention=retention)
    try:
        assert revisions.load()
        yield revisions
    finally:
        database.close()


@pytest.fixture(scope="module")
def kept(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Revisions]:
    """Revisions that all laws share: each begins by replacing what is there."""
    with kept_in(tmp_path_factory.mktemp("plans"), migrated) as revisions:
        yield revisions


def bringing(wanted: Declaration, prune: Prune | None = None) -> Callable[[Session], None]:
    return lambda session: stored.apply(session, wanted, prune)


def bring(kept: Revisions, wanted: Declaration, prune: Prune | None = None) -> Outcome[None]:
    number = kept.try_change(bringing(wanted, prune)).difference
    assert number is not None
    confirmed = number.removal.number
    return kept.change(bringing(wanted, prune), actor=ACTOR, compares=True, confirmed=confirmed)


def current(kept: Revisions) -> Declaration:
    with kept.reading() as session:
        return stored.read(session)


def served(kept: Revisions) -> bytes:
    assert kept.current is not None
    return kept.current.document.content


def whole(kept: Revisions) -> bytes:
    """Return the document that the stored state gives when it is rendered as a whole."""
    with kept.reading() as session:
        return read_verified(session, DEFAULT_POINTS).document.content


@laws
@given(states())
def test_export_then_apply_changes_nothing_and_gives_the_same_bytes(kept: Revisions, state: Declaration) -> None:
    bring(kept, state, Prune())
    assert current(kept) == state
    assert served(kept) == whole(kept)
    before, exported = served(kept), written(current(kept))
    again = bring(kept, declarations.read(exported), Prune())
    assert again.difference is not None
    assert (again.difference.changes, again.difference.document) == ([], [])
    assert served(kept) == before
    assert written(current(kept)) == exported
    # And into an empty state: the same bytes again.
    bring(kept, Declaration(), Prune())
    assert current(kept) == Declaration()
    bring(kept, declarations.read(exported))
    assert served(kept) == before


@laws
@given(states())
def test_a_file_that_was_written_is_read_again_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, state: Declaration
) -> None:
    file = tmp_path_factory.mktemp("file") / "state.yml"
    file.write_text(documents.write(written(state)))
    assert declarations.read(documents.read(str(file)).document or {}) == state


@laws
@given(states(), states(), st.booleans())
def test_what_is_announced_is_what_happens(
    kept: Revisions, first: Declaration, second: Declaration, prunes: bool
) -> None:
    bring(kept, first, Prune())
    before, shown_before = served(kept), current(kept)
    prune = Prune() if prunes else None
    try:
        announced = kept.try_change(bringing(second, prune)).difference
    except (Invalid, InUse):
        return
    assert announced is not None
    assert (served(kept), current(kept)) == (before, shown_before)
    happened = bring(kept, second, prune).difference
    assert happened == announced
    after = current(kept)
    assert {(change.kind, change.name) for change in announced.changes} == {
        (change.kind, change.name) for change in plans.changes(shown_before, after)
    }
    for change in announced.changes:
        assert find(shown_before, change.kind, change.name) == change.before
        assert find(after, change.kind, change.name) == change.after
    assert {(share.service, share.server): (share.before, share.after) for share in announced.shares} == moved(
        shown_before, after
    )
    assert served(kept) == whole(kept)


def find(state: Declaration, kind: str, name: str) -> dict[str, Any] | None:
    item = state.find(kind, name)
    return None if item is None else item.json()


def moved(before: Declaration, after: Declaration) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """Return the shares that differ, found anew from both states."""
    old, new = (
        {
            (service, name): share
            for service, pool in state.servers.items()
            for name, share in configuration.shares(pool.values()).items()
        }
        for state in (before, after)
    )
    pairs = {key: (old.get(key), new.get(key)) for key in old.keys() | new.keys()}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def server(port: int, **labels: str) -> Server:
    return Server(name=f"s{port}", url=f"http://10.0.0.1:{port}", labels=labels)


def test_what_has_the_label_is_pruned_and_nothing_else() -> None:
    video, other = {"team": "video"}, {"team": "other"}
    state = Declaration.of(
        *(Domain(name="a.test", labels=video), Domain(name="b.test", labels=other)),
        *(Service(name="a", labels=video), Service(name="b")),
        within={"a": [server(1)], "b": [server(2, **video), server(3)]},
    )
    following = plans.target(state, Declaration(), Prune((("team", "video"),)))
    assert set(following.domains) == {"b.test"}
    assert set(following.services) == {"b"}
    assert {name: set(pool) for name, pool in following.servers.items()} == {"b": {"s3"}}
    assert plans.target(state, Declaration(), Prune((("team", "video"), ("stage", "test")))) == state


def test_what_others_use_is_not_pruned() -> None:
    state = Declaration.of(
        Domain(name="a.test", labels={"team": "video"}),
        Service(name="a"),
        Router(name="a", domains=["a.test"], service="a"),
    )
    with pytest.raises(InUse, match=r"domain a\.test would be removed, but is used by router a"):
        plans.target(state, Declaration(), Prune((("team", "video"),)))


def test_a_declared_router_that_leads_to_nothing_is_wrong_where_it_says_so() -> None:
    wanted = declarations.read({"routers": {"a": {"domains": ["a.test"], "service": "none"}}})
    with pytest.raises(Invalid) as raised:
        plans.target(Declaration(), wanted)
    assert [(field.pointer, field.code) for field in raised.value.fields] == [
        ("/routers/a/domains/0", "domain.unknown"),
        ("/routers/a/service", "service.unknown"),
    ]


def test_another_spelling_of_a_domain_is_no_change_of_its_routers() -> None:
    router = Router(name="a", domains=["münchen.test"], service="a")
    state = Declaration.of(Domain(name="münchen.test"), Service(name="a"), router)
    wanted = declarations.read({"routers": {"a": {"domains": ["MÜNCHEN.test"], "service": "a"}}})
    assert plans.changes(state, plans.target(state, wanted)) == []
