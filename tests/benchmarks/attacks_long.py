"""What is long to compute, asked for by many at once with a token that may read."""

import threading
from collections import Counter

from tests.benchmarks.target import Run, Target, attack
from tests.running import fetch

_AT_ONCE = 12


def many_at_once(path: str) -> Run:
    """Ask for one path on several connections at once."""

    def run(target: Target, _seconds: float) -> str:
        statuses: Counter[int] = Counter()

        def ask() -> None:
            statuses[fetch(f"{target.url}/api/v1{path}", timeout=300).status_code] += 1

        threads = [threading.Thread(target=ask) for _ in range(_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return f"answered {dict(statuses)}"

    return run


for name, asked in (
    ("12 comparisons at once", "/revisions/1/difference"),
    ("12 exports at once", "/export"),
    ("12 former documents at once", "/revisions/1/configuration"),
):
    attack(f"{name}, 10,000 routers", routers=10_000)(many_at_once(asked))
