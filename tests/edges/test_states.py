"""The one word for an edge, from what is known of it. Pure: the clock is a number."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.edges.observed import DisabledRouter, Observation
from provider.edges.pollers import Connection, Poller
from provider.edges.quarantine import Quarantine
from provider.edges.states import Edge, EdgeState, has_rejected
from provider.edges.verdicts import judge
from provider.snapshots import Served
from tests.edges.snapshots import snapshot

FIRST, SECOND = snapshot(1), snapshot(2)
API = "http://127.0.0.1:8081"


@dataclass
class Traefik:
    """What a Traefik does to an edge, at times that the test says."""

    edge: Edge = field(default_factory=lambda: Edge("default", api_url=API))
    wait_seconds: float = 5.0
    connection: Connection = field(default_factory=Connection)

    @property
    def poller(self) -> Poller:
        return self.connection.poller(self.edge.name)

    def asks(self, now: float) -> "Traefik":
        self.edge.asked(self.poller, self.wait_seconds, now)
        return self

    def gets(self, given: Served, now: float) -> "Traefik":
        self.edge.answered(self.poller, given, now)
        return self

    def polls(self, given: Served, *times: float) -> "Traefik":
        for now in times:
            self.asks(now).gets(given, now)
        return self

    def runs(self, digest: str | None, at: float, started: str = "today", **observed: object) -> "Traefik":
        self.edge.observed(Observation(at, None, digest, "3.7.15", started, **observed))  # type: ignore[arg-type]
        return self

    def state(self, now: float, current: Served = SECOND) -> EdgeState:
        return judge(self.edge, current, now).state

    def rejected(self) -> bool:
        return has_rejected(self.edge)


def test_an_edge_that_is_expected_and_has_not_polled_was_never_seen() -> None:
    assert Traefik().state(1000) is EdgeState.NEVER_SEEN


def test_an_edge_that_has_not_fetched_the_newest_document_is_pending() -> None:
    traefik = Traefik().polls(FIRST, 0).runs(FIRST.document.digest, 1)
    assert judge(traefik.edge, SECOND, 1).detail == "it has not fetched revision 2 yet"
    assert traefik.state(1) is EdgeState.PENDING


def test_an_edge_that_was_given_a_document_and_does_not_run_it_yet_is_pending() -> None:
    traefik = Traefik().polls(SECOND, 0).runs(FIRST.document.digest, 0.05)
    assert traefik.state(0.05) is EdgeState.PENDING


def test_an_edge_that_runs_what_it_was_given_is_live() -> None:
    traefik = Traefik().polls(SECOND, 0).runs(SECOND.document.digest, 0.1)
    assert judge(traefik.edge, SECOND, 0.1).detail == "it runs revision 2, every router enabled"
    assert traefik.state(0.1) is EdgeState.LIVE


@pytest.mark.parametrize(
    ("names", "told"),
    [("a", "router a: no such entry point"), ("ab", "2 routers: a, b"), ("abcde", "5 routers: a, b, c and 2 more")],
)
def test_an_edge_that_disabled_routers_is_degraded_and_says_which_and_of_one_why(names: str, told: str) -> None:
    disabled = tuple(DisabledRouter(name, "no such entry point") for name in names)
    traefik = Traefik().polls(SECOND, 0).runs(SECOND.document.digest, 0.1, disabled=disabled)
    assert traefik.state(0.1) is EdgeState.DEGRADED
    assert judge(traefik.edge, SECOND, 0.1).detail == f"it runs revision 2, but disabled {told}"


def test_an_edge_whose_api_nobody_knows_is_unconfirmed() -> None:
    traefik = Traefik(Edge("default")).polls(SECOND, 0)
    assert judge(traefik.edge, SECOND, 1).detail == "it was given revision 2; the address of its API is not set"
    assert traefik.state(1) is EdgeState.UNCONFIRMED


def test_an_edge_whose_api_cannot_be_read_is_unconfirmed_with_the_reason() -> None:
    traefik = Traefik().polls(SECOND, 0)
    assert traefik.state(0) is EdgeState.UNCONFIRMED
    traefik.edge.observed(Observation(1, "its API does not answer in time"))
    assert traefik.state(1) is EdgeState.UNCONFIRMED
    assert judge(traefik.edge, SECOND, 1).detail == "it was given revision 2; its API does not answer in time"


def test_an_edge_with_a_newer_revision_of_the_same_document_is_live() -> None:
    traefik = Traefik().polls(FIRST, 0).runs(FIRST.document.digest, 0.1)
    assert traefik.state(0.1, snapshot(7, digest=FIRST.document.digest)) is EdgeState.LIVE


def test_a_document_that_comes_back_may_still_be_the_one_from_before() -> None:
    """Between, it was given another, which it was not seen to run: that may be on its way, and run first."""
    traefik = Traefik().polls(FIRST, 0).runs(FIRST.document.digest, 0.1).polls(SECOND, 1).polls(FIRST, 1.1)
    assert traefik.runs(FIRST.document.digest, 1.2).state(1.2, FIRST) is EdgeState.PENDING
    assert traefik.runs(FIRST.document.digest, 3.7).state(3.7, FIRST) is EdgeState.LIVE


def test_a_document_that_comes_back_is_believed_once_the_other_was_seen() -> None:
    traefik = Traefik().polls(FIRST, 0).runs(FIRST.document.digest, 0.1).polls(SECOND, 1).polls(FIRST, 1.1)
    traefik.runs(SECOND.document.digest, 1.2).runs(FIRST.document.digest, 1.3)
    assert traefik.state(1.3, FIRST) is EdgeState.LIVE
    traefik.polls(SECOND, 2).runs(SECOND.document.digest, 2.1).polls(FIRST, 3).runs(FIRST.document.digest, 3.1)
    assert traefik.state(3.1, FIRST) is EdgeState.LIVE


def test_an_edge_in_quarantine_is_rejected_whatever_it_is_given() -> None:
    traefik = Traefik().polls(FIRST, 0).runs(FIRST.document.digest, 1)
    traefik.edge.quarantine = Quarantine(rejected=SECOND, accepted=FIRST)
    assert traefik.state(1) is EdgeState.REJECTED
    assert "rejected revision 2" in judge(traefik.edge, SECOND, 1).detail


# When nobody polls


@pytest.mark.parametrize("wait_seconds", [1.0, 5.0, 60.0])
def test_an_edge_that_waits_is_stale_after_its_wait_and_a_half(wait_seconds: float) -> None:
    traefik = Traefik(wait_seconds=wait_seconds).polls(SECOND, 0, 0.01).runs(SECOND.document.digest, 0.1)
    patience = 1.5 * (wait_seconds + 0.01)
    assert traefik.state(0.01 + patience - 0.1) is EdgeState.LIVE
    assert traefik.state(0.01 + patience + 0.1) is EdgeState.STALE


@pytest.mark.parametrize("interval", [1.0, 5.0, 60.0])
def test_an_edge_that_does_not_wait_is_stale_after_three_intervals(interval: float) -> None:
    times = [number * interval for number in range(6)]
    traefik = Traefik(wait_seconds=0).polls(SECOND, *times).runs(SECOND.document.digest, times[-1])
    assert traefik.state(times[-1] + 2.9 * interval) is EdgeState.LIVE
    assert traefik.state(times[-1] + 3.1 * interval) is EdgeState.STALE


def test_an_edge_whose_poll_is_held_is_not_stale() -> None:
    traefik = Traefik(wait_seconds=5).polls(SECOND, 0, 0.01).asks(0.02).runs(SECOND.document.digest, 1)
    traefik.edge.pollers.hold(traefik.poller)
    assert traefik.state(1000) is EdgeState.LIVE
    traefik.connection.close()
    assert traefik.state(1000) is EdgeState.STALE


def test_an_edge_that_polls_rarely_between_its_waits_is_not_stale_between() -> None:
    traefik = Traefik(wait_seconds=1)
    for number in range(10):
        traefik.asks(number * 6.0)
        assert traefik.edge.polled_at == number * 6.0
        traefik.gets(SECOND, number * 6.0 + 1)
    traefik.runs(SECOND.document.digest, 55.5)
    assert traefik.state(59.9) is EdgeState.LIVE


def test_an_outage_does_not_make_the_service_patient() -> None:
    traefik = Traefik(wait_seconds=0).polls(SECOND, 0, 1, 2, 3, 4, 600, 601)
    assert traefik.edge.patience_seconds == 3


def test_somebody_who_looks_at_the_document_does_not_make_the_service_impatient() -> None:
    traefik = Traefik(wait_seconds=0).polls(SECOND, 0, 5, 10, 15, 20, 20.1, 20.2)
    assert traefik.edge.patience_seconds > 14


def test_an_edge_that_an_earlier_process_saw_is_stale_until_it_polls() -> None:
    traefik = Traefik(Edge("default", last_seen=datetime(2026, 1, 1, tzinfo=UTC)))
    assert judge(traefik.edge, SECOND, 0).detail == "it has not polled since wayshub-provider started"
    assert traefik.state(0) is EdgeState.STALE
    assert traefik.polls(SECOND, 1).state(1) is EdgeState.UNCONFIRMED


# Rejection


def rejecting(**options: object) -> Traefik:
    """A Traefik that ran the first document, was given the second, and polled twice since."""
    traefik = Traefik(**options).polls(FIRST, 0, 5).runs(FIRST.document.digest, 6)  # type: ignore[arg-type]
    return traefik.polls(SECOND, 10).asks(10.01).gets(SECOND, 15.01).asks(15.02)


def test_a_document_is_rejected_when_another_runs_after_two_polls() -> None:
    traefik = rejecting().runs(FIRST.document.digest, 15.1)
    assert traefik.rejected()
    assert judge(traefik.edge, SECOND, 15.1).detail == "it was given revision 2, and still runs the document digest 1"
    assert traefik.state(15.1) is EdgeState.REJECTED


def test_a_document_is_rejected_when_none_of_ours_runs_after_two_polls() -> None:
    traefik = rejecting().runs(None, 15.1)
    assert traefik.rejected()
    assert (
        judge(traefik.edge, SECOND, 15.1).detail == "it was given revision 2, and runs no document of wayshub-provider"
    )


def test_what_was_seen_before_the_second_poll_proves_nothing() -> None:
    assert not rejecting().runs(FIRST.document.digest, 15.0).rejected()


def test_a_document_that_runs_is_not_rejected() -> None:
    assert not rejecting().runs(SECOND.document.digest, 15.1).rejected()


def test_an_api_that_cannot_be_read_rejects_nothing() -> None:
    traefik = rejecting()
    traefik.edge.observed(Observation(15.1, "its API does not answer in time"))
    assert not traefik.rejected()


def test_polls_in_a_hurry_leave_time_to_apply_the_document() -> None:
    traefik = Traefik(wait_seconds=0).polls(FIRST, 0).polls(SECOND, *(10 + number / 100 for number in range(300)))
    assert not traefik.runs(FIRST.document.digest, 12).rejected()
    assert traefik.runs(FIRST.document.digest, 12.6).rejected()


def test_nobody_is_convicted_by_the_polls_of_another_while_it_may_be_cut_off() -> None:
    traefik, monitor = Traefik(wait_seconds=1), Connection()
    poller = monitor.poller("default")
    traefik.polls(FIRST, 0, 1).runs(FIRST.document.digest, 1.5)
    for now, served in ((1.6, FIRST), (2.0, SECOND), (3.0, SECOND), (4.0, SECOND), (5.0, SECOND), (6.0, SECOND)):
        traefik.edge.asked(poller, 0, now)
        traefik.edge.answered(poller, served, now)
        traefik.connection.close()
    assert not traefik.runs(FIRST.document.digest, 7).rejected()
    traefik.connection = Connection()  # it is back, and gets its chances
    assert not traefik.polls(SECOND, 8, 8.1, 8.2).runs(FIRST.document.digest, 8.3).rejected()
    assert traefik.runs(FIRST.document.digest, 12).rejected()


def test_what_was_observed_before_a_document_was_given_says_nothing_of_it() -> None:
    traefik = Traefik().polls(FIRST, 0).runs(FIRST.document.digest, 1).polls(SECOND, 2)
    traefik.polls(FIRST, 3)
    assert traefik.state(3.1, FIRST) is EdgeState.PENDING
    assert traefik.runs(FIRST.document.digest, 4.6).state(4.6, FIRST) is EdgeState.LIVE


def test_an_edge_that_was_only_slow_has_twice_as_long_from_then_on() -> None:
    third = snapshot(3)
    traefik = Traefik(wait_seconds=0).polls(FIRST, 0).polls(SECOND, 10, 11, 12, 13, 14)
    assert traefik.runs(FIRST.document.digest, 14.1).rejected()
    traefik.edge.accused()
    traefik.polls(FIRST, 14.2).runs(SECOND.document.digest, 19)
    traefik.edge.acquitted(19)  # it took 8 s, from the poll after the one that gave it
    traefik.polls(third, *range(20, 38))
    assert not traefik.runs(SECOND.document.digest, 36.9).rejected()
    assert traefik.runs(SECOND.document.digest, 37.1).rejected()


def test_a_large_document_has_more_time_to_be_applied() -> None:
    large = snapshot(2, content=b" " * 1_000_000)
    traefik = Traefik(wait_seconds=0).polls(FIRST, 0).polls(large, 10, 11, 12, 13)
    assert not traefik.runs(FIRST.document.digest, 30).rejected()
    traefik.polls(large, 31, 32, 33)
    assert traefik.runs(FIRST.document.digest, 34).rejected()


def test_a_traefik_that_hardly_gets_to_run_has_more_time_to_apply_a_document() -> None:
    """How long its API takes to answer tells of that: compared with how long it takes at best, the way to it."""
    traefik = Traefik(wait_seconds=0).polls(FIRST, 0, 1).runs(FIRST.document.digest, 1.1, seconds=0.2)
    traefik.polls(SECOND, 10, 10.1, 10.2).runs(FIRST.document.digest, 10.3, seconds=0.4)
    assert not traefik.runs(FIRST.document.digest, 16.5, seconds=0.21).rejected()
    assert traefik.runs(FIRST.document.digest, 16.7, seconds=0.21).rejected()


def test_a_long_way_to_the_api_or_one_answer_that_took_for_ever_keeps_no_rejection_back() -> None:
    traefik = Traefik(wait_seconds=0).polls(FIRST, 0, 1).runs(FIRST.document.digest, 1.1, seconds=0.2)
    traefik.polls(SECOND, 10, 10.1, 10.2)
    assert traefik.runs(FIRST.document.digest, 12.7, seconds=0.2).rejected()
    assert not traefik.runs(FIRST.document.digest, 12.8, seconds=5).rejected()
    assert traefik.runs(FIRST.document.digest, 42.7, seconds=0.2).rejected()


def test_the_time_to_apply_a_document_begins_when_it_was_received() -> None:
    traefik = Traefik(wait_seconds=0).polls(FIRST, 0, 1).polls(SECOND, 2)
    traefik.polls(SECOND, 60, 60.01, 60.02)  # it was frozen for a minute, and polls in a hurry
    assert not traefik.runs(FIRST.document.digest, 60.1).rejected()


def test_a_restarted_traefik_has_its_chances_again() -> None:
    traefik = rejecting().runs(FIRST.document.digest, 15.01)
    traefik.connection.close()
    assert not traefik.runs(None, 16).rejected()
    traefik.connection = Connection()
    traefik.polls(SECOND, 17, 17.01)
    assert not traefik.runs(None, 17.1).rejected()


def test_a_traefik_that_restarted_unseen_has_its_chances_again() -> None:
    traefik = rejecting().runs(SECOND.document.digest, 15.1, started="today")
    traefik.polls(SECOND, 20, 25)
    assert not traefik.runs(None, 25.1, started="tomorrow").rejected()  # nobody heard of the connection's end


def test_nobody_is_blamed_for_what_another_was_given() -> None:
    traefik = Traefik(wait_seconds=0).polls(FIRST, 0, 5, 10, 15)
    other = Traefik(traefik.edge, wait_seconds=0).polls(FIRST, 15.1)
    other.polls(SECOND, 16, 17, 18, 19)  # it looks at the document each second, under the edge's own name
    assert not traefik.runs(FIRST.document.digest, 19.5).rejected()
    traefik.polls(SECOND, 20, 25, 30)
    other.polls(SECOND, 30.5)
    assert traefik.runs(FIRST.document.digest, 31).rejected()


def test_one_who_looks_once_delays_nothing_for_long() -> None:
    traefik = rejecting()
    other = Traefik(traefik.edge, wait_seconds=0).polls(SECOND, 15.03)
    other.connection.close()
    assert traefik.runs(FIRST.document.digest, 15.1).rejected()


def test_polls_on_ever_new_connections_prove_nothing() -> None:
    traefik = Traefik(wait_seconds=0)
    for number in range(100):
        traefik.connection = Connection()
        traefik.polls(SECOND, float(number))
        traefik.connection.close()
    assert not traefik.runs(FIRST.document.digest, 100).rejected()
    assert traefik.state(100) is EdgeState.PENDING


events = st.lists(
    st.tuples(
        st.sampled_from(["ask", "get first", "get second", "run first", "run second", "run none", "fail", "reconnect"]),
        st.floats(0, 20),
    ),
    max_size=40,
)


@given(events)
def test_an_edge_is_only_called_rejected_after_two_polls_and_the_time_to_apply(
    happened: list[tuple[str, float]],
) -> None:
    traefik, now, given_at, polls, received_at = Traefik(), 0.0, None, 0, 0.0
    for event, later in happened:
        now += later
        if event == "ask":
            traefik.asks(now)
            polls += 1
            received_at = now if polls == 1 else received_at
        elif event.startswith("get"):
            wanted = FIRST if event == "get first" else SECOND
            if traefik.poller.given is not wanted:
                given_at, polls = now, 0
            traefik.gets(wanted, now)
        elif event == "fail":
            traefik.edge.observed(Observation(now, "no"))
        elif event == "reconnect":
            traefik.connection.close()
            traefik.connection, polls, given_at = Connection(), 0, None
        else:
            traefik.runs({"run first": "digest 1", "run second": "digest 2"}.get(event), now)
        if traefik.rejected():
            assert given_at is not None
            assert polls >= 2
            assert now > received_at + 2.4
