"""What is long to compute, asked for by many at once with a token that may read."""

import json
import threading
import time
from collections import Counter

import httpx

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


_RULES = 400
_MATCHERS = 130


@attack("400 rules that are hard to compare, then conflicts")
def compare_rules(target: Target, _seconds: float) -> str:
    """Put routers in whose rules are long and share nothing, and ask for all conflicts."""
    routers = {
        f"r{number}": {
            "rule": "Host(`a.example`) && ("
            + " || ".join(f"PathPrefix(`/{number:03d}/{part:03d}/{'x' * 30}`)" for part in range(_MATCHERS))
            + ")",
            "service": "app",
        }
        for number in range(_RULES)
    }
    document = {"services": {"app": {"servers": {"a": {"url": "http://10.0.0.1:1"}}}}, "routers": routers}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {target.token}"}
    begun = time.perf_counter()
    sent = httpx.post(f"{target.url}/api/v1/apply", content=json.dumps(document), headers=headers, timeout=300)
    applied = time.perf_counter()
    found = fetch(f"{target.url}/api/v1/conflicts", timeout=300).json()
    ended = time.perf_counter()
    kinds = sorted({each["conflict"] for each in found["items"]})
    return f"apply {sent.status_code} in {applied - begun:.1f} s, conflicts {kinds} in {ended - applied:.1f} s"


for name, asked in (
    ("12 comparisons at once", "/revisions/1/difference"),
    ("12 exports at once", "/export"),
    ("12 former documents at once", "/revisions/1/configuration"),
):
    attack(f"{name}, 10,000 routers", routers=10_000)(many_at_once(asked))
