"""What happened to objects, field by field."""

from collections.abc import Sequence
from typing import Any

import pytest

from provider.messages import Message, freeze
from provider.models import Change, NounKind
from provider.nouns.comparison import FieldChange
from provider.summaries import summarise
from provider.web.changes import shown, summary
from provider.web.told_fields import Words, find


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


def told(kind: NounKind, document: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the fields of a new object as they are told, by their titles."""
    found = shown(Change(kind, "a", None, document)).told
    return [(": ".join(title.text for title in titles), after) for _field, titles, _before, after in found]


def test_fields_are_told_by_their_titles_and_choices_by_their_words() -> None:
    assert told("service", {"strategy": "p2c", "healthCheck": {"path": "/up"}, "labels": {"team": "x"}}) == [
        ("Strategy", Words("Power of two choices", is_ours=True)),
        ("Health check: Path", "/up"),
        ("Labels: team", "x"),
    ]
    assert told("middleware", {"headers": {"frameDeny": True}}) == [("Set headers: Deny frames", True)]
    assert told("account", {"role": "admin"}) == [("role", "admin")]


def test_objects_in_a_list_are_told_part_by_part() -> None:
    address, tls = (Words(title, is_ours=True) for title in ("Address", "TLS"))
    document = {"loadBalancer": {"servers": [{"address": "10.0.0.1:5432", "tls": True}]}}
    assert told("tcpService", document) == [
        ("Pool of servers: Servers", [{address: "10.0.0.1:5432", tls: True}]),
    ]


def test_no_title_is_given_for_what_no_declaration_has() -> None:
    assert find("service", "gone.deeper").titles == (Words("gone.deeper"),)
