"""Whatever a document says is in the declaration or in a finding. Laws, on random documents."""

import copy
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from provider import configuration, declarations, imports, plans, rendering, rules, verification
from provider.declarations import Declaration
from provider.explanations import Verdict, explain
from provider.imports import Imported, Running
from provider.imports.observed import OBSERVED
from provider.imports.old_rules import rewritten
from provider.imports.pieces import scalar
from provider.listening import DEFAULT_POINTS, Listening
from provider.ranking import Route, Routes
from tests.e2e.rule_texts import rule as random_rule
from tests.imports import shapes
from tests.rules import drawing
from tests.running import SOAK, cases

PHASES = tuple(phase for phase in Phase if SOAK or phase is not Phase.shrink)
laws = settings(
    max_examples=cases(40, 5000), deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck), database=None
)
RUNNING = Running()
sources = st.tuples(shapes.files, st.none()) | st.tuples(shapes.running, st.just(RUNNING))

rule_texts = drawing.seeds.map(lambda seed: random_rule(Random(seed), wild=True, depth=seed % 4)) | st.sampled_from(
    shapes.RULES
)

OTHER = "something else"
TRUE = ("1", "t", "T", "TRUE", "true", "True")
FALSE = ("0", "f", "F", "FALSE", "false", "False")


def is_below(where: str, tops: Sequence[str] | frozenset[str]) -> bool:
    parts = where.split("/")
    return any("/".join(parts[: end + 1]) in tops for end in range(len(parts)))


def finding_tops(found: Imported) -> frozenset[str]:
    return frozenset(finding.pointer for finding in found.findings)


def get(document: Any, where: str) -> Any:
    for part in where.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


def replaced(document: Any, where: str, value: Any) -> Any:
    """Return a document in which one leaf is another."""
    made = copy.deepcopy(document)
    around, _slash, last = where.rpartition("/")
    holder, name = get(made, around), last.replace("~1", "/").replace("~0", "~")
    holder[int(name) if isinstance(holder, list) else name] = value
    return made


OF_AN_OBJECT = 4
"""How many slashes the path of an object's own field has: `/http/routers/r/name`."""


def others(leaf: str, value: Any) -> list[Any]:
    """Return values that mean something else there."""
    name = leaf.rpartition("/")[2].lower()
    if name in {"sticky", "cookie"}:  # of which all texts but `true` mean no
        return [{"something": "else"}]
    known = next((values for field, values in shapes.OTHERS.items() if field.lower() == name), [])
    plain = [] if name in {"tls", "rulesyntax"} else [OTHER]  # every syntax but `v2` is that of today
    return plain + [other for other in known if meaning(other) != meaning(value)]


def meaning(value: Any) -> str | None:
    """Write a value as all of the same meaning are written."""
    written = "true" if value == {} else scalar(value)
    return {**dict.fromkeys(TRUE, "true"), **dict.fromkeys(FALSE, "false")}.get(written or "", written)


def told(found: Imported) -> Any:
    return found.declaration, found.renamed, found.findings


@laws
@given(sources)
def test_every_leaf_is_held_or_below_a_finding(source: tuple[Any, Running | None]) -> None:
    document, running = source
    found = imports.read(document, running)
    covered = found.held | finding_tops(found)
    assert [leaf for leaf in imports.leaves(document) if not is_below(leaf, covered)] == []


@laws
@given(sources, st.data())
def test_what_is_said_to_be_held_is_held_for_another_value_gives_something_else(
    source: tuple[Any, Running | None], data: st.DataObject
) -> None:
    document, running = source
    found = imports.read(document, running)
    tops = finding_tops(found)
    held = [leaf for leaf in imports.leaves(document) if is_below(leaf, found.held) and not is_below(leaf, tops)]
    if running is not None:  # what Traefik says of an object counts for nothing
        held = [leaf for leaf in held if leaf.count("/") != OF_AN_OBJECT or leaf.rpartition("/")[2] not in OBSERVED]
    assume(held)
    for leaf in data.draw(st.lists(st.sampled_from(held), min_size=1, max_size=8, unique=True)):
        for other in others(leaf, get(document, leaf)):
            assert told(imports.read(replaced(document, leaf, other), running)) != told(found), (leaf, other)


@laws
@given(sources)
def test_what_comes_of_it_can_be_applied_as_it_is(source: tuple[Any, Running | None]) -> None:
    declared = imports.read(*source).declaration
    assert declarations.read(declarations.write(declared, has_secrets=True)) == declared
    following = plans.target(Declaration(), declared)
    assert plans.target(following, imports.keeping(declared, following)) == following  # again: nothing changes
    verification.verify(configuration.assemble(rendering.whole(following, DEFAULT_POINTS)).content)


