"""How the parts to blame are found: a Traefik that is a function, which rejects what has a bad part."""

from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.configuration import assemble
from provider.edges.quarantine import MOST_CULPRITS, Quarantine, accept, accuse, prune
from provider.nouns import Named
from provider.overlays import lay
from provider.parts import Part, Parts, Section
from provider.snapshots import Snapshot
from provider.verification import verify

SERVICE = '"%s":{"loadBalancer":{"servers":[{"url":"http://a:%d","weight":1}]}}'
ROUTER = '"%s":{"entryPoints":["web"],"rule":"Path(`/%d`)","service":"%s"}'


def service(name: str, form: int) -> Part:
    return Part((SERVICE % (name, form)).encode())


def router(name: str, form: int, leads_to: str) -> Part:
    return Part((ROUTER % (name, form, leads_to)).encode(), needs=(("service", leads_to),))


def snapshot(revision: int, routers: dict[str, Part], services: dict[str, Part]) -> Snapshot:
    parts = Parts({"router": Section(routers), "service": Section(services)})
    return Snapshot(revision, assemble(parts), parts)


def offered(desired: Snapshot, quarantine: Quarantine | None) -> Snapshot:
    parts = lay(quarantine.overlay, desired.parts) if quarantine else desired.parts
    document = assemble(parts)
    verify(document.content)
    return Snapshot(desired.revision, document, parts)


def search(accepted: Snapshot, desired: Snapshot, bad: set[Part]) -> tuple[Quarantine | None, Snapshot, int]:
    """Offer documents until nothing is left to try. Returns what is left out, what runs, and how many were offered."""
    quarantine: Quarantine | None = None
    for offers in range(1, 10_000):
        made = offered(desired, quarantine)
        if bad & {part for _kind, section in made.parts.sections() for part in section.parts.values()}:
            quarantine = accuse(quarantine, made, accepted, lambda _key: (desired.revision, "sari"))
        else:
            accepted = made
            if quarantine is None or not quarantine.is_searching:
                return quarantine, accepted, offers
            quarantine = accept(quarantine)
    raise AssertionError("the search has no end")


@st.composite
def changes(draw: st.DrawFn) -> tuple[Snapshot, Snapshot, set[Named]]:
    """Two states, of which the first runs, and which of the parts that are new in the second are bad."""
    names = st.sampled_from([f"n{number}" for number in range(12)])
    forms = st.integers(1, 3)

    def state(revision: int) -> Snapshot:
        services = {name: service(name, form) for name, form in draw(st.dictionaries(names, forms)).items()}
        leads = st.tuples(forms, st.sampled_from(sorted(services))) if services else st.nothing()
        drawn = draw(st.dictionaries(names, leads)) if services else {}
        return snapshot(revision, {name: router(name, *which) for name, which in drawn.items()}, services)

    before, after = state(1), state(2)
    fresh = [("service", name) for name in after.parts.services.parts] + [
        ("router", name) for name in after.parts.routers.parts
    ]
    fresh = [key for key in fresh if before.parts.find(key) != after.parts.find(key)]
    bad = draw(st.sets(st.sampled_from(fresh), max_size=4)) if fresh else set()
    return before, after, bad


@given(changes())
def test_exactly_the_culprits_are_left_out_and_all_else_runs(drawn: tuple[Snapshot, Snapshot, set[Named]]) -> None:
    before, after, bad = drawn
    parts = {part for key in bad if (part := after.parts.find(key)) is not None}
    quarantine, running, _offers = search(before, after, parts)
    culprits = set(quarantine.culprits) if quarantine else set()
    orphans = {name for name, part in after.parts.routers.parts.items() if set(part.needs) & bad}
    lost = {("router", name) for name in orphans}
    assert bad - lost <= culprits <= bad
    left_out = {name for kind, name in culprits if kind == "service"}
    for name, part in after.parts.services.parts.items():
        if ("service", name) not in culprits:
            assert running.parts.services.parts[name] == part
    for name, part in after.parts.routers.parts.items():
        if ("router", name) not in culprits and part.needed("service") not in left_out:
            assert running.parts.routers.parts[name] == part


def test_one_culprit_among_a_thousand_is_found_in_so_many_documents_as_halving_takes() -> None:
    before = snapshot(1, {}, {"s": service("s", 1)})
    routers = {f"r{number}": router(f"r{number}", 1, "s") for number in range(1000)}
    for name in ("r0", "r123", "r999"):
        after = snapshot(2, routers, {"s": service("s", 1)})
        quarantine, running, offers = search(before, after, {routers[name]})
        assert quarantine is not None
        assert set(quarantine.culprits) == {("router", name)}
        assert len(running.parts.routers.parts) == 999
        assert offers <= 2 * ceil(log2(1000)) + 2


