"""What is kept of the certificate of a domain, in memory. Pure."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provider import certificates
from provider.certificates import CertificateFacts
from provider.errors import Unverified
from provider.issuing import additions
from provider.messages import thaw
from provider.models import Issuance
from provider.parts import Part
from provider.values import Refusal

LOCAL: Final = "local"
"""The issuer of what the local authority signed."""


@dataclass(frozen=True, slots=True)
class Obtained:
    """A certificate that was just got, with those that signed it and its key: by whom, and by which order if any."""

    chain: str
    key: str
    issuer: str
    order: int | None = None


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """How it is with the certificate of a domain: the one that is served, and what keeps us from a better one."""

    part: Part | None = None
    chain: str | None = None
    facts: CertificateFacts | None = None
    issuer: str = ""
    renews: datetime | None = None
    attempts: int = 0
    tries: datetime | None = None
    problem: str | None = None


def read(row: Issuance) -> HeldCertificate:
    """Return what a row says. A certificate that cannot be read any more is none."""
    part = facts = None
    if row.chain is not None and row.key is not None:
        with contextlib.suppress(Refusal, Unverified):
            facts, part = certificates.read(row.chain), additions.certificate_part(row.chain, str(row.key))
    problem = None if row.problem is None else thaw(row.problem)
    return HeldCertificate(
        part, row.chain, facts, row.issuer, _date(row.renews), row.attempts, _date(row.tries), problem
    )


def _date(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
