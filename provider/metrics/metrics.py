"""What is counted and measured, and all that is told of it."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric

from provider.alarms import Alarms, Gravity
from provider.confirmations import Confirmations
from provider.database.database import Database
from provider.edges.polls import Polls
from provider.edges.registry import Edges
from provider.edges.states import Edge, EdgeState, is_gone
from provider.errors import Unavailable
from provider.leasing.leasing import Leasing
from provider.metrics.edges import tell_ages, tell_shown, tell_states
from provider.metrics.families import Families, counter, gauge
from provider.models.rollout import ACTIVE
from provider.revisions import Revisions, Timings
from provider.rollouts.rollouts import Rollouts
from provider.snapshots import ReloadCause, Served, find_cause
from provider.store import counts
from provider.store.counts import CountsByState
from provider.tls import OwnCertificate
from provider.values import DEFAULT_EDGE
from provider.version import VERSION

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

OTHERS: Final = "_others"
"""All edges together that have no name of their own here."""

UNMATCHED: Final = "unmatched"
"""The route of requests that no route was found for."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD: Final = "other"

_PATIENCE_SECONDS: Final = 1.0
"""How long a scrape waits for the database. Prometheus itself gives up after 10 s."""

_REQUEST_BUCKETS: Final = (0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0)
_RENDER_BUCKETS: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_COMMIT_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class EdgeCounts:
    """What was counted of one edge, or of several together."""

    __slots__ = ("documents_rejected", "documents_served", "polls", "reloads")

    def __init__(self) -> None:
        self.polls = 0
        self.documents_served = 0
        self.documents_rejected = 0
        self.reloads: Counter[ReloadCause] = Counter()


