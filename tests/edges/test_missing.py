"""Why a revision is not live on an edge, where it rejected a part of what it was given."""

from typing import Final

from provider.configuration import assemble
from provider.edges.missing import find_missing
from provider.edges.observed import DisabledRouter, Observation
from provider.edges.pollers import Connection
from provider.edges.quarantine import HeldPart, Quarantine
from provider.edges.states import Edge
from provider.edges.verdicts import judge
from provider.nouns import Named
from provider.overlays import Replacement, lay
from provider.parts import Part, Parts, Section
from provider.snapshots import Snapshot

POOL: Final = Part(b'"pool":{"loadBalancer":{}}')
HEADERS: Final = Part(b'"headers":{"headers":{"frameDeny":true}}')
PLAIN: Final = Part(b'"plain":{"rule":"Path(`/1`)","service":"pool"}', (("service", "pool"),))
WITH_HEADERS: Final = Part(
    b'"with-headers":{"middlewares":["headers"],"rule":"Path(`/2`)","service":"pool"}',
    (("middleware", "headers"), ("service", "pool")),
)
REJECTED: Final = "it rejected middleware headers of revision 2 by sari"


def snapshot(revision: int, **routers: Part) -> Snapshot:
    sections = {
        "router": Section({name.replace("_", "-"): part for name, part in routers.items()}),
        "service": Section({"pool": POOL}),
        "middleware": Section({"headers": HEADERS}),
    }
    parts = Parts(sections)
    return Snapshot(revision, assemble(parts), parts)


def rejecting(now: Snapshot) -> tuple[Edge, Snapshot]:
    """Return an edge that rejected a middleware of revision 2 and runs the rest, and what it is offered of `now`."""

    def offer(of: Snapshot) -> Snapshot:
        parts = lay(held, of.parts)
        return Snapshot(of.revision, assemble(parts), parts)

    held = {("middleware", "headers"): Replacement(HEADERS, None)}
    second = snapshot(2, plain=PLAIN)
    edge = Edge("default", api_url="http://127.0.0.1:8081")
    given = offer(second)
    poller = Connection().poller(edge.name)
    edge.asked(poller, 5.0, 0)
    edge.answered(poller, given, 0)
    edge.observed(Observation(1, None, given.document.digest, "3.7.15", "today"))
    blamed: dict[Named, HeldPart] = {key: HeldPart(each, 2, "sari") for key, each in held.items()}
    edge.quarantine = Quarantine(second, snapshot(1), held=blamed)
    edge.verdict = judge(edge, now, 1)
    return edge, offer(now)


def test_nobody_waits_for_a_router_that_is_held_back_with_what_an_edge_rejected_and_is_told_which_are() -> None:
    now = snapshot(3, plain=PLAIN, with_headers=WITH_HEADERS)
    edge, offered = rejecting(now)
    missing = find_missing(edge, 3, now, offered, lambda key: key == ("router", "with-headers"))
    assert missing is not None
    assert missing.is_settled
    assert missing.detail == f"{REJECTED}. Routers that need it stay as they were: with-headers; everything else works"
    assert find_missing(edge, 3, now, offered, lambda key: key == ("router", "plain")) is None


def test_a_revision_that_changes_nothing_for_an_edge_with_a_quarantine_is_live_there_at_once() -> None:
    now = snapshot(3, plain=PLAIN)
    edge, offered = rejecting(now)
    assert find_missing(edge, 3, now, offered, bool) is None
    assert edge.verdict.detail == f"{REJECTED}; everything else works"


def test_an_edge_that_rejected_something_also_says_what_its_version_lacks_and_what_it_disabled() -> None:
    now = snapshot(3, plain=PLAIN)
    edge, _offered = rejecting(now)
    disabled = (DisabledRouter("plain", "no such entry point"),)
    assert edge.given is not None
    edge.observed(Observation(2, None, edge.given.document.digest, "3.3.6", "today", disabled=disabled))
    assert judge(edge, now, 2).detail == f"{REJECTED}. It also disabled router plain: no such entry point"
    edge.lacks = {("service", "new"): (3, 4)}
    assert judge(edge, now, 2).detail == f"{REJECTED}. Traefik 3.3.6 is too old for service new (needs 3.4)"
