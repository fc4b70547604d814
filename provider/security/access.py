"""Who asks: found by a token or a session, in memory, because it is asked for each request and each poll.

What is known is read from the database again as soon as somebody may have changed it, this process or another,
such as the command line: requests and polls look for that each time. A poll does not wait for long where it
cannot be read, and lives with what is known.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from provider import moments
from provider.database.database import Database
from provider.database.sessions import Session
from provider.errors import Unavailable
from provider.loops import NextTime
from provider.models import Account, AccountSession, Actor, Role, Token
from provider.security import rights, secrets
from provider.security.rights import Grant
from provider.store import accounts, tokens

logger = logging.getLogger(__name__)

IDLE: Final = timedelta(hours=12)
LONGEST: Final = timedelta(days=7)
AHEAD: Final = timedelta(hours=1)
"""How far a stored time may be ahead of the clock, which may have been set back a little since. What is further ahead
was written by a clock that was wrong, and says nothing: no credential is good because of it."""

_PAUSE_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 0.1
"""How long a poll waits for what has changed. It is read in a few milliseconds, unless the database is in trouble."""

_LONGER_PATIENCE_SECONDS: Final = 2.0
"""How long all others wait. Probes that wait for longer would have the service killed, with all that it can serve."""

_USED_PAUSE_SECONDS: Final = 60.0
"""Time between two notes of when a credential was used last: a poll must never cost a transaction."""

_LONGEST_REMEMBERED: Final = 200
_MOST_REMEMBERED: Final = 1000

_Used = dict[tuple[type[Token | AccountSession], str], datetime]
"""When each token and each session was used last."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is logged in: the account's name, and what it is for."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and what they may do."""

    actor: Actor
    grant: Grant
    person: Person | None = None
    """Who it is, if it is no machine."""

    def seen(self, address: str | None, request_id: str | None) -> "Principal":
        """Return who asks, with from where and in which request."""
        return replace(self, actor=replace(self.actor, address=address, request_id=request_id))


@dataclass(frozen=True, slots=True)
class _KnownSession:
    account: str
    created: datetime
    last_used: datetime


@dataclass(frozen=True, slots=True)
class _KnownToken:
    name: str
    secret_hash: str
    grant: Grant
    created: datetime
    expires: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Tell whether it is not over; one that began in the future nobody knows when to end."""
        return self.expires is None or (now < self.expires and self.created <= now + AHEAD)


@dataclass(frozen=True, slots=True)
class _KnownCredentials:
    tokens: Mapping[str, _KnownToken] = field(default_factory=dict)
    sessions: Mapping[str, _KnownSession] = field(default_factory=dict)
    accounts: Mapping[str, Role] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Remembered:
    """Whom the header of a poll was found to be, so that the next one with it costs no hash."""

    id: str
    principal: Principal
    token: _KnownToken


