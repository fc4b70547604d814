"""What is kept of the documents that an edge was given before."""

from datetime import UTC, datetime
from typing import Any

from provider import configuration, declarations, rendering
from provider.edges.former import find_former, has
from provider.edges.states import Edge
from provider.listening import DEFAULT_POINTS
from provider.snapshots import Served, Snapshot
from tests.edges.snapshots import snapshot


def holding(revision: int, ports: dict[str, list[int]]) -> Snapshot:
    """Return a state with these services, and servers at these ports."""
    services: dict[str, Any] = {
        name: {"servers": {f"s{port}": {"url": f"http://h:{port}"} for port in listed}}
        for name, listed in ports.items()
    }
    parts = rendering.whole(declarations.read({"services": services}), DEFAULT_POINTS)
    return Snapshot(revision, configuration.assemble(parts), parts)


def test_an_edge_may_still_ask_the_servers_that_it_was_given_before_for_a_while() -> None:
    edge, given = (
        Edge("one"),
        [
            holding(1, {"app-0": [1, 2], "app-1": [3]}),
            holding(2, {"app-0": [2], "app-1": [3]}),
            holding(3, {"app-0": [2], "app-1": [3, 4]}),
            holding(4, {"app-0": [2]}),
        ],
    )
    for now, each in zip((0, 100, 100.1, 100.2), given, strict=True):  # what it ran before the first is not known
        edge.assumed(each, now, datetime.now(UTC))
    listed = [given[-1], *edge.list_running(100.3)]
    for service, port, is_asked in (
        *(("app-0", 1, True), ("app-0", 2, True), ("app-0", 3, False), ("app-1", 3, True), ("app-1", 4, True)),
        *(("app-1", 2, False), ("app-2", 1, False)),
    ):
        assert any(has(each, service, f"http://h:{port}") for each in listed) is is_asked, (service, port)
    later = [given[-1], *edge.list_running(200)]
    assert not any(has(each, "app-1", "http://h:3") for each in later)


def test_a_former_document_takes_no_more_memory_than_the_pools_that_changed() -> None:
    before = holding(1, {"app-0": [1], "app-1": [2]})
    after = Snapshot(2, before.document, before.parts.replaced({("service", "app-1"): None}))
    assert find_former(before, after) == {"app-1": before.parts.services.parts["app-1"]}
    assert find_former(after, after) == {}


def test_of_a_document_without_its_parts_all_is_kept_and_of_none_nothing_is_known() -> None:
    pruned, state = snapshot(1, content=b'{"url":"http://h:1"}'), holding(2, {})
    assert isinstance(pruned, Served)
    assert find_former(pruned, state) is pruned
    assert has(pruned, "app-0", "http://h:1")
    assert not has(pruned, "app-0", "http://h:2")
    assert find_former(None, state) is None
    assert has(None, "app-0", "http://h:1")
