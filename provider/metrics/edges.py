"""What is told of edges, in groups by the name under which they stand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from prometheus_client.metrics_core import Metric

from provider.edges.keepers import Keepers
from provider.edges.sightings import Sightings, find_next_end
from provider.edges.states import Edge, EdgeState
from provider.metrics.families import gauge
from provider.models import ShownState
from provider.snapshots import Served

_MOST_PARTS: Final = 20


def tell_states(groups: Mapping[str, Sequence[Edge]], current: Served | None, keepers: Keepers) -> Iterator[Metric]:
    """Tell in which state edges are, what they do not run, and which servers they do not use."""
    yield gauge(
        "provider_edge_state",
        "1 for the current state of an edge, 0 for other states; for `_others`, the number of edges in it.",
        {
            (name, state.value): sum(edge.verdict.state is state for edge in group)
            for name, group in groups.items()
            for state in EdgeState
        },
        "edge",
        "state",
    )
    tells: list[tuple[str, str, Callable[[Edge], int]]] = [
        (
            "provider_edge_current",
            "1 if an edge is known to run the document being served, else 0.",
            lambda edge: _runs(edge, current),
        ),
        (
            "provider_edge_quarantined",
            "1 while parts of the document, or all of it, are left out for an edge that rejected them, else 0.",
            lambda edge: edge.quarantine is not None,
        ),
        (
            "provider_edge_instances",
            "Traefiks that poll under an edge's name; if more than one, not all can be read.",
            lambda edge: edge.pollers.instances,
        ),
        ("provider_edge_disabled_routers", "Routers that an edge disabled.", _count_disabled),
    ]
    for metric, words, tell in tells:
        yield gauge(metric, words, {(name,): sum(map(tell, group)) for name, group in groups.items()}, "edge")
    kept = {(name,): sum(len(keepers.kept.get(edge.name, ())) for edge in group) for name, group in groups.items()}
    words = "Servers that are kept out of their pools on an edge, because their health check fails there."
    yield gauge("provider_edge_servers_kept_out", words, kept, "edge")
    blamed = {
        (edge, kind, name, str(held.revision)): 1
        for edge, group in groups.items()
        for one in group
        if one.quarantine is not None
        for (kind, name), held in islice(one.quarantine.culprits.items(), _MOST_PARTS)
    }
    words = f"1 for each object that an edge rejected and does not run; at most {_MOST_PARTS} per edge."
    yield gauge("provider_edge_quarantined_object", words, blamed, "edge", "kind", "name", "revision")


def tell_shown(groups: Mapping[str, Sequence[Edge]], sightings: Sightings, date: datetime) -> Iterator[Metric]:
    """Tell what edges show to visitors over HTTPS."""
    seen = {
        name: [each for edge in group for each in sightings.of_edge(edge.name).values()]
        for name, group in groups.items()
    }
    yield gauge(
        "provider_edge_shown_certificates",
        "Domains with HTTPS, by what an edge shows to their visitors.",
        {
            (name, state.value): sum(each.state is state for each in found)
            for name, found in seen.items()
            for state in ShownState
        },
        "edge",
        "state",
    )
    ends = {name: find_next_end(found) for name, found in seen.items()}
    left = {(name,): (end - date).total_seconds() for name, end in ends.items() if end is not None}
    words = (
        "Time until the first of the certificates that an edge shows expires; negative after that, absent if it "
        "shows none."
    )
    yield gauge("provider_edge_certificate_left_seconds", words, left, "edge")


def tell_ages(named: Mapping[str, Edge], now: float, date: datetime) -> Iterator[Metric]:
    """Tell how old what is known of edges is."""
    polled = {(name,): now - edge.polled_at for name, edge in named.items() if edge.polled_at is not None}
    words = "Time since the last poll of an edge; absent for `_others`."
    yield gauge("provider_edge_last_poll_age_seconds", words, polled, "edge")
    given = {(name,): (date - edge.given_date).total_seconds() for name, edge in named.items() if edge.given_date}
    words = "Time since an edge was given its current document; absent for `_others`."
    yield gauge("provider_edge_document_age_seconds", words, given, "edge")
    read = {(name,): edge.observation.error is None for name, edge in named.items() if edge.observation is not None}
    words = "1 if an edge's API was readable at the last attempt, else 0; absent for `_others`."
    yield gauge("provider_edge_api_readable", words, read, "edge")


def _runs(edge: Edge, current: Served | None) -> bool:
    observed, given = edge.observation, edge.given
    if observed is None or current is None or observed.digest is None:
        return False
    is_whole = given is not None and given.whole.digest == current.document.digest
    return observed.digest == current.document.digest or (is_whole and edge.runs_given())


def _count_disabled(edge: Edge) -> int:
    return len(edge.observation.disabled) if edge.observation is not None else 0
