"""Leases: who is silent, and when that is more likely to be our fault."""

from provider.leases import Lease, LeasedName, judge, spare
from provider.nouns import Server
from provider.values import ServerState

TTL = 30.0


def leases(count: int, since: float = 0.0, *, ttl: float = TTL) -> dict[LeasedName, Lease]:
    return {("wayshub", f"s{number}"): Lease(ttl, ServerState.READY, since) for number in range(count)}


def beat(found: dict[LeasedName, Lease], until: float, every: float = 10.0, *, without: int = 0) -> None:
    """Let all but the first few send heartbeats, a part of them at each second, as if they began at other times."""
    for number, lease in enumerate(list(found.values())[without:]):
        moment = 1 + number % every
        while moment <= until:
            lease.beat(moment)
            moment += every


def names(keys: frozenset[LeasedName]) -> set[str]:
    return {name for _service, name in keys}


def test_one_that_is_silent_for_its_whole_lease_is_drained() -> None:
    found = leases(10)
    beat(found, 30, without=1)
    assert judge(found, 29.9).silent == frozenset()
    judged = judge(found, 30.0)
    assert (names(judged.silent), judged.is_mass) == ({"s0"}, False)


def test_a_network_that_fails_is_known_by_the_first_that_runs_out() -> None:
    found = leases(30)
    beat(found, 100)
    for moment in range(100, 140):
        judged = judge(found, float(moment))
        if judged.silent:
            assert judged.is_mass
            assert len(judged.silent) < 10
            return
    raise AssertionError("nobody ran out")


def test_a_third_that_falls_silent_is_drained_and_one_more_is_held() -> None:
    for gone, is_mass in ((10, False), (11, True)):
        found = leases(30)
        beat(found, 100, without=gone)
        assert judge(found, 100.0).is_mass is is_mass


def test_two_of_two_are_no_mass() -> None:
    assert not judge(leases(2), TTL).is_mass
    assert judge(leases(3), TTL).is_mass


def test_those_that_were_drained_just_now_count_too() -> None:
    found = leases(12)
    beat(found, 100, without=6)
    drained = list(found.values())[:3]
    for lease in drained:
        lease.state, lease.lapsed = ServerState.DRAIN, 90.0
    assert judge(found, 100.0).is_mass
    for lease in drained:
        lease.lapsed = 60.0
    judged = judge(found, 100.0)
    assert (names(judged.silent), judged.is_mass) == ({"s3", "s4", "s5"}, False)


def test_long_leases_of_which_nothing_is_known_yet_hide_no_failure() -> None:
    found = leases(5) | {("other", f"s{number}"): Lease(3600.0, ServerState.READY, 0.0) for number in range(20)}
    assert judge(found, TTL).is_mass


def test_rare_heartbeats_are_not_late() -> None:
    lease = Lease(TTL, ServerState.READY, 0.0)
    for moment in range(25, 300, 25):
        lease.beat(float(moment))
    assert not lease.is_late(275.0 + 26)
    assert lease.is_late(275.0 + TTL + 1)


def test_a_drained_one_goes_after_once_more_its_lease() -> None:
    lease = Lease(TTL, ServerState.DRAIN, 0.0, lapsed=TTL)
    assert not lease.is_over(2 * TTL - 1)
    assert lease.is_over(2 * TTL)


def test_one_in_maintenance_stays() -> None:
    lease = Lease(TTL, ServerState.MAINT, 0.0)
    assert not lease.is_silent(1000.0)
    assert not lease.is_over(1000.0)


def pool(*servers: Server) -> dict[str, list[Server]]:
    return {"wayshub": list(servers)}


A, B = (Server(name=name, url=f"http://{name}:80", ttl="30s") for name in ("a", "b"))
KEY_A, KEY_B = ("wayshub", "a"), ("wayshub", "b")


def test_the_last_server_that_could_answer_is_never_drained() -> None:
    assert spare(pool(A, B), [KEY_A], [KEY_A], {}).drained == {KEY_A}
    assert spare(pool(A, B), [KEY_A], [KEY_A, KEY_B], {}).kept == {KEY_A}
    assert spare(pool(A), [KEY_A], [KEY_A], {}).kept == {KEY_A}
    assert spare(pool(A, B.copy(state=ServerState.DRAIN)), [KEY_A], [KEY_A], {}).kept == {KEY_A}
    assert spare(pool(A, B), [KEY_A], [KEY_A], {"wayshub": {"http://b:80"}}).kept == {KEY_A}
