"""What edges make of routers, and who takes a request where some do not serve what is desired."""

from dataclasses import replace
from typing import Final

from provider import rules
from provider.configuration import assemble
from provider.edges.forecasts import Forecast, forecast
from provider.edges.quarantine import HeldPart, Quarantine
from provider.edges.standings import Standings, Trouble, refused_everywhere
from provider.edges.states import EdgeState
from provider.edges.verdicts import words_of_rejection
from provider.explanations import Verdict
from provider.nouns import Named
from provider.overlays import Replacement
from provider.parts import Part, Parts, Section
from provider.ranking import Route, Routes
from provider.snapshots import Snapshot
from provider.views import EdgeView
from provider.web import languages

WORDS: Final = 'entryPoint "none" doesn\'t exist'
PLAIN: Final = Standings("paris", EdgeState.LIVE, True, {}, {}, frozenset({"web"}), None, None)
ROUTES: Final = Routes(
    [
        Route("api", rules.read("Host(`a.test`) && PathPrefix(`/api`)"), 30, "pool"),
        Route("all", rules.read("Host(`a.test`)"), 20, "pool"),
    ]
)


def asked(*edges: Standings, entry_point: str = "web") -> Forecast:
    return forecast([EdgeView({}, {}, ROUTES)], rules.asked("http://a.test/api", "GET", [], None), entry_point, edges)


def taken(found: Forecast) -> str | None:
    return None if found.explanation.route is None else found.explanation.route.name


def test_where_all_is_well_nothing_is_told_of_the_edges() -> None:
    found = asked(PLAIN, replace(PLAIN, edge="rome"))
    assert (taken(found), found.edges, found.is_polled, found.unknown) == ("api", [], True, [])


def test_a_router_that_every_edge_disabled_takes_nothing_and_the_next_one_does() -> None:
    found = asked(replace(PLAIN, disabled={"api": WORDS}), replace(PLAIN, edge="rome", disabled={"api": WORDS}))
    assert taken(found) == "all"
    assert found.edges == []
    assert WORDS in found.explanation.why
    verdicts = {each.route.name: each.verdict for each in found.explanation.candidates}
    assert verdicts == {"all": Verdict.TAKES, "api": Verdict.REFUSED}
    nobody = asked(replace(PLAIN, disabled={"api": WORDS, "all": "broken"}))
    assert taken(nobody) is None
    assert WORDS in nobody.explanation.why


def test_an_edge_that_alone_does_something_else_is_named_with_what_it_does() -> None:
    found = asked(PLAIN, replace(PLAIN, edge="rome", disabled={"api": WORDS}))
    assert taken(found) == "api"
    assert [(each.edge, each.router) for each in found.edges] == [("rome", "all")]
    assert found.edges[0].why == f"the edge rome does not serve it: {WORDS}; all takes the request there"
    found = asked(PLAIN, replace(PLAIN, edge="rome", disabled={"api": WORDS, "all": WORDS}))
    assert [(each.edge, each.router) for each in found.edges] == [("rome", None)]
    assert "the answer is 404" in found.edges[0].why


def test_an_entry_point_that_an_edge_does_not_have_takes_nothing_there() -> None:
    routes = Routes([Route("odd", rules.read("Host(`a.test`)"), 20, "pool", ("web", "none"))])
    request = rules.asked("http://a.test/", "GET", [], None)
    found = forecast([EdgeView({}, {}, routes)], request, "none", [replace(PLAIN, partly={"odd": WORDS})])
    assert found.explanation.route is None
    assert "no entry point none (it has web)" in found.explanation.why
    found = forecast([EdgeView({}, {}, routes)], request, "web", [replace(PLAIN, partly={"odd": WORDS})])
    assert [(each.edge, each.router, WORDS in each.why) for each in found.edges] == [("paris", "odd", True)]


