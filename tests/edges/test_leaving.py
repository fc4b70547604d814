"""Which edges may still send requests to a server that leaves."""

from datetime import UTC, datetime

from provider.edges.leaving import find_edges
from provider.edges.observed import Observation
from provider.edges.states import Edge, EdgeState, EdgeVerdict
from tests.edges.test_former import holding

SERVER = "app", "http://h:1"


def test_an_edge_that_polls_no_more_counts_while_its_api_tells_that_it_runs_a_document_with_the_server() -> None:
    before, after = holding(1, {"app": [1, 2]}), holding(2, {"app": [2]})
    edge = Edge("one", api_url="http://h:8080", verdict=EdgeVerdict(EdgeState.STALE, "it has not polled"))
    assert find_edges([edge], *SERVER, 0) == []
    for number, (digest, awaited) in enumerate(
        (
            (before.document.digest, ["one"]),
            (after.document.digest, []),
            ("another", ["one"]),
            (None, []),
        )
    ):
        edge.ran(before, datetime.now(UTC))
        edge.given = after
        edge.observed(Observation(number, None, digest))
        assert find_edges([edge], *SERVER, number) == awaited, digest
    edge.observed(Observation(9, "its API does not answer in time"))
    assert find_edges([edge], *SERVER, 9) == []
