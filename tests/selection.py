"""Which tests `make test` runs: all that are quick, and of what takes long a part; `make soak` runs all of them.

How long a test takes stands in `durations.json`, in seconds for one of its cases. `DURATIONS=1 make soak` writes that
file anew.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

FILE: Final = Path(__file__).with_name("durations.json")

LIMIT_SECONDS: Final = 0.1
"""Of a test that takes longer with all its cases, so many are run as take this long, and at least one.

One that has a single case is run or left out: of such that take four times as long, every fourth is run.
"""

VERY_LONG_SECONDS: Final = 20.0
"""What takes longer is for `make soak` alone, if it is left out."""

_SMALLEST_SECONDS: Final = 0.3
"""What takes less is not worth a line."""

T = TypeVar("T")


def read() -> dict[str, float]:
    """Return how long one case takes, by the names of tests."""
    found: dict[str, float] = json.loads(FILE.read_text())
    return found


def write(seconds: Mapping[str, float], skipped: Collection[str] = ()) -> None:
    """Keep how long tests took: `seconds` are those of each case, by its name. What was skipped keeps what it has."""
    known = read()
    cases: dict[str, list[float]] = defaultdict(list)
    for case, took in seconds.items():
        cases[function(case)].append(took)
    means = {
        name: round(sum(took) / len(took), 2) for name, took in sorted(cases.items()) if sum(took) >= _SMALLEST_SECONDS
    }
    means |= {name: known[name] for name in skipped if name in known}
    FILE.write_text(json.dumps(dict(sorted(means.items())), indent=0) + "\n")


def function(case: str) -> str:
    """Return the name of a test without its case."""
    return case.partition("[")[0]


def select(cases: Iterable[tuple[str, T]], seconds: Mapping[str, float]) -> list[T]:
    """Return what is to be run of cases by their names: which they are depends on the names alone.

    Something of every file is run: where nothing else is, the quickest of it, unless all of it takes very long.
    """
    tests: dict[str, list[tuple[str, T]]] = defaultdict(list)
    for name, case in cases:
        tests[function(name)].append((name, case))
    kept = {name: _part(name, own, seconds.get(name, 0.0)) for name, own in tests.items()}
    files: dict[str, list[str]] = defaultdict(list)
    for name in tests:
        files[name.partition("::")[0]].append(name)
    for own in files.values():
        if not any(kept[name] for name in own):
            quickest = min(own, key=lambda name: seconds.get(name, 0.0))
            if seconds.get(quickest, 0.0) <= VERY_LONG_SECONDS:
                kept[quickest] = tests[quickest][:1]
    return [case for own in kept.values() for _name, case in own]


def _part(name: str, cases: Sequence[tuple[str, T]], seconds: float) -> Sequence[tuple[str, T]]:
    if len(cases) * seconds <= LIMIT_SECONDS:
        return cases
    number = zlib.crc32(name.encode())
    if len(cases) == 1:
        return cases if number % round(seconds / LIMIT_SECONDS) == 0 else ()
    wanted = max(1, int(LIMIT_SECONDS / seconds))
    step = len(cases) / wanted
    return [cases[(number + int(index * step)) % len(cases)] for index in range(wanted)]
