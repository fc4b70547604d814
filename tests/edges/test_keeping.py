"""Which servers an edge keeps out of their pools, by what it tells of them."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime

from provider.edges.keeping import MOST_PAUSE_SECONDS, QUIET_SECONDS, Keeping, Seen
from provider.pools import CheckedPool

CHECK_SECONDS = 1.5
DATE = datetime(2026, 1, 1, tzinfo=UTC)
ABC = "abc"


class Edge:
    """An edge that runs a document since `applied_at`, at a time of its own."""

    def __init__(self, **pools: str) -> None:
        self.keeping = Keeping()
        self.pools = {name: frozenset(servers) for name, servers in (pools or {"shop": ABC}).items()}
        self.now = 100.0
        self.applied_at = 0.0

    def find(self, service: str) -> CheckedPool | None:
        urls = self.pools.get(service)
        return None if urls is None else CheckedPool(urls, CHECK_SECONDS)

    def tell(self, seconds: float = 0.0, **down: str) -> dict[str, str]:
        """Tell so many seconds later that all servers are up but those. Returns which are kept out, by service."""
        self.now += seconds
        told: Mapping[str, Mapping[str, bool]] = {
            name: {url: url not in down.get(name, "") for url in urls} for name, urls in self.pools.items()
        }
        self.keeping.see(Seen(told, self.now, self.applied_at, DATE), self.find)
        return {name: "".join(sorted(urls)) for name, urls in self.keeping.urls.items()}

    def reload(self) -> None:
        """Run another document from now on: all count as up until they are checked."""
        self.applied_at = self.now


def test_a_server_that_fails_is_kept_out_at_once() -> None:
    edge = Edge()
    edge.reload()
    assert edge.tell(shop="a") == {"shop": "a"}
    assert edge.tell(shop="ab") == {"shop": "ab"}


def test_a_reload_lets_a_server_that_is_kept_out_look_well_and_it_stays_out() -> None:
    edge = Edge()
    edge.tell(shop="a")
    for _change in range(100):
        edge.reload()
        assert edge.tell(0.6) == {"shop": "a"}


def test_a_server_comes_back_when_it_was_checked_and_answers_for_an_interval_and_a_timeout() -> None:
    edge = Edge()
    edge.tell(shop="a")
    edge.reload()
    assert edge.tell(5, shop="a") == {"shop": "a"}
    assert edge.tell(1) == {"shop": "a"}
    assert edge.tell(CHECK_SECONDS - 0.1) == {"shop": "a"}
    assert edge.tell(0.1) == {}


def test_the_last_server_that_could_answer_is_never_kept_out() -> None:
    edge = Edge()
    assert edge.tell(shop="ab") == {"shop": "ab"}
    assert edge.tell(shop="abc") == {"shop": "ab"}
    edge = Edge()
    assert edge.tell(shop="abc") == {}
    edge = Edge(shop="a")
    assert edge.tell(shop="a") == {}


def test_where_no_server_answers_the_first_that_does_is_back_at_once() -> None:
    edge = Edge()
    edge.tell(shop="ab")
    edge.tell(5, shop="abc")
    assert edge.tell(1, shop="bc") == {"shop": "bc"}, "the last one can be kept out now"


def test_the_first_answer_after_a_reload_is_none_where_no_server_answers() -> None:
    edge = Edge()
    edge.tell(shop="ab")
    edge.tell(5, shop="abc")
    edge.reload()
    assert edge.tell(0.5) == {"shop": "ab"}


def test_a_server_that_fails_again_has_to_answer_for_longer_each_time() -> None:
    edge, pauses = Edge(), []
    for _time in range(12):
        edge.tell(shop="a")
        edge.tell(CHECK_SECONDS, shop="a")
        begun = edge.now
        while edge.tell(0.5) == {"shop": "a"}:
            assert edge.now - begun < 2 * MOST_PAUSE_SECONDS
        pauses.append(edge.now - begun)
    assert all(later >= earlier for earlier, later in itertools.pairwise(pauses))
    assert pauses[0] < 3
    assert MOST_PAUSE_SECONDS <= pauses[-1] < MOST_PAUSE_SECONDS + 1
    edge.tell(QUIET_SECONDS)
    edge.tell(shop="a")
    edge.tell(CHECK_SECONDS)
    assert edge.tell(CHECK_SECONDS) == {}, "long ago is forgotten"


def test_one_that_goes_and_comes_each_three_seconds_is_soon_out_for_good() -> None:
    edge, back = Edge(), 0
    for half_second in range(120):
        is_well = (half_second // 6) % 2 == 1
        before = edge.keeping.kept
        after = edge.tell(0.5, **({} if is_well else {"shop": "a"}))
        if bool(before) != bool(after):
            edge.reload()
            back += not after
    assert back == 1


def test_where_more_than_half_of_all_is_down_each_pool_keeps_half_of_its_servers() -> None:
    edge = Edge(shop=ABC, blog=ABC, api="abcd", one="a")
    found = edge.tell(shop="ab", blog="bc", api="abc", one="a")
    assert found == {"shop": "a", "blog": "b", "api": "ab"}
    edge.reload()
    assert edge.tell(0.5) == found, "what a reload lets look well is no news"


def test_one_service_without_most_of_its_servers_is_no_trouble_of_the_edge() -> None:
    edge = Edge(shop=ABC, blog=ABC, api=ABC)
    assert edge.tell(shop="ab") == {"shop": "ab"}


def test_what_is_no_longer_in_a_pool_is_forgotten() -> None:
    edge = Edge()
    edge.tell(shop="ab")
    edge.pools["shop"] = frozenset("bc")
    assert edge.tell(0.5, shop="b") == {"shop": "b"}
    edge.pools["shop"] = frozenset("b")
    assert edge.tell(0.5, shop="b") == {}
    edge.pools = {"blog": frozenset(ABC)}
    assert edge.tell(0.5, blog="a") == {"blog": "a"}


def test_what_became_different_is_told_once() -> None:
    edge = Edge()
    seen = Seen({"shop": {"a": False, "b": True, "c": True}}, 100, 0, DATE)
    turned = edge.keeping.see(seen, edge.find)
    assert [server.url for server in turned.out] == ["a"]
    again = edge.keeping.see(seen, edge.find)
    assert (list(again.out), list(again.back)) == ([], [])
