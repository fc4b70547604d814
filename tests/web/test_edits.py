"""Edits by forms: what is compared, what is taken, and how texts become an object."""

from itertools import product

import pytest

from provider.errors import FieldError, Invalid
from provider.nouns import Router, Server
from provider.web.inputs import parse, refused
from provider.web.nouns.edits import ForeignChange, compare, merged, taken
from provider.web.nouns.texts import settled, write

DOMAINS = [Router.fields["domains"]]


def rows(domains: list[str]) -> dict[str, str]:
    return write(DOMAINS, {"domains": domains})


def test_a_field_that_only_the_other_changed_is_taken_over() -> None:
    [found] = compare({"weight": "1", "url": "a"}, {"weight": "2", "url": "a"}, {"weight": "1", "url": "b"})
    assert found == ForeignChange("weight", "1", "2", "1")
    assert not found.clashes


def test_a_field_that_both_changed_is_for_the_person_to_choose() -> None:
    [found] = compare({"weight": "1"}, {"weight": "2"}, {"weight": "3"})
    assert found.clashes


def test_every_field_that_both_leave_alone_or_change_alike_is_no_difference() -> None:
    for seen, now, mine in product("abc", repeat=3):
        found = compare({"f": seen}, {"f": now}, {"f": mine})
        assert bool(found) == (now not in {seen, mine})
        assert not found or found[0].clashes == (mine != seen)


def test_where_nothing_is_known_of_what_was_seen_the_person_chooses() -> None:
    assert compare(None, {"f": "a", "g": "b"}, {"f": "a", "g": "c"}) == [ForeignChange("g", None, "b", "c")]
    assert compare(None, {"f": ""}, {"f": "c"})[0].clashes


def test_the_rows_of_a_list_are_one_field() -> None:
    seen = rows(["a.test"])
    now = rows(["a.test", "b.test"])
    mine = {**rows(["c.test", "", ""]), "service": "x"}
    assert compare(seen, now, mine) == [ForeignChange("domains", "a.test", "a.test, b.test", "c.test")]
    assert merged(mine, now, ["domains"]) == {**now, "service": "x"}


def test_a_list_that_was_emptied_is_a_difference() -> None:
    seen = rows(["a.test"])
    assert compare(seen, {"service": "x"}, {**seen, "service": "x"}) == [
        ForeignChange("domains", "a.test", "", "a.test")
    ]


def test_what_was_chosen_is_taken_and_the_rest_stays() -> None:
    mine, now = {"weight": "3", "url": "b"}, {"weight": "2", "url": "a"}
    assert taken(mine, now, {**mine, "take/weight": "now", "take/url": "mine"}) == {"weight": "2", "url": "b"}


def test_the_rows_of_a_list_are_read_in_order_and_without_empty_ones() -> None:
    texts = {
        "domains/10": "c",
        "domains/2": " b ",
        "domains/0": "a",
        "domains/1": " ",
        "domains/x": "no",
        "other/0": "no",
    }
    assert settled(DOMAINS, texts) == rows(["a", "b", "c"])


def test_numbers_may_be_texts_and_all_else_is_as_strict_as_for_programs() -> None:
    server = {"name": "a", "url": "http://10.0.0.1", "state": "drain"}
    assert parse(Server, {**server, "weight": "3"}).weight == 3
    for weight, code in {"": "type.integer", "x": "type.integer", "1.5": "type.integer", "0": "weight.zero"}.items():
        with pytest.raises(Invalid) as error:
            parse(Server, {**server, "weight": weight})
        assert [(field.pointer, field.code) for field in error.value.fields] == [("/weight", code)]
    with pytest.raises(Invalid):
        parse(Server, {**server, "weight": "3", "other": "x"})


def test_an_error_stands_at_the_field_that_shows_the_value() -> None:
    pointers = ["/entryPoints/3", "/domains/0", "/healthCheck/path", "/elsewhere/0", ""]
    error = Invalid([FieldError(pointer, "test", "wrong") for pointer in pointers])
    form = refused({"entryPoints": "a, b", "domains/0": "x", "healthCheck": "true", "healthCheck/path": "y"}, error)
    assert [field.pointer for field in form.errors] == [
        "/entryPoints",
        "/domains/0",
        "/healthCheck/path",
        "/elsewhere/0",
        "",
    ]
