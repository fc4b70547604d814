"""One change is taken back, whatever came since: field by field, and what clashes is named."""

from typing import Any

import pytest

from provider.models import Change, NounKind
from provider.nouns.comparison import JsonObject
from provider.undoing import ALL, Clash, chooser, undo

ROUTER = {"name": "r", "priority": 1, "service": "s", "domains": ["größe.test"], "labels": {"a": "1"}, "tls": None}
Named = tuple[NounKind, str]


def router(**changed: Any) -> dict[str, Any]:
    return ROUTER | changed


def edit(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    return Change("router", "r", before, after)


@pytest.mark.parametrize(
    ("change", "now", "becomes"),
    [
        (edit(None, router()), router(), None),
        (edit(router(), None), None, router()),
        (edit(router(), router(priority=2)), router(priority=2), router()),
        (edit(router(), router(priority=2)), router(priority=2, service="t"), router(service="t")),
        (
            edit(router(), router(labels={"a": "1", "b": "2"})),
            router(labels={"a": "1", "b": "2", "c": "3"}),
            router(labels={"a": "1", "c": "3"}),
        ),
        (
            edit(router(labels={"a": "1", "b": "2"}), router()),
            router(labels={"a": "9"}),
            router(labels={"a": "9", "b": "2"}),
        ),
        (
            edit(router(), router(priority=2)),
            router(priority=2, domains=["GRÖßE.test"]),
            router(domains=["GRÖßE.test"]),
        ),
        (edit(router(), router(tls={"from": "acme"})), router(tls={"from": "acme"}), router()),
    ],
)
def test_what_nobody_changed_since_goes_back(
    change: Change, now: JsonObject | None, becomes: JsonObject | None
) -> None:
    found = undo([change], {} if now is None else {("router", "r"): now})
    assert not found.clashes
    assert found.objects == {("router", "r"): becomes}


@pytest.mark.parametrize(
    ("change", "now"),
    [
        (edit(None, router()), None),
        (edit(router(), None), router()),
        (edit(router(), None), router(domains=["GRÖßE.test"])),
        (edit(router(), router(priority=2)), router(priority=1, service="t")),
    ],
)
def test_what_is_back_already_stays(change: Change, now: JsonObject | None) -> None:
    found = undo([change], {} if now is None else {("router", "r"): now})
    assert (found.objects, found.clashes) == ({}, [])


@pytest.mark.parametrize(
    ("change", "now", "clash", "older"),
    [
        (
            edit(router(), router(priority=2)),
            router(priority=7, service="t"),
            Clash("router", "r", ("priority",), 1, 7),
            router(service="t"),
        ),
        (
            edit(router(), router(labels={"a": "2"})),
            router(labels={"a": "3", "b": "4"}),
            Clash("router", "r", ("labels", "a"), "1", "3"),
            router(labels={"a": "1", "b": "4"}),
        ),
        (
            edit(router(), router(labels={})),
            router(labels={"a": "5"}),
            Clash("router", "r", ("labels", "a"), "1", "5"),
            router(),
        ),
        (edit(router(), router(priority=2)), None, Clash("router", "r", (), router(), None), router()),
        (edit(None, router()), router(priority=2), Clash("router", "r", (), None, router(priority=2)), None),
        (edit(router(), None), router(priority=2), Clash("router", "r", (), router(), router(priority=2)), router()),
    ],
)
def test_what_was_changed_since_clashes_and_either_can_be_chosen(
    change: Change, now: JsonObject | None, clash: Clash, older: JsonObject | None
) -> None:
    objects: dict[Named, JsonObject] = {} if now is None else {("router", "r"): now}
    assert undo([change], objects).clashes == [clash]
    for places in ([ALL], [clash.pointer], ["/router/r"]):
        found = undo([change], objects, chooser(places, ()))
        assert (found.objects, found.clashes) == ({("router", "r"): older}, [])
    kept = undo([change], objects, chooser((), [clash.pointer]))
    assert not kept.clashes
    assert kept.objects.get(("router", "r"), now) != older
    assert undo([change], objects, chooser(["/router/other"], ["/router/r/name"])).clashes == [clash]


def test_the_pointer_of_a_clash_names_the_object_and_the_field() -> None:
    assert Clash("server", "wayshub/a", ("labels", "x~y"), None, None).pointer == "/server/wayshub~1a/labels/x~0y"


def test_what_is_named_is_chosen_before_what_is_chosen_for_all() -> None:
    change = edit(router(), router(priority=2, service="t"))
    now: dict[Named, JsonObject] = {("router", "r"): router(priority=7, service="u")}
    found = undo([change], now, chooser([ALL], ["/router/r/service"]))
    assert found.objects == {("router", "r"): router(service="u")}


def test_a_service_that_was_made_and_given_servers_since_does_not_take_them_along_unasked() -> None:
    changes = [Change("service", "s", None, {"name": "s"}), Change("server", "s/a", None, {"name": "a"})]
    own: dict[Named, JsonObject] = {("service", "s"): {"name": "s"}, ("server", "s/a"): {"name": "a"}}
    assert not undo(changes, own).clashes
    assert undo(changes, own | {("server", "s/b"): {"name": "b"}}).clashes == [
        Clash("service", "s", ("servers",), None, ["s/b"])
    ]
