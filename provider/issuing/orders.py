"""Orders: what is stored when, so that a process which is killed at any moment neither loses nor doubles one.

An order is stored with its key before the CA hears of it, and where it is at the CA as soon as that is known. From
then on the CA knows best how it is with it: each step follows from what it says.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from provider.database.database import Database
from provider.issuing import accounts, leading, limits
from provider.issuing.challenges import Challenges
from provider.issuing.dns_records import DnsRecords
from provider.issuing.failures import (
    AccountGoneError,
    FailureKind,
    NoCertificateError,
    OrderGoneError,
    ShortLivedError,
    not_led,
)
from provider.issuing.held import Obtained
from provider.issuing.limits import Reached
from provider.issuing.means import Means
from provider.issuing.ordered import DNS, HTTP, Authorization, Challenge, OrderAtCA, make_key
from provider.issuing.schedules import written
from provider.issuing.threads import aside
from provider.messages import Message
from provider.models import AcmeOrder
from provider.nouns.types import Hidden
from provider.store import acme

if TYPE_CHECKING:
    from provider.issuing.ca import AcmeCA

_LONGEST_SECONDS: Final = 600.0
_FIRST_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Open:
    number: int
    key: str
    url: str | None


class Orders:
    """Orders certificates, one for a name at a time."""

    def __init__(self, database: Database, challenges: Challenges, means: Means) -> None:
        self._database = database
        self._challenges = challenges
        self._means = means

    async def obtain(self, name: str, kind: str, is_served: Callable[[], Awaitable[None]]) -> Obtained:
        """Return a certificate for a name, by the order that there is or a new one. Raises `NoCertificateError`.

        `kind` is that of the challenge; `is_served` waits until edges lead to this service what the CA will ask for.
        """
        ca = await aside(accounts.connect, self._database, self._means)
        if ca is None:
            raise not_led(Message("no CA is chosen"))
        try:
            return await self._obtain(ca, name, kind, is_served)
        except AccountGoneError:
            await aside(accounts.forget, self._database, ca.directory)
            raise

    def find_limit(self, directory: str, name: str) -> Reached | None:
        """Find what forbids one more order of a name. Raises `Unavailable`."""
        with self._database.reading() as session:
            return limits.find_reached(session, directory, name, datetime.now(UTC))

    async def _obtain(self, ca: "AcmeCA", name: str, kind: str, is_served: Callable[[], Awaitable[None]]) -> Obtained:
        opened = await aside(self._find, ca.directory, name)
        is_resumed = False
        if opened is not None and opened.url is not None:
            is_resumed = True
            order = await self._resume(ca, opened.number, opened.url)
        else:
            await self._check(ca, name, kind, is_served)
            if opened is None:
                opened = await aside(self._begin, ca.directory, name)
            order = await aside(ca.order, name, opened.key)
            await aside(self._note, opened.number, order.url)
        async with DnsRecords(self._means, self._database, name) as records:
            done = await self._follow(ca, order, opened, (name, kind), records, is_resumed=is_resumed)
        chain = await aside(ca.download, done)
        return Obtained(chain, opened.key, ca.directory, opened.number)

    async def _check(self, ca: "AcmeCA", name: str, kind: str, is_served: Callable[[], Awaitable[None]]) -> None:
        """Check what can be before a CA is asked for a certificate."""
        await aside(self._count, ca.directory, name)
        await aside(ca.check_clock)
        if kind == HTTP:
            await is_served()
            if not self._means.is_unchecked:
                async with self._challenges.question() as (token, content):
                    await aside(leading.check, name, token, content, self._means)

    async def _resume(self, ca: "AcmeCA", number: int, url: str) -> OrderAtCA:
        try:
            return await aside(ca.look, url)
        except OrderGoneError as error:
            await aside(self._end, number)
            raise ShortLivedError(error.failure, error.why) from error

    async def _follow(
        self,
        ca: "AcmeCA",
        order: OrderAtCA,
        opened: _Open,
        about: tuple[str, str],
        records: DnsRecords,
        *,
        is_resumed: bool,
    ) -> OrderAtCA:
        """Do what an order needs next, until it has its certificate."""
        name, kind = about
        loop = asyncio.get_running_loop()
        deadline, pause, tokens = loop.time() + _LONGEST_SECONDS, _FIRST_PAUSE_SECONDS, set[str]()
        asked: set[str] = set()
        try:
            while True:
                if order.status == "valid":
                    return order
                if order.status == "invalid":
                    await aside(self._end, opened.number)
                    raise _invalid(ca, order, is_resumed=is_resumed)
                if order.status == "ready":
                    await aside(ca.finalize, order, name, opened.key)
                elif order.status == "pending":
                    for each in order.authorizations:
                        await self._show(ca, each, kind, records, tokens, asked)
                if loop.time() > deadline:
                    raise NoCertificateError(
                        FailureKind.AUTHORITY, Message("the CA {ca} has not finished yet", ca=ca.name)
                    )
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
                order = await aside(ca.look, order.url)
        finally:
            for token in tokens:
                await aside(self._challenges.withdraw, token)

    async def _show(
        self,
        ca: "AcmeCA",
        authorization: Authorization,
        kind: str,
        records: DnsRecords,
        tokens: set[str],
        asked: set[str],
    ) -> None:
        """Put what a CA looks for where it looks, and let it look."""
        if authorization.status != "pending":
            return
        challenge = authorization.find(kind)
        if challenge is None:
            told = {"ca": ca.name, "name": authorization.name, "kind": kind}
            raise NoCertificateError(
                FailureKind.AUTHORITY, Message("the CA {ca} does not offer {kind} for {name}", **told)
            )
        await self._put(challenge, records, tokens)
        if challenge.status == "pending" and challenge.url not in asked:
            await aside(ca.answer, challenge)
            asked.add(challenge.url)

    async def _put(self, challenge: Challenge, records: DnsRecords, tokens: set[str]) -> None:
        if challenge.kind == DNS:
            await records.put(challenge.content)
        else:
            await aside(self._challenges.publish, challenge.token, challenge.content)
            tokens.add(challenge.token)

    # What is stored

    def _find(self, directory: str, name: str) -> _Open | None:
        with self._database.reading() as session:
            found = acme.find_open(session, name, directory)
            return None if found is None or found.id is None else _Open(found.id, str(found.key), found.url)

    def _begin(self, directory: str, name: str) -> _Open:
        key = make_key()
        with self._database.writing() as session:
            acme.prune(session, _ago(timedelta(days=30)))
            order = AcmeOrder(name=name, directory=directory, created=_ago(timedelta(0)), key=Hidden(key))
            session.add(order)
            session.flush()
            assert order.id is not None  # noqa: S101  # for the type checker
            return _Open(order.id, key, None)

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
