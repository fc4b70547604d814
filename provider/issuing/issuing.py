"""Getting certificates for domains: who signs, when, what is kept of it and what is laid over the desired state.

What it has got is in the database, and in memory for the document. It is written outside of revisions: a renewal
changes nothing that anybody wanted.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from provider import certificates
from provider.authority import Authority
from provider.database.file import Database
from provider.database.sessions import Session
from provider.edges.missing import Awaited
from provider.edges.registry import Edges
from provider.errors import ProviderError, Unavailable
from provider.issuing import accounts, additions, late, schedules
from provider.issuing.accounts import OrderingAccount
from provider.issuing.challenges import Challenges
from provider.issuing.failures import FailureKind, NoCertificateError, ShortLivedError
from provider.issuing.held import LOCAL, HeldCertificate, read
from provider.issuing.means import Means
from provider.issuing.ordered import DNS, HTTP, host_of, make_key
from provider.issuing.orders import Orders
from provider.issuing.schedules import written
from provider.issuing.threads import aside
from provider.listening import DefaultEntryPoints, Listening
from provider.messages import Message, freeze
from provider.models import AcmeOrder, Issuance
from provider.nouns.types import Hidden
from provider.overlays import Overlay
from provider.serving import Serving
from provider.snapshots import Snapshot
from provider.store import acme, issuances
from provider.values import Refusal

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS: Final = 300.0
"""However far away the next renewal is: the clock may be set meanwhile."""

_MOST_AT_ONCE: Final = 4
_SERVED_SECONDS: Final = 20.0
"""For so long it is waited until edges lead challenges here. What they do then is seen."""

_ASKS_AGAIN: Final = timedelta(hours=6)
"""When a CA is asked again when to renew, unless it says so."""

_SOON: Final = timedelta(seconds=2)
_NOTHING: Final = HeldCertificate()


class Issuing:
    """The certificates that this service gets. Any thread may ask; what it does runs in the event loop's."""

    def __init__(
        self,
        database: Database,
        serving: Serving,
        edges: Edges,
        authority: Authority | None,
        means: Means,
        points: DefaultEntryPoints,
    ) -> None:
        self._database = database
        self._serving = serving
        self._edges = edges
        self._authority = authority
        self._means = means
        self._points = points
        self.challenges = Challenges()
        self._orders = Orders(database, self.challenges, means)
        self._held: Mapping[str, HeldCertificate] | None = None
        self._account: OrderingAccount | None = None
        self._wanted: tuple[Listening | None, list[str]] = (None, [])
        self._working: dict[str, asyncio.Task[None]] = {}
        self._hurried: set[str] = set()
        self._asks_at: dict[str, datetime] = {}
        self._is_asking = False
        self._asking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._call = asyncio.Event()
        serving.add(self.lay_over)
        serving.subscribe(self._came)

    # What there is

    def lay_over(self, desired: Snapshot) -> Overlay:
        """Return what is laid over a snapshot. What there is was read before any edge is answered."""
        parts = {name: held.part for name, held in self._known().items() if held.part is not None}
        wanted = self._find_wanted(desired.listening)
        challenged = [name for name in wanted if self._find_kind(name) == HTTP]
        return additions.lay_over(wanted, parts, challenged, self._means.edge_url, self._points)

    def find(self, name: str) -> HeldCertificate:
        """Return how it is with the certificate of a domain, an A-label."""
        return (self._held or {}).get(name, _NOTHING)

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
        kind, account = self._find_kind(name), self._account
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

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is wrong, by the names of the domains that are wanted."""
        found = {name: self.find_trouble(name) for name in self._wanted[1]}
        return {name: told for name, told in found.items() if told is not None}

    def find_awaited(self, names: Iterable[str]) -> list[Awaited]:
        """Return the certificates that edges have to have of some domains. Nobody waits for what will not come."""
        found = []
        for name in names:
            if name in self._wanted[1]:
                trouble = self.find_trouble(name)
                is_tried = name in self._working or name in self._hurried
                is_settled = trouble is not None and (not is_tried or self.find_refusal(name) is not None)
                why = trouble or Message("it has no certificate for {name} yet", name=name)
                found.append(Awaited(additions.key_of(name), why, is_settled=is_settled))
        return found

    def _find_kind(self, name: str) -> str:
        """Return how it is shown that a name is ours: not at all, where the local authority signs."""
        if self._signs_locally(name):
            return LOCAL
        is_dns = name.startswith("*.") or (self._account is not None and self._account.challenge == DNS)
        return DNS if is_dns else HTTP

    def _signs_locally(self, name: str) -> bool:
        try:
            return self._authority is not None and self._authority.signs(name)
        except Unavailable as error:
            logger.debug("%s", error.detail)
            return False

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
                self._account = accounts.read(acme.find_account(session))
                self._held = {row.name: read(row) for row in issuances.list_all(session)}
        return self._held

    # What is done

    def choose(self, account: OrderingAccount | None) -> None:
        """Order with an account from now on. May be called from any thread."""
        self._account = account
        self._hurried.update(self._wanted[1])
        self._serving.renew()
        self._wake()

    def find_terms(self, directory: str) -> str | None:
        """Return where the terms of a CA are, if it answers and says so. Blocks."""
        with contextlib.suppress(NoCertificateError):
            return late.connect_ca(directory, make_key(), None, self._means.ca_file).find_terms()
        return None

    async def keep(self) -> None:
        """Get what is wanted and due, until cancelled."""
        self._loop = asyncio.get_running_loop()
        await aside(self._make_authority)
        try:
            while True:
                self._call.clear()
                seconds = self._begin()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._call.wait(), seconds)
        finally:
            for task in filter(None, [*self._working.values(), self._asking]):
                task.cancel()

    def _make_authority(self) -> None:
        try:
            if self._authority is not None:
                self._authority.make()
                self._serving.renew()
        except Unavailable as error:
            logger.warning("%s", error.detail)

    def _came(self, snapshot: Snapshot) -> None:
        self._hurried.update(name for kind, name in snapshot.changed if kind == "domain" and name in self._wanted[1])
        self._wake()

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._call.set)

    def _begin(self) -> float:
        """Begin to get what is due. Returns for how many seconds nothing more is."""
        current, now = self._serving.current, datetime.now(UTC)
        if current is None or self._held is None:
            return 1.0
        left = _LONGEST_PAUSE_SECONDS
        for name in self._find_wanted(current.listening):
            if name in self._working or self.find_refusal(name) is not None:
                continue
            self._ask_when_to_renew(name, now)
            due = self._due(name, now)
            if due > now:
                self._hurried.discard(name)
                left = min(left, max((due - now).total_seconds(), 1.0))
            elif len(self._working) < _MOST_AT_ONCE:
                self._hurried.discard(name)
                self._working[name] = asyncio.create_task(self._get(name))
        return left

    def _ask_when_to_renew(self, name: str, now: datetime) -> None:
        """Let its CA be asked now and then when a certificate is to be renewed: one that is revoked is, at once."""
        held, account = self.find(name), self._account
        if held.chain is None or account is None or held.issuer != account.directory or self._is_asking:
            return
        if self._asks_at.get(name, now) <= now:
            self._is_asking = True
            self._asks_at[name] = now + _ASKS_AGAIN
            self._asking = asyncio.create_task(self._take_advice(name, held.chain))

    async def _take_advice(self, name: str, chain: str) -> None:
        try:
            ca = await aside(accounts.connect, self._database, self._means)
            if ca is not None:
                advised, wait = await aside(ca.advise, chain)
                self._asks_at[name] = datetime.now(UTC) + wait
                if advised is not None and advised != self.find(name).renews:
                    await aside(self._note, name, lambda _session, row: setattr(row, "renews", written(advised)))
        except (NoCertificateError, ProviderError) as error:
            logger.debug("when to renew the certificate for %s is unknown: %s", name, error)
        finally:
            self._is_asking = False
            self._call.set()

    def _due(self, name: str, now: datetime) -> datetime:
        """Return when a certificate is to be got."""
        held = self.find(name)
        wanted = self._renews_at(held)
        if name in self._hurried and (held.attempts or not self._is_of_now(held)):
            return wanted
        return max(wanted, schedules.waits_until(held.tries, now))

    def _renews_at(self, held: HeldCertificate) -> datetime:
        """Return when another one is to be got: at once, where the one that there is is not from who signs now."""
        if held.facts is None or not self._is_of_now(held):
            return datetime.min.replace(tzinfo=UTC)
        return schedules.renews_at(held.facts, held.renews)

    def _is_of_now(self, held: HeldCertificate) -> bool:
        return held.issuer == LOCAL or self._account is None or held.issuer == self._account.directory

    async def _get(self, name: str) -> None:
        try:
            if self._find_kind(name) == LOCAL:
                await aside(self._sign, name)
            else:
                await self._order(name)
        except NoCertificateError as error:
            await self._failed(name, error)
        except (ProviderError, Refusal) as error:
            await self._failed(name, NoCertificateError(FailureKind.AUTHORITY, error.detail))
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("no certificate for %s", name)
            await self._failed(
                name,
                NoCertificateError(FailureKind.AUTHORITY, Message("this is a bug in wayshub-provider: see its log")),
            )
        finally:
            self._working.pop(name, None)
            self._call.set()

    def _sign(self, name: str) -> None:
        if self._authority is not None:
            signed = self._authority.issue([name])
            self._keep(name, signed.chain, signed.key, LOCAL, None)

    async def _order(self, name: str) -> None:
        found = await self._orders.obtain(name, self._find_kind(name), self._served)
        await aside(self._keep, name, found.chain, found.key, found.directory, found.order)

    async def _served(self) -> None:
        """Wait until edges lead challenges here as the newest document does, or so long that it does not matter."""

        def find() -> list[Awaited]:
            current = self._serving.current
            part = None if current is None else current.parts.find(additions.ROUTER)
            return [Awaited(additions.ROUTER, "", is_settled=False, part=part)]

        await self._edges.confirmed(0, _SERVED_SECONDS, lambda _router: False, find)

    def _keep(self, name: str, chain: str, key: str, issuer: str, order: int | None) -> None:
        """Keep a certificate, and serve it. Raises a `Refusal` and `Unverified` for one that edges could not use."""
        certificates.check_chain(chain)
        certificates.check_pair(chain, key)
        additions.certificate_part(chain, key)

        facts = certificates.read(chain)

        def note(session: Session, row: Issuance) -> None:
            row.issuer, row.chain, row.key, row.renews = issuer, chain, Hidden(key), None
            row.attempts, row.problem = 0, None
            row.tries = written(datetime.now(UTC) + schedules.rest_after(facts))
            ended = None if order is None else session.get(AcmeOrder, order)
            if ended is not None:
                ended.ended, ended.key, ended.is_kept = written(datetime.now(UTC)), None, True

        self._note(name, note)
        logger.info("the certificate for %s is good until %s", name, f"{facts.not_after:%Y-%m-%d}")
        self._serving.renew()

    async def _failed(self, name: str, error: NoCertificateError) -> None:
        before = self.find(name)

        def note(_session: Session, row: Issuance) -> None:
            row.attempts += 1
            row.problem = freeze(error.why)
            wait = schedules.retry_after(error.failure, row.attempts, error.wait)
            row.tries = written(datetime.now(UTC) + (_SOON if isinstance(error, ShortLivedError) else wait))

        try:
            await aside(self._note, name, note)
        except Unavailable as trouble:
            logger.warning("the state of the certificate for %s cannot be saved: %s", name, trouble.detail)
            await asyncio.sleep(_SOON.total_seconds())
        if before.problem != error.why:
            logger.warning("no certificate for %s: %s", name, error.why)

    def _note(self, name: str, note: Callable[[Session, Issuance], None]) -> None:
        with self._database.writing() as session:
            row = issuances.get(session, name)
            note(session, row)
            session.flush()
            held = read(row)
        self._held = {**(self._held or {}), name: held}
