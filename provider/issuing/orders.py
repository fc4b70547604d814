"""Orders: what is stored when, so that a process which is killed at any moment neither loses nor doubles one.

An order is stored with its key before the CA hears of it, and where it is at the CA as soon as that is known. From
then on the CA knows best how it is with it: each step follows from what it says.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakValueDictionary

from provider.database.database import Database
from provider.issuing import accounts, leading, limits
from provider.issuing.challenges import Challenges
from provider.issuing.dns_records import DnsRecords, record_of
from provider.issuing.failures import (
    AccountGoneError,
    AwayError,
    FailureKind,
    NoCertificateError,
    OrderGoneError,
    ShortLivedError,
    not_led,
)
from provider.issuing.held import HeldCertificate, Obtained
from provider.issuing.limits import Reached
from provider.issuing.means import Means
from provider.issuing.ordered import DNS, HTTP, Authorization, Challenge, OrderAtCA, make_key
from provider.issuing.schedules import written
from provider.issuing.threads import aside
from provider.messages import Message
from provider.models import AcmeOrder
from provider.nouns.texts import Hidden
from provider.store import acme

if TYPE_CHECKING:
    from provider.issuing.ca import AcmeCA

T = TypeVar("T")
U = TypeVar("U")

_LONGEST_SECONDS: Final = 600.0
_PATIENT_SECONDS: Final = 60.0
"""For so long a CA is asked again that does not answer: it may be looking for what is shown to it meanwhile."""

_FIRST_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class _OpenOrder:
    number: int
    key: str
    url: str | None


@dataclass(frozen=True, slots=True)
class _Showing:
    """How a CA is shown that a name is ours, what it may look for now, and where it was told to look."""

    name: str
    kind: str
    records: DnsRecords
    tokens: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)


class Orders:
    """Orders certificates, one for a name at a time."""

    def __init__(self, database: Database, challenges: Challenges, means: Means) -> None:
        self._database = database
        self._challenges = challenges
        self._means = means
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def obtain(
        self, name: str, kind: str, held: HeldCertificate, is_served: Callable[[], Awaitable[None]]
    ) -> Obtained:
        """Return a certificate for a name, by the order that there is or a new one. Raises `NoCertificateError`.

        `kind` is that of the challenge, `held` the one that there is; `is_served` waits until edges lead to this
        service what the CA will ask for.
        """
        ca = await aside(accounts.connect, self._database, self._means)
        if ca is None:
            raise not_led(Message("no CA is chosen"))
        try:
            return await self._obtain(ca, name, kind, held, is_served)
        except AccountGoneError:
            await aside(accounts.forget, self._database, ca.directory)
            raise

    def find_limit(self, directory: str, name: str) -> Reached | None:
        """Find what forbids one more order of a name. Raises `Unavailable`."""
        with self._database.reading() as session:
            return limits.find_reached(session, directory, name, datetime.now(UTC))

    async def _obtain(
        self, ca: "AcmeCA", name: str, kind: str, held: HeldCertificate, is_served: Callable[[], Awaitable[None]]
    ) -> Obtained:
        opened = await aside(self._find, ca.directory, name)
        is_resumed = False
        if opened is not None and opened.url is not None:
            is_resumed = True
            order = await self._resume(ca, opened.number, opened.url)
        else:
            await self._check(ca, name, kind, is_served, is_renewal=held.facts is not None)
            if opened is None:
                opened = await aside(self._begin, ca.directory, name)
            url = await aside(ca.order, name, held.chain if held.issuer == ca.directory else None)
            await aside(self._note, opened.number, url)
            order = await _patiently(ca.look, url)
        async with self._turn(name), DnsRecords(self._means, self._database, name) as records:
            done = await self._follow(ca, order, opened, _Showing(name, kind, records), is_resumed=is_resumed)
        downloaded = await _patiently(ca.download, done)
        await aside(accounts.note_roots, self._database, ca.directory, downloaded.roots)
        return Obtained(downloaded.chain, opened.key, ca.directory, opened.number)

    def _turn(self, name: str) -> asyncio.Lock:
        """Return whose turn it is at the record of a name, which a wildcard shares with the name that it is of.

        What sets records may have room for one text only, or take all of them away.
        """
        return self._turns.setdefault(record_of(name), asyncio.Lock())

    async def _check(
        self, ca: "AcmeCA", name: str, kind: str, is_served: Callable[[], Awaitable[None]], *, is_renewal: bool
    ) -> None:
        """Check what can be before a CA is asked for a certificate."""
        await aside(self._count, ca.directory, name)
        await aside(ca.check_clock)
        if kind == HTTP:
            await is_served()
            if not self._means.is_unchecked:
                async with self._challenges.question() as (token, content):
                    await aside(leading.check, name, token, content, self._means, is_renewal=is_renewal)

    async def _resume(self, ca: "AcmeCA", number: int, url: str) -> OrderAtCA:
        try:
            return await aside(ca.look, url)
        except OrderGoneError as error:
            await aside(self._end, number)
            raise ShortLivedError(error.failure, error.why) from error

    async def _follow(
        self, ca: "AcmeCA", order: OrderAtCA, opened: _OpenOrder, showing: _Showing, *, is_resumed: bool
    ) -> OrderAtCA:
        """Do what an order needs next, until it has its certificate."""
        loop = asyncio.get_running_loop()
        deadline, pause, is_heard = loop.time() + _LONGEST_SECONDS, _FIRST_PAUSE_SECONDS, True
        try:
            while True:
                if order.status == "valid":
                    return order
                if order.status == "invalid":
                    await aside(self._end, opened.number)
                    raise _invalid(ca, order, is_resumed=is_resumed)
                try:
                    await self._advance(ca, order, opened, showing)
                    is_heard = True
                except AwayError:
                    if not is_heard:
                        raise
                    is_heard = False  # it may have heard all the same: how it is with the order says so
                if loop.time() > deadline:
                    raise NoCertificateError(
                        FailureKind.AUTHORITY, Message("the CA {ca} has not finished yet", ca=ca.name)
                    )
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
                order = await _patiently(ca.look, order.url)
        finally:
            for token in showing.tokens:
                await aside(self._challenges.withdraw, token)

    async def _advance(self, ca: "AcmeCA", order: OrderAtCA, opened: _OpenOrder, showing: _Showing) -> None:
        if order.status == "ready":
            await aside(ca.finalize, order, showing.name, opened.key)
        elif order.status == "pending":
            for each in order.authorizations:
                await self._show(ca, each, showing)

    async def _show(self, ca: "AcmeCA", authorization: Authorization, showing: _Showing) -> None:
        """Put what a CA looks for where it looks, and let it look."""
        if authorization.status != "pending":
            return
        challenge = authorization.find(showing.kind)
        if challenge is None:
            told = {"ca": ca.name, "name": authorization.name, "kind": showing.kind}
            raise NoCertificateError(
                FailureKind.AUTHORITY, Message("the CA {ca} does not offer {kind} for {name}", **told)
            )
        await self._put(challenge, showing)
        if challenge.status == "pending" and challenge.url not in showing.asked:
            await aside(ca.answer, challenge)
            showing.asked.add(challenge.url)

    async def _put(self, challenge: Challenge, showing: _Showing) -> None:
        if challenge.kind == DNS:
            await showing.records.put(challenge.content)
        else:
            await aside(self._challenges.publish, challenge.token, challenge.content)
            showing.tokens.add(challenge.token)

    # What is stored

    def _find(self, directory: str, name: str) -> _OpenOrder | None:
        with self._database.reading() as session:
            found = acme.find_open(session, name, directory)
            return None if found is None or found.id is None else _OpenOrder(found.id, str(found.key), found.url)

    def _begin(self, directory: str, name: str) -> _OpenOrder:
        key = make_key()
        with self._database.writing() as session:
            acme.prune(session, _ago(timedelta(days=30)))
            order = AcmeOrder(name=name, directory=directory, created=_ago(timedelta(0)), key=Hidden(key))
            session.add(order)
            session.flush()
            assert order.id is not None  # noqa: S101  # for the type checker
            return _OpenOrder(order.id, key, None)

    def _note(self, number: int, url: str) -> None:
        with self._database.writing() as session:
            order = session.get(AcmeOrder, number)
            if order is not None:
                order.url = url

    def _end(self, number: int) -> None:
        with self._database.writing() as session:
            order = session.get(AcmeOrder, number)
            if order is not None:
                order.ended, order.key = _ago(timedelta(0)), None

    def _count(self, directory: str, name: str) -> None:
        """Keep to what CAs allow. Raises `NoCertificateError`."""
        reached = self.find_limit(directory, name)
        if reached is not None:
            raise NoCertificateError(FailureKind.VALIDATION, reached.why, reached.until - datetime.now(UTC))


async def _patiently(ask: Callable[[T], U], what: T) -> U:
    """Ask a CA something, again and again for a while if it does not answer. Raises `NoCertificateError`."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + _PATIENT_SECONDS, _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await aside(ask, what)
        except AwayError as error:
            wait = max(pause, 0.0 if error.wait is None else error.wait.total_seconds())
            if loop.time() + wait > deadline:
                raise
        await asyncio.sleep(wait)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)


def _ago(span: timedelta) -> str:
    return written(datetime.now(UTC) - span)


def _invalid(ca: "AcmeCA", order: OrderAtCA, *, is_resumed: bool) -> NoCertificateError:
    """Say what a CA found. What failed while this service was away may be tried again soon."""
    challenges = [challenge for each in order.authorizations for challenge in each.challenges]
    said = next((each.said for each in challenges if each.said is not None), order.said)
    why = Message("the CA {ca} refuses to sign: {why}", ca=ca.name, why=said or Message("it does not say why"))
    return (
        ShortLivedError(FailureKind.VALIDATION, why) if is_resumed else NoCertificateError(FailureKind.VALIDATION, why)
    )
