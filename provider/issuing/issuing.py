"""Getting certificates for domains: at what times, how many at once, and what is laid over the desired state of it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from provider.authority import Authority
from provider.database.database import Database
from provider.duties import Duty
from provider.edges.missing import Awaited
from provider.edges.registry import Edges
from provider.edges.waiting import wait_for
from provider.errors import FieldError, Invalid, ProviderError, TooMany, Unavailable
from provider.issuing import accounts, additions
from provider.issuing.accounts import OrderingAccount
from provider.issuing.challenges import Challenges
from provider.issuing.failures import FailureKind, NoCertificateError
from provider.issuing.held import LOCAL, Obtained
from provider.issuing.holdings import HELD, SOON, Holdings
from provider.issuing.means import Means
from provider.issuing.ordered import HTTP, Offer, host_of
from provider.issuing.orders import Orders
from provider.issuing.threads import aside
from provider.listening import DefaultEntryPoints
from provider.loops import Bell
from provider.messages import Message
from provider.models import IssuanceOutput, IssuanceState
from provider.nouns import Domain
from provider.overlays import Overlay
from provider.parts import Parts
from provider.serving import Serving
from provider.snapshots import ReloadCause, Snapshot
from provider.values import Refusal

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS: Final = 300.0
"""However far away the next renewal is: the clock may be set meanwhile."""

_MOST_AT_ONCE: Final = 4
_SERVED_SECONDS: Final = 20.0
"""For so long it is waited until edges lead challenges here. What they do then is seen."""

_ASKS_AGAIN_SECONDS: Final = 6 * 3_600.0
"""When a CA is asked again when to renew, unless it says so. By the loop's clock: nobody sets that."""


