"""How this service is getting on with the certificate of a domain. Pure."""

from dataclasses import dataclass
from datetime import datetime

from provider.models import IssuanceState


@dataclass(frozen=True, slots=True)
class IssuanceStanding:
    """`next` is when it is tried again, or renewed; `why` says what keeps us from a certificate, or a newer one."""

    state: IssuanceState
    why: str | None = None
    failures: int = 0
    next: datetime | None = None
