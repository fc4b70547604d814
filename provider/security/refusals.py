"""Refused rights, noted in the audit: the first of many that are alike, so that nobody can fill it by asking."""

import asyncio
import logging
from time import monotonic
from typing import Final

from provider.database.database import Database
from provider.errors import Unavailable
from provider.messages import Message
from provider.models import Actor, AuditOutcome
from provider.security import words
from provider.store import audit

logger = logging.getLogger(__name__)

_QUIET_SECONDS: Final = 60.0
_MOST_REMEMBERED: Final = 1000
_LONGEST_WORDS: Final = 300


class Refusals:
    """What was refused to whom lately. Used in the event loop's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lately: dict[tuple[str | None, str], float] = {}

    async def note(self, actor: Actor, kind: str, what: str) -> None:
        """Note that an actor was refused `what`; nothing if something of this `kind` was noted within a minute."""
        now = monotonic()
        key = (actor.credential, kind)
        if now - self._lately.get(key, -_QUIET_SECONDS) < _QUIET_SECONDS:
            return
        if len(self._lately) >= _MOST_REMEMBERED:
            self._lately.clear()
        self._lately[key] = now
        await asyncio.to_thread(self._write, actor, what)

    def _write(self, actor: Actor, what: str) -> None:
        told = Message(words.REFUSED, what=what if len(what) <= _LONGEST_WORDS else f"{what[:_LONGEST_WORDS]}…")
        try:
            with self._database.writing() as session:
                audit.add(session, actor, "right.refused", told, outcome=AuditOutcome.REFUSED)
        except Unavailable as error:
            logger.warning("a refusal could not be recorded: %s", error.detail)
