"""Drawings of the path: everything has its place, and whatever it is called is text."""

import re
from collections.abc import Sequence
from html import unescape
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.edges.states import EdgeState
from provider.messages import Message
from provider.models import ObservedState
from provider.nouns import Middleware
from provider.passages import Stop
from provider.values import ServerState
from provider.web import languages
from provider.web.drawings import path, text
from provider.web.drawings.blocks import group
from provider.web.drawings.layout import Box, Layout, lay_out
from provider.web.drawings.scene import (
    Carried,
    DrawnEdge,
    DrawnEntryPoint,
    DrawnRouter,
    DrawnServer,
    DrawnService,
    Scene,
    Way,
)
from provider.web.languages import Language
from tests.running import cases
from tests.strategies import hostile
from tests.web.test_rendering import HOSTILE, Outline

LANGUAGES = languages.load()
ENGLISH = LANGUAGES["en"]

words = st.sampled_from(["a", "shop", "wayshub-api", "x" * 63, "-" * 300]) | hostile
servers = st.builds(
    DrawnServer,
    words,
    words,
    st.integers(1, 1000),
    st.sampled_from([0.0, 0.0001, 0.25, 0.5, 1.0]),
    st.sampled_from(ServerState),
    st.sampled_from(ObservedState),
)
scenes = st.builds(
    Scene,
    routers=st.lists(
        st.builds(
            DrawnRouter,
            words,
            words,
            st.sampled_from(["one", "two", "missing"]),
            st.lists(words, max_size=3),
            st.none() | words,
            st.lists(st.sampled_from(["web", "websecure", "c", "d", "e", "f"]), min_size=1, max_size=6, unique=True),
            st.booleans(),
            st.none() | words,
            tls=st.none() | words,
            passage=st.lists(st.builds(Stop, words, words, st.none() | words), max_size=9),
        ),
        max_size=6,
    ),
    services=st.lists(
        st.builds(DrawnService, st.sampled_from(["one", "two", "lonely"]), st.lists(servers, max_size=12), words),
        max_size=3,
        unique_by=lambda service: service.name,
    ),
    entry_points=st.just([DrawnEntryPoint("web", ":8080")]) | st.just([]),
    edges=st.lists(
        st.builds(DrawnEdge, words, st.sampled_from(EdgeState), words, st.none() | st.integers(0, 10**9)), max_size=7
    ),
    more_edges=st.integers(0, 2000),
    revision=st.none() | st.integers(0, 10**6),
)


def scene_of(*pool: DrawnServer, **fields: Any) -> Scene:
    router = DrawnRouter("wayshub", "Host(`alvin.xyz`)", "wayshub", ["alvin.xyz"])
    return Scene([router], [DrawnService("wayshub", pool)], [DrawnEntryPoint("web", ":8080")], **fields)


def placed(scene: Scene, most_servers: int = path.MOST_SERVERS) -> Layout:
    return lay_out(scene, group(scene, most_servers))


def overlap(one: Box, other: Box) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def numbers(markup: str, name: str, **wanted: str) -> list[dict[str, str | None]]:
    """Return the attributes of the elements of a name that have these."""
    elements = Outline(markup).elements
    return [attributes for tag, attributes in elements if tag == name and wanted.items() <= attributes.items()]


def titles(markup: str) -> list[str]:
    """Return what is said of each node: to who points at it, and to who does not see it."""
    return [unescape(found) for found in re.findall(r"<title>([^<]*)</title>", markup)]


# Places


@settings(max_examples=cases(20, 500), deadline=None)
@given(scenes, st.integers(1, 8))
def test_nothing_lies_on_anything_else_and_all_is_within_the_picture(scene: Scene, most_servers: int) -> None:
    layout = placed(scene, most_servers)
    boxes = list(layout.boxes())
    for box in [*boxes, layout.frame]:
        assert box.x >= 0
        assert box.y >= 0
        assert box.right <= layout.width
        assert box.bottom <= layout.height
    for one, other in combinations(boxes, 2):
        assert not overlap(one, other), (one, other)


