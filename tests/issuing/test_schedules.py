"""When a certificate is renewed, and when what failed is tried again: never too often, whatever the clock says."""

from datetime import UTC, datetime, timedelta

import pytest

from provider import certificates
from provider.issuing import schedules
from provider.issuing.failures import FailureKind
from tests.certs import issue

FACTS = certificates.read(issue("alvin.test", days=(-30, 60)).chain)


def test_a_certificate_is_renewed_after_two_thirds_of_its_life_or_when_its_ca_says_so() -> None:
    usual = schedules.renews_at(FACTS)
    assert usual == FACTS.not_before + timedelta(days=60)
    revoked = datetime.now(UTC) - timedelta(days=1)
    assert schedules.renews_at(FACTS, revoked) == revoked
    later = usual + timedelta(days=5)
    assert schedules.renews_at(FACTS, later) == later
    too_late = FACTS.not_after - timedelta(days=1)
    assert schedules.renews_at(FACTS, too_late) == usual


@pytest.mark.parametrize("kind", FailureKind)
def test_what_fails_is_tried_more_and_more_rarely_but_again_within_a_day(kind: FailureKind) -> None:
    waits = [schedules.retry_after(kind, attempts) for attempts in range(1, 100)]
    assert waits == sorted(waits)
    assert timedelta(0) < waits[0] < waits[-1] <= timedelta(hours=12)
    assert schedules.retry_after(kind, 1, timedelta(hours=15)) == timedelta(hours=15)
    assert schedules.retry_after(kind, 1, timedelta(days=400)) == timedelta(days=1)


def test_a_clock_that_was_wrong_stops_nothing_for_long() -> None:
    now = datetime.now(UTC)
    assert schedules.waits_until(now + timedelta(days=4_000), now) == now + timedelta(days=1)
    assert schedules.waits_until(None, now) == now
    assert schedules.rest_after(FACTS) == timedelta(hours=1)