class Issuing:
    """Gets certificates. Any thread may ask; what it does runs in the event loop's."""

    def __init__(
        self,
        database: Database,
        serving: Serving,
        edges: Edges,
        authority: Authority | None,
        means: Means,
        points: DefaultEntryPoints,
        duty: Duty,
    ) -> None:
        """With the `duty` it is this service that gets them, of those on the same database."""
        self._duty = duty
        self._database = database
        self._serving = serving
        self._edges = edges
        self._authority = authority
        self._means = means
        self._points = points
        self.challenges = Challenges(database)
        self.holdings = Holdings(database, authority, means)
        """What there is so far."""

        self._orders = Orders(database, self.challenges, means)
        self._working: dict[str, asyncio.Task[None]] = {}
        self._hurried: set[str] = set()
        self._asks_at: dict[str, float] = {}
        self._asking: asyncio.Task[None] | None = None
        self._subscribers: list[Callable[[str, IssuanceOutput], None]] = []
        self._told: dict[str, IssuanceOutput] = {}
        self._bell = Bell()
        serving.add(self.lay_over)
        serving.subscribe(self._came)

    def lay_over(self, desired: Snapshot, _parts: Parts) -> Overlay:
        """Return what is laid over a snapshot. What there is was read before any edge is answered."""
        holdings = self.holdings
        parts = {name: held.part for name, held in holdings.list_all().items() if held.part is not None}
        wanted = holdings.want(desired.listening)
        challenged = [name for name in wanted if holdings.find_kind(name) == HTTP]
        return additions.lay_over(wanted, parts, challenged, self._means.edge_url, self._points)

    def find_awaited(self, names: Iterable[str]) -> list[Awaited]:
        """Return the certificates that edges have to have of some domains. Nobody waits for what will not come."""
        found = []
        for name in names:
            if name in self.holdings.wanted:
                trouble = self.holdings.find_trouble(name)
                is_settled = trouble is not None and (
                    not self._is_tried(name) or self.holdings.find_refusal(name) is not None
                )
                why = trouble or Message("it has no certificate for {name} yet", name=name)
                found.append(Awaited(additions.key_of(name), why, is_settled=is_settled))
        return found

    @property
    def has_local_authority(self) -> bool:
        """Whether the names of this machine get their certificates from a CA of its own."""
        return self._authority is not None

    def stand(self, name: str) -> IssuanceOutput | None:
        """Say how it is with the certificate of a domain, an A-label; None for one that wants none from here."""
        if name not in self.holdings.wanted:
            return None
        return self.holdings.stand(name, datetime.now(UTC), is_tried=self._is_tried(name))

    def subscribe(self, subscriber: Callable[[str, IssuanceOutput], None]) -> None:
        """Call `subscriber` with a domain whenever it is otherwise with its certificate. Any thread may."""
        self._subscribers.append(subscriber)

    def _tell(self, names: Iterable[str]) -> None:
        for name in names:
            standing = self.stand(name)
            if standing is not None and self._told.get(name) != standing:
                self._told[name] = standing
                for subscriber in self._subscribers:
                    subscriber(name, standing)

    def check_retry(self, domain: Domain) -> None:
        """Check that a certificate can be tried again now. Raises `Invalid`, `TooMany` and `Unavailable`."""
        name, now = domain.key, datetime.now(UTC)
        standing = self.stand(name)
        if standing is None:
            told = Message("{name} does not get its certificate from wayshub-provider: set tls.from to acme", name=name)
            raise Invalid([FieldError("/name", "acme.unwanted", told, "path")])
        if standing.state is IssuanceState.BLOCKED:
            raise Invalid([FieldError("/name", "acme.blocked", standing.why or "", "path")])
        if standing.state is IssuanceState.HELD:
            at = "" if standing.next is None else f"{standing.next:%Y-%m-%d}"
            told = Message(
                "the certificate of {name} is good, and is renewed on {at}: there is nothing to retry", name=name, at=at
            )
            raise Invalid([FieldError("/name", "acme.held", told, "path")])
        account = self.holdings.account
        if account is None or self._is_tried(name) or self.holdings.find_kind(name) == LOCAL:
            return
        asked = self.holdings.find_asked(name)
        if asked is not None and asked > now:
            at = f"{asked:%Y-%m-%d %H:%M} UTC"
            told = Message("the CA {ca} asks to wait until {at}", ca=host_of(account.directory), at=at)
            raise TooMany((asked - now).total_seconds(), told)
        reached = self._orders.find_limit(account.directory, name)
        if reached is not None:
            raise TooMany((reached.until - now).total_seconds(), reached.why)

    def retry(self, name: str) -> None:
        """Try again now, as `check_retry` allows. May be called from any thread."""
        if self._duty.is_had:
            self._hurried.add(name)
            self._bell.ring()
        else:
            self.holdings.hasten(name)

    def _is_tried(self, name: str) -> bool:
        return name in self._working or name in self._hurried

    def choose(self, account: OrderingAccount | None) -> None:
        """Order with an account from now on. May be called from any thread."""
        self.holdings.account = account
        self._hurry(self.holdings.wanted)
        self._serving.renew(ReloadCause.CERTIFICATE)
        self._bell.ring()

    def heard(self, tables: frozenset[str] | None) -> None:
        """Hear that another service has committed something to these tables: what it has got is served here too."""
        self.challenges.heard(tables)
        if self.holdings.is_read and (tables is None or tables & HELD):
            account, wanted = self.holdings.account, self.holdings.wanted
            before = {name: self.stand(name) for name in wanted}
            with contextlib.suppress(Unavailable):
                self.holdings.reread()
            if account != self.holdings.account:
                self._hurry(self.holdings.wanted)
            self._tell(name for name in wanted if self.stand(name) != before[name])
            self._serving.renew(ReloadCause.CERTIFICATE)
            self._bell.ring()

    def _hurry(self, names: Iterable[str]) -> None:
        """Try these again at once, unless another service gets them, which finds out by itself."""
        if self._duty.is_had:
            self._hurried.update(names)

    def find_offer(self, directory: str) -> Offer:
        """Return what a CA says of itself. Blocks. Raises `NoCertificateError`."""
        return accounts.find_offer(directory, self._means)

    def tell_ca(self) -> None:
        """Tell the CA what was changed about the account there. Blocks. What fails is noted where the CA is shown."""
        with contextlib.suppress(Unavailable):
            accounts.tell(self._database, self._means)

    async def keep(self) -> None:
        """Get what is wanted and due, until cancelled."""
        self._bell.enter()
        await aside(self._make_authority)
        try:
            while True:
                await self._bell.wait(self._begin())
        finally:
            for task in filter(None, [*self._working.values(), self._asking]):
                task.cancel()

    def _make_authority(self) -> None:
        try:
            if self._authority is not None:
                self._authority.make()
                self._serving.renew(ReloadCause.CERTIFICATE)
        except Unavailable as error:
            logger.warning("%s", error.detail)

    def _came(self, snapshot: Snapshot) -> None:
        wanted = self.holdings.wanted
        self._hurry(name for kind, name in snapshot.changed if kind == "domain" and name in wanted)
        self._bell.ring()

    def _begin(self) -> float:
        """Begin to get what is due. Returns for how many seconds nothing more is."""
        current, now = self._serving.current, datetime.now(UTC)
        if current is None or not self.holdings.is_read or not self._duty.is_had:
            return 1.0
        left = _LONGEST_PAUSE_SECONDS
        for name in self.holdings.want(current.listening):
            if name in self._working or self.holdings.find_refusal(name) is not None:
                continue
            self._ask_when_to_renew(name)
            due = self.holdings.find_due(name, now, is_hurried=name in self._hurried)
            if due > now:
                self._hurried.discard(name)
                left = min(left, max((due - now).total_seconds(), 1.0))
            elif len(self._working) < _MOST_AT_ONCE:
                self._hurried.discard(name)
                self._working[name] = asyncio.create_task(self._get(name))
                self._tell([name])
        return left

    # When CAs want certificates to be renewed

    def _ask_when_to_renew(self, name: str) -> None:
        """Let its CA be asked now and then when a certificate is to be renewed: one that is revoked is, at once."""
        held, account = self.holdings.find(name), self.holdings.account
        is_asking = self._asking is not None and not self._asking.done()
        if held.chain is None or account is None or held.issuer != account.directory or is_asking:
            return
        now = asyncio.get_running_loop().time()
        if self._asks_at.get(name, now) <= now:
            self._asks_at[name] = now + _ASKS_AGAIN_SECONDS
            self._asking = asyncio.create_task(self._take_advice(name, held.chain))

    async def _take_advice(self, name: str, chain: str) -> None:
        try:
            ca = await aside(accounts.connect, self._database, self._means)
            if ca is not None:
                advised, wait = await aside(ca.advise, chain)
                self._asks_at[name] = asyncio.get_running_loop().time() + wait.total_seconds()
                if advised is not None:
                    await aside(self.holdings.advise, name, advised)
        except (NoCertificateError, ProviderError) as error:
            logger.debug("when to renew the certificate for %s is unknown: %s", name, error)
        finally:
            self._bell.ring()

    # How one is got

    async def _get(self, name: str) -> None:
        """Get a certificate, or note why there is none. Nothing that goes wrong stops the others, or is tried at once.

        What nobody has thought of is a bug: it is logged, as a request that meets one is.
        """
        try:
            kind, authority = self.holdings.find_kind(name), self._authority
            if kind == LOCAL and authority is not None:
                signed = await aside(authority.issue, [name])
                got = Obtained(signed.chain, signed.key, LOCAL)
            else:
                got = await self._orders.obtain(name, kind, self.holdings.find(name), self._served)
            await aside(self._keep, name, got)
            self._asks_at.pop(name, None)
        except NoCertificateError as error:
            await self._failed(name, error)
        except (ProviderError, Refusal) as error:
            await self._failed(name, NoCertificateError(FailureKind.AUTHORITY, error.detail))
        except Exception:  # a bug: other names get theirs all the same
            logger.exception("no certificate for %s", name)
            told = Message("this is a bug in wayshub-provider; see its log")
            await self._failed(name, NoCertificateError(FailureKind.AUTHORITY, told))
        finally:
            self._working.pop(name, None)
            self._tell([name])
            self._bell.ring()

    def _keep(self, name: str, got: Obtained) -> None:
        self.holdings.keep(name, got)
        self._serving.renew(ReloadCause.CERTIFICATE)

    async def _served(self) -> None:
        """Wait until edges lead challenges here as the newest document does, or so long that it does not matter."""

        def find() -> list[Awaited]:
            current = self._serving.current
            part = None if current is None else current.parts.find(additions.ROUTER)
            return [Awaited(additions.ROUTER, "", is_settled=False, part=part)]

        await wait_for(self._edges, 0, _SERVED_SECONDS, lambda _router: False, find)

    async def _failed(self, name: str, error: NoCertificateError) -> None:
        before = self.holdings.find(name).problem
        try:
            await aside(self.holdings.fail, name, error)
        except Unavailable as trouble:
            logger.warning("the state of the certificate for %s cannot be saved: %s", name, trouble.detail)
            await asyncio.sleep(SOON.total_seconds())
        if before != error.why:
            logger.warning("no certificate for %s: %s", name, error.why)