@settings(max_examples=cases(20, 500), deadline=None)
@given(scenes, st.sampled_from(["en", "id"]), st.booleans())
def test_whatever_something_is_called_is_text_and_stays_within_its_room(
    scene: Scene,
    language: str,
    linked: bool,  # as Hypothesis draws it
) -> None:
    markup = str(path.draw(scene, LANGUAGES[language], linked=linked))
    outline = Outline(markup)
    assert outline.open == []
    assert {tag for tag, _attributes in outline.elements} <= {
        "svg",
        "g",
        "a",
        "rect",
        "path",
        "circle",
        "text",
        "title",
    }
    width, height = map(float, (outline.elements[0][1]["viewbox"] or "").split()[2:])
    for tag, attributes in outline.elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        assert linked or tag != "a"
        assert (attributes.get("href") or "/").startswith("/")
        if tag == "rect" and "transform" not in attributes and attributes.get("class") is not None:
            assert (
                0
                <= float(attributes["x"] or "")
                <= float(attributes["x"] or "") + float(attributes["width"] or "")
                <= width
            )
            assert float(attributes["y"] or "") + float(attributes["height"] or "") <= height


@pytest.mark.parametrize("name", HOSTILE)
def test_the_name_of_anything_may_be_anything(name: str) -> None:
    plain, odd = (
        Outline(
            str(
                path.draw(
                    Scene(
                        [DrawnRouter(called, called, called, [called], called, [called])],
                        [DrawnService(called, [DrawnServer(called, called, share=1.0)], called)],
                        [DrawnEntryPoint(called, called)],
                        [DrawnEdge(called, EdgeState.LIVE, called, 1)],
                    ),
                    ENGLISH,
                )
            )
        )
        for called in ("a", name)
    )
    assert odd.shape == plain.shape
    assert text.clean(name)[:6].split("\ufffd")[0] in odd.text


def test_what_changes_the_direction_of_text_is_not_drawn() -> None:
    markup = str(path.draw(scene_of(DrawnServer("a\u202egnp.exe", "http://a\u2066b")), ENGLISH))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0000-\u0009]", markup)


# Words


@given(hostile, st.floats(0, 400), st.booleans(), st.booleans())
def test_a_shortened_text_has_room(given_text: str, room: float, bold: bool, monospace: bool) -> None:
    shown = text.shorten(given_text, room, 13, bold=bold, monospace=monospace)
    assert text.width(shown, 13, bold=bold, monospace=monospace) <= room
    assert shown == text.clean(given_text) or shown == "" or shown.endswith(text.ELLIPSIS)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("127.0.0.1:9101", "127.0.0.1:9101"),
        ("videos.internal.example:3000", "videos.in…:3000"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_a_shortened_address_keeps_its_port(address: str, shown: str) -> None:
    assert text.shorten_address(address, 120.0, 12.0) == shown


def test_what_was_shortened_is_told_whole_to_who_points_at_it() -> None:
    rule = "Host(`" + "a.very.long.name." * 9 + "xyz`)"
    scene = Scene([DrawnRouter("wayshub", rule, "wayshub", ["alvin.xyz"])], [DrawnService("wayshub")])
    markup = path.draw(scene, ENGLISH)
    assert Outline(str(markup)).text.count(rule) == 1  # in the title
    assert f"Router wayshub: {rule} points to service wayshub" in titles(str(markup))


# What is to be seen


def share_widths(markup: str) -> list[float]:
    return [
        float(attributes["stroke-width"] or "")
        for attributes in numbers(markup, "path")
        if (attributes.get("class") or "").split()[0] == "share"
    ]


def test_an_arrow_is_as_wide_as_the_share() -> None:
    pool = [DrawnServer("a", "http://10.0.0.1", 3, 0.75), DrawnServer("b", "http://10.0.0.2", 1, 0.25)]
    markup = str(path.draw(scene_of(*pool), ENGLISH))
    wide, narrow = share_widths(markup)
    assert wide == 3 * narrow
    assert {"75%", "25%"} <= set(re.findall(r">([0-9.]+%)<", markup))


@pytest.mark.parametrize(
    ("server", "word", "kind"),
    [
        (DrawnServer("a", "http://a", health=ObservedState.DOWN), "down", "bad"),
        (DrawnServer("a", "http://a", state=ServerState.DRAIN), "drained", "info"),
        (DrawnServer("a", "http://a", state=ServerState.MAINT), "in maintenance", "quiet"),
        (DrawnServer("a", "http://a", share=1.0, health=ObservedState.UP), "up", "good"),
    ],
)
def test_how_a_server_is_has_a_word_a_shape_and_a_colour(server: DrawnServer, word: str, kind: str) -> None:
    markup = str(path.draw(scene_of(server), ENGLISH))
    (node,) = [a for a in numbers(markup, "a") if a["href"] == "/services/wayshub/servers/a"]
    assert any(title.startswith("Server a at http://a") and word in title for title in titles(markup))
    assert kind in (node["class"] or "").split()
    assert numbers(markup, "g", **{"class": f"shape {kind}"})


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))
def test_a_word_that_leaves_a_name_no_room_stands_below_it(language: Language) -> None:
    away = DrawnServer("api-1", "http://a", state=ServerState.MAINT, service="blue")
    shown = Outline(str(path.draw(scene_of(away), language))).text
    assert "blue/api-1" in shown
    assert language.say(Message("in maintenance")) in shown


