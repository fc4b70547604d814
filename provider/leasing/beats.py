"""Heartbeats, as the services on one database tell each other of them: whoever judges silence hears of all."""

import asyncio
import logging
from typing import Final

from provider.database.database import Database
from provider.errors import Unavailable
from provider.leases import LeasedName
from provider.leasing.leasing import Leasing

logger = logging.getLogger(__name__)

WORD: Final = "beats"
_PAUSE_SECONDS: Final = 0.5
"""A lease is longer by far."""


class Beats:
    """Tells other services which servers were heard of here, and hears of those that they heard of."""

    def __init__(self, database: Database, leasing: Leasing) -> None:
        self._database = database
        self._leasing = leasing
        self._new: set[LeasedName] = set()
        if database.is_shared:
            leasing.tell = self._new.add
            database.listen(self._hear)
            database.follow(leasing.heard)

    async def keep(self) -> None:
        """Tell them now and then, until cancelled."""
        while self._database.is_shared:
            await asyncio.sleep(_PAUSE_SECONDS)
            new = sorted(self._new)
            self._new.clear()
            if new:
                try:
                    await asyncio.to_thread(self._database.tell, WORD, [f"{service}/{name}" for service, name in new])
                except Unavailable as error:
                    self._new.update(new)
                    logger.debug("heartbeats cannot be shared with other services now: %s", error.detail)

    def _hear(self, word: str, names: list[str]) -> None:
        if word == WORD:
            keys = [(service, name) for service, _slash, name in (each.partition("/") for each in names)]
            self._leasing.told(keys)
