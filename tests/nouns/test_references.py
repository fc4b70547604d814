"""References that lead back: each object is looked at once, however many ways lead to it and however deep they go."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import pytest

from provider.errors import Invalid
from provider.nouns.middleware import Middleware
from provider.nouns.noun import Noun
from provider.nouns.references import cycles, reached


def chain(name: str, *members: str) -> Middleware:
    return Middleware.read({"name": name, "chain": {"middlewares": list(members)}})


def plain(name: str) -> Middleware:
    return Middleware.read({"name": name, "compress": {}})


def by_name(*items: Middleware) -> dict[str, Middleware]:
    return {item.name: item for item in items}


def told(items: Mapping[str, Noun]) -> dict[str, str]:
    return {item.key: str(wrong.detail) for item, wrong in cycles(items)}


def test_each_object_of_a_cycle_is_named_with_the_way_back() -> None:
    items = by_name(plain("x"), chain("a", "x", "b"), chain("b", "c"), chain("c", "a"), chain("above", "a"))
    found = {item.key: wrong for item, wrong in cycles(items)}
    assert {name: wrong.pointer for name, wrong in found.items()} == {
        "a": "/chain/middlewares/1",
        "b": "/chain/middlewares/0",
        "c": "/chain/middlewares/0",
    }
    assert {wrong.code for wrong in found.values()} == {"middleware.cycle"}
    assert str(found["a"].detail) == "this refers back to a: a → b → c → a"


def test_an_object_that_names_itself_is_a_cycle() -> None:
    assert told(by_name(chain("a", "a"))) == {"a": "this refers back to a: a → a"}


def test_all_cycles_are_told_and_not_the_first_alone() -> None:
    items = by_name(chain("a", "b"), chain("b", "a"), chain("c", "d", "a"), chain("d", "c"))
    assert set(told(items)) == {"a", "b", "c", "d"}


def test_many_ways_to_the_same_object_are_no_cycle_and_it_is_looked_up_once() -> None:
    names = [[f"{layer}-{place}" for place in range(30)] for layer in range(20)]
    items = by_name(*map(plain, names[0]))
    for below, layer in pairwise(names):
        items |= by_name(*(chain(name, *below) for name in layer))
    looked = Counter[str]()

    def find(name: str) -> Middleware | None:
        looked[name] += 1
        return items.get(name)

    assert told(reached(chain("top", *names[-1]), find)) == {}
    assert set(looked.values()) == {1}


def test_a_way_back_may_be_longer_than_python_recurses_and_is_shown_in_short() -> None:
    items = by_name(*(chain(f"m{number}", f"m{(number + 1) % 5000}") for number in range(5000)))
    found = told(items)
    assert len(found) == 5000
    assert found["m7"].startswith("this refers back to m7: m7 → m8 → ")
    assert found["m7"].endswith(" → … → m7")
    assert len(found["m7"]) < 200


@pytest.mark.parametrize("missing", [(), ("nobody",)])
def test_what_is_not_there_leads_nowhere(missing: tuple[str, ...]) -> None:
    item = chain("a", "x", *missing)
    assert told(reached(item, by_name(plain("x")).get)) == {}
    with pytest.raises(Invalid):
        chain("a")
