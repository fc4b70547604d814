"""Earlier states are found again as they were, and brought back byte for byte."""

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from provider import configuration, states
from provider.errors import ProviderError
from provider.models import Actor
from provider.revisions import Revisions
from provider.store import declarations, history
from tests.running import cases
from tests.test_plans import kept_in
from tests.test_revisions import change, put_domain, put_router, put_service, random_step

ACTOR = Actor("tester")
MADE = 250


@pytest.fixture(scope="module")
def walked(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Revisions, dict[int, bytes]]]:
    """A history of random changes, with the document that was served at each revision."""
    chance = random.Random(20)
    with kept_in(tmp_path_factory.mktemp("history"), migrated) as kept:
        given: dict[int, bytes] = {}
        while len(given) < MADE:
            try:
                change(kept, *(random_step(chance) for _ in range(chance.randint(1, 3))))
            except ProviderError:
                continue
            assert kept.current is not None
            given[kept.current.revision] = kept.current.document.content
        yield kept, given


def test_the_document_of_each_revision_is_found_again_as_it_was_served(
    walked: tuple[Revisions, dict[int, bytes]],
) -> None:
    kept, given = walked
    for number in random.Random(1).sample(sorted(given), cases(20, MADE)):
        with kept.reading() as session:
            state = history.state_at(session, number)
        assert configuration.assemble(states.parts(state)).content == given[number]


def test_a_rollback_to_any_revision_reproduces_its_bytes(walked: tuple[Revisions, dict[int, bytes]]) -> None:
    kept, given = walked
    for number in random.Random(2).sample(sorted(given), cases(20, 200)):
        with kept.reading() as session:
            wanted, before = history.state_at(session, number), declarations.read(session)
        told = kept.try_change(partial(history.roll_back, number=number)).difference
        assert told is not None
        done = kept.change(
            partial(history.roll_back, number=number),
            actor=ACTOR,
            compares=True,
            confirmed=told.removal.number,
        )
        assert done.difference == told
        assert kept.current is not None
        assert kept.current.document.content == given[number]
        with kept.reading() as session:
            assert declarations.read(session) == wanted
        # And what leads there is found from the states alone, in the same words.
        found = states.difference(before, wanted)
        assert (sorted(found.words), found.shares) == (sorted(told.words), told.shares)
        assert found.document == told.document


def test_another_spelling_of_a_domain_is_no_change_of_a_router_between_two_revisions(
    walked: tuple[Revisions, dict[int, bytes]],
) -> None:
    kept, _given = walked
    first = change(
        kept, put_service("s"), put_domain("größe.test"), put_router("r", domains=["größe.test"], service="s")
    )
    last = change(kept, put_domain("GRÖSSE.test".replace("SS", "ß")))
    with kept.reading() as session:
        found = states.difference(history.state_at(session, first), history.state_at(session, last))
    assert [(one.kind, one.name) for one in found.changes] == [("domain", "xn--gre-6ka8i.test")]
