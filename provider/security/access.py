"""Who asks: found by a token or a session, in memory, because it is asked for each request and each poll.

What is known is read from the database again as soon as somebody has changed the file, this process or
another, such as the command line: requests look for that each time, polls live with what is known, at
most a second old.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlmodel import Session

from provider.database.sessions import Database
from provider.errors import Unavailable
from provider.models import Account, AccountSession, Actor, Role, Token
from provider.security import rights, secrets
from provider.security.rights import Grant
from provider.store import accounts, tokens

logger = logging.getLogger(__name__)

IDLE: Final = timedelta(hours=12)
LONGEST: Final = timedelta(days=7)

_PAUSE_SECONDS: Final = 1.0
_USED_PAUSE: Final = timedelta(minutes=1)
"""Time between two notes of when a credential was used last: a poll must never cost a transaction."""

_MOST_REMEMBERED: Final = 1000


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
class _Session:
    account: str
    created: datetime
    last_used: datetime


@dataclass(frozen=True, slots=True)
class _Token:
    name: str
    secret_hash: str
    grant: Grant
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class _Known:
    tokens: Mapping[str, _Token] = field(default_factory=dict)
    sessions: Mapping[str, _Session] = field(default_factory=dict)
    accounts: Mapping[str, Role] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Remembered:
    """Whom the header of a poll was found to be, so that the next one with it costs no hash."""

    id: str
    principal: Principal
    expires: datetime | None


class Access:
    """What is known of tokens and sessions. Finding is done in the event loop's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: _Known | None = None
        self._version: int | None = None
        self._reading = asyncio.Lock()
        self._used: dict[tuple[type[Token | AccountSession], str], datetime] = {}
        self._remembered: dict[bytes, _Remembered] = {}

    @property
    def is_known(self) -> bool:
        """Whether it was ever read who there is."""
        return self._known is not None

    async def follow(self) -> None:
        """Read all anew, if anybody has changed the database since. What cannot be read stays as it was known."""
        if self._is_current(self._database.find_version()):
            return
        async with self._reading:  # by one for all that ask at this time
            version = self._database.find_version()
            if self._is_current(version):
                return
            try:
                known = await asyncio.to_thread(self._read)
            except Unavailable as error:
                logger.debug("accounts and tokens cannot be read now: %s", error.detail)
                return
            self._known, self._version = known, version
            self._remembered.clear()

    async def keep(self) -> None:
        """Follow what changes, and note what was used, until cancelled."""
        noted = datetime.now(UTC)
        try:
            while True:
                await asyncio.sleep(_PAUSE_SECONDS)
                await self.follow()
                if datetime.now(UTC) - noted >= _USED_PAUSE:
                    noted = datetime.now(UTC)
                    await asyncio.to_thread(self._note_used)
        finally:
            self._note_used()

    def find_by_token(self, text: str, now: datetime) -> Principal | None:
        """Find who has a token. Whether it is unknown, expired or wrong makes no difference."""
        if self._known is None:
            return None
        identifier = secrets.find_token_id(text)
        known = self._known.tokens.get(identifier or "")
        if not secrets.matches("" if known is None else known.secret_hash, text) or identifier is None or known is None:
            return None
        if known.expires is not None and known.expires <= now:
            return None
        self._used[Token, identifier] = now
        return Principal(Actor(known.name, f"token:{identifier}"), known.grant)

    def find_by_header(self, value: bytes) -> Principal | None:
        """Find who has the token in an `Authorization: Bearer …`, fast where it came before.

        The table of what came before is looked up by a keyed hash of the whole value, so the time that it
        takes tells nothing about a token.
        """
        now = datetime.now(UTC)
        remembered = self._remembered.get(value)
        if remembered is not None and (remembered.expires is None or now < remembered.expires):
            self._used[Token, remembered.id] = now
            return remembered.principal
        kind, _space, token = value.decode("latin-1").partition(" ")
        principal = self.find_by_token(token.strip(), now) if kind.lower() == "bearer" else None
        if principal is not None and self._known is not None:
            identifier = secrets.find_token_id(token.strip()) or ""
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            expires = self._known.tokens[identifier].expires
            self._remembered[value] = _Remembered(identifier, principal, expires)
        return principal

    def find_by_session(self, text: str, now: datetime) -> Principal | None:
        """Find who is logged in."""
        if self._known is None or not secrets.is_plain(text):
            return None
        key = secrets.hashed(text)
        known = self._known.sessions.get(key)
        if known is None:
            return None
        used = max(known.last_used, self._used.get((AccountSession, key), known.last_used))
        role = self._known.accounts.get(known.account)
        if role is None or now - known.created >= LONGEST or now - used >= IDLE:
            return None
        self._used[AccountSession, key] = now
        actor = Actor(known.account, f"session:{key[: secrets.ID_LENGTH]}")
        return Principal(actor, rights.of_role(role), Person(known.account, role))

    def _is_current(self, version: int | None) -> bool:
        """Tell whether what is known is that of a version of the database, or no other can be read."""
        return version is None or version == self._version

    def _read(self) -> _Known:
        with self._database.reading() as session:
            return _read(session)

    def _note_used(self) -> None:
        """Write when tokens and sessions were used last, if that can be written now."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            with self._database.writing() as session:
                for (table, key), now in used.items():
                    row = session.get(table, key)
                    if row is not None:
                        row.last_used = written(now)
        except Unavailable as error:
            logger.debug("it cannot be noted now which tokens were used: %s", error.detail)
            self._used = used | self._used


def written(date: datetime) -> str:
    """Write a time as it is kept: UTC, ISO 8601, to the millisecond."""
    return date.astimezone(UTC).isoformat(timespec="milliseconds")


def _read(session: Session) -> _Known:
    people = accounts.list_all(session)
    return _Known(
        {token.id: _token(token) for token in tokens.list_all(session)},
        {row.secret_hash: _session(row) for row in accounts.list_sessions(session)},
        {account.name: account.role for account in people if _is_able(account)},
    )


def _is_able(account: Account) -> bool:
    return account.password_hash is not None


def _token(row: Token) -> _Token:
    expires = None if row.expires is None else datetime.fromisoformat(row.expires)
    return _Token(row.name, row.secret_hash, rights.of_scopes(row.scopes), expires)


def _session(row: AccountSession) -> _Session:
    return _Session(row.account, datetime.fromisoformat(row.created), datetime.fromisoformat(row.last_used))
