"""Heartbeats, as the services on one database tell each other of them: whoever judges silence hears of all."""

import asyncio
import logging
from time import monotonic
from typing import Final

from provider.database.database import Database
from provider.errors import Unavailable
from provider.leases import LeasedName
from provider.leasing.leasing import Leasing

logger = logging.getLogger(__name__)

WORD: Final = "beats"
_PAUSE_SECONDS: Final = 0.5
"""A lease is longer by far."""

_BEHIND_SECONDS: Final = 3.0
"""When a heartbeat that nobody was told of is so old, this service is probably cut off from those who count it."""


class Beats:
    """Tells other services which servers were heard of here, and hears of those that they heard of."""

    def __init__(self, database: Database, leasing: Leasing) -> None:
        self._database = database
        self._leasing = leasing
        self._new: set[LeasedName] = set()
        self._since: float | None = None
        """When the oldest of those came that nobody was told of."""
        if database.is_shared:
            leasing.tell = self._note
            leasing.is_cut_off = self._is_behind
            leasing.is_deaf = lambda: not database.is_hearing
            database.listen(self._hear)
            database.follow(leasing.heard)

    def _note(self, key: LeasedName) -> None:
        self._new.add(key)
        self._since = self._since or monotonic()

    def _is_behind(self) -> bool:
        return self._since is not None and monotonic() - self._since > _BEHIND_SECONDS

    async def keep(self) -> None:
        """Tell them now and then, until cancelled."""
        while self._database.is_shared:
            await asyncio.sleep(_PAUSE_SECONDS)
            new, begun = sorted(self._new), monotonic()
            self._new.clear()
            if new:
                try:
                    await asyncio.to_thread(self._database.tell, WORD, [f"{service}/{name}" for service, name in new])
                except Unavailable as error:
                    self._new.update(new)
                    logger.debug("heartbeats cannot be shared with other services now: %s", error.detail)
                else:
                    self._since = begun if self._new else None

    def _hear(self, word: str, names: list[str]) -> None:
        if word == WORD:
            keys = [(service, name) for service, _slash, name in (each.partition("/") for each in names)]
            self._leasing.told(keys)
