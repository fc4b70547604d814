"""Who asks: found by a token or a session, in memory, because it is asked for each request and each poll.

What is known is read from the database at the start, after each change that is made here, and every
second if another process, such as the command line, has changed the file. So a token that is revoked
there is good for a second at most.
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
from provider.models import Account, AccountSession, Actor, Token
from provider.security import rights, secrets
from provider.security.rights import Grant
from provider.store import accounts, tokens

logger = logging.getLogger(__name__)

IDLE: Final = timedelta(hours=12)
LONGEST: Final = timedelta(days=7)

_PAUSE_SECONDS: Final = 1.0
_USED_PAUSE: Final = timedelta(minutes=1)
"""Time between two notes of when a credential was used last: a poll must never cost a transaction."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and what they may do."""

    actor: Actor
    grant: Grant
    account: str | None = None
    """The account, if it is a person."""


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
    accounts: Mapping[str, Grant] = field(default_factory=dict)


class Access:
    """What is known of tokens and sessions. Finding may be done from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = _Known()
        self._used: dict[tuple[type[Token | AccountSession], str], datetime] = {}

    def refresh(self) -> None:
        """Read all anew. Raises `Unavailable`."""
        with self._database.reading() as session:
            self._known = _read(session)

    async def begin(self) -> None:
        """Read who is known, if that can be read now."""
        try:
            await asyncio.to_thread(self.refresh)
        except Unavailable as error:
            logger.debug("accounts and tokens cannot be read yet: %s", error.detail)

    async def keep(self) -> None:
        """Follow what other processes change, and note what was used, until cancelled."""
        noted = datetime.now(UTC)
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            now = datetime.now(UTC)
            try:
                await asyncio.to_thread(self.refresh)
                if now - noted >= _USED_PAUSE:
                    noted = now
                    await asyncio.to_thread(self.note_used)
            except Unavailable as error:
                logger.debug("accounts and tokens cannot be read now: %s", error.detail)

    def find_by_token(self, text: str, now: datetime) -> Principal | None:
        """Find who has a token. Whether it is unknown, expired or wrong makes no difference."""
        identifier = secrets.find_token_id(text)
        known = self._known.tokens.get(identifier or "")
        if not secrets.matches("" if known is None else known.secret_hash, text) or identifier is None or known is None:
            return None
        if known.expires is not None and known.expires <= now:
            return None
        self._used[Token, identifier] = now
        return Principal(Actor(known.name, f"token:{identifier}"), known.grant)

    def find_by_session(self, text: str, now: datetime) -> Principal | None:
        """Find who is logged in."""
        if not secrets.is_plain(text):
            return None
        key = secrets.hashed(text)
        known = self._known.sessions.get(key)
        if known is None:
            return None
        used = max(known.last_used, self._used.get((AccountSession, key), known.last_used))
        grant = self._known.accounts.get(known.account)
        if grant is None or now - known.created >= LONGEST or now - used >= IDLE:
            return None
        self._used[AccountSession, key] = now
        return Principal(Actor(known.account, f"session:{key[:8]}"), grant, known.account)

    def note_used(self) -> None:
        """Write when tokens and sessions were used last. Raises `Unavailable`."""
        used, self._used = self._used, {}
        if not used:
            return
        with self._database.writing() as session:
            for (table, key), now in used.items():
                row = session.get(table, key)
                if row is not None:
                    row.last_used = written(now)


def written(date: datetime) -> str:
    """Write a time as it is kept: UTC, ISO 8601, to the millisecond."""
    return date.astimezone(UTC).isoformat(timespec="milliseconds")


def _read(session: Session) -> _Known:
    people = accounts.list_all(session)
    return _Known(
        {token.id: _token(token) for token in tokens.list_all(session)},
        {row.secret_hash: _session(row) for row in accounts.list_sessions(session)},
        {account.name: rights.of_role(account.role) for account in people if _is_able(account)},
    )


def _is_able(account: Account) -> bool:
    return account.password_hash is not None


def _token(row: Token) -> _Token:
    expires = None if row.expires is None else datetime.fromisoformat(row.expires)
    return _Token(row.name, row.secret_hash, rights.of_scopes(row.scopes), expires)


def _session(row: AccountSession) -> _Session:
    return _Session(row.account, datetime.fromisoformat(row.created), datetime.fromisoformat(row.last_used))


def seen_from(principal: Principal, address: str | None, request_id: str | None) -> Principal:
    """Return who asks, with from where and in which request."""
    return replace(principal, actor=replace(principal.actor, address=address, request_id=request_id))
