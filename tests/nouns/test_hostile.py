"""Whatever stands in the place of any value of any noun is read, or refused with its place: nothing breaks on it."""

from random import Random
from typing import Any

import pytest

from provider import configuration
from provider.errors import Invalid, pointer
from provider.listening import Listening
from provider.nouns import NOUNS, Noun, Router, Service
from provider.nouns.noun import NAME
from tests.e2e.declared import Drawing
from tests.nouns.hostile import HOSTILE, Where, patch, places, replaced
from tests.running import cases

_LONGEST = 20_000


def samples(noun: type[Noun]) -> dict[str, tuple[dict[str, Any], Where]]:
    """Return objects in which each place of a noun is filled, by that place."""
    found: dict[str, tuple[dict[str, Any], Where]] = {}
    for seed in range(cases(40, 400)):
        drawing = Drawing(seed)
        for objects in drawing.objects.values():
            objects["plain"] = Service(name="plain")
        item = drawing.object(noun, {NAME: "a.test"})
        item = drawing.object(noun, {NAME: "a"}) if item is None else item
        document = {} if item is None else item.json()
        if len(str(document)) < _LONGEST:
            for where in places(document):
                found.setdefault(".".join("[]" if isinstance(key, int) else key for key in where), (document, where))
    return found


def use(item: Noun) -> None:
    """Do with an object what is done with one that was taken."""
    noun = type(item)
    noun.masked(item.json())
    noun.comparable(item.changed())
    noun.loaded(item.stored())
    list(item.warnings())
    list(item.uses())
    list(item.asked())
    kept: Any = item if "basicAuth" in item.json() else item.kept(None)  # to hash a password takes long
    if isinstance(kept, Service):
        configuration.service_part(kept, [])
    elif isinstance(kept, Router):
        configuration.router_part(kept, Listening())
    elif noun.place and "basicAuth" not in item.json():
        configuration.part(kept)


def is_near(told: str, where: Where) -> bool:
    """Tell whether an error is told at a place, within it, around it or beside it."""
    return pointer(*where).startswith(told.rpartition("/")[0]) or told.startswith(pointer(*where))


@pytest.mark.parametrize("kind", NOUNS)
def test_anything_is_taken_or_refused_at_its_place(kind: str) -> None:
    noun, random = NOUNS[kind], Random(kind)
    for document, where in samples(noun).values():
        for bad in random.sample(HOSTILE, cases(6, len(HOSTILE))):
            given = [replaced(document, where, bad)]
            if not any(isinstance(key, int) for key in where):
                given.append(noun.merged(document, patch(where, bad)))
            for each in given:
                try:
                    use(noun.read(each))
                except Invalid as invalid:
                    told = [error.pointer for error in invalid.fields]
                    assert any(is_near(one, where) for one in told), (where, bad, told)


def test_objects_are_filled_in_all_their_depth() -> None:
    assert {"labels", "middlewares.[]", "tls", "tls.domains.[].main"} <= samples(NOUNS["router"]).keys()
