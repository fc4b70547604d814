"""The certificates that this service has got for domains: which there are, what is amiss with them, and who signs next.

They are in the database, and in memory for the document. They are written outside of revisions: a renewal changes
nothing that anybody wanted.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from provider import certificates
from provider.authority import Authority
from provider.database.database import Database
from provider.database.sessions import Session
from provider.errors import Unavailable
from provider.issuing import accounts, additions, schedules
from provider.issuing.accounts import OrderingAccount
from provider.issuing.failures import NoCertificateError, ShortLivedError
from provider.issuing.held import LOCAL, HeldCertificate, Obtained, read
from provider.issuing.means import Means
from provider.issuing.ordered import DNS, HTTP, host_of
from provider.issuing.schedules import written
from provider.listening import Listening
from provider.messages import Message, freeze
from provider.models import AcmeAccount, AcmeOrder, Issuance, IssuanceOutput, IssuanceState
from provider.nouns.texts import Hidden
from provider.store import acme, issuances

logger = logging.getLogger(__name__)

HELD: Final = frozenset({str(Issuance.__tablename__), str(AcmeAccount.__tablename__)})
"""The tables that say what was got, and where more is ordered."""

SOON: Final = timedelta(seconds=2)
_NOTHING: Final = HeldCertificate()


class Holdings:
    """What there is for the domains that are wanted. Any thread may ask."""

    def __init__(self, database: Database, authority: Authority | None, means: Means) -> None:
        self._database = database
        self._authority = authority
        self._means = means
        self._held: Mapping[str, HeldCertificate] | None = None
        self._wanted: tuple[Listening | None, list[str]] = (None, [])
        self._asked: dict[str, tuple[str, datetime]] = {}
        self.account: OrderingAccount | None = None
        """The account with which certificates are ordered."""

    # What there is

    @property
    def is_read(self) -> bool:
        """Whether what was got so far was read from the database."""
        return self._held is not None

    def list_all(self) -> Mapping[str, HeldCertificate]:
        """Return what was got so far, by name, read from the database at first. Raises `Unavailable`."""
        return self.reread() if self._held is None else self._held

    def reread(self) -> Mapping[str, HeldCertificate]:
        """Read what was got so far, by this service or another one. Raises `Unavailable`."""
        with self._database.reading() as session:
            account = accounts.read(acme.find_account(session))
            held = {row.name: read(row) for row in issuances.list_all(session)}
        self.account, self._held = account, held
        return held

    def find(self, name: str) -> HeldCertificate:
        """Return how it is with the certificate of a domain, an A-label."""
        return (self._held or {}).get(name, _NOTHING)

    @property
    def wanted(self) -> list[str]:
        """The domains that want certificates."""
        return self._wanted[1]

    def want(self, listening: Listening) -> list[str]:
        """Know which domains want certificates, and return them."""
        if self._wanted[0] is not listening:
            self._wanted = listening, listening.certified()
        return self.wanted

    # What is amiss

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is wrong, by the names of the domains that are wanted."""
        found = {name: self.find_trouble(name) for name in self.wanted}
        return {name: told for name, told in found.items() if told is not None}

    def find_trouble(self, name: str) -> str | None:
        """Say what is wrong with the certificate of a domain, if anything is."""
        held, now = self.find(name), datetime.now(UTC)
        why = self.find_refusal(name) or held.problem
        if held.facts is None:
            return why
        end = f"{held.facts.not_after:%Y-%m-%d}"
        if held.facts.not_after <= now:
            return Message(
                "its certificate expired on {end}: {why}", end=end, why=why or Message("it is being renewed")
            )
        if why is not None and self._renews_at(held) <= now:
            return Message("its certificate could not be renewed, and expires on {end}: {why}", end=end, why=why)
        return None

    def find_refusal(self, name: str) -> str | None:
        """Say why nobody would sign a certificate for a name as things are set; None if somebody would."""
        kind, account = self.find_kind(name), self.account
        if kind == LOCAL:
            return None
        if account is None:
            return Message("no CA is set up for {name}: an admin has to choose one first", name=name)
        if kind == DNS and not account.has_dns and self._means.hook is None:
            return Message(
                "the CA {ca} requires a TXT record of {name} in DNS, but nothing here is set up to create it",
                ca=host_of(account.directory),
                name=name,
            )
        if kind == HTTP and self._means.edge_url is None:
            return Message(
                "the CA {ca} requests a file from {name}, which edges fetch from here: set PROVIDER_EDGE_URL "
                "to the URL at which edges reach wayshub-provider",
                ca=host_of(account.directory),
                name=name,
            )
        return None

    # Who signs, and when

    def find_kind(self, name: str) -> str:
        """Return how it is shown that a name is ours: not at all, where the local authority signs."""
        if self._signs_locally(name):
            return LOCAL
        is_dns = name.startswith("*.") or (self.account is not None and self.account.challenge == DNS)
        return DNS if is_dns else HTTP

    def _signs_locally(self, name: str) -> bool:
        try:
            return self._authority is not None and self._authority.signs(name)
        except Unavailable as error:
            logger.debug("%s", error.detail)
            return False

    def find_due(self, name: str, now: datetime, *, is_hurried: bool) -> datetime:
        """Return when a certificate is to be got: what failed is tried again at once where that is hurried.

        Even then it waits for as long as its CA asks.
        """
        held = self.find(name)
        wanted = self._renews_at(held)
        if is_hurried and (held.attempts or not self._is_of_now(held)):
            return max(wanted, schedules.waits_until(self.find_asked(name), now))
        return max(wanted, schedules.waits_until(held.tries, now))

    def find_asked(self, name: str) -> datetime | None:
        """Return until when the CA from which certificates are ordered asks to wait, as far as this process knows."""
        directory, until = self._asked.get(name, ("", None))
        return until if self.account is not None and self.account.directory == directory else None

    def stand(self, name: str, now: datetime, *, is_tried: bool) -> IssuanceOutput:
        """Say how it is with the certificate of a domain that wants one; `is_tried` while one is being got."""
        held, refusal = self.find(name), self.find_refusal(name)
        if refusal is not None:
            return IssuanceOutput(state=IssuanceState.BLOCKED, why=refusal, failures=held.attempts)
        due = self.find_due(name, now, is_hurried=False)
        if is_tried or due <= now:
            return IssuanceOutput(state=IssuanceState.ORDERING, why=held.problem, failures=held.attempts)
        if held.attempts and self._renews_at(held) <= now:
            return IssuanceOutput(state=IssuanceState.WAITING, why=held.problem, failures=held.attempts, next=due)
        # What failed before is over: the clock was wrong, say.
        return IssuanceOutput(state=IssuanceState.HELD, next=due)

    def _renews_at(self, held: HeldCertificate) -> datetime:
        """Return when another one is to be got: at once, where the one that there is is not from who signs now."""
        if held.facts is None or not self._is_of_now(held):
            return datetime.min.replace(tzinfo=UTC)
        return schedules.renews_at(held.facts, held.renews)

    def _is_of_now(self, held: HeldCertificate) -> bool:
        return held.issuer == LOCAL or self.account is None or held.issuer == self.account.directory

    # What becomes of it. All of this raises `Unavailable`.

    def keep(self, name: str, got: Obtained) -> None:
        """Keep a certificate. Raises a `Refusal` and `Unverified` for one that edges could not use."""
        certificates.check_chain(got.chain)
        certificates.check_pair(got.chain, got.key)
        additions.certificate_part(got.chain, got.key)
        facts = certificates.read(got.chain)

        def note(session: Session, row: Issuance) -> None:
            now = datetime.now(UTC)
            row.issuer, row.chain, row.key, row.renews = got.issuer, got.chain, Hidden(got.key), None
            row.attempts, row.problem = 0, None
            row.tries = written(now + schedules.rest_after(facts))
            ended = None if got.order is None else session.get(AcmeOrder, got.order)
            if ended is not None:
                ended.ended, ended.key, ended.is_kept = written(now), None, True

        self._note(name, note)
        logger.info("the certificate for %s is good until %s", name, f"{facts.not_after:%Y-%m-%d}")

    def fail(self, name: str, error: NoCertificateError) -> None:
        """Note why there is none, and until when nothing is tried again."""

        def note(_session: Session, row: Issuance) -> None:
            row.attempts += 1
            row.problem = freeze(error.why)
            wait = schedules.retry_after(error.failure, row.attempts, error.wait)
            row.tries = written(datetime.now(UTC) + (SOON if isinstance(error, ShortLivedError) else wait))

        self._note(name, note)
        if error.wait is not None and self.account is not None:
            self._asked[name] = self.account.directory, datetime.now(UTC) + error.wait

    def hasten(self, name: str) -> None:
        """Let what failed be tried again now, by whichever service gets certificates."""

        def note(_session: Session, row: Issuance) -> None:
            row.tries = None

        self._note(name, note)

    def advise(self, name: str, advised: datetime) -> None:
        """Note when a certificate is to be renewed, as its CA says."""

        def note(_session: Session, row: Issuance) -> None:
            row.renews = written(advised)

        if advised != self.find(name).renews:
            self._note(name, note)

    def _note(self, name: str, note: Callable[[Session, Issuance], None]) -> None:
        with self._database.writing() as session:
            row = issuances.get(session, name)
            note(session, row)
            session.flush()
            held = read(row)
        self._held = {**(self._held or {}), name: held}
