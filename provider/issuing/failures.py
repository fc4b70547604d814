"""Why there is no certificate, and what follows from that. Pure."""

from datetime import timedelta
from enum import StrEnum

from provider.messages import Message


class FailureKind(StrEnum):
    """Who has to do something."""

    LEADING = "leading"
    """The name does not lead to an edge, or not all is set that is needed. Nothing was ordered."""

    VALIDATION = "validation"
    """The CA did not find what it looked for. It counts such failures."""

    AUTHORITY = "authority"
    """The CA is away, is slow, or refuses."""


class NoCertificateError(Exception):
    """A certificate could not be got: why, for a person, and for how long the CA asks to wait."""

    def __init__(self, failure: FailureKind, why: str, wait: timedelta | None = None) -> None:
        super().__init__(why)
        self.failure = failure
        self.why = why
        self.wait = wait


class AccountGoneError(NoCertificateError):
    """The CA does not know the account, or has closed it."""


class AwayError(NoCertificateError):
    """The CA cannot be reached, or cannot answer now. What it was told it may have heard."""


class OrderGoneError(NoCertificateError):
    """The CA does not know the order, or tells nothing of it any more."""


class ShortLivedError(NoCertificateError):
    """What was begun before a restart came to nothing: it may be begun anew soon."""


def not_led(why: Message) -> NoCertificateError:
    """Return that a name does not lead to an edge, or that something is not set."""
    return NoCertificateError(FailureKind.LEADING, why)
