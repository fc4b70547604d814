"""Weighted round-robin as Traefik does it: which server takes the next request. Pure.

From the source of Traefik 3.7, and held by tests against a real Traefik 3.7.15. Each server is due at a time
of its own, at first after 1/weight of a round. The one that is due first takes the request, and is due again
1/weight later; one that is down is passed over when it is due, and its time moves on all the same.

Where several are due at once, the order in which Go's heap has them decides. It depends on the order in
which they were put there, and that is chance: Traefik shuffles the servers at each reload. Weights 3 and 1
give `AABA AAAB` and again from the beginning.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One request: who takes it, or nobody where none is up; and who was due before and passed over."""

    server: str | None
    passed_over: tuple[str, ...] = ()


@dataclass(slots=True)
class _Contender:
    due: float
    name: str


class _Heap:
    """Go's `container/heap`: it keeps servers that are due at once in another order than Python's `heapq`."""

    def __init__(self) -> None:
        self._entries: list[_Contender] = []

    def push(self, entry: _Contender) -> None:
        self._entries.append(entry)
        self._rise(len(self._entries) - 1)

    def pop(self) -> _Contender:
        self._swap(0, -1)
        popped = self._entries.pop()
        self._sink()
        return popped

    def _rise(self, child: int) -> None:
        while child and self._is_before(child, parent := (child - 1) // 2):
            self._swap(child, parent)
            child = parent

    def _sink(self) -> None:
        parent, count = 0, len(self._entries)
        while (child := 2 * parent + 1) < count:
            if child + 1 < count and self._is_before(child + 1, child):
                child += 1
            if not self._is_before(child, parent):
                return
            self._swap(child, parent)
            parent = child

    def _is_before(self, one: int, other: int) -> bool:
        return self._entries[one].due < self._entries[other].due

    def _swap(self, one: int, other: int) -> None:
        self._entries[one], self._entries[other] = self._entries[other], self._entries[one]


def turns(weights: Mapping[str, int], down: Collection[str] = ()) -> Iterator[Turn]:
    """Give who takes one request after the other, without end, from the moment at which Traefik loads the servers.

    `weights` are those of the servers that Traefik has, 1 or more, in the order in which it takes them up.
    """
    heap = _Heap()
    for name, weight in weights.items():
        heap.push(_Contender(1 / weight, name))
    is_any_up = not set(weights) <= set(down)
    while True:
        yield _next(heap, weights, down) if is_any_up else Turn(None)


def _next(heap: _Heap, weights: Mapping[str, int], down: Collection[str]) -> Turn:
    passed_over: list[str] = []
    while True:
        entry = heap.pop()
        entry.due += 1 / weights[entry.name]
        heap.push(entry)
        if entry.name not in down:
            return Turn(entry.name, tuple(passed_over))
        passed_over.append(entry.name)