def test_an_edge_that_rejects_everything_ends_the_search() -> None:
    before = snapshot(1, {}, {"s": service("s", 1)})
    routers = {f"r{number}": router(f"r{number}", 1, "s") for number in range(1000)}
    quarantine, running, offers = search(before, snapshot(2, routers, {"s": service("s", 1)}), set(routers.values()))
    assert quarantine is not None
    assert len(quarantine.culprits) == 1000
    assert running.document == before.document
    assert offers <= 2 * (MOST_CULPRITS + ceil(log2(1000))) + 2


def test_a_router_that_led_elsewhere_does_so_again_while_its_new_service_is_left_out() -> None:
    before = snapshot(1, {"r": router("r", 1, "s")}, {"s": service("s", 1)})
    services = {"s": service("s", 1), "t": service("t", 2)}
    after = snapshot(2, {"r": router("r", 1, "t"), "q": router("q", 2, "t")}, services)
    quarantine, running, _offers = search(before, after, {services["t"]})
    assert quarantine is not None
    assert set(quarantine.culprits) == {("service", "t")}
    assert running.parts.routers.parts == {"r": router("r", 1, "s")}


def test_a_router_keeps_its_former_form_also_where_what_is_left_out_is_deep_in_a_chain() -> None:
    def with_middlewares(revision: int, form: Part, *names: str) -> Snapshot:
        members = {
            "bad": Part(b'"bad":{"compress":{}}'),
            "front": Part(b'"front":{"chain":{"middlewares":["bad"]}}', (("middleware", "bad"),)),
        }
        sections = {
            "middleware": Section({name: members[name] for name in names}),
            "router": Section({"r": form}),
            "service": Section({"s": service("s", 1)}),
        }
        parts = Parts(sections)
        return Snapshot(revision, assemble(parts), parts)

    plain = router("r", 1, "s")
    protected = Part(
        b'"r":{"entryPoints":["web"],"middlewares":["front"],"rule":"Path(`/1`)","service":"s"}',
        (("middleware", "front"), ("service", "s")),
    )
    before, after = with_middlewares(1, plain), with_middlewares(2, protected, "bad", "front")
    bad = after.parts.find(("middleware", "bad"))
    assert bad is not None
    quarantine, running, _offers = search(before, after, {bad})
    assert quarantine is not None
    assert set(quarantine.culprits) == {("middleware", "bad")}
    assert running.parts.routers.parts == {"r": plain}


@pytest.mark.parametrize("root", ["tcp", "udp"])
def test_a_router_of_tcp_or_udp_leads_where_it_did_while_its_new_service_is_left_out(root: str) -> None:
    kind, target = f"{root}Router", f"{root}Service"

    def with_services(revision: int, leads_to: str, *names: str) -> Snapshot:
        rule = '"rule":"HostSNI(`*`)",' if root == "tcp" else ""
        content = f'"r":{{"entryPoints":["db"],{rule}"service":"{leads_to}"}}'
        made = Part(content.encode(), needs=((target, leads_to),))
        pool = '"%s":{"loadBalancer":{"servers":[{"address":"a:1"}]}}'
        services = {name: Part((pool % name).encode()) for name in names}
        parts = Parts({kind: Section({"r": made}), target: Section(services)})
        return Snapshot(revision, assemble(parts), parts)

    before, after = with_services(1, "s", "s"), with_services(2, "t", "s", "t")
    bad = after.parts.find((target, "t"))
    assert bad is not None
    quarantine, running, _offers = search(before, after, {bad})
    assert quarantine is not None
    assert set(quarantine.culprits) == {(target, "t")}
    assert running.parts.find((kind, "r")) == before.parts.find((kind, "r"))


def test_what_is_mended_is_tried_and_what_is_not_stays_out() -> None:
    before = snapshot(1, {}, {})
    bad = {"a": service("a", 1), "b": service("b", 1)}
    quarantine, _running, _offers = search(before, snapshot(2, {}, bad), set(bad.values()))
    assert quarantine is not None
    left = prune(quarantine, snapshot(3, {}, bad | {"a": service("a", 2)}))
    assert left is not None
    assert set(left.culprits) == {("service", "b")}
    assert prune(left, snapshot(4, {}, {"a": service("a", 2)})) is None
