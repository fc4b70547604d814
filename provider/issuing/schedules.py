"""When a certificate is to be renewed, and when what failed is tried again. Pure."""

from datetime import datetime, timedelta
from typing import Final

from provider.certificates import CertificateFacts

_OF_LIFE: Final = 2 / 3
"""The part of its life after which a certificate is renewed."""

_LATEST_OF_LIFE: Final = 9 / 10
"""Its CA may say when it is to be renewed, but not later than this."""

_FIRST_RETRY: Final = timedelta(minutes=1)
_LONGEST_RETRY: Final = timedelta(hours=12)
_GROWTH: Final = 2

REST: Final = timedelta(hours=1)
"""For so long after a success nothing is got again for a name, whatever the clock says."""


def renews_at(facts: CertificateFacts, advised: datetime | None = None) -> datetime:
    """Return when a certificate is to be renewed: as its CA advises, or after two thirds of its life."""
    life = facts.not_after - facts.not_before
    if advised is not None and advised < facts.not_before + life * _LATEST_OF_LIFE:
        return advised
    return facts.not_before + life * _OF_LIFE


def retry_after(attempts: int, asked: timedelta | None = None) -> timedelta:
    """Return how long to wait after so many failures in a row; `asked` is what the CA asks for at least."""
    own: timedelta = min(_FIRST_RETRY * _GROWTH ** min(attempts - 1, 20), _LONGEST_RETRY)
    return own if asked is None else min(max(own, asked), _LONGEST_RETRY * 2)


def waits_until(tries: datetime | None, now: datetime) -> datetime:
    """Return until when nothing is tried, at most as long as ever anything waits: the clock may have been wrong."""
    return now if tries is None else min(tries, now + _LONGEST_RETRY * 2)
