"""An explanation names the router that takes a request, why, and what kept the others from it."""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from provider import rules
from provider.explanations import MATCHED, NEARLY, Explanation, Verdict, explain
from provider.ranking import Route, Routes
from provider.rules import Request, Rule
from tests.rules.drawing import accepted_rules, seen_requests


def route(
    name: str,
    rule: str,
    priority: int | None = None,
    entry_points: Sequence[str] = ("web",),
    *,
    enabled: bool = True,
    service: str = "wayshub",
    tls: str | None = None,
) -> Route:
    parsed = rules.parse(rule)
    return Route(name, parsed, priority or parsed.priority, service, entry_points, enabled, tls_options=tls)


def explained(url: str, *routes: Route, entry_point: str = "web") -> Explanation:
    return explain(Routes(routes), rules.asked(url), entry_point)


def told(found: Explanation) -> list[tuple[str, Verdict, int | None]]:
    return [(each.route.name, each.verdict, each.behind) for each in found.candidates]


def test_the_longest_rule_wins_and_the_others_are_told_by_how_much_they_lost() -> None:
    found = explained(
        "http://alvin.xyz/api/v1",
        route("whole", "Host(`alvin.xyz`)"),
        route("api", "Host(`alvin.xyz`) && PathPrefix(`/api`)"),
        route("any", "PathPrefix(`/`)"),
    )
    assert found.route
    assert found.route.name == "api"
    assert found.why == "it matches, and its priority 39 is 22 higher than that of the next, whole"
    assert told(found) == [
        ("api", Verdict.TAKES, 0),
        ("whole", Verdict.OUTRANKED, 22),
        ("any", Verdict.OUTRANKED, 24),
    ]
    assert found.matched == 3
    assert found.candidates[1].why == "it matches, but its priority 17 is 22 lower than that of api"


def test_a_priority_that_is_set_goes_before_the_length() -> None:
    found = explained(
        "http://alvin.xyz/",
        route("long", "Host(`alvin.xyz`)"),
        route("low", "Path(`/`)", -1),
        route("set", "Path(`/`)", 99),
    )
    assert told(found) == [("set", Verdict.TAKES, 0), ("long", Verdict.OUTRANKED, 82), ("low", Verdict.OUTRANKED, 100)]


def test_what_nearly_matched_is_told_with_where_it_failed() -> None:
    found = explained(
        "http://alvin.xyz/app",
        route("api", "Host(`alvin.xyz`) && PathPrefix(`/api`)"),
        route("post", "Host(`alvin.xyz`) && PathPrefix(`/api`) && Method(`POST`)"),
        route("www", "Host(`www.alvin.xyz`)"),
        route("other", "Host(`other.test`)"),
        route("path", "Path(`/x`)"),
    )
    assert found.route is None
    assert found.why == "no router on web matches: Traefik answers 404"
    assert [(each.route.name, each.verdict) for each in found.candidates] == [
        ("api", Verdict.NEARLY),
        ("www", Verdict.NEARLY),
        ("post", Verdict.NEARLY),
    ]
    assert found.candidates[0].why == "it requires a path that begins with /api, not /app"
    assert found.candidates[1].why == "it requires the host www.alvin.xyz, not alvin.xyz"
    assert (
        found.candidates[2].why
        == "it requires a path that begins with /api, not /app; it requires the method POST, not GET"
    )


def test_what_is_disabled_or_listens_elsewhere_is_told() -> None:
    found = explained(
        "http://alvin.xyz/",
        route("off", "Host(`alvin.xyz`) && Path(`/`)", enabled=False),
        route("secure", "Host(`alvin.xyz`)", entry_points=("websecure", "other")),
    )
    assert found.route is None
    assert [(each.verdict, each.why) for each in found.candidates] == [
        (Verdict.DISABLED, "it would match, but is disabled"),
        (Verdict.ELSEWHERE, "it would match, but listens on websecure, other, not on web"),
    ]


def test_among_equal_ranks_chance_decides() -> None:
    found = explained("http://alvin.xyz/", route("b", "Host(`alvin.xyz`)"), route("a", "HostRegexp(`a`)", 17))
    assert found.route
    assert found.route.name == "a"
    assert told(found) == [("a", Verdict.TAKES, 0), ("b", Verdict.TIED, 0)]
    assert found.why == "a, b match with the same priority 17: Traefik picks one at random whenever it reloads"


def test_an_explanation_stays_short_however_many_routers_match() -> None:
    many = [
        route(f"r{number:04}", f"Host(`a.test`) && PathPrefix(`/{number % 7}`)", number) for number in range(1, 2_000)
    ]
    more = [route(f"m{number:04}", "PathPrefix(`/`) || Path(`/x`)", number) for number in range(3_000, 4_000)]
    found = explain(Routes([*many, *more]), rules.asked("http://a.test/1"))
    verdicts = [each.verdict for each in found.candidates]
    assert verdicts.count(Verdict.OUTRANKED) == MATCHED - 1
    assert verdicts.count(Verdict.NEARLY) == NEARLY
    assert found.matched > 1_000


@given(st.lists(accepted_rules, min_size=1, max_size=12), st.lists(seen_requests, min_size=1, max_size=5), st.randoms())
def test_the_winner_is_the_first_by_rank_that_matches(
    drawn: list[Rule], requests: list[Request], random: Random
) -> None:
    routes = [
        Route(f"r{number}", rule, random.choice([rule.priority, 50]), "s", random.choice([("web",), ("other",)]))
        for number, rule in enumerate(drawn)
    ]
    index = Routes(routes)
    for request in requests:
        able = [each for each in routes if "web" in each.entry_points and each.rule.matches(request)]
        first = min(able, key=lambda each: (-each.priority, each.name), default=None)
        found = explain(index, request)
        assert found.route == first
        assert found.matched == len(able)
        for each in found.candidates:
            assert (each.verdict is Verdict.NEARLY) is not each.route.rule.matches(request)
            assert bool(each.failures) is (each.verdict is Verdict.NEARLY)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | accepted_rules), max_size=12), seen_requests)
def test_replaced_routers_are_found_as_if_they_had_been_there_from_the_start(
    changes: list[tuple[str, Rule | None]], request: Request
) -> None:
    replaced, kept = Routes([]), dict[str, Route]()
    for name, rule in changes:
        before = replaced
        told = explain(before, request)
        if rule is None:
            kept.pop(name, None)
        else:
            kept[name] = Route(name, rule, rule.priority // 10, "s")
        replaced = before.replaced({name: [kept[name]] if name in kept else []})
        assert explain(before, request) == told
    fresh = Routes(kept.values())
    assert explain(replaced, request) == explain(fresh, request)
    assert list(replaced) == list(fresh)
    assert replaced.of_any_host == fresh.of_any_host
