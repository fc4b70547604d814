"""What a revision did is taken back in the database: properties of random histories."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from provider.database.sessions import Session
from provider.errors import Brake, ProviderError
from provider.models import Actor, Change
from provider.revisions import Revisions
from provider.store import declarations, object_changes, undos
from provider.store import revisions as stored
from provider.undoing import ALL, chooser
from tests.running import cases
from tests.test_plans import kept_in
from tests.test_revisions import (
    change,
    put_domain,
    put_router,
    put_server,
    put_service,
    random_step,
    served,
    whole_state,
)

ACTOR = Actor("tester")


@pytest.fixture
def kept(migrated: Path, tmp_path: Path) -> Iterator[Revisions]:
    with kept_in(tmp_path, migrated) as made:
        yield made


def undo(kept: Revisions, number: int, *, force: bool = False) -> int:
    """Undo a revision, and confirm what that takes away."""

    def apply(session: Session) -> None:
        declarations.write(session, undos.plan(session, number, chooser([ALL] if force else [], [])))

    try:
        return kept.change(apply, actor=ACTOR).revision
    except Brake as brake:
        return kept.change(apply, actor=ACTOR, confirmed=brake.number).revision


def state(kept: Revisions) -> dict[tuple[str, str], object]:
    with kept.reading() as session:
        return whole_state(session)


def grow(kept: Revisions, chance: random.Random, count: int) -> None:
    made = 0
    while made < count:
        try:
            before = served(kept).revision
            made += change(kept, *(random_step(chance) for _ in range(chance.randint(1, 3)))) > before
        except ProviderError:
            continue


@pytest.mark.parametrize("seed", range(cases(1, 30)))
def test_undoing_the_newest_gives_the_state_before_byte_for_byte_and_undoing_that_the_state_after(
    kept: Revisions, seed: int
) -> None:
    chance = random.Random(seed)
    grow(kept, chance, 20)
    for _ in range(10):
        before, given = state(kept), served(kept).document.content
        grow(kept, chance, 1)
        number, after, then = served(kept).revision, state(kept), served(kept).document.content
        undone = undo(kept, number)
        assert (state(kept), served(kept).document.content) == (before, given)
        undo(kept, undone)
        assert (state(kept), served(kept).document.content) == (after, then)


@pytest.mark.parametrize("seed", range(cases(1, 30)))
def test_whatever_is_undone_all_that_the_revision_did_is_back_or_nothing_is_changed(kept: Revisions, seed: int) -> None:
    chance = random.Random(seed)
    grow(kept, chance, 40)
    undone = 0
    for number in chance.sample(range(1, 41), 20):
        before, last = state(kept), served(kept).revision
        with kept.reading() as session:
            changes = stored.changes_of(session, number)
        try:
            undo(kept, number, force=True)
        except ProviderError:
            assert (state(kept), served(kept).revision) == (before, last)
            continue
        undone += 1
        with kept.reading() as session:
            done = {(one.kind, one.name) for one in stored.changes_of(session, served(kept).revision)}
        after = state(kept)
        for one in changes:
            assert ((one.kind, one.name) in after) == (one.before is not None)
        if served(kept).revision > last:
            assert {each for each in before.keys() | after.keys() if before.get(each) != after.get(each)} <= done
    assert undone > 3


def test_undoing_changes_of_other_things_gives_the_same_in_either_order(kept: Revisions) -> None:
    change(kept, put_domain(), put_service(), put_server(), put_server("b"), put_router())
    first = change(kept, put_server(weight=3))
    second = change(kept, put_router(pathPrefix="/x"))
    third = change(kept, put_service("other"), put_server("a", service="other"))
    seen = []
    for order in ((first, second, third), (third, first, second), (second, third, first)):
        for number in order:
            undo(kept, number)
        seen.append(served(kept).document.content)
        for number in range(served(kept).revision, served(kept).revision - 3, -1):
            undo(kept, number)
    assert len(set(seen)) == 1


def test_the_history_of_an_object_is_found_also_where_it_is_there_no_more(kept: Revisions) -> None:
    made = change(kept, put_service(), put_server())
    change(kept, put_service("other"))
    edited = change(kept, put_server(weight=5))
    removed = undo(kept, made, force=True)
    with kept.reading() as session:
        found = list(object_changes.changes_since(session, "server", "wayshub/a"))
        assert [number for number, _change in found] == [removed, edited, made]
        assert isinstance(found[0][1], Change)
        last = object_changes.find_removal(session, "server", "wayshub/a")
        assert last is not None
        assert last[0] == removed
        assert object_changes.find_removal(session, "service", "other") is None