@laws
@given(shapes.files, st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_of_a_file(document: Any, random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        members = [(name, shuffled(member)) for name, member in value.items()]
        random.shuffle(members)
        return dict(members)

    one, other = imports.read(document), imports.read(shuffled(document))
    assert {*one.renamed} == {*other.renamed}
    assert one.declaration == other.declaration


@settings(laws, max_examples=cases(60, 5000))
@given(rule_texts, st.none() | st.integers(1, 2000), st.lists(drawing.seen_requests, min_size=1, max_size=10))
def test_a_router_takes_the_requests_that_it_took(
    text: str, priority: int | None, requests: Sequence[rules.Request]
) -> None:
    router = {"rule": text, "service": "s", "entryPoints": ["web"], "priority": priority}
    document = {"http": {"routers": {"r": router}, "services": {"s": {"loadBalancer": {"servers": []}}}}}
    of_today = rewritten(text)
    try:
        original = rules.read(of_today)
    except rules.BadRule:
        original = None
    found = imports.read(document).declaration.routers.get("r")
    if original is None or found is None:
        assert found is None
        return
    now = rules.read(configuration.rule(found))
    has_rank = found.rule or of_today != text or priority == len(text.encode())  # Traefik's own rank, written out
    assert found.priority == priority or (has_rank and (found.priority or now.priority) == len(text.encode()))
    for request in requests:
        assert now.matches(request) is original.matches(request)


@settings(laws, max_examples=cases(50, 2000))
@given(
    st.lists(st.tuples(rule_texts, st.none() | st.integers(1, 60)), min_size=2, max_size=6),
    st.lists(drawing.seen_requests, min_size=1, max_size=10),
)
def test_each_request_is_taken_by_the_router_that_took_it(
    drawn: Sequence[tuple[str, int | None]], requests: Sequence[rules.Request]
) -> None:
    routers = {
        f"r{number}": {"rule": text, "service": "s", "entryPoints": ["web"], "priority": priority}
        for number, (text, priority) in enumerate(drawn)
    }
    found = imports.read({"http": {"routers": routers, "services": {"s": {"loadBalancer": {"servers": []}}}}})
    held = found.declaration.routers
    before = Routes(
        Route(f"r{number}", rule, priority or len(text.encode()), "s")
        for number, (text, priority) in enumerate(drawn)
        if f"r{number}" in held
        for rule in [rules.read(rewritten(text))]
    )
    now = Routes(
        Route(router.name, rule, part.priority or rule.priority, "s", part=name)
        for router in held.values()
        for name, part in configuration.describe_router(router, Listening()).items()
        for rule in [rules.read(part.rule)]
    )
    for request in requests:
        assert takers(before, request) == takers(now, request)


def takers(routes: Routes, request: rules.Request) -> set[str]:
    """Return who may take a request: several, where chance decides."""
    likely = (Verdict.TAKES, Verdict.TIED)
    return {each.route.name for each in explain(routes, request).candidates if each.verdict in likely}


def test_a_router_keeps_the_rank_that_it_had_only_where_another_would_go_first_without_it() -> None:
    def priorities(**texts: str) -> dict[str, int | None]:
        routers = {name: {"rule": text, "service": "s", "entryPoints": ["web"]} for name, text in texts.items()}
        document = {"http": {"routers": routers, "services": {"s": {"loadBalancer": {"servers": []}}}}}
        return {name: router.priority for name, router in imports.read(document).declaration.routers.items()}

    assert priorities(a="Host(`a.test`)", b="Host(`a.test`) && PathPrefix(`/v2`)") == {"a": None, "b": None}
    aliases = "Host(`a.test`) || Host(`alias.a.test`) || Host(`b.test`)"
    assert priorities(a=aliases, b="Host(`a.test`) && PathPrefix(`/v2`)") == {"a": 56, "b": 35}
    assert priorities(a=aliases, b="Host(`c.test`) && PathPrefix(`/v2`)") == {"a": None, "b": None}
    assert priorities(a="Host(`a.test`)", b="PathPrefix(`/a/longer/one`)") == {"a": 14, "b": 27}


@pytest.mark.parametrize("document", [None, [], "x", 5, {}, {"http": None}, {"http": []}, {"http": {"routers": 5}}])
def test_what_is_no_configuration_at_all_is_told(document: Any) -> None:
    found = imports.read(document)
    assert found.declaration == Declaration()
    assert bool(found.findings) is (document not in ({}, {"http": None}))