def test_every_node_leads_to_its_page() -> None:
    edges = [DrawnEdge("default", EdgeState.LIVE, "it runs revision 3", 3)]
    scene = scene_of(DrawnServer("a", "http://10.0.0.1", share=1.0), edges=edges)
    links = [attributes["href"] for attributes in numbers(str(path.draw(scene, ENGLISH)), "a")]
    assert links == [
        "/edges/default",
        "/domains/alvin.xyz",
        "/routers/wayshub",
        "/services/wayshub",
        "/services/wayshub/servers/a",
    ]


def test_the_picture_says_its_words_in_both_languages() -> None:
    scene = scene_of(DrawnServer("a", "http://10.0.0.1", state=ServerState.MAINT))
    assert "in maintenance" in path.draw(scene, ENGLISH)
    assert "in maintenance" not in path.draw(scene, LANGUAGES["id"])


def test_many_servers_are_folded_and_those_in_trouble_are_not() -> None:
    pool = [
        DrawnServer(f"s{index:02}", f"http://10.0.0.{index}", share=0.025, health=ObservedState.UP)
        for index in range(40)
    ]
    pool[33] = DrawnServer("s33", "http://10.0.0.33", health=ObservedState.DOWN)
    pool[20] = DrawnServer("s20", "http://10.0.0.20", state=ServerState.DRAIN)
    found = titles(str(path.draw(scene_of(*pool), ENGLISH)))
    assert len([title for title in found if title.startswith("Server s")]) == path.MOST_SERVERS - 1
    assert any(title.startswith("Server s33") for title in found)
    assert any(title.startswith("Server s20") for title in found)
    assert "35 more servers, 87.5%: 35 up" in found


def test_mirrors_are_no_servers_that_are_folded() -> None:
    pool = [DrawnServer(f"s{index}", "http://10.0.0.1", share=0.25) for index in range(4)]
    scene = scene_of(*pool, DrawnServer("copy", "", copies=10))
    assert "4 servers" in str(path.draw(scene, ENGLISH, most_servers=1))
    some = str(path.draw(scene, ENGLISH, most_servers=2))
    assert "3 more servers" in some
    assert "copies of 10%" in some


@pytest.mark.parametrize("count", [0, 1, path.MOST_SERVERS])
def test_few_servers_are_not_folded(count: int) -> None:
    pool = [DrawnServer(f"s{index}", "http://10.0.0.1") for index in range(count)]
    found = titles(str(path.draw(scene_of(*pool), ENGLISH)))
    assert len([title for title in found if title.startswith("Server s")]) == count
    assert not any("more servers" in title for title in found)
    assert ("no server: answers 503" in found) == (count == 0)


# One way, lit up


def lit(markup: str) -> set[str]:
    found: Sequence[dict[str, str | None]] = numbers(markup, "a")
    return {attributes["href"] or "" for attributes in found if "lit" in (attributes["class"] or "").split()}


