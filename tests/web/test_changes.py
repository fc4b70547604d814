"""What happened to objects, field by field."""

from collections.abc import Sequence
from typing import Any

import pytest

from provider.messages import Message, freeze
from provider.models import Change, NounKind
from provider.nouns.comparison import FieldChange
from provider.summaries import summarise
from provider.web.changes import shown, summary


def compare(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Sequence[FieldChange]:
    return shown(Change("server", "a/a", before, after)).fields


def test_only_fields_that_differ_are_told() -> None:
    before = {"name": "a", "weight": 1, "state": "ready", "tags": ["x"]}
    assert compare(before, {**before, "weight": 2}) == [FieldChange("weight", 1, 2)]
    assert compare(before, before) == []


def test_the_fields_of_an_object_within_are_told_one_by_one() -> None:
    check = {"path": "/", "interval": "5s"}
    assert compare({"healthCheck": None}, {"healthCheck": check}) == [
        FieldChange("healthCheck.path", None, "/"),
        FieldChange("healthCheck.interval", None, "5s"),
    ]
    assert compare({"healthCheck": check}, {"healthCheck": {**check, "path": "/up"}}) == [
        FieldChange("healthCheck.path", "/", "/up")
    ]
    assert compare({"tls": {}}, {"tls": None}) == [FieldChange("tls", {}, None)]


def test_a_map_that_was_empty_is_told_by_what_came_into_it() -> None:
    found = compare({"name": "a", "labels": {}}, {"name": "a", "labels": {"team": "video"}})
    assert found == [FieldChange("labels.team", None, "video")]
    gone = compare({"name": "a", "labels": {"team": "video"}}, {"name": "a", "labels": {}})
    assert gone == [FieldChange("labels.team", "video", None)]


def test_of_what_is_new_or_gone_only_what_says_something_is_told() -> None:
    made = {"name": "a", "description": "", "domains": [], "enabled": False, "weight": 0, "tls": None}
    assert compare(None, made) == [FieldChange("enabled", None, False), FieldChange("weight", None, 0)]
    assert compare(made, None) == [FieldChange("enabled", False, None), FieldChange("weight", 0, None)]


def test_a_text_that_was_emptied_is_told() -> None:
    assert compare({"description": "x"}, {"description": ""}) == [FieldChange("description", "x", "")]


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        ("domain", "xn--bcher-kva.example", "/domains/xn--bcher-kva.example"),
        ("domain", "*.example.com", "/domains/%2A.example.com"),
        ("service", "new", "/services/new/"),
        ("server", "wayshub/a", "/services/wayshub/servers/a"),
        ("router", "wayshub", "/routers/wayshub"),
        ("account", "desk", "/accounts/desk"),
        ("token", "k3v9x0ab", "/tokens?q=k3v9x0ab"),
    ],
)
def test_what_is_there_has_a_link(kind: NounKind, name: str, path: str) -> None:
    assert shown(Change(kind, name, None, {"a": 1})).path == path
    assert shown(Change(kind, name, {"a": 1}, None)).path is None


def test_the_words_that_are_kept_are_messages_again() -> None:
    words = summarise([Change("domain", f"{index}.test", None, {"name": f"{index}.test"}) for index in range(7)])
    told = summary([freeze(each) for each in words], "stored")
    assert told == list(words)
    assert told[0] == "domain 0.test added"
    assert told[5:] == [Message("and {count} more", count=2)]
    assert all(isinstance(each, Message) for each in told)


def test_what_an_earlier_version_kept_as_text_is_known_again() -> None:
    stored = "domain a added; server s/a: state ready \u2192 drain; router b removed; and 9 more"
    told = summary(None, stored)
    assert "; ".join(told) == stored
    assert [isinstance(part, Message) for part in told] == [True, False, True, True]
    [told_alone] = summary(None, "the stored state renders a different document")
    assert isinstance(told_alone, Message)