class Metrics:
    """All that is counted and measured of one app. In the event loop's thread, except `changed`."""

    def __init__(
        self,
        database: Database,
        revisions: Revisions,
        polls: Polls,
        edges: Edges,
        alarms: Alarms,
        confirmations: Confirmations,
        *,
        named: Collection[str],
        polls_route: str,
        certificate: OwnCertificate | None,
        leasing: Leasing,
        rollouts: Rollouts,
    ) -> None:
        self._rollouts = rollouts
        self._certificate = certificate
        self._leasing = leasing
        self._database = database
        self._revisions = revisions
        self._polls = polls
        self._edges = edges
        self._alarms = alarms
        self._confirmations = confirmations
        self._others = EdgeCounts()
        self._named = {name: EdgeCounts() for name in sorted({DEFAULT_EDGE, *named})}
        self._polls_route = polls_route
        self._requests: Counter[tuple[str, str, int]] = Counter()
        # Of this app alone: the library's own registry belongs to the process.
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        timed = partial(Histogram, registry=self._registry)
        words = "Time to render the result of a change."
        self._render_seconds = timed("provider_render_duration_seconds", words, buckets=_RENDER_BUCKETS)
        words = "Time to commit a change to the database."
        self._commit_seconds = timed("provider_commit_duration_seconds", words, buckets=_COMMIT_BUCKETS)
        words = "Time to answer a request, not counting polls and event streams."
        labels = "method", "route"
        self._request_seconds = timed("provider_request_duration_seconds", words, labels, buckets=_REQUEST_BUCKETS)

    # What happens

    def requested(self, method: str, route: str, status: int, seconds: float | None = None) -> None:
        """Count a request, by the template of its route; `seconds` is how long it took, where that matters."""
        known = method if method in METHODS else OTHER_METHOD
        self._requests[known, route, status] += 1
        if seconds is not None:
            self._request_seconds.labels(known, route).observe(seconds)

    def polled(self, edge: str, before: Served | None, given: Served) -> None:
        """Count a poll that was answered, and what it was given after what. It is a request, too."""
        counted = self._named.get(edge, self._others)
        counted.polls += 1
        cause = find_cause(before, given)
        if cause is not None:
            counted.documents_served += 1
            counted.reloads[cause] += 1

    def judged(self, edge: Edge, _before: EdgeState) -> None:
        """Count what an edge rejects, at each change of an edge's state."""
        if edge.verdict.state is EdgeState.REJECTED:
            self._named.get(edge.name, self._others).documents_rejected += 1

    def changed(self, timings: Timings) -> None:
        """Measure a change. May be called from any thread."""
        self._render_seconds.observe(timings.render_seconds)
        self._commit_seconds.observe(timings.commit_seconds)

    # What is told

    async def expose(self) -> bytes:
        """Return all metrics in the Prometheus text format."""
        objects = await self._count_objects()
        return generate_latest(
            Families([*self._tell_state(objects), *self._tell_alarms(), *self._tell_edges(), *self._tell_counted()])
        )

    async def _count_objects(self) -> CountsByState | None:
        counting = asyncio.ensure_future(asyncio.to_thread(self._read_counts))
        await asyncio.wait({counting}, timeout=_PATIENCE_SECONDS)
        return counting.result() if counting.done() else None

    def _read_counts(self) -> CountsByState | None:
        try:
            with self._revisions.reading() as session:
                return counts.count(session)
        except Unavailable:
            return None

    def _tell_state(self, objects: CountsByState | None) -> Iterator[Metric]:
        current = self._edges.current
        yield gauge("provider_build_info", "The version that runs; always 1.", {(VERSION,): 1}, "version")
        yield gauge("provider_ready", "1 if there is a verified document to serve, else 0.", {(): current is not None})
        if current is not None:
            yield gauge("provider_revision", "Number of the revision being served.", {(): current.revision})
            size_bytes = len(current.document.content)
            yield gauge("provider_document_size_bytes", "Size of the document being served.", {(): size_bytes})
        readable = objects is not None
        yield gauge(
            "provider_database_readable", "1 if the database was readable at the last check, else 0.", {(): readable}
        )
        words = "1 if the database accepts changes, as far as is known, else 0."
        writable = self._database.find_trouble() is None
        yield gauge("provider_database_writable", words, {(): writable})
        database_bytes = self._database.find_size_bytes()
        if database_bytes is not None:
            words = "Size of the database file, including its write-ahead log."
            yield gauge("provider_database_size_bytes", words, {(): database_bytes})
        left = {} if self._certificate is None else {(): (self._certificate.end - datetime.now(UTC)).total_seconds()}
        words = "Time until the TLS certificate expires; negative afterwards, absent without TLS."
        yield gauge("provider_tls_certificate_left_seconds", words, left)
        if objects is not None:
            yield gauge("provider_objects", "Objects, by kind and state.", objects, "kind", "state")

    def _tell_alarms(self) -> Iterator[Metric]:
        words = "Revisions that are rolled back unless somebody confirms them in time."
        yield gauge("provider_revisions_pending", words, {(): len(self._confirmations.pending)})
        words = "Revisions that were rolled back because nobody confirmed them in time."
        yield counter("provider_revisions_rolled_back", words, {(): self._confirmations.rollbacks})
        outages = self._alarms.list_outages()
        words = "Services used by routers that have no server taking requests."
        yield gauge("provider_services_without_server", words, {(): sum(outage.is_total for outage in outages)})
        words = "Servers that an edge's health check reports down, in services used by routers."
        yield gauge("provider_servers_down", words, {(): sum(outage.down for outage in outages)})
        leases = {(state.value,): count for state, count in self._leasing.count().items()}
        yield gauge("provider_leases", "Servers that have a lease, by its state.", leases, "state")
        counted = dict.fromkeys(((gravity.value,) for gravity in Gravity), 0)
        for alarm in self._alarms.list_all():
            counted[alarm.gravity.value,] += alarm.count
        words = "Current problems, as in /readyz, by gravity."
        yield gauge("provider_alarms", words, counted, "gravity")
        yield from _tell_rollouts(self._rollouts)

    def _tell_edges(self) -> Iterator[Metric]:
        words = "Polls currently held until the document changes."
        yield gauge("provider_polls_held", words, {(): self._polls.held})
        listed, date = list(self._edges), datetime.now(UTC)
        named = {edge.name: edge for edge in listed if edge.name in self._named}
        others = [edge for edge in listed if edge.name not in named and not is_gone(edge, date)]
        groups = {**{name: [edge] for name, edge in named.items()}, OTHERS: others}
        yield from tell_states(groups, self._edges.current, self._edges.keepers)
        yield from tell_shown(groups, self._edges.sightings, date)
        yield from tell_ages(named, asyncio.get_running_loop().time(), date)

    def _tell_counted(self) -> Iterator[Metric]:
        counted = {**self._named, OTHERS: self._others}
        for name, words in (
            ("polls", "Polls answered with a document."),
            ("documents_served", "Documents given to an edge that differed from the previous one."),
            ("documents_rejected", "Times an edge was found to have rejected a document."),
        ):
            values = {(of,): getattr(count, name) for of, count in counted.items()}
            yield counter(f"provider_edge_{name}", words, values, "edge")
        reloads = {(of, cause.value): count.reloads[cause] for of, count in counted.items() for cause in ReloadCause}
        words = "Documents given to an edge that differed from the previous one, by cause."
        yield counter("provider_edge_reloads", words, reloads, "edge", "cause")
        requests = {(method, route, str(status)): count for (method, route, status), count in self._requests.items()}
        requests["GET", self._polls_route, "200"] = sum(count.polls for count in counted.values())
        yield counter(
            "provider_requests",
            "Requests by method, route template and status.",
            requests,
            "method",
            "route",
            "status",
        )
        for metric in self._registry.collect():
            # When counting began is when the process did, which its own metrics tell.
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def _tell_rollouts(rollouts: Rollouts) -> Iterator[Metric]:
    active = Counter(each.state.value for each in rollouts.show_active())
    words = "Rollouts that have not ended, by state."
    yield gauge("provider_rollouts", words, {(state.value,): active[state.value] for state in ACTIVE}, "state")
    words = "Rollouts that ended since the start: finished, rolled back by somebody (`back`), or failed (`failed`)."
    ended = {(outcome,): rollouts.ended[outcome] for outcome in ("finished", "back", "failed")}
    yield counter("provider_rollouts_ended", words, ended, "outcome")
