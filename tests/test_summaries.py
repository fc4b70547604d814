"""What a revision says that it did."""

from typing import Any

import pytest

from provider.messages import Message, freeze, thaw
from provider.models import Change, NounKind
from provider.nouns import NOUNS, Router, Server, Service
from provider.summaries import applied, join, saying, summarise


def made(kind: NounKind, name: str, item: dict[str, Any]) -> Change:
    return Change(kind, name, None, item)


def gone(change: Change) -> Change:
    return Change(change.kind, change.name, change.after, None)


def application(name: str, **router: Any) -> list[Change]:
    host = f"{name}.example.org"
    whole: dict[str, Any] = {"name": name, "domains": [host], "service": name} | router
    return [
        made("domain", host, {"name": host, "description": "", "labels": {}}),
        made("service", name, Service(name=name).json()),
        made("server", f"{name}/a", Server(name="a", url="http://10.0.0.1").json()),
        made("router", name, Router.read(whole).json()),
    ]


def edited(kind: NounKind, before: dict[str, Any], **changed: Any) -> Change:
    return Change(kind, "wayshub/b" if kind == "server" else "wayshub", before, before | changed)


SERVER = Server(name="b", url="http://10.0.0.2").json()
ROUTER = Router(name="wayshub", domains=["a.test"], service="wayshub").json()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (application("app21"), "Exposed app21.example.org"),
        (application("app21")[1:], "Exposed app21.example.org"),
        (application("app", pathPrefix="/api")[1:], "Exposed app.example.org/api"),
        ([*application("a"), *application("b")], "Exposed a.example.org and b.example.org"),
        ([each for name in "abcde" for each in application(name)], None),
        ([gone(each) for each in reversed(application("app21"))], "Removed app21.example.org"),
        (application("app21")[3:], "router app21 added"),
        ([*application("a"), made("domain", "b.test", {"name": "b.test"})], None),
        ([edited("server", SERVER, state="drain")], "Drained server b of wayshub"),
        (
            [edited("server", SERVER, state="drain", drainUntil="2026-01-01T12:00:00Z")],
            "Drained server b of wayshub, which keeps its visitors until 2026-01-01T12:00:00Z",
        ),
        (
            [
                edited(
                    "server",
                    SERVER | {"state": "drain", "drainUntil": "2026-01-01T12:00:00Z"},
                    state="ready",
                    drainUntil=None,
                )
            ],
            "Activated server b of wayshub",
        ),
        ([edited("server", SERVER, state="maint")], "Put server b of wayshub in maintenance"),
        ([edited("server", SERVER | {"state": "drain"}, state="ready")], "Activated server b of wayshub"),
        ([edited("server", SERVER, state="drain", weight=2)], "server wayshub/b: weight 1 → 2, state ready → drain"),
        ([edited("router", ROUTER, enabled=False)], "Disabled router wayshub"),
        ([edited("router", ROUTER | {"enabled": False}, enabled=True)], "Enabled router wayshub"),
        (
            [edited("router", ROUTER, enabled=False, priority=3)],
            "router wayshub: priority nothing → 3, enabled yes → no",
        ),
        (
            [edited("router", ROUTER, entryPoints=["web", "websecure"])],
            "router wayshub: entryPoints nothing → web, websecure",
        ),
        ([edited("router", ROUTER, labels={"team": "a"})], "router wayshub: labels nothing → team: a"),
        ([edited("router", ROUTER, domains=[])], "router wayshub: domains a.test → nothing"),
    ],
)
def test_a_summary_says_what_was_done_in_the_words_of_who_did_it(changes: list[Change], told: str | None) -> None:
    words = summarise([Change(kind=c.kind, name=c.name, before=c.before, after=c.after) for c in changes])
    if told is not None:
        assert join(words) == told
    assert "['" not in join(words)
    assert "{'" not in join(words)
    assert [thaw(freeze(each)) for each in words] == list(words)


