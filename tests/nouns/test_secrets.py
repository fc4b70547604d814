"""Secrets: masked for everybody, and kept where a mask comes back."""

from typing import Any

import pytest

from provider.errors import Invalid
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.fields import field
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.reading import Reading
from provider.nouns.texts import Secrecy, Text


def _mask(text: str) -> str:
    return text.partition(":")[0] + ":********"


def _keep(text: str, before: str | None) -> str:
    user, _, password = text.partition(":")
    kept = f"{user}:<{password}>"
    return before if before == kept else kept.replace("<", "<new " if before else "<")


class Store(Object):
    """What has a secret of its own."""

    is_sparse = True

    address: str = field(Text(), default="")
    password: str = field(Text(secret=Secrecy()), default="")


class Safe(Object):
    """What has secrets in every place."""

    users: list[str] = field(ListOf(Text(secret=Secrecy(_mask, _keep))), default=[])
    headers: dict[str, str] = field(MapOf(Text(), key=Text(), hides=lambda name: name == "Token"), default={})
    store: Store | None = field(Nested(Store), default=None)
    stores: list[Store] = field(ListOf(Nested(Store)), default=[])


FULL: dict[str, Any] = {
    "users": ["alvin:secret", "budi:other"],
    "headers": {"Accept": "a", "Token": "t"},
    "store": {"address": "one", "password": "p"},
    "stores": [{"address": "two", "password": "q"}, {"address": "three", "password": "r"}],
}
MASKED: dict[str, Any] = {
    "users": ["alvin:********", "budi:********"],
    "headers": {"Accept": "a", "Token": "********"},
    "store": {"address": "one", "password": "********"},
    "stores": [{"address": "two", "password": "********"}, {"address": "three", "password": "********"}],
}


def test_every_secret_is_masked_wherever_it_is() -> None:
    assert Safe.masked(FULL) == MASKED
    assert Safe.masked(MASKED) == MASKED
    assert Safe.masked({"store": None, "users": []}) == {"store": None, "users": []}


def test_what_is_not_set_has_no_mask() -> None:
    assert Safe.masked({"store": {"password": ""}}) == {"store": {"password": ""}}


def test_masks_that_are_sent_back_are_what_was_there() -> None:
    before = Safe.read(FULL).kept(None)
    assert before.users == ["alvin:<secret>", "budi:<other>"]

    again = Safe.read(Safe.masked(before.json())).kept(before)

    assert again == before


def test_a_secret_in_a_list_is_found_wherever_its_item_has_moved() -> None:
    before = Safe.read(FULL).kept(None)
    moved = {**MASKED, "users": MASKED["users"][::-1], "stores": MASKED["stores"][::-1]}

    after = Safe.read(moved).kept(before)

    assert after.users == before.users[::-1]
    assert after.stores == before.stores[::-1]


def test_a_new_secret_is_given_with_the_one_that_it_replaces() -> None:
    before = Safe.read(FULL).kept(None)

    after = Safe.read({"users": ["budi:new", "citra:third", "alvin:********"]}).kept(before)

    assert after.users == ["budi:<new new>", "citra:<third>", "alvin:<secret>"]


def test_a_mask_that_stands_for_nothing_is_refused_where_it_is() -> None:
    with pytest.raises(Invalid) as caught:
        Safe.read(MASKED).kept(None)

    assert [(error.pointer, error.code) for error in caught.value.fields] == [
        ("/users/0", "secret.masked"),
        ("/users/1", "secret.masked"),
        ("/headers/Token", "secret.masked"),
        ("/store/password", "secret.masked"),
        ("/stores/0/password", "secret.masked"),
        ("/stores/1/password", "secret.masked"),
    ]


def test_a_field_tells_whether_it_is_secret() -> None:
    secret = {key for key, each in Safe.fields.items() if each.is_secret}

    assert secret == {"users", "headers"}
    assert Store.fields["password"].is_secret


@pytest.mark.parametrize("item", ["a║b", " a", "a ", "", "\u00a0a"])
def test_an_item_that_traefik_would_cut_or_trim_is_refused(item: str) -> None:
    reading = Reading()

    ListOf(Text()).read(["fine", item], reading, ("list",))

    assert [(error.pointer, error.code) for error in reading.wrong] == [("/list/1", "item.format")]


def test_a_key_longer_than_traefik_reads_is_refused_by_its_bytes() -> None:
    reading, map_of = Reading(), MapOf(Text(), key=Text())

    assert map_of.read({"é" * 511: "a"}, reading, ("map",)) == {"é" * 511: "a"}
    assert not reading.wrong
    map_of.read({"é" * 512: "a"}, reading, ("map",))
    assert [(error.pointer, error.code) for error in reading.wrong] == [("/map", "key.long")]


def test_keys_that_mean_the_same_are_refused() -> None:
    reading = Reading()

    MapOf(Text(), key=Text(), same=str.lower).read({"X-A": "1", "x-a": "2"}, reading, ("map",))

    assert [(error.pointer, error.code) for error in reading.wrong] == [("/map", "key.duplicate")]