class Access:
    """What is known of tokens and sessions. Finding is done in the event loop's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: _KnownCredentials | None = None
        self._version: int | None = None
        self._unread: int | None = None
        self._reading = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._is_caught_up = False
        """Whether it was seen in this turn of the loop that nothing changed."""
        self._waited_for: set[asyncio.Task[None]] = set()
        self._change = NextTime()
        self.changing: set[Callable[[], None]] = set()
        """What is called when somebody else is known than now: leaving takes as long however many wait."""

        self._used: _Used = {}
        self._remembered: dict[bytes, _Remembered] = {}
        self._polled: set[str] = set()
        """Identifiers of tokens that came in again since it was noted last: when exactly costs a poll too much."""

    @property
    def is_known(self) -> bool:
        """Whether it was ever read who there is."""
        return self._known is not None

    async def follow(self) -> None:
        """Read all anew, if anybody may have changed it since. What cannot be read stays as it was known."""
        if self._find_newer() is None:
            return
        # One after the other: what was read first must not take the place of what was read later, and many
        # requests at once read it once, or find out once that it cannot be read.
        has_waited = self._reading.locked()
        async with self._reading:
            version = self._find_newer()
            if version is None or (has_waited and self._unread is not None):
                return
            try:
                known = await asyncio.to_thread(self._read)
            except Unavailable as error:
                logger.debug("accounts and tokens cannot be read now: %s", error.detail)
                self._unread = version
                return
            is_other = known != self._known
            self._known, self._version, self._unread = known, version, None
            if is_other:
                self._remembered.clear()
                self._wake()

    async def catch_up(self) -> None:
        """Follow, for no longer than a poll may wait.

        Polls that came in before it was looked, and wait their turn of the loop, need no look of their own: what has
        changed since then has changed after they came.
        """
        if self._is_caught_up:
            return
        if self._find_newer() is None:
            self._is_caught_up = True
            asyncio.get_running_loop().call_soon(self._fall_behind)
            return
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self.follow())
        await asyncio.wait({self._following}, timeout=_PATIENCE_SECONDS)

    def _fall_behind(self) -> None:
        self._is_caught_up = False

    async def follow_soon(self) -> None:
        """Follow, for no longer than a request may wait: no longer than a poll where it could not be read just now."""
        if self._find_newer() is not None:
            following = asyncio.create_task(self.follow())
            self._waited_for.add(following)
            following.add_done_callback(self._waited_for.discard)
            patience = _LONGER_PATIENCE_SECONDS if self._unread is None else _PATIENCE_SECONDS
            await asyncio.wait({following}, timeout=patience)

    def next_change(self) -> asyncio.Future[None]:
        """Return what is done when somebody else is known than now. All who wait share it: nobody may cancel it."""
        return self._change.future()

    def _wake(self) -> None:
        self._change.come()
        for call in list(self.changing):
            call()

    def _find_newer(self) -> int | None:
        """Return the version of what is known, unless it is the one that was read."""
        version = self._database.find_credentials_version()
        return None if version == self._version else version

    async def keep(self) -> None:
        """Follow what changes, and note what was used, until cancelled."""
        noted = monotonic()
        try:
            while True:
                await asyncio.sleep(_PAUSE_SECONDS)
                await self.follow()
                if monotonic() - noted >= _USED_PAUSE_SECONDS:
                    noted = monotonic()
                    used = self._take_used(datetime.now(UTC))
                    if not await asyncio.to_thread(self._note_used, used):
                        self._used = used | self._used
        finally:
            self._note_used(self._take_used(datetime.now(UTC)))

    def find_by_token(self, text: str, now: datetime) -> Principal | None:
        """Find who has a token. Whether it is unknown, expired or wrong makes no difference."""
        if self._known is None:
            return None
        identifier = secrets.find_token_id(text)
        known = self._known.tokens.get(identifier or "")
        if not secrets.matches("" if known is None else known.secret_hash, text) or identifier is None or known is None:
            return None
        if not known.is_good(now):
            return None
        self._used[Token, identifier] = now
        actor = Actor(known.name, f"token:{identifier}", is_admin=known.grant.allows("admin"))
        return Principal(actor, known.grant)

    def find_by_header(self, value: bytes) -> Principal | None:
        """Find who has the token in an `Authorization: Bearer …`, fast where it came before.

        The table of what came before is looked up by a keyed hash of the whole value, so the time that it
        takes tells nothing about a token.
        """
        remembered = self._remembered.get(value)
        if remembered is not None and (remembered.token.expires is None or remembered.token.is_good(datetime.now(UTC))):
            self._polled.add(remembered.id)
            return remembered.principal
        now = datetime.now(UTC)
        kind, _space, token = value.decode("latin-1").partition(" ")
        principal = self.find_by_token(token.strip(), now) if kind.lower() == "bearer" else None
        if principal is not None and self._known is not None and len(value) <= _LONGEST_REMEMBERED:
            identifier = secrets.find_token_id(token.strip()) or ""
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[value] = _Remembered(identifier, principal, self._known.tokens[identifier])
        return principal

    def seconds_left(self, value: bytes) -> float | None:
        """Return for how long the token in an `Authorization` is good that was found just now; None is without end."""
        remembered = self._remembered.get(value)
        if remembered is None or remembered.token.expires is None:
            return None
        return max((remembered.token.expires - datetime.now(UTC)).total_seconds(), 0.0)

    def find_by_session(self, text: str, now: datetime, *, counts: bool = True) -> Principal | None:
        """Find who is logged in. Unless it `counts`, the session stays as idle as it was."""
        if self._known is None or not secrets.is_plain(text):
            return None
        key = secrets.hashed(text)
        known = self._known.sessions.get(key)
        if known is None:
            return None
        noted = (known.created, known.last_used, self._used.get((AccountSession, key), known.last_used))
        used = max((date for date in noted if date <= now + AHEAD), default=None)
        role = self._known.accounts.get(known.account)
        if role is None or used is None or not now - LONGEST < known.created <= now + AHEAD or now - used >= IDLE:
            return None
        if counts:
            self._used[AccountSession, key] = now
        grant = rights.of_role(role)
        actor = Actor(known.account, f"session:{key[: secrets.ID_LENGTH]}", is_admin=grant.allows("admin"))
        return Principal(actor, grant, Person(known.account, role))

    def _take_used(self, now: datetime) -> _Used:
        """Return what was used since the last time. To be called in the only thread that adds to it."""
        used = self._used | {(Token, identifier): now for identifier in self._polled}
        self._used, self._polled = {}, set()
        return used

    def _read(self) -> _KnownCredentials:
        with self._database.reading() as session:
            return _read(session)

    def _note_used(self, used: _Used) -> bool:
        """Write when tokens and sessions were used last. Returns whether that could be written now."""
        if not used:
            return True
        try:
            with self._database.writing() as session:
                for (table, key), now in used.items():
                    row = session.get(table, key)
                    if row is not None:
                        row.last_used = moments.kept(now)
        except Unavailable as error:
            logger.debug("which tokens were used cannot be recorded now: %s", error.detail)
            return False
        return True


def _read(session: Session) -> _KnownCredentials:
    people = accounts.list_all(session)
    return _KnownCredentials(
        {token.id: _token(token) for token in tokens.list_all(session)},
        {row.secret_hash: _session(row) for row in accounts.list_sessions(session)},
        {account.name: account.role for account in people if _is_able(account)},
    )


def _is_able(account: Account) -> bool:
    return account.password_hash is not None


def _token(row: Token) -> _KnownToken:
    expires = None if row.expires is None else datetime.fromisoformat(row.expires)
    created = datetime.fromisoformat(row.created)
    return _KnownToken(row.name, row.secret_hash, rights.of_scopes(row.scopes), created, expires)


def _session(row: AccountSession) -> _KnownSession:
    return _KnownSession(row.account, datetime.fromisoformat(row.created), datetime.fromisoformat(row.last_used))
