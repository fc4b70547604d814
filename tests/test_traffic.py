"""What is told of requests that move between routers is so: who takes them now, and which nobody takes any more."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider import nearby, traffic
from provider.declarations import Declaration
from provider.explanations import explain
from provider.listening import DEFAULT_POINTS, Listening
from provider.models import Change
from provider.nouns import Router
from provider.ranking import Route, Routes
from provider.routes import read_routes
from provider.rules import Request
from provider.surroundings import apart
from provider.traffic import COMPARED, Extent, Move
from provider.transitions import difference
from tests.test_explanations import route

WHOLE = route("wayshub", "Host(`alvin.xyz`)")
TWIN = route("twin", "Host(`alvin.xyz`)", 50, service="other")
API = route("api", "Host(`alvin.xyz`) && PathPrefix(`/v2`)", service="api")


def told(before: Sequence[Route], after: Sequence[Route], *changed: str) -> list[str]:
    return [str(each) for each in traffic.tell(Routes(before), Routes(after), changed)]


def test_a_router_that_takes_all_that_another_took_is_told() -> None:
    expected = ["twin now takes every request that wayshub took (alvin.xyz)"]
    assert told([WHOLE], [WHOLE, TWIN], "twin") == expected
    assert told([WHOLE], [TWIN], "wayshub", "twin") == expected


def test_hosts_that_nobody_answers_for_any_more_are_told() -> None:
    expected = ["no router takes requests for alvin.xyz any more: Traefik answers 404"]
    assert told([WHOLE], [], "wayshub") == expected
    assert told([WHOLE, API], [], "wayshub", "api") == expected
    off = route("wayshub", "Host(`alvin.xyz`)", enabled=False)
    assert told([WHOLE], [off], "wayshub") == expected


def test_requests_that_come_over_tls_from_now_on_are_told() -> None:
    secure = route("wayshub", "Host(`alvin.xyz`)", tls="default")
    asked = "no router takes GET alvin.xyz/ {} any more; wayshub used to"
    assert told([WHOLE], [secure], "wayshub") == [asked.format("without TLS")]
    assert told([secure], [WHOLE], "wayshub") == [asked.format("over TLS")]
    above = route("twin", "Host(`alvin.xyz`)", 50, service="other", tls="default")
    assert told([WHOLE], [WHOLE, above], "twin") == []


def test_a_part_that_nobody_takes_any_more_is_told_by_a_request() -> None:
    assert told([WHOLE, API], [API], "wayshub") == ["no router takes GET alvin.xyz/ any more; wayshub used to"]


def test_a_part_that_another_router_takes_is_told_by_a_request() -> None:
    wide = route("wayshub", "Host(`alvin.xyz`) && !Path(`/login`)", 99)
    assert told([WHOLE, API], [wide, API], "wayshub") == [
        "no router takes GET alvin.xyz/login any more; wayshub used to",
        "wayshub now takes every request that api took (alvin.xyz)",
    ]
    wide = route("wayshub", "Host(`alvin.xyz`) && Method(`GET`)", 99)
    assert told([WHOLE, API], [wide, API], "wayshub") == [
        "no router takes POST alvin.xyz/ any more; wayshub used to",
        "GET alvin.xyz/v2 now goes to wayshub, no longer to api",
    ]


def test_requests_that_go_to_another_service_are_told() -> None:
    led = route("wayshub", "Host(`alvin.xyz`)", service="blue")
    assert told([WHOLE], [led], "wayshub") == [
        "GET alvin.xyz/: wayshub now sends it to the service blue, not to wayshub"
    ]


def test_what_stays_as_it_was_is_not_told() -> None:
    assert told([WHOLE, TWIN], [TWIN], "wayshub") == []
    assert told([WHOLE], [WHOLE, route("other", "Host(`b.test`)")], "other") == []
    assert told([WHOLE], [WHOLE, API], "unknown") == []


def test_what_chance_decides_is_not_told() -> None:
    assert told([WHOLE], [WHOLE, route("tied", "Host(`alvin.xyz`)")], "tied") == []


def test_a_third_router_above_keeps_all_from_being_said() -> None:
    third = route("third", "PathPrefix(`/secret`)", 90)
    assert told([WHOLE], [WHOLE, TWIN, third], "twin", "third") == [
        "GET alvin.xyz/ now goes to twin, no longer to wayshub",
        "GET alvin.xyz/secret now goes to third, no longer to wayshub",
    ]


def test_headers_and_addresses_that_count_are_told() -> None:
    canary = route("canary", "Host(`alvin.xyz`) && Header(`X-Canary`, `1`)")
    near = route("near", "Host(`alvin.xyz`) && ClientIP(`10.0.0.0/8`)")
    assert told([WHOLE], [WHOLE, canary], "canary") == [
        "GET alvin.xyz/ with X-Canary: 1 now goes to canary, no longer to wayshub"
    ]
    assert told([WHOLE], [WHOLE, near], "near") == [
        "GET alvin.xyz/ from 10.0.0.0 now goes to near, no longer to wayshub"
    ]


def test_entry_points_are_told_where_they_count() -> None:
    both = route("wayshub", "Host(`alvin.xyz`)", entry_points=("web", "websecure"))
    assert told([both], [both, TWIN], "twin") == ["GET alvin.xyz/ on web now goes to twin, no longer to wayshub"]


def test_of_many_routers_the_first_are_compared_and_the_others_counted() -> None:
    many = [route(f"r{number}", f"Host(`{number}.test`)") for number in range(COMPARED + 5)]
    words = told(many, [], *(each.name for each in many))
    assert words[0] == "no router takes requests for 0.test any more: Traefik answers 404"
    assert words[-2:] == [
        "and requests of other routers move too",
        "5 more routers change; which routers take their requests was not compared",
    ]


def test_of_many_routers_that_stand_beside_others_none_is_said_to_move_requests() -> None:
    mine = [replace(route(f"r{n}", f"Host(`{n}.test`)"), beside=f"r{n}@file") for n in range(12)]
    words = told([], mine, *(each.name for each in mine))
    assert words[0] == "r0 stands beside r0@file, which takes its requests"
    assert words[10:] == ["and 2 more routers stand beside others"]


def router(name: str, *domains: str, **fields: object) -> Router:
    return Router.read({"name": name, "domains": list(domains), "service": name, **fields})


def test_a_difference_of_states_tells_it_after_what_becomes_of_each_object() -> None:
    wayshub, twin = router("wayshub", "alvin.xyz"), router("twin", "alvin.xyz", priority=1_000)
    before = Declaration.of(wayshub)
    found = difference(before, Declaration.of(wayshub, twin), DEFAULT_POINTS, apart({}))
    assert [str(each) for each in found.words] == [
        "router twin added",
        "twin now takes every request that wayshub took (alvin.xyz)",
    ]


@pytest.mark.parametrize("kept", [False, True])
def test_changes_are_compared_with_the_routers_near_them_whether_they_are_kept_or_tried(kept: bool) -> None:
    wild, api = router("wild", "*.alvin.xyz"), router("api", "api.alvin.xyz")
    changes = [Change("router", "api", api.json(), None)]
    now = [wild] if kept else [wild, api]
    routes = Routes([each for one in now for each in read_routes(one, Listening())])
    words = traffic.tell(*nearby.around(routes, changes, Listening()), ["api"])
    assert [str(each) for each in words] == ["wild now takes every request that api took (api.alvin.xyz)"]


texts = st.lists(
    st.sampled_from(
        [
            *("Host(`a.test`)", "Host(`a.test`)", "Host(`b.a.test`)", "Host(`a.test.`)", "!Host(`a.test`)"),
            *("(Host(`a.test`) || Host(`b.a.test`))", r"HostRegexp(`^[^.]+\.a\.test$`)", "HostRegexp(`.+`)"),
            *("PathPrefix(`/`)", "PathPrefix(`/v2`)", "Path(`/v2/x`)", "!PathPrefix(`/v2`)", "PathRegexp(`^/v`)"),
            *("Method(`GET`)", "!Method(`GET`)", "Header(`X`, `1`)", "!Header(`X`, `1`)", "Query(`q`, `1`)"),
            *("ClientIP(`10.0.0.0/8`)", "!ClientIP(`10.0.0.0/8`)"),
        ]
    ),
    min_size=1,
    max_size=2,
).map(" && ".join)
drawn_routes = st.builds(
    lambda name, text, rank, places, enabled: route(name, text, rank, places, enabled=enabled, service=f"s-{name}"),
    st.sampled_from("abcd"),
    texts,
    st.sampled_from([None, None, None, 10, 1_000]),
    st.sampled_from([("web",), ("web", "websecure")]),
    st.sampled_from([True, True, True, False]),
)
states = st.lists(drawn_routes, max_size=4, unique_by=lambda each: each.name)
asked = st.builds(
    Request,
    st.sampled_from(["a.test", "a.test.", "b.a.test", "c.a.test", "x.test"]),
    st.sampled_from(["/", "/v2", "/v2/x", "/v3"]),
    st.sampled_from(["GET", "POST"]),
    st.sampled_from([{}, {"X": ("1",)}]),
    st.sampled_from([{}, {"q": ("1",)}]),
    st.sampled_from([None, ip_address("10.0.0.7"), ip_address("192.0.2.1")]),
)


def holds(move: Move, before: Routes, after: Routes, request: Request, where: str) -> bool:
    """Tell whether what is told of all requests holds for one."""
    was, now = explain(before, request, where), explain(after, request, where)
    if move.extent is Extent.HOST:
        return now.route is None or request.host.rstrip(".") != move.request.host
    if move.extent is Extent.ALL and was.route is not None and was.route.name == move.former.name:
        return move.taker is not None and now.route is not None and now.route.name == move.taker.name
    return True


@settings(max_examples=100, deadline=None)
@given(states, states, st.lists(asked, min_size=5, max_size=30))
def test_what_is_told_is_so_for_each_request(one: list[Route], two: list[Route], requests: list[Request]) -> None:
    shared = [each for each in one if each.name in "ab"]
    for later in (two, [*shared, *(each for each in two if each.name not in "ab")]):
        before, after = Routes(one), Routes(later)
        moves = traffic.find(before, after, "abcd")
        tried = [*requests, *(move.request for move in moves)]
        for move in moves:
            was, now = (explain(routes, move.request, move.where).route for routes in (before, after))
            assert was is not None
            assert was.name == move.former.name
            assert (now and now.name) == (move.taker and move.taker.name)
            assert all(
                holds(move, before, after, request, where) for request in tried for where in ("web", "websecure")
            )
