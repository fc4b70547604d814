"""What the pages of all nouns have in common: labels, why, what a change brings to light, and forms of any shape."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

import httpx
import pytest

from provider.nouns import NOUNS, Nested, Noun, Object, Router, field
from provider.nouns.common import labels_field, name_field
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.middleware import Middleware
from provider.nouns.middlewares import KINDS
from provider.nouns.texts import MASK, Secrecy, Text
from provider.nouns.types import Flag, Whole
from provider.web.forms import Form
from provider.web.nouns import slots
from provider.web.nouns.facts import fact
from provider.web.nouns.places import Entry, Place
from provider.web.nouns.texts import place, said, settled, write
from tests.web.filling import find_form, send, words

SERVER = "/services/wayshub/servers/a"
EDITS = {
    "/domains/new": {"name": "new.test"},
    "/domains/alvin.xyz/edit": {"description": "changed"},
    "/domains/alvin.xyz/remove": {},
    "/routers/new": {"name": "new", "pathPrefix": "/new", "service": "wayshub"},
    "/routers/wayshub/edit": {"pathPrefix": "/changed"},
    "/routers/wayshub/remove": {},
    "/services/new": {"name": "new"},
    "/services/wayshub": {"weights/a": "7"},
    "/services/wayshub/edit": {"strategy": "p2c"},
    "/services/wayshub/remove": {},
    "/services/wayshub/servers/new": {"name": "new", "url": "http://10.0.0.9"},
    f"{SERVER}/edit": {"weight": "7"},
    f"{SERVER}/remove": {},
    "/expose": {"domain": "exposed.test", "servers/0/url": "http://10.0.0.9"},
}
"""Forms that change something, with what is typed into them."""


class Limits(Object):
    """An object within an object within one of ours."""

    least: int = field(Whole(1), default=1, title="Least")
    names: dict[str, str] = field(MapOf(Text(), key=Text()), default={}, title="Names")


class Item(Object):
    """An item of a list."""

    host: str = field(Text(), title="Host")
    is_on: bool = field(Flag(), default=False, title="On")
    limits: Limits | None = field(Nested(Limits), default=None, title="Limits")


class Deep(Noun):
    """A noun that has all there can be."""

    kind = "deep"
    plural = "deeps"
    title = "Deep"
    layout: ClassVar = (("name", "count"),)

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    items: list[Item] = field(ListOf(Nested(Item)), default=[], title="Items")
    by_name: dict[str, Item] = field(MapOf(Nested(Item), key=Text()), default={}, title="By name")
    is_sure: bool | None = field(Flag(), default=None, title="Sure")
    count: int | None = field(Whole(), default=None, title="Count")
    text: str = field(Text(is_long=True), default="", title="Text")
    password: str = field(Text(secret=Secrecy()), default="", title="Password")
    tokens: list[str] = field(ListOf(Text(secret=Secrecy())), default=[], title="Tokens")


DEEP = {
    "name": "deep",
    "labels": {"team": "video"},
    "items": [
        {"host": "a", "isOn": True, "limits": {"least": 3, "names": {"x": "1", "y": "2"}}},
        {"host": "b", "isOn": False, "limits": None},
    ],
    "byName": {"one": {"host": "c", "isOn": False, "limits": None}},
    "isSure": False,
    "count": 0,
    "text": "two\r\n lines \n",
    "password": "secret",
    "tokens": ["first"],
}


@pytest.fixture
def application(client: httpx.Client) -> None:
    """An application whose objects have labels."""
    labels = {"team": "video"}
    declared = {
        "domains": {"alvin.xyz": {"labels": labels}},
        "services": {"wayshub": {"labels": labels, "servers": {"a": {"url": "http://10.0.0.1", "labels": labels}}}},
        "routers": {"wayshub": {"domains": ["alvin.xyz"], "service": "wayshub", "labels": labels}},
    }
    client.post("/apply", json=declared).raise_for_status()
    client.put("/services/wayshub/servers/b", json={"url": "http://10.0.0.2"}).raise_for_status()


def newest_message(client: httpx.Client) -> str:
    message: str = client.get("/revisions", params={"limit": 1}).raise_for_status().json()["items"][0]["message"]
    return message


@pytest.mark.usefixtures("application")
class TestWhy:
    """Why something is changed can be typed into every form, and is kept with the revision."""

    @pytest.mark.parametrize("path", EDITS)
    def test_it_is_kept(self, console: httpx.Client, client: httpx.Client, path: str) -> None:
        answer = send(console, console.get(path), path, {**EDITS[path], "message": f" for {path} "})
        assert answer.status_code == 303, words(answer)
        assert newest_message(client) == f"for {path}"

    def test_it_is_kept_of_a_server_that_is_drained_on_its_page(
        self, console: httpx.Client, client: httpx.Client
    ) -> None:
        form = find_form(console.get(SERVER), f"{SERVER}/state")
        console.post(form.action, data={**form.fields, "state": "drain", "message": "maintenance"})
        assert (client.get(SERVER).json()["state"], newest_message(client)) == ("drain", "maintenance")

    @pytest.mark.parametrize("path", EDITS)
    def test_one_that_is_too_long_is_told_at_its_field_and_nothing_is_changed(
        self, console: httpx.Client, client: httpx.Client, path: str
    ) -> None:
        before = client.get("/export").json()
        answer = send(console, console.get(path), path, {**EDITS[path], "message": "x" * 1001})
        assert answer.status_code == 422
        assert 'id="field-message-wrong"' in answer.text
        assert find_form(answer, path).fields["message"] == "x" * 1001
        assert client.get("/export").json() == before


@pytest.mark.usefixtures("application")
class TestLabels:
    """Labels are shown on pages, and edited in forms."""

    PATHS: ClassVar = ["/domains/alvin.xyz", "/services/wayshub", "/routers/wayshub", SERVER]

    @pytest.mark.parametrize("path", PATHS)
    def test_they_are_shown_and_changed(self, console: httpx.Client, client: httpx.Client, path: str) -> None:
        assert "team=video" in words(console.get(path))
        edit = f"{path}/edit"
        changed: dict[str, str | None] = {"labels/0/value": "audio", "labels/1/name": "stage", "labels/1/value": "test"}
        assert send(console, console.get(edit), edit, changed).status_code == 303
        assert client.get(path).json()["labels"] == {"stage": "test", "team": "audio"}
        emptied: dict[str, str | None] = {f"labels/{row}/{part}": "" for row in (0, 1) for part in ("name", "value")}
        assert send(console, console.get(edit), edit, emptied).status_code == 303
        assert client.get(path).json()["labels"] == {}

    @pytest.mark.parametrize(
        ("typed", "wrong"),
        [
            ({"labels/1/name": "team", "labels/1/value": "x"}, "labels-1-name"),
            ({"labels/1/name": "Not A Key", "labels/1/value": "x"}, "labels"),
            ({"labels/1/name": "stage", "labels/1/value": "not a value"}, "labels-1-value"),
            ({"labels/7/name": "stage", "labels/7/value": "not a value"}, "labels-1-value"),
        ],
    )
    def test_what_is_wrong_with_one_stands_at_its_field(
        self, console: httpx.Client, typed: dict[str, str | None], wrong: str
    ) -> None:
        path = "/domains/alvin.xyz/edit"
        answer = send(console, console.get(path), path, typed)
        assert answer.status_code == 422
        assert f'id="field-{wrong}-wrong"' in answer.text
        assert answer.text.index(f'id="field-{wrong}-wrong"') < answer.text.index('<details class="rare">')

    def test_a_row_more_comes_without_a_script(self, console: httpx.Client) -> None:
        path = "/domains/alvin.xyz/edit"
        page = send(console, console.get(path), path, {"labels/1/name": "stage"}, "Add another row")
        fields = find_form(page, path).fields
        assert [fields[f"labels/{row}/name"] for row in range(3)] == ["team", "stage", ""]

    def test_a_list_is_narrowed_to_those_with_a_label(self, console: httpx.Client, client: httpx.Client) -> None:
        client.post("/domains", json={"name": "other.test"}).raise_for_status()
        assert "other.test" in console.get("/domains").text
        page = console.get("/domains", params={"label": "team=video"})
        assert "alvin.xyz" in page.text
        assert "other.test" not in page.text
        assert console.get("/domains", params={"label": "no label"}).status_code == 422

    def test_two_people_who_change_them_choose(self, console: httpx.Client, client: httpx.Client) -> None:
        path = "/domains/alvin.xyz/edit"
        page = console.get(path)
        client.patch("/domains/alvin.xyz", json={"labels": {"team": "theirs"}}).raise_for_status()
        late = send(console, page, path, {"labels/0/value": "mine"})
        assert late.status_code == 412
        assert "Labels team=video team=theirs team=mine" in words(late)
        assert send(console, late, path, {"take/labels": "now"}).status_code == 303
        assert client.get("/domains/alvin.xyz").json()["labels"] == {"team": "theirs"}


@pytest.mark.usefixtures("application")
def test_what_a_change_brings_to_light_is_told_once(console: httpx.Client, client: httpx.Client) -> None:
    typed: dict[str, str | None] = {"name": "twin", "domains/0": "alvin.xyz", "service": "wayshub"}
    answer = send(console, console.get("/routers/new"), "/routers/new", typed)
    [told] = [found["detail"] for found in client.get("/conflicts").json()["items"] if "twin" in str(found["objects"])]
    text = words(console.get(answer.headers["Location"]))
    assert "Router twin was added." in text
    assert text.lower().count(told.rstrip(".").lower()) == 1
    console.get("/routers")
    assert told.rstrip(".").lower() in words(console.get("/routers/twin")).lower()


@pytest.mark.usefixtures("application")
def test_what_may_not_be_meant_is_told_after_the_change_and_on_the_page(
    console: httpx.Client, client: httpx.Client
) -> None:
    client.put("/middlewares/limit", json={"rateLimit": {"average": 5}}).raise_for_status()
    edited: dict[str, tuple[dict[str, str | None], str]] = {
        "/middlewares/limit": (
            {"rateLimit/average": "0"},
            "middleware limit: ratelimit/average: an average of 0 means no limit",
        ),
        "/services/wayshub": (
            {"drainFor": "5m"},
            "service wayshub: drainfor: without a sticky cookie, visitors of a drained server move",
        ),
    }
    for path, (typed, told) in edited.items():
        answer = send(console, console.get(f"{path}/edit"), f"{path}/edit", typed)
        following = words(console.get(answer.headers["Location"]))
        assert following.lower().count(told) == words(console.get(path)).lower().count(told) == 1


class TestDeclarations:
    """A form follows from a declaration, however deep that goes."""

    def test_what_is_written_is_read_again(self) -> None:
        entry = Entry(Place(Deep), is_new=True)
        texts = entry.write(Deep.read(DEEP))
        found = entry.read({**texts, "password": "secret", "tokens/0": "first"})
        assert found.json() == {**DEEP, "text": "two\n lines"}

    def test_a_form_that_is_sent_as_it_is_changes_nothing_to_the_letter(self) -> None:
        item, entry = Deep.read(DEEP), Entry(Place(Deep), is_new=False)
        texts = {
            name: text.replace("\r\n", "\n").replace("\n", "\r\n") for name, text in entry.write(item).items() if text
        }
        assert entry.read(entry.settled(texts), item).kept(item) == item

    def test_secrets_are_not_sent_back(self) -> None:
        item, entry = Deep.read(DEEP), Entry(Place(Deep), is_new=False)
        assert {entry.write(item)[name] for name in ("password", "tokens/0")} == {MASK}
        typed = {**entry.write(item), "password": "typed", "tokens/1": "typed"}
        concealed = entry.concealed(typed)
        assert (concealed["password"], concealed["tokens/0"], concealed["tokens/1"]) == ("", MASK, "")

    def test_every_field_has_a_slot_and_every_list_an_empty_row(self) -> None:
        entry = Entry(Place(Deep), is_new=True)
        texts = entry.write(Deep.read(DEEP))
        lines = entry.lines(texts)
        assert [slot.name for slot in lines[0]] == ["name", "count"]
        found = {slot.name: slot for line in lines for slot in slots.walk(line)}
        assert texts.keys() <= found.keys()
        assert {"items/2/host", "items/0/limits/names/2/name", "byName/1/value/host"} <= found.keys()
        assert (found["items"].shape, found["byName"].shape, found["labels"].shape) == ("groups", "groups", "pairs")

    def test_empty_rows_are_left_out_and_the_others_numbered_anew(self) -> None:
        fields = [Deep.fields["items"]]
        texts = {"items/4/host": "a", "items/2/host": "", "items/2/isOn": "", "items/9/host": "b", "items/x/host": "c"}
        assert {name: text for name, text in settled(fields, texts).items() if text and text != "1"} == {
            "items/0/host": "a",
            "items/1/host": "b",
        }

    @pytest.mark.parametrize(
        ("pointer", "name"),
        [
            ("/items/1/limits/least", "items/1/limits/least"),
            ("/items/0/limits/names/y", "items/0/limits/names/1/value"),
            ("/byName/one/host", "byName/0/value/host"),
            ("/byName/gone/host", "byName"),
            ("/labels/team", "labels/0/value"),
            ("/nothing/of/it", "nothing/of/it"),
            ("", ""),
        ],
    )
    def test_what_is_wrong_is_shown_at_its_field(self, pointer: str, name: str) -> None:
        entry = Entry(Place(Deep), is_new=True)
        assert place(entry.fields, pointer, entry.write(Deep.read(DEEP))) == name

    def test_what_a_list_or_a_map_says_is_told_as_one(self) -> None:
        texts = write(
            [Deep.fields["labels"], Deep.fields["tokens"]], {"labels": {"a": "1", "b": "2"}, "tokens": ["x", "y"]}
        )
        assert said(texts) == {"labels": "a=1, b=2", "tokens": "x, y"}

    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_every_kind_of_a_middleware_has_a_form(self, kind: str) -> None:
        item = Middleware.read({"name": "m", kind: dict(KINDS[kind].example)})
        entry = Entry(Place(Middleware), is_new=False, kind=item.chosen)
        assert {each.key for each in entry.fields} == {"labels", kind}
        assert entry.read(entry.settled(entry.write(item)), item).kept(item) == item
        new = Entry(Place(Middleware), is_new=True, kind=kind)
        typed = {**new.first(), "name": "m", **write(new.fields[1:2], {kind: dict(KINDS[kind].example)})}
        assert new.read(new.settled(typed)) == item


def test_every_field_of_every_noun_has_a_slot() -> None:
    for noun in NOUNS.values():
        entry = Entry(Place(noun), is_new=True)
        form = Form(entry.first())
        lines = entry.lines(form.values)
        found = {slot.name.partition("/")[0] for line in lines for slot in line}
        assert found == {
            key for key, each in noun.fields.items() if not each.is_alternative and not each.is_apart
        }  # of kinds one is chosen first


def test_no_field_within_a_noun_is_called_what_its_name_is_called() -> None:
    for noun in NOUNS.values():
        titles = [each.title for model in noun.models() for key, each in model.fields.items() if key != "name"]
        assert str(noun.fields["name"].title) not in map(str, titles), noun


def test_what_an_edge_has_from_another_provider_has_no_link() -> None:
    router = Router(name="a", service="a", path_prefix="/", middlewares=["own", "limit@file"])
    assert [each.path for each in fact(router, "middlewares").parts] == ["/middlewares/own", ""]


def test_every_field_of_the_items_of_a_list_has_its_place_in_a_row() -> None:
    lists = {
        (model.__name__, key): each.type
        for noun in NOUNS.values()
        for model in noun.models()
        for key, each in model.fields.items()
        if isinstance(each.type, ListOf) and isinstance(each.type.item, Nested)
    }
    assert len(lists) > 5
    for where, type_ in lists.items():
        slot = slots._slot(type_, "x", {}, is_nullable=False)
        asked = [each for line in slot.rows[0] for each in line]
        assert isinstance(type_.item, Nested)
        assert len(asked) == len(type_.item.model.fields), where
        assert slot.shape == ("groups" if len(asked) > 1 or asked[0].shape == "part" else "rows"), where


@pytest.mark.parametrize(
    ("noun", "fields"),
    [
        ("tcpService", {"loadBalancer": {"servers": [{"address": "a.test:1", "tls": True}, {"address": "b.test:1"}]}}),
        ("router", {"service": "s", "pathPrefix": "/", "tls": {"domains": [{"main": "a.test", "sans": ["b.test"]}]}}),
        ("serversTransport", {"certificates": [{"certFile": "/a", "keyFile": "/b"}], "spiffe": {"ids": ["x"]}}),
        ("service", {"weighted": {"services": [{"name": "a", "weight": 3}, {"name": "b"}], "healthCheck": {}}}),
        ("service", {"mirroring": {"service": "a", "mirrors": [{"name": "b", "percent": 9}]}}),
        ("service", {"healthCheck": {"headers": {"X-A": "b"}, "followRedirects": False}, "middlewares": ["m"]}),
        ("tlsOption", {"clientAuth": {"caFiles": ["/a"], "clientAuthType": "RequestClientCert"}}),
        ("middleware", {"errors": {"status": ["500"], "service": "s", "query": "/", "statusRewrites": {"418": 404}}}),
    ],
)
def test_a_form_that_is_sent_as_it_came_changes_nothing(noun: str, fields: dict[str, object]) -> None:
    item = NOUNS[noun].read({"name": "a", **fields})
    entry = Entry(Place(NOUNS[noun]), is_new=True, kind=item.chosen)
    texts = entry.write(item)
    shown = set(shown_names([slot for line in entry.lines(texts) for slot in line]))
    found = entry.read({name: text for name, text in texts.items() if name in shown})
    assert item.masked(found.json()) == item.masked(item.json())


def shown_names(asked: Iterable[slots.FormSlot]) -> Iterator[str]:
    """Give the names of the fields that a form has: of a row one, where a list is in rows."""
    for slot in asked:
        yield slot.name
        rows = [[line[:1] for line in row[:1]] for row in slot.rows] if slot.shape == "rows" else slot.rows
        for lines in (slot.lines, *rows):
            yield from shown_names([each for line in lines for each in line])
