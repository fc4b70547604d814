"""The nouns hold whatever Traefik can be told, and say which of its versions brought each field.

`fields.json` has all fields that Traefik (3.7) takes from us, by their paths: `*` is a name, `[]` an item of a list.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from provider.configuration import DEFAULT_CERTIFICATE, STORES
from provider.nouns import NOUNS
from provider.nouns.certificate import Pair
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.fields import Field
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object

Version = tuple[int, ...]

FIELDS: Final[dict[str, str]] = json.loads(Path(__file__).with_name("fields.json").read_text())

NOT_HELD: Final = {
    "http.routers.*.parentRefs": "rules below rules: explanations, ranks and conflicts know one rule a router",
    "http.routers.*.ruleSyntax": "Traefik 2's language of rules, which it deprecated",
    "tcp.routers.*.ruleSyntax": "Traefik 2's language of rules, which it deprecated",
    "http.models": "Traefik heeds those of its own static configuration alone",
    "tcp.services.*.loadBalancer.servers[].port": "Traefik takes the port of the address",
    "tls.certificates[].stores": "Traefik heeds the store `default` alone",
    "tls.stores.*.defaultGeneratedCert": "a default certificate is given, not ordered",
}
"""The fields, with all below them, that no noun has, and why."""


def version(text: str) -> Version:
    major, minor, *patch = (int(number) for number in text.split("."))
    return (major, minor, *patch) if patch and patch[0] else (major, minor)


def walk(model: type[Object], where: str, since: Version) -> Iterator[tuple[str, Version]]:
    """Give the paths of all fields that Traefik gets of an object, each with the first version that has it."""
    for key, each in model.fields.items():
        if not each.is_ours:
            yield from walk_field(each, f"{where}.{key}", max(since, version(each.since)))


def walk_field(each: Field, where: str, since: Version) -> Iterator[tuple[str, Version]]:
    yield where, since
    match each.type:
        case Nested(model) | MapOf(Nested(model)):
            yield from walk(model, where, since)
        case ListOf(Nested(model)):
            yield from walk(model, f"{where}[]", since)


def held() -> dict[str, Version]:
    """Return the paths of all fields that the nouns hold."""
    found: dict[str, Version] = {}
    for noun in NOUNS.values():
        if noun.place:
            root, place = noun.place
            found |= {root: (3, 0), f"{root}.{place}": (3, 0)}
            found |= dict(walk(noun.served or noun, path_of(noun), (3, 0)))
    store = ".".join((*STORES, "*", DEFAULT_CERTIFICATE))
    return {**found, ".".join(STORES): (3, 0), store: (3, 0), **dict(walk(Pair, store, (3, 0)))}


def path_of(noun: type[Noun]) -> str:
    """Return the path of each object of a noun."""
    return ".".join(noun.place) + ("[]" if noun.is_listed else ".*")


def is_left_out(path: str) -> bool:
    return any(path == left or path.startswith((f"{left}.", f"{left}[]")) for left in NOT_HELD)


def test_a_noun_holds_each_field_or_it_is_said_why_none_does() -> None:
    assert {path for path in FIELDS if not is_left_out(path)} - held().keys() == set()


def test_no_noun_has_a_field_that_traefik_does_not_know() -> None:
    assert held().keys() - FIELDS.keys() == set()


def test_what_no_noun_holds_is_a_field() -> None:
    assert NOT_HELD.keys() - FIELDS.keys() == set()
    assert NOT_HELD.keys() & held().keys() == set()


@pytest.mark.parametrize("kind", [kind for kind, noun in NOUNS.items() if noun.place])
def test_each_field_says_which_version_brought_it(kind: str) -> None:
    mine = {path: since for path, since in held().items() if path.startswith(path_of(NOUNS[kind]))}

    wrong = {path: (since, FIELDS[path]) for path, since in mine.items() if since != version(FIELDS[path])}
    assert wrong == {}
