"""Routers as the edges have them: each edge by its own entry points, and what holds for all is told once."""

from typing import Final

from provider import rules
from provider.declarations import Declaration
from provider.edges.forecasts import Forecast, forecast
from provider.edges.standings import Standings
from provider.edges.states import EdgeState
from provider.findings import Finding
from provider.listeners import find_vain
from provider.listening import Listening
from provider.messages import Message
from provider.models import Conflict
from provider.nouns import Router
from provider.ranking import Route, Routes
from provider.surroundings import KnownEdge, Redirection, apart
from provider.views import EdgeView, tell_moves, together

RULE: Final = rules.read("Host(`a.test`)")
PARIS: Final = Standings("paris", EdgeState.LIVE, True, {}, {}, frozenset({"web"}), None, None)
ROME: Final = Standings("rome", EdgeState.LIVE, True, {}, {}, frozenset({"web"}), None, None)
PLAIN: Final = EdgeView({"paris": KnownEdge(tls={})}, {}, Routes([Route("shop", RULE, 20, "pool")]))
SEALED: Final = EdgeView(
    {"rome": KnownEdge(tls={"web": "default"})},
    {"web": "default"},
    Routes([Route("shop", RULE, 20, "pool", part="@web", tls_options="default")]),
)


def asked(url: str, *views: EdgeView) -> Forecast:
    return forecast(views, rules.asked(url, "GET", [], None), "web", [PARIS, ROME])


def told(found: Forecast) -> tuple[str | None, list[tuple[str, str | None]]]:
    route = found.explanation.route
    return None if route is None else route.taker, [(each.edge, each.router) for each in found.edges]


def test_edges_are_taken_apart_by_the_entry_points_that_add_tls() -> None:
    edges = {
        "a": KnownEdge(tls={}),
        "b": KnownEdge(tls={"web": "default"}),
        "c": KnownEdge(),
        "d": KnownEdge(tls={}),
    }
    assert apart(edges) == ((("a", "d", "c"), ()), (("b",), (("web", "default"),)))
    assert apart({}) == (((), ()),)


def test_who_takes_a_request_is_told_of_each_edge_where_one_adds_tls() -> None:
    plain, secure = asked("http://a.test/", PLAIN, SEALED), asked("https://a.test/", PLAIN, SEALED)
    assert told(plain) == ("shop", [("rome", None)])
    assert told(secure) == (None, [("rome", "shop")])
    assert plain.edges[0].why == "on the edge rome, no router on web without TLS matches: Traefik answers 404"
    assert secure.edges[0].why == "on the edge rome, shop takes it: it matches, and no other router does"


def test_an_entry_point_that_redirects_takes_what_no_router_above_it_does() -> None:
    leading = {"web": Redirection("websecure", 30)}
    edges = {"paris": KnownEdge(tls={}, redirecting=leading), "rome": KnownEdge(tls={}, redirecting=leading)}
    routes = Routes([Route("shop", RULE, 20, "pool"), Route("top", rules.read("Path(`/top`)"), 31, "pool")])
    view = EdgeView(edges, {}, routes)
    assert told(asked("http://a.test/", view)) == ("web-to-websecure@internal", [])
    assert "redirects to websecure" in asked("http://a.test/", view).explanation.why
    assert told(asked("http://a.test/top", view)) == ("top", [])
    always = {name: KnownEdge(tls={}, redirecting={"web": Redirection("websecure", 2**63 - 2)}) for name in edges}
    assert (
        "web redirects everything to websecure" in asked("http://a.test/", EdgeView(always, {}, routes)).explanation.why
    )
    one = EdgeView({"paris": KnownEdge(tls={}), "rome": edges["rome"]}, {}, routes)
    assert told(asked("http://a.test/", one)) == ("shop", [("rome", "web-to-websecure@internal")])
    (vain,) = find_vain(routes, {"rome": edges["rome"]}, "websecure")
    assert vain.objects == (("router", "shop"),)
    assert vain.detail.startswith("edge rome itself redirects everything on web to websecure: the router shop gets no")


def test_what_holds_on_every_edge_is_told_once_and_the_rest_with_its_edges() -> None:
    def finding(detail: str) -> Finding:
        return Finding(Conflict.SAME_RULE, (("router", "a"),), Message(detail))

    found = {"paris": [finding("one"), finding("two")], "rome": [finding("two"), finding("three")]}
    sides = [([name], listed) for name, listed in found.items()]
    details = [each.detail for each in together(sides, lambda listed: listed, Finding.on)]
    assert details == ["two", "on edge paris: one", "on edge rome: three"]
    assert [each.detail for each in together(sides[:1], lambda listed: listed, Finding.on)] == ["one", "two"]


def test_moves_between_routers_are_told_where_entry_points_add_tls() -> None:
    def router(name: str, **fields: object) -> Router:
        given = {"rule": "Host(`a.test`)", "service": name, "entryPoints": ["web"]}
        return Router.read({"name": name, **given, **fields})

    old, new = router("old", tls={}, priority=1), router("new", priority=2)
    sides = (Declaration.of(old), Listening()), (Declaration.of(old, new), Listening())
    words = "new now takes every request that old took (a.test)"
    assert tell_moves(["new"], *sides, apart({})) == []
    assert tell_moves(["new"], *sides, ((("rome",), (("web", "default"),)),)) == [words]
    both = apart({"paris": KnownEdge(tls={}), "rome": KnownEdge(tls={"web": "default"})})
    assert tell_moves(["new"], *sides, both) == [f"on edge rome: {words}"]
