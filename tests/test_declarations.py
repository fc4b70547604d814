"""Whole states are values that follow from the nouns' declarations: a noun that is new needs nothing here."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Self, cast

import pytest

from provider import declarations, plans
from provider.declarations import Declaration
from provider.errors import InUse, Invalid
from provider.models import Change
from provider.nouns import NOUNS, Domain, Nested, Noun, Object, Router, Server, Service, field, masked
from provider.nouns.common import LABELS, NAME, labels_field, name_field
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.texts import MASK, Reference, Secrecy, Text
from provider.nouns.types import Whole
from provider.plans import Prune
from provider.summaries import summarise
from provider.undoing import Clash, undo


class Lock(Object):
    """A part of a shelf, with a secret and a reference deep within."""

    code: str = field(Text(secret=Secrecy()), default="")
    turns: int = field(Whole(), default=1)
    guards: list[str] = field(ListOf(Reference(kind="service")), default=[])


class Shelf(Noun):
    """A noun that refers to others in every way."""

    kind = "shelf"
    plural = "shelves"
    title = "Shelf"
    titles = "Shelves"
    about = "where books stand"

    name: str = name_field()
    lock: Lock | None = field(Nested(Lock), default=None)
    named: dict[str, Lock] = field(MapOf(Nested(Lock), key=NAME), default={})
    beside: list[str] = field(ListOf(Reference(kind="shelf")), default=[])
    labels: dict[str, str] = labels_field()

    def without(self, kind: str, key: str) -> Self | None:
        """Return it without a shelf beside it."""
        return self.copy(beside=[name for name in self.beside if name != key]) if kind == self.kind else None


class Book(Noun):
    """A noun whose objects belong to shelves."""

    kind = "book"
    plural = "books"
    within = "shelf"
    title = "Book"
    titles = "Books"

    name: str = field(NAME, title="Name")
    domain: str | None = field(Reference(kind="domain", name_of=str.lower), default=None)
    labels: dict[str, str] = field(LABELS, default={})


class Page(Noun):
    """A noun whose objects belong to what belongs to others."""

    kind = "page"
    plural = "pages"
    within = "book"

    name: str = field(NAME, title="Name")
    number: int = field(Whole())
    labels: dict[str, str] = field(LABELS, default={})


@pytest.fixture(autouse=True)
def _shelves() -> Iterator[None]:
    """Let there be more nouns."""
    nouns = cast("dict[str, type[Noun]]", NOUNS)
    more: Mapping[str, type[Noun]] = {noun.kind: noun for noun in (Shelf, Book, Page)}
    nouns.update(more)
    yield
    for kind in more:
        del nouns[kind]


DOCUMENT: dict[str, Any] = {
    "domains": {"A.test": {}},
    "services": {"s": {"servers": {"a": {"url": "http://10.0.0.1:80"}}}},
    "shelves": {
        "one": {
            "lock": {"code": "1234", "guards": ["s"]},
            "named": {"back": {"code": "99", "guards": ["s"]}},
            "books": {"b": {"domain": "A.test", "pages": {"p": {"number": 1}, "q": {"number": 2}}}},
        },
        "two": {"beside": ["one"]},
    },
}


def state(document: Any = None) -> Declaration:
    return plans.target(Declaration(), declarations.read(DOCUMENT if document is None else document))


def told(raised: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(each.pointer, each.code) for each in raised.value.fields]


def test_what_was_read_is_written_as_it_was_whatever_the_nouns_are() -> None:
    found = state()
    assert found.names == {
        *(("domain", "a.test"), ("service", "s"), ("server", "s/a"), ("shelf", "one"), ("shelf", "two")),
        *(("book", "one/b"), ("page", "one/b/p"), ("page", "one/b/q")),
    }
    assert declarations.write(found, has_secrets=True) == DOCUMENT
    assert declarations.read(declarations.write(found, has_secrets=True)) == found


def test_a_file_has_masks_unless_secrets_are_asked_for() -> None:
    written = declarations.write(state())
    assert written["shelves"]["one"]["lock"]["code"] == MASK
    assert written["shelves"]["one"]["named"]["back"] == {"code": MASK, "guards": ["s"]}
    assert "1234" not in json.dumps(written)
    assert '"99"' not in json.dumps(written)


def test_a_mask_in_a_file_stands_for_what_is_there() -> None:
    current = state()
    wanted = declarations.read(declarations.write(current))
    assert wanted != current
    assert plans.changes(current, plans.target(current, plans.kept(current, wanted))) == []
    with pytest.raises(Invalid) as raised:
        plans.kept(Declaration(), wanted)
    assert told(raised) == [
        ("/shelves/one/lock/code", "secret.masked"),
        ("/shelves/one/named/back/code", "secret.masked"),
    ]


def test_the_schema_has_every_noun_in_its_place() -> None:
    described = declarations.schema()
    plurals = [noun.plural for noun in NOUNS.values() if not noun.within]
    assert plurals[-1] == "shelves"
    assert list(described["properties"]) == plurals
    assert "pages" in described["$defs"]["DeclaredBook"]["properties"]
    assert described["properties"]["shelves"]["description"] == "Where books stand, by name."
    assert described["properties"]["shelves"]["additionalProperties"]["anyOf"][1] == {"type": "null"}
    assert described["$defs"]["DeclaredShelf"]["properties"]["books"]["description"] == "Its books, by name."


def test_what_is_wrong_in_a_file_is_told_at_its_place() -> None:
    with pytest.raises(Invalid) as raised:
        declarations.read(
            {
                "shelves": {"one": {"books": {"b": {"pages": {"p": {}}, "x": 1}}, "lock": {"turns": "3"}}, "two": 3},
                "chairs": {},
                "domains": {"a.test": {}, "A.test": {}},
            }
        )
    assert sorted(told(raised)) == [
        ("/chairs", "field.unknown"),
        ("/domains/A.test", "domains.duplicate"),
        ("/shelves/one/books/b/pages/p/number", "field.required"),
        ("/shelves/one/books/b/x", "field.unknown"),
        ("/shelves/one/lock/turns", "type.integer"),
        ("/shelves/two", "type.object"),
    ]


def test_whatever_refers_to_what_is_not_there_is_told_where_it_does() -> None:
    lock = {"guards": ["s", "none"]}
    books = {"b": {"domain": "B.test"}}
    with pytest.raises(Invalid) as raised:
        state({"services": {"s": {}}, "shelves": {"one": {"lock": lock, "named": {"n": lock}, "books": books}}})
    assert told(raised) == [
        ("/shelves/one/lock/guards/1", "service.unknown"),
        ("/shelves/one/named/n/guards/1", "service.unknown"),
        ("/shelves/one/books/b/domain", "domain.unknown"),
    ]
    assert str(raised.value.fields[0].detail) == "there is no service none: add it first"
    with pytest.raises(Invalid) as raised:
        plans.target(Declaration(), Declaration({"page": {"one/b/p": Page(name="p", number=1)}}))
    assert told(raised) == [("/shelves/one/books/b", "book.unknown")]


def test_objects_are_made_in_the_order_of_the_nouns_and_go_in_reverse() -> None:
    made = plans.changes(Declaration(), state())
    kinds = list(dict.fromkeys(change.kind for change in made))
    assert kinds == ["domain", "service", "server", "shelf", "book", "page"]
    gone = plans.changes(state(), Declaration())
    assert list(dict.fromkeys(change.kind for change in gone)) == kinds[::-1]
    assert all(change.after is None for change in gone)


def test_what_belongs_to_an_object_goes_with_it() -> None:
    following = plans.target(state(), Declaration(), Prune(only={("shelf", "two"), ("book", "one/b")}))
    assert {kind for kind, _name in following.names} == {"domain", "service", "server", "shelf"}
    assert set(following.all(Shelf)) == {"one"}


def test_what_is_used_deep_within_an_object_is_not_pruned() -> None:
    with pytest.raises(InUse, match="service s would be removed, but is used by shelf one"):
        plans.target(state(), Declaration(), Prune(only={("service", "s")}))


def test_references_are_spelled_as_what_they_lead_to() -> None:
    found = state({"domains": {"A.Test": {}}, "shelves": {"one": {"books": {"b": {"domain": "a.test"}}}}})
    assert [book.domain for book in found.all(Book).values()] == [found.domains["a.test"].name]


@pytest.mark.parametrize("nested", [True, False])
def test_secrets_that_change_are_told_without_being_shown(nested: bool) -> None:
    def shelf(code: str) -> dict[str, Any]:
        lock = Lock(code=code)
        return (Shelf(name="one", named={"n": lock}) if nested else Shelf(name="one", lock=lock)).json()

    change = Change("shelf", "one", shelf("old secret"), shelf("new secret"))
    assert [each.name for each in change.fields] == ["named" if nested else "lock"]
    assert "secret" not in f"{change.words} {change.fields} {change.masked()}"
    assert change.words == f"shelf one: {'named.n' if nested else 'lock'}.code changed"
    assert "secret" in str(change)
    assert MASK in str(masked("shelf", shelf("secret")))


def test_an_object_is_taken_back_field_by_field_whatever_its_noun() -> None:
    before = Book(name="b", domain="A.test").json()
    after = Book(name="b", domain="a.test", labels={"a": "1"}).json()
    now = Book(name="b", domain="A.TEST", labels={"a": "1"}).json()
    found = undo([Change("book", "one/b", before, after)], {("book", "one/b"): now})
    assert not found.clashes
    assert found.objects == {("book", "one/b"): now | {"labels": {}}}
    made = Change("book", "one/b", None, after)
    pages = {("page", "one/b/p"): Page(name="p", number=1).json()}
    assert undo([made], {("book", "one/b"): after, **pages}).clashes == [
        Clash("book", "one/b", ("pages",), None, ["one/b/p"])
    ]


def test_what_an_application_needs_belongs_to_it_whatever_its_noun() -> None:
    service = Change("service", "s", None, Service(name="s").json())
    router = Change("router", "r", None, Router(name="r", path_prefix="/", service="s").json())
    assert summarise([service, router]) == ["Exposed r"]
    shelf = Change("shelf", "one", None, Shelf(name="one").json())
    assert summarise([service, router, shelf])[-1] == "shelf one added"


def test_a_state_tells_the_objects_that_are_asked_for() -> None:
    found = Declaration.of(
        Domain(name="größe.test"),
        Service(name="s"),
        Router(name="r", domains=["größe.test"], service="s"),
        within={"s": [Server(name="a", url="http://10.0.0.1")]},
    )
    assert list(found.domains) == ["xn--gre-6ka8i.test"]
    assert list(found.servers["s"]) == ["a"]
    assert found.part([("service", "s")]).names == {("service", "s"), ("server", "s/a")}
    assert found.part([("service", "none")]) == Declaration()
    assert not Declaration()
    assert found.find("server", "s/none") is None
    assert isinstance(plans.target(found, Declaration()).find("router", "r"), Router)
