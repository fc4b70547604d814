"""How long a login takes that fails: as long where there is no such account."""

from itertools import chain
from statistics import median
from time import perf_counter

import httpx
import pytest

from tests.people import log_in, nobody
from tests.running import Service
from tests.security.test_timing import KINDS, forget_failures
from tests.security.test_timing import service as service  # noqa: PLC0414  # the fixture

SAMPLES = 300
MOST_RATIO = 1.1


def fail(client: httpx.Client, service: Service, name: str) -> float:
    """Return how many seconds a login took that failed, the first one of its account."""
    forget_failures(service.database)
    started = perf_counter()
    answer = log_in(client, name, "a wrong password")
    seconds = perf_counter() - started
    assert answer.status_code == 401
    return seconds


@pytest.mark.bench
def test_an_account_that_does_not_exist_takes_as_long_as_a_wrong_password(service: Service) -> None:
    with nobody(service) as client:
        for name in KINDS.values():
            fail(client, service, name)
        # By turns, so that what else the machine does meanwhile falls on all alike.
        rounds = [{kind: fail(client, service, name) for kind, name in KINDS.items()} for _ in range(SAMPLES)]
    medians = {kind: median(taken[kind] for taken in rounds) for kind in KINDS}
    told = ", ".join(f"{kind} {seconds * 1000:.2f} ms" for kind, seconds in medians.items())
    print(f"\nmedians of {SAMPLES} failed logins: {told}")  # noqa: T201  # a figure to read
    assert min(chain(*(taken.values() for taken in rounds))) > 0
    assert max(medians.values()) <= MOST_RATIO * min(medians.values()), told
