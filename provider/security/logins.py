"""Logging in and out: what a browser sends, and the session that it is given.

Whether a login failed because of the name or of the password cannot be told, nor measured: both take one
verification and one transaction. Failures slow down the next try, for the account and for the address,
and are kept in the database. Who has logged in from an address before is slowed down there by failures
from there alone; and in a browser in which a person has logged in before, by failures in it alone, so that nobody
else can keep him out, from the same address neither.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from provider import moments
from provider.addresses import find_place
from provider.database.database import Database
from provider.database.sessions import Session
from provider.errors import FieldError, Invalid, TooMany
from provider.messages import Message
from provider.models import AccountSession, Actor, AuditOutcome
from provider.security import passwords, people, secrets, words
from provider.security.access import IDLE, LONGEST
from provider.security.secrets import Secret
from provider.store import accounts, audit

T = TypeVar("T")

FREE_FAILURES: Final = 5
FORGOTTEN: Final = timedelta(minutes=15)
LONGEST_DELAY_SECONDS: Final = 60

_AT_ONCE: Final = 2
"""Verifications at a time: each takes 64 MiB, and all the speed of the machine."""
_MOST_WAITING: Final = 20
_AT_ONCE_OF_KNOWN: Final = 1
"""More of them, for browsers in which somebody has logged in before: they do not wait for strangers."""

_WRONG: Final = Message("this is not the current password")


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is good: the secret for the browser, and the account."""

    secret: Secret
    account: str
    browser: str
    """The secret by which the browser is known from now on."""

    @property
    def credential(self) -> str:
        """The session as it is named in an `Actor`."""
        return f"session:{self.secret.id}"


class _VerifyingTurns:
    """Who may have a password verified now, and how many wait for it."""

    def __init__(self, at_once: int) -> None:
        self._semaphore = asyncio.Semaphore(at_once)
        self._waiting = 0

    async def take(self, work: Callable[[], T]) -> T:
        """Do it in a thread when there is a turn. Raises `TooMany` where too many wait."""
        if self._waiting >= _MOST_WAITING:
            raise TooMany(1)
        self._waiting += 1
        try:
            async with self._semaphore:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


