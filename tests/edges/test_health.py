"""The health of servers: what several edges say of them, put together."""

from datetime import UTC, datetime, timedelta

from provider.edges.health import Health, HealthChange, ServerHealth
from provider.models import ObservedState

URL = "http://10.0.0.11:3000"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
LATEST = NOON + timedelta(minutes=2)


def told(*, up: bool) -> dict[str, dict[str, bool]]:
    return {"wayshub": {URL: up}}


def found(health: Health) -> ServerHealth:
    return health.get("wayshub", URL)


def test_a_server_of_which_no_edge_has_told_is_unknown() -> None:
    health = Health()
    assert found(health) == ServerHealth(ObservedState.UNKNOWN, None, "no edge has reported it")
    health.observe("default", {"other": {URL: True}, "wayshub": {"http://10.0.0.12": False}}, NOON)
    assert found(health).state is ObservedState.UNKNOWN


def test_a_server_is_up_since_an_edge_began_to_say_so() -> None:
    health = Health()
    health.observe("default", told(up=True), NOON)
    health.observe("default", told(up=True), LATER)
    assert found(health) == ServerHealth(ObservedState.UP, NOON, "its health check succeeds on default")


def test_a_server_that_changes_its_health_has_another_since() -> None:
    health = Health()
    for up, date in ((True, NOON), (False, LATER), (False, LATEST)):
        health.observe("default", told(up=up), date)
    assert found(health) == ServerHealth(ObservedState.DOWN, LATER, "its health check fails on default")
    health.observe("default", told(up=True), LATEST)
    assert found(health).since == LATEST


def test_one_edge_that_calls_a_server_down_is_enough() -> None:
    health = Health()
    health.observe("a", told(up=True), NOON)
    health.observe("b", told(up=False), LATER)
    health.observe("c", told(up=False), LATEST)
    assert found(health) == ServerHealth(ObservedState.DOWN, LATER, "its health check fails on b, c")


def test_a_server_is_up_on_all_edges_since_the_last_of_them_said_so() -> None:
    health = Health()
    health.observe("a", told(up=True), NOON)
    health.observe("b", told(up=True), LATER)
    assert found(health) == ServerHealth(ObservedState.UP, LATER, "its health check succeeds on a, b")


def test_an_edge_that_falls_silent_does_not_count() -> None:
    health = Health()
    health.observe("a", told(up=True), NOON)
    health.observe("b", told(up=False), NOON)
    health.forget("b")
    assert found(health).state is ObservedState.UP
    health.forget("a")
    health.forget("a")
    health.forget("never-seen")
    assert found(health).state is ObservedState.UNKNOWN


def test_an_edge_that_says_the_same_after_a_silence_has_said_so_all_the_time() -> None:
    health, before = Health(), told(up=False)
    health.observe("default", before, NOON)
    health.forget("default")
    health.observe("default", before, LATER)
    assert found(health).since == NOON
    health.forget("default")
    health.observe("default", told(up=False), LATEST)
    assert found(health) == ServerHealth(ObservedState.DOWN, NOON, "its health check fails on default")


def test_what_an_edge_does_not_mention_any_more_is_unknown() -> None:
    health = Health()
    health.observe("default", told(up=False), NOON)
    health.observe("default", {}, LATER)
    assert found(health).state is ObservedState.UNKNOWN


def test_who_listens_is_told_what_an_edge_changes_by_what_it_says() -> None:
    heard: list[HealthChange] = []
    health = Health()
    health.subscribe(heard.extend)

    def told_now() -> set[tuple[str, str, str]]:
        listed = {(change.url, change.before.value, change.after.value) for change in heard}
        heard.clear()
        return listed

    health.observe("paris", {"s": {"u": True, "v": True}}, NOON)
    assert told_now() == {("u", "unknown", "up"), ("v", "unknown", "up")}
    health.observe("london", {"s": {"u": True}}, NOON)
    assert told_now() == set()
    health.observe("london", {"s": {"u": False}}, LATER)
    assert told_now() == {("u", "up", "down")}
    health.forget("london")
    assert told_now() == {("u", "down", "up")}
    health.observe("paris", {"s": {"v": True}}, LATEST)
    assert told_now() == {("u", "up", "unknown")}
    health.forget("paris")
    health.forget("paris")
    assert told_now() == {("v", "up", "unknown")}
