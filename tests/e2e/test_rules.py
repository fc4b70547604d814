"""Rules here and in a real Traefik: it enables what is accepted here, and its routers take what they take here."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from provider import ranking, rules
from provider.explanations import Verdict, explain
from provider.ranking import Routes
from provider.rules import BadRequest, BadRule
from tests.e2e.documents import Route, Routing, Sent, routing
from tests.e2e.requests import sent as random_request
from tests.e2e.rule_texts import any_text, rule
from tests.running import cases
from tests.written import table

BATCH = cases(200, 500)
SETS = cases(40, 100)

DIFFERENCES = {
    "A rule of more than 10,000 characters": "Host(`" + "a" * 10_000 + "`)",
    "More than 50 nested parentheses": "(" * 51 + "Host(`a`)" + ")" * 51,
    "A comment that begins with `line `": "Host(`a`) //line b:1",
    "A regular expression with more than 100 nested parentheses": f"PathRegexp(`{'(' * 101}a{')' * 101}`)",
    r"A regular expression whose program needs more than 8 MiB, such as `\pL{1000}`": r"PathRegexp(`\pL{1000}`)",
    r"A Unicode class by its long name, such as `\p{Letter}`": r"PathRegexp(`\p{Letter}`)",
}
"""A rule for each row of the table in `docs/rules.md`."""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with routing(tmp_path_factory.mktemp("rules")) as running:
        yield running


def accepted(text: str) -> str:
    """Return why a rule is refused, or nothing if it is accepted."""
    try:
        rules.parse(text)
    except BadRule as mistake:
        return f"{mistake.code} {mistake}"
    return ""


@pytest.mark.parametrize("seed", range(cases(2, 8)))
def test_a_rule_is_accepted_if_and_only_if_traefik_enables_its_router(edge: Routing, seed: int) -> None:
    random = Random(seed)
    texts = [text for text in (any_text(random) for _ in range(BATCH)) if text]
    shown = edge.load({f"r{number}": Route(text) for number, text in enumerate(texts)})
    differing = []
    for number, text in enumerate(texts):
        router = shown[f"r{number}"]
        assert router["priority"] == len(text.encode())
        if (router["status"] == "enabled") != (not accepted(text)):
            differing.append((text, accepted(text), router.get("error")))
    assert differing == []
    enabled = sum(router["status"] == "enabled" for router in shown.values())
    assert 0.2 < enabled / len(texts) < 0.8


def listed_differences() -> dict[str, str]:
    """Return the codes of the differences that the documentation lists, by what differs."""
    return {what: code for what, code, _why in table("differences")}


def test_what_is_refused_here_alone_is_what_the_documentation_lists(edge: Routing) -> None:
    assert listed_differences() == {what: accepted(text).partition(" ")[0] for what, text in DIFFERENCES.items()}
    shown = edge.load({f"r{number}": Route(text) for number, text in enumerate(DIFFERENCES.values())})
    assert {router["status"] for router in shown.values()} == {"enabled"}


def test_among_equal_ranks_chance_decides(edge: Routing) -> None:
    """So nothing is promised for them but that one of them takes the request."""
    made = {name: Route("Host(`a.test`)") for name in ("first", "second")}
    taking = set()
    for reload in range(60):  # the same one each time: less likely than to win a lottery twice
        edge.load({**made, "other": Route(f"Path(`/{reload}`)")})
        taking.add(edge.taken_by(Sent("a.test")))
        if len(taking) == 2:
            break
    assert taking == {"first", "second"}


def route(random: Random, number: int) -> Route:
    """Return a router that Traefik takes, for requests with this number in a header."""
    while True:
        made = rule(random, wild=False, depth=random.randint(0, 2))
        numbered = f"Header(`X-Set`, `{number:05}`)"
        text = f"{numbered} && ({made})" if random.random() < 0.8 else f"({made}) && {numbered}"
        if not accepted(text):
            break
    priority = random.choice([None] * 6 + [1, 60, 61, 100, -1, -5])
    return Route(text, priority, random.choice([("web",)] * 6 + [("other",), ("web", "other")]))


def explained(routes: Routes, sent: Sent, entry_point: str) -> set[str | None]:
    """Return the routers that may take a request, one unless several rank the same."""
    try:
        assert sent.host is not None
        request = rules.received(sent.host, sent.target, sent.method, sent.headers, sent.client)
    except BadRequest:
        return {"400"}
    found = explain(routes, request, entry_point)
    if found.route is None:
        return {None}
    return {each.route.name for each in found.candidates if each.verdict in {Verdict.TAKES, Verdict.TIED}}


@pytest.mark.parametrize("seed", range(cases(1, 24)))
def test_the_router_that_takes_a_request_is_the_one_that_is_explained(edge: Routing, seed: int) -> None:
    random = Random(10_000 + seed)
    made = {
        f"s{number}-{letter}": route(random, number)
        for number in range(SETS)
        for letter in "abcdef"[: random.randint(1, 6)]
    }
    shown = edge.load(made)
    assert {router["status"] for router in shown.values()} == {"enabled"}
    routes = Routes(as_explained(name, route) for name, route in made.items())
    differing = []
    told: Counter[bool] = Counter()
    for number in range(SETS):
        for _ in range(4):
            sent, entry_point = random_request(random, number), random.choice(["web", "web", "web", "other"])
            ours, theirs = explained(routes, sent, entry_point), edge.taken_by(sent, entry_point)
            told[theirs is not None] += 1
            if theirs not in ours:
                differing.append((sent, entry_point, ours, theirs))
    assert differing == []
    assert told[True] > SETS
    assert told[False] > SETS / 2


def as_explained(name: str, route: Route) -> ranking.Route:
    parsed = rules.parse(route.rule)
    priority = parsed.priority if route.priority is None else route.priority
    return ranking.Route(name, parsed, priority, "nobody", route.entry_points)