class Logins:
    """The ways in and out for people. Each method is to be awaited in the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = _VerifyingTurns(_AT_ONCE)
        self._turns_of_known = _VerifyingTurns(_AT_ONCE_OF_KNOWN)

    async def log_in(
        self, name: str, password: str, actor: Actor, ended: str | None = None, browser: str | None = None
    ) -> Login | None:
        """Begin a session in place of the one that is `ended`; None if the name or the password is wrong.

        `actor` says from where, and in which request, `browser` is the secret by which the browser is known. Raises
        `TooMany` for who comes too early after failures, and `Unavailable`.
        """
        place = _browser_place(browser)
        is_known = await asyncio.to_thread(self._check_pace, name, actor, place)
        turns = self._turns_of_known if is_known else self._turns
        return await turns.take(partial(self._log_in, name, password, actor, ended, browser))

    async def accept(self, link: str, password: str, actor: Actor, browser: str | None = None) -> Login:
        """Set the password of the account that a one-time link is for, and log in.

        Raises `NotFound`, `Invalid`, and `TooMany`.
        """

        def accept() -> Login:
            now = datetime.now(UTC)
            with self._database.reading() as session:
                name = people.get_invited(session, link, now)
            password_hash = passwords.hashed(people.check_password(password, name))
            with self._database.writing() as session:
                people.get_invited(session, link, now)  # somebody may have used it meanwhile
                people.set_password(session, _as(name, actor), name, password_hash)
                return _begin(session, name, actor, now, browser)

        await self.find_invited(link)
        return await self._turns_of_known.take(accept)

    async def change_password(
        self, name: str, current: str, password: str, actor: Actor, browser: str | None = None
    ) -> Login:
        """Set another password, whoever knows the current one. All sessions end, and this one begins anew.

        Raises `Invalid` that names the field, `TooMany`, and `NotFound` if the account is gone.
        """

        def change() -> Login:
            now = datetime.now(UTC)
            with self._database.reading() as session:
                known = accounts.get(session, name).password_hash
            good = passwords.verify(known, current)
            if not good:
                with self._database.writing() as session:
                    _note_failure(session, name, actor, place)
                raise Invalid([FieldError("/current", "password.wrong", _WRONG)])
            password_hash = passwords.hashed(people.check_password(password, name))
            with self._database.writing() as session:
                # Somebody may have set another meanwhile, to keep out whoever is at it here.
                if accounts.get(session, name).password_hash != known:
                    raise Invalid([FieldError("/current", "password.wrong", _WRONG)])
                people.set_password(session, actor, name, password_hash)
                return _begin(session, name, actor, now, browser)

        place = _browser_place(browser)
        is_known = await asyncio.to_thread(self._check_pace, name, actor, place)
        return await (self._turns_of_known if is_known else self._turns).take(change)

    async def log_out(self, secret: str, actor: Actor) -> None:
        """End a session."""

        def end() -> None:
            with self._database.writing() as session:
                accounts.end_session(session, secrets.hashed(secret))
                audit.add(session, actor, "account.logout", Message(words.LOGGED_OUT, name=actor.name))

        await asyncio.to_thread(end)

    async def can_anybody(self) -> bool:
        """Tell whether anybody can log in: an account has a password."""

        def look() -> bool:
            with self._database.reading() as session:
                return accounts.has_passwords(session)

        return await asyncio.to_thread(look)

    async def find_invited(self, link: str) -> str:
        """Return the account that a one-time link is for. Raises `NotFound`."""

        def find() -> str:
            with self._database.reading() as session:
                return people.get_invited(session, link, datetime.now(UTC))

        return await asyncio.to_thread(find)

    def _check_pace(self, name: str, actor: Actor, place: str | None) -> bool:
        """Raise `TooMany` for who comes too early. Returns whether it is a browser that is known."""
        with self._database.reading() as session:
            _check_pace(session, _keys(session, name, actor.address, place), datetime.now(UTC))
            return place is not None and accounts.is_familiar(session, name, place)

    def _log_in(self, name: str, password: str, actor: Actor, ended: str | None, browser: str | None) -> Login | None:
        place = _browser_place(browser)
        now = datetime.now(UTC)
        with self._database.reading() as session:
            _check_pace(session, _keys(session, name, actor.address, place), now)  # others failed while this one waited
            account = accounts.find(session, name)
            password_hash = None if account is None else account.password_hash
        good = passwords.verify(password_hash, password)
        renewed = None
        if good and password_hash is not None and passwords.needs_rehash(password_hash):
            renewed = passwords.hashed(passwords.normal(password))
        with self._database.writing() as session:
            account = accounts.find(session, name)
            # The password may have been changed, or the account removed, while this one was verified.
            if not good or account is None or account.password_hash != password_hash:
                _note_failure(session, name, actor, place)
                return None
            if renewed is not None:
                account.password_hash = renewed
            if ended is not None:
                accounts.end_session(session, secrets.hashed(ended))
            accounts.forget_failures(session, name)
            return _begin(session, name, actor, now, browser)


def _begin(session: Session, name: str, actor: Actor, now: datetime, browser: str | None) -> Login:
    """Begin a session of an account, and note from where and in which browser: they are familiar from now on."""
    accounts.end_old_sessions(session, moments.kept(now - LONGEST), moments.kept(now - IDLE))
    secret = secrets.make_session()
    session.add(
        AccountSession(secret_hash=secret.hash, account=name, created=moments.kept(now), last_used=moments.kept(now))
    )
    accounts.end_surplus_sessions(session, name)
    if actor.address is not None:
        accounts.note_familiar(session, name, find_place(actor.address), moments.kept(now))
    place = _browser_place(browser)
    if browser is None or place is None or not accounts.is_known_place(session, place):  # else it is one of ours
        browser = secrets.make_browser().text
    accounts.note_familiar(session, name, accounts.browser_place(secrets.hashed(browser)), moments.kept(now))
    audit.add(session, _as(name, actor, f"session:{secret.id}"), "account.login", Message(words.LOGGED_IN, name=name))
    return Login(secret, name, browser)


def _as(name: str, actor: Actor, credential: str | None = None) -> Actor:
    return Actor(name, credential, actor.address, actor.request_id)


def _browser_place(browser: str | None) -> str | None:
    return accounts.browser_place(secrets.hashed(browser)) if browser and secrets.is_plain(browser) else None


def _keys(session: Session, name: str, address: str | None, browser: str | None) -> Sequence[str]:
    """Return under which keys the failures of a login are counted. What was typed as a name may be a password."""
    account = accounts.failure_key(name)
    if browser is not None and accounts.is_familiar(session, name, browser):
        return [f"{account}@{browser}"]
    if address is None:
        return [account]
    place = find_place(address)
    if accounts.is_familiar(session, name, place):
        return [f"{account}@{place}"]
    return [account, f"address:{place}"]


def _check_pace(session: Session, keys: Sequence[str], now: datetime) -> None:
    """Raise `TooMany` for a login that comes too early after those that failed."""
    waits = [_wait_seconds(session, key, now) for key in keys]
    if longest := max(waits):
        raise TooMany(longest)


def _wait_seconds(session: Session, key: str, now: datetime) -> float:
    failed = accounts.find_failure(session, key)
    if failed is None or failed.count < FREE_FAILURES:
        return 0.0
    since_seconds = (now - datetime.fromisoformat(failed.last)).total_seconds()
    # One that is further in the future than anybody waits was noted by a clock that was wrong.
    if since_seconds >= FORGOTTEN.total_seconds() or since_seconds < -LONGEST_DELAY_SECONDS:
        return 0.0
    delay_seconds = min(1 << min(failed.count - FREE_FAILURES, 10), LONGEST_DELAY_SECONDS)
    return max(0.0, delay_seconds - max(0.0, since_seconds))


def _note_failure(session: Session, name: str, actor: Actor, browser: str | None) -> None:
    # The wait begins here: where many log in at once, the verification itself takes longer than the first waits.
    now = datetime.now(UTC)
    for key in _keys(session, name, actor.address, browser):
        ahead = moments.kept(now + timedelta(seconds=LONGEST_DELAY_SECONDS))
        accounts.note_failure(session, key, moments.kept(now), moments.kept(now - FORGOTTEN), ahead)
    known = accounts.find(session, name) is not None
    told = Message(words.LOGIN_REFUSED, name=name) if known else Message(words.UNKNOWN_LOGIN_REFUSED)
    audit.add(session, _as("anonymous", actor), "account.login", told, outcome=AuditOutcome.REFUSED)