def test_one_way_through_it_can_be_lit_up() -> None:
    routers = [DrawnRouter(name, f"Host(`{name}.xyz`)", "pool", [f"{name}.xyz"]) for name in ("one", "two")]
    pool = [
        DrawnServer("a", "http://a", share=0.5),
        DrawnServer("b", "http://b", share=0.5),
        DrawnServer("c", "http://c"),
    ]
    scene = Scene(routers, [DrawnService("pool", pool)])
    plain = path.draw(scene, ENGLISH)
    assert lit(str(plain)) == set()
    assert "traced" not in plain
    way = lit(str(path.draw(scene, ENGLISH, way=Way("two"))))
    assert way == {"/domains/two.xyz", "/routers/two", "/services/pool", *(f"/services/pool/servers/{n}" for n in "ab")}
    assert "/services/pool/servers/b" not in lit(str(path.draw(scene, ENGLISH, way=Way("two", servers=["a"]))))


def test_a_way_that_a_middleware_ends_is_lit_up_to_the_router() -> None:
    scene = scene_of(DrawnServer("a", "http://a", share=1.0))
    assert lit(str(path.draw(scene, ENGLISH, way=Way("wayshub", ends_at_router=True)))) == {
        "/domains/alvin.xyz",
        "/routers/wayshub",
    }


def test_the_servers_of_a_way_are_never_folded() -> None:
    pool = [DrawnServer(f"s{index}", "http://a", share=0.1) for index in range(10)]
    markup = str(path.draw(scene_of(*pool), ENGLISH, way=Way("wayshub", servers=["s9"]), most_servers=3))
    assert "/services/wayshub/servers/s9" in lit(markup)


# Middlewares


def passing(count: int, routers: int = 1) -> str:
    """Return a drawing of routers with some middlewares each, and one of another provider after these."""
    middleware = Middleware.read({"name": "a", "compress": {}})
    members = [Stop(f"m{number}", f"Does {number}", None, middleware) for number in range(count)]
    drawn = [
        DrawnRouter(f"r{number}", "Host(`a`)", f"s{number}", passage=[*members, Stop("sso@file", "unknown")])
        for number in range(routers)
    ]
    services = [DrawnService(router.service, [DrawnServer("a", "http://a", share=1.0)]) for router in drawn]
    return str(path.draw(Scene(drawn, services), ENGLISH))


def test_a_router_has_a_line_for_each_of_its_middlewares_in_order() -> None:
    markup = passing(3)
    found = [link["href"] for link in numbers(markup, "a") if (link["href"] or "").startswith("/middlewares")]
    assert found == ["/middlewares/m0", "/middlewares/m1", "/middlewares/m2"]
    told = titles(markup)
    assert "Middleware m1: Does 1" in told
    assert "Middleware sso@file of another provider: what it does is not known here" in told
    assert "Does 2" in Outline(markup).text
    assert "sso@file" in Outline(markup).text


def test_many_middlewares_are_counted_and_the_routers_page_has_all() -> None:
    markup = passing(9)
    assert "and 5 more" in titles(markup)
    assert [link["href"] for link in numbers(markup, "a")].count("/routers/r0") == 2
    assert "Middleware m5: Does 5" not in titles(markup)
    assert titles(passing(2, 9)).count("Middleware m1: Does 1") == 9
    assert "Middleware m2: Does 2" not in titles(passing(3, 9))


@pytest.mark.parametrize("port", [":80", ":443", ":8443", "127.0.0.1:31502"])
def test_the_name_and_the_port_of_an_entry_point_stand_whole_in_its_bar(port: str) -> None:
    point = DrawnEntryPoint("websecure", port)
    router = DrawnRouter("wayshub", "Host(`alvin.xyz`)", "wayshub", ["alvin.xyz"], entry_points=["websecure"])
    drawn = Scene([router], [DrawnService("wayshub", [])], [point])
    told = Outline(path.draw(drawn, ENGLISH)).text
    assert point.label in told
    assert "Entry point" in told


def test_a_server_without_a_name_has_no_empty_line() -> None:
    router = DrawnRouter("db", "HostSNI(`*`)", "db", entry_points=["db"])
    drawn = Scene([router], [DrawnService("db", [DrawnServer("10.0.0.1:5432", "", share=1.0)])], carried=Carried.TCP)
    markup = str(path.draw(drawn, ENGLISH))
    assert "10.0.0.1:5432" in Outline(markup).text
    assert "></text>" not in markup