def test_an_object_in_which_nothing_is_set_is_added_and_removed() -> None:
    change = Change("middleware", "m", {"name": "m", "compress": {}}, {"name": "m", "addPrefix": {"prefix": "/a"}})
    assert change.words == "middleware m: compress removed, addPrefix nothing → prefix: /a"
    back = Change("middleware", "m", change.after, change.before)
    assert back.words == "middleware m: addPrefix prefix: /a → nothing, compress added"


@pytest.mark.parametrize(
    ("kind", "fields", "changed", "told"),
    [
        ("domain", {}, {"tls": {"from": "acme"}}, "tls nothing → from: acme"),
        ("domain", {"tls": {"from": "acme"}}, {"tls": None}, "tls from: acme → nothing"),
        (
            "domain",
            {"tls": {"from": "acme"}},
            {"tls": {"from": "resolver", "certResolver": "le"}},
            "tls.from acme → resolver, tls.certResolver nothing → le",
        ),
        ("service", {}, {"healthCheck": {"path": "/up"}}, "healthCheck nothing → path: /up"),
        (
            "service",
            {"healthCheck": {"path": "/up"}},
            {"healthCheck": {"path": "/up", "interval": "3s"}},
            "healthCheck.interval 5s → 3s",
        ),
        ("service", {}, {"sticky": {"cookie": {"name": "s"}}}, "sticky nothing → cookie: name: s"),
        (
            "service",
            {"weighted": {"services": [{"name": "a"}]}},
            {"weighted": {"services": [{"name": "a"}, {"name": "b", "weight": 3}]}},
            "weighted.services name: a → name: a; name: b, weight: 3",
        ),
        ("router", {"domains": ["a.test"], "service": "s"}, {"tls": {}}, "tls added"),
        (
            "service",
            {},
            {"failover": {"service": "b", "fallback": "c"}},
            "failover nothing → service: b, fallback: c",
        ),
        (
            "service",
            {"failover": {"service": "b", "fallback": "c"}},
            {"failover": None, "strategy": "p2c"},
            "failover service: b, fallback: c → nothing, strategy nothing → p2c",
        ),
    ],
)
def test_of_an_object_within_it_is_told_what_is_set_and_what_differs(
    kind: NounKind, fields: dict[str, Any], changed: dict[str, Any], told: str
) -> None:
    noun, name = NOUNS[kind], "a.test"
    before, after = (
        noun.read({"name": name if kind == "domain" else "a", **each}).json()
        for each in (fields, {**fields, **changed})
    )
    assert Change(kind, name, before, after).words == f"{kind} {name}: {told}"


def test_many_applications_are_counted() -> None:
    words = summarise([each for name in "abcde" for each in application(name)])
    assert join(words) == "Exposed a.example.org, b.example.org, c.example.org and 2 more"


def test_a_declaration_that_changes_much_is_told_by_how_much() -> None:
    changes = [edited("server", SERVER, weight=number) for number in range(2, 14)]
    assert join(applied(changes)) == "Applied 12 changes"
    assert join(applied(changes[:1])) == "server wayshub/b: weight 1 → 2"
    assert join(applied(application("app"))) == "Exposed app.example.org"


def test_of_a_value_of_any_length_the_beginning_is_told() -> None:
    rule = "Host(`a.test`) || " * 400
    (words,) = summarise([edited("router", ROUTER, rule=rule)])
    assert words.startswith("router wayshub: rule nothing → Host(`a.test`)")
    assert words.endswith("…")
    assert len(words) < 150


def test_a_message_is_kept_with_its_values_and_those_of_its_values() -> None:
    told = Message("{one}, {other}", one=Message("yes"), other=3)
    again = thaw(freeze(told))
    assert again == "yes, 3"
    assert isinstance(again, Message)
    assert isinstance(again.values["one"], Message)
    assert thaw(freeze("a {b}")) == "a {b}"
    assert list(saying(told)([])) == [told]