def test_an_edge_that_does_not_poll_counts_for_nothing() -> None:
    silent = replace(PLAIN, state=EdgeState.STALE, awaited=False, disabled={"api": WORDS})
    assert taken(asked(silent)) == "api"
    assert not asked(silent).is_polled
    assert taken(asked(silent, PLAIN)) == "api"
    assert refused_everywhere([silent]) == frozenset()
    assert asked(replace(PLAIN, state=EdgeState.UNCONFIRMED)).unknown == ["paris"]


# What an edge rejected


def router(name: str, service: str = "pool", version: int = 1) -> Part:
    return Part(
        b'"%s":{"entryPoints":["web"],"priority":%d,"service":"%s"}' % (name.encode(), version, b"x"),
        (("service", service),),
    )


SERVICE: Final = Part(b'"pool":{"loadBalancer":{}}')
OTHER: Final = Part(b'"other":{"loadBalancer":{}}')


def snapshot(revision: int, **routers: Part) -> Snapshot:
    parts = Parts({"router": Section(routers), "service": Section({"other": OTHER, "pool": SERVICE})})
    return Snapshot(revision, assemble(parts), parts)


def rejecting(held: dict[Named, Replacement], now: Snapshot, before: Snapshot) -> Standings:
    kept = {key: HeldPart(each, 7, "sari") for key, each in held.items()}
    return replace(PLAIN, state=EdgeState.REJECTED, parts=now.parts, quarantine=Quarantine(now, before, held=kept))


def test_what_an_edge_rejected_is_left_out_or_older_with_who_made_it() -> None:
    before, now = snapshot(6, all=router("all")), snapshot(7, all=router("all", version=2), api=router("api"))
    edge = rejecting(
        {
            ("router", "api"): Replacement(now.parts.routers.parts["api"], None),
            ("router", "all"): Replacement(now.parts.routers.parts["all"], before.parts.routers.parts["all"]),
        },
        now,
        before,
    )
    found = {name: edge.find(name) for name in ("api", "all", "other")}
    assert found["api"] is not None
    assert found["all"] is not None
    assert (found["api"].trouble, found["all"].trouble, found["other"]) == (Trouble.LEFT_OUT, Trouble.FORMER, None)
    assert found["api"].why == "the edge paris does not get it: it rejected router api of revision 7 by sari"
    assert edge.list_known() == {"api", "all"}
    told = asked(edge)
    assert taken(told) == "all"
    assert [(each.edge, each.router) for each in told.edges] == [("paris", "all")] or "sari" in told.explanation.why


def test_what_an_edge_rejected_is_told_in_the_language() -> None:
    now = snapshot(7, api=router("api"), all=router("all"))
    held = {
        ("router", name): HeldPart(Replacement(now.parts.routers.parts[name], None), 7, "sari")
        for name in ("api", "all")
    }
    told = words_of_rejection(Quarantine(now, snapshot(6), held=held))
    assert told == (
        "it rejected router api of revision 7 by sari; router all of revision 7 by sari; everything else works"
    )
    assert " of revision " not in languages.load()["id"].say(told)


def test_a_router_goes_with_the_service_that_an_edge_rejected() -> None:
    now = snapshot(7, api=router("api"), all=router("all", "other"))
    edge = rejecting({("service", "pool"): Replacement(SERVICE, None)}, now, snapshot(6))
    found = edge.find("api")
    assert found is not None
    assert (found.trouble, edge.find("all")) == (Trouble.LEFT_OUT, None)


def test_where_the_whole_document_was_rejected_what_it_had_before_goes_on() -> None:
    before = snapshot(6, all=router("all"), old=router("old"))
    now = snapshot(7, all=router("all"), old=router("old", version=2), api=router("api"))
    edge = replace(PLAIN, state=EdgeState.REJECTED, parts=now.parts, quarantine=Quarantine(now, before))
    found = {name: edge.find(name) for name in ("all", "old", "api")}
    assert found["all"] is None
    assert found["old"] is not None
    assert found["api"] is not None
    assert (found["old"].trouble, found["api"].trouble) == (Trouble.FORMER, Trouble.LEFT_OUT)
