"""When a certificate is to be renewed, and when what failed is tried again. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from provider.certificates import CertificateFacts
from provider.issuing.failures import FailureKind

_OF_LIFE: Final = 2 / 3
"""The part of its life after which a certificate is renewed."""

_LATEST_OF_LIFE: Final = 9 / 10
"""Its CA may say when it is to be renewed, but not later than this."""

_RETRIES: Final[Mapping[FailureKind, tuple[timedelta, timedelta]]] = {
    FailureKind.LEADING: (timedelta(seconds=5), timedelta(minutes=10)),
    FailureKind.VALIDATION: (timedelta(minutes=15), timedelta(hours=12)),
    FailureKind.AUTHORITY: (timedelta(minutes=1), timedelta(hours=1)),
}
"""How long to wait after the first failure, and at most: each time it is twice as long."""

_MOST_DOUBLED: Final = 20
_LONGEST: Final = timedelta(hours=24)
"""However long a CA asks to wait."""

_REST: Final = timedelta(hours=1)
_REST_OF_LIFE: Final = 1 / 12


def written(date: datetime) -> str:
    """Return a date as it is stored."""
    return date.isoformat(timespec="seconds")


def renews_at(facts: CertificateFacts, advised: datetime | None = None) -> datetime:
    """Return when a certificate is to be renewed: as its CA advises, or after two thirds of its life."""
    life = facts.not_after - facts.not_before
    if advised is not None and advised < facts.not_before + life * _LATEST_OF_LIFE:
        return advised
    return facts.not_before + life * _OF_LIFE


def rest_after(facts: CertificateFacts) -> timedelta:
    """Return for how long after a success nothing is got again for a name, whatever the clock says."""
    return min(_REST, (facts.not_after - facts.not_before) * _REST_OF_LIFE)


def retry_after(failure: FailureKind, attempts: int, asked: timedelta | None = None) -> timedelta:
    """Return how long to wait after so many failures in a row; `asked` is what the CA asks for at least."""
    first, longest = _RETRIES[failure]
    own: timedelta = min(first * 2 ** min(attempts - 1, _MOST_DOUBLED), longest)
    return own if asked is None else min(max(own, asked), _LONGEST)


def waits_until(tries: datetime | None, now: datetime) -> datetime:
    """Return until when nothing is tried, at most as long as ever anything waits: the clock may have been wrong."""
    return now if tries is None else min(tries, now + _LONGEST)
