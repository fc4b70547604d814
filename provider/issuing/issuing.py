"""Getting certificates for domains: who signs, when, what is kept of it and what is laid over the desired state.

What it has got is in the database, and in memory for the document. It is written outside of revisions: a renewal
changes nothing that anybody wanted.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from provider import certificates
from provider.authority import Authority, Signed
from provider.certificates import CertificateFacts
from provider.database.file import Database
from provider.edges.missing import Awaited
from provider.errors import ProviderError, Unavailable, Unverified
from provider.issuing import additions, schedules
from provider.listening import Listening
from provider.messages import Message, freeze, thaw
from provider.models import Issuance
from provider.nouns.types import Hidden
from provider.overlays import Overlay
from provider.parts import Part
from provider.serving import Serving
from provider.snapshots import Snapshot
from provider.store import issuances
from provider.values import Refusal

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS: Final = 300.0
"""However far away the next renewal is: the clock may be set meanwhile."""

_LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """How it is with the certificate of a domain: the one that is served, and what keeps us from a better one."""

    part: Part | None = None
    facts: CertificateFacts | None = None
    issuer: str = ""
    renews: datetime | None = None
    attempts: int = 0
    tries: datetime | None = None
    problem: str | None = None

    def due(self, now: datetime) -> datetime:
        """Return when another one is to be got."""
        wanted = now if self.facts is None else schedules.renews_at(self.facts, self.renews)
        return max(wanted, schedules.waits_until(self.tries, now))


_NOTHING: Final = HeldCertificate()


class Issuing:
    """The certificates that this service gets. Any thread may ask; one works."""

    def __init__(self, database: Database, serving: Serving, authority: Authority | None) -> None:
        self._database = database
        self._serving = serving
        self._authority = authority
        self._held: Mapping[str, HeldCertificate] | None = None
        self._wanted: tuple[Listening | None, list[str]] = (None, [])
        self._loop: asyncio.AbstractEventLoop | None = None
        self._call = asyncio.Event()
        serving.add(self.lay_over)
        serving.subscribe(self._came)

    def lay_over(self, desired: Snapshot) -> Overlay:
        """Return what is laid over a snapshot. What there is was read before any edge is answered."""
        parts = {name: held.part for name, held in self._known().items() if held.part is not None}
        return additions.lay_over(self._find_wanted(desired.listening), parts)

    def find(self, name: str) -> HeldCertificate:
        """Return how it is with the certificate of a domain, an A-label."""
        return (self._held or {}).get(name, _NOTHING)

    def find_trouble(self, name: str) -> str | None:
        """Say what is wrong with the certificate of a domain, if anything is."""
        held, now = self.find(name), datetime.now(UTC)
        if held.facts is None:
            return held.problem or self.find_refusal(name)
        if held.facts.not_after <= now:
            told = {"end": f"{held.facts.not_after:%Y-%m-%d}", "why": held.problem or Message("it is being renewed")}
            return Message("its certificate expired on {end}: {why}", **told)
        if held.problem is not None:
            told = {"end": f"{held.facts.not_after:%Y-%m-%d}", "why": held.problem}
            return Message("its certificate could not be renewed, and expires on {end}: {why}", **told)
        return None

    def find_refusal(self, name: str) -> str | None:
        """Say why nobody here would sign a certificate for a name; None if somebody would."""
        if self._signs_locally(name):
            return None
        return Message(
            "this service has no CA that signs certificates for {name}: browsers get the edge's default certificate",
            name=name,
        )

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is wrong, by the names of the domains that are wanted."""
        found = {name: self.find_trouble(name) for name in self._wanted[1]}
        return {name: told for name, told in found.items() if told is not None}

    def find_awaited(self, names: Iterable[str]) -> list[Awaited]:
        """Return the certificates that edges have to have of some domains. Nobody waits for what will not come."""
        wanted = [(name, self.find_trouble(name)) for name in names if name in self._wanted[1]]
        return [
            Awaited(additions.key_of(name), trouble or _words_of_wait(name), is_settled=trouble is not None)
            for name, trouble in wanted
        ]

    async def keep(self) -> None:
        """Get what is wanted and due, until cancelled. The threads are its own: whoever waits for a CA is in no way."""
        self._loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "issuing") as threads:
            while True:
                self._call.clear()
                seconds = await self._loop.run_in_executor(threads, self._work)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._call.wait(), seconds)

    def _came(self, snapshot: Snapshot) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._call.set)

    def _find_wanted(self, listening: Listening) -> list[str]:
        of, wanted = self._wanted
        if of is not listening:
            wanted = listening.certified()
            self._wanted = listening, wanted
        return wanted

    def _known(self) -> Mapping[str, HeldCertificate]:
        """Return what was got so far, read from the database at first. Raises `Unavailable`."""
        if self._held is None:
            with self._database.reading() as session:
                self._held = {row.name: _read(row) for row in issuances.list_all(session)}
        return self._held

    def _work(self) -> float:
        """Get what is due. Returns how many seconds nothing more is."""
        current = self._serving.current
        if current is None:
            return 1.0
        self._make_authority()
        signed = [name for name in self._find_wanted(current.listening) if self.find_refusal(name) is None]
        now = datetime.now(UTC)
        for name in signed:
            if self.find(name).due(now) <= now:
                self._get(name)
        now = datetime.now(UTC)
        left = [(self.find(name).due(now) - now).total_seconds() for name in signed]
        return min(max(min(left, default=_LONGEST_PAUSE_SECONDS), 1.0), _LONGEST_PAUSE_SECONDS)

    def _make_authority(self) -> None:
        try:
            if self._authority is not None:
                self._authority.make()
        except Unavailable as error:
            logger.warning("%s", error.detail)

    def _get(self, name: str) -> None:
        try:
            if self._authority is not None:
                self._succeeded(name, self._authority.issue([name]))
        except (ProviderError, Refusal) as error:
            self._failed(name, error.detail)

    def _signs_locally(self, name: str) -> bool:
        try:
            return self._authority is not None and self._authority.signs(name)
        except Unavailable as error:
            logger.debug("%s", error.detail)
            return False

    def _succeeded(self, name: str, signed: Signed, issuer: str = _LOCAL) -> None:
        certificates.check_chain(signed.chain)
        certificates.check_pair(signed.chain, signed.key)
        additions.certificate_part(signed.chain, signed.key)

        def note(row: Issuance) -> None:
            row.issuer, row.chain, row.key, row.renews = issuer, signed.chain, Hidden(signed.key), None
            row.attempts, row.problem = 0, None
            row.tries = _written(datetime.now(UTC) + schedules.REST)

        self._note(name, note)
        facts = certificates.read(signed.chain)
        logger.info("the certificate for %s is good until %s", name, f"{facts.not_after:%Y-%m-%d}")
        self._serving.renew()

    def _failed(self, name: str, why: str) -> None:
        before = self.find(name)

        def note(row: Issuance) -> None:
            row.attempts += 1
            row.problem = freeze(why)
            row.tries = _written(datetime.now(UTC) + schedules.retry_after(row.attempts))

        try:
            self._note(name, note)
        except Unavailable as error:
            logger.warning("what became of the certificate for %s cannot be noted: %s", name, error.detail)
        if before.problem != why:
            logger.warning("no certificate for %s: %s", name, why)

    def _note(self, name: str, note: Callable[[Issuance], None]) -> None:
        with self._database.writing() as session:
            row = issuances.get(session, name)
            note(row)
            session.flush()
            held = _read(row)
        self._held = {**(self._held or {}), name: held}


def _words_of_wait(name: str) -> Message:
    return Message("it has no certificate for {name} yet", name=name)


def _read(row: Issuance) -> HeldCertificate:
    part = facts = None
    if row.chain is not None and row.key is not None:
        with contextlib.suppress(Refusal, Unverified):
            facts, part = certificates.read(row.chain), additions.certificate_part(row.chain, row.key)
    return HeldCertificate(
        part,
        facts,
        row.issuer,
        _date(row.renews),
        row.attempts,
        _date(row.tries),
        None if row.problem is None else thaw(row.problem),
    )


def _date(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def _written(date: datetime) -> str:
    return date.isoformat(timespec="seconds")
