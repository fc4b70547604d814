"""Duties: what only one of the services on a database does at a time, such as ordering certificates.

Each service offers to do them all. Who comes first has one, until it ends, or its connection to the database does:
then another takes it over, within `TAKEN_OVER_SECONDS`. On an SQLite file there is one service, which has them all.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from provider.database.database import Database, Hold
from provider.errors import Unavailable

logger = logging.getLogger(__name__)

TAKEN_OVER_SECONDS: Final = 10.0
"""After how long another service does what one did that is gone, at most: see `server_connections`."""

CERTIFICATES: Final = "certificates"
ROLLBACKS: Final = "rollbacks and leases"
ROLLOUTS: Final = "rollouts"

_LOOK_SECONDS: Final = 1.0
"""How often it is looked whether a duty is free, or still one's own."""

Work = Callable[[], Coroutine[Any, Any, None]]


class Duties:
    """The duties of one service. Runs in the event loop's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._had: set[str] = set()

    def has(self, name: str) -> bool:
        """Tell whether this service has a duty now, as far as it is known."""
        return name in self._had

    async def alone(self, name: str, work: Work) -> None:
        """Do some work whenever this service has a duty, until cancelled or until the work is done.

        The work is cancelled when the duty is lost, and begun anew when it is had again. It has to note what it does
        in the database, so that another goes on where it stopped.
        """
        while True:
            hold = await self._wait(name)
            self._had.add(name)
            if self._database.is_shared:
                logger.info("this service takes care of %s from now on", name)
            try:
                if await self._do(work, hold):
                    return
            finally:
                self._had.discard(name)
                await asyncio.shield(asyncio.to_thread(hold.release))
            logger.warning("another service may take care of %s: the connection to the database was lost", name)

    async def _wait(self, name: str) -> Hold:
        while True:
            with suppress(Unavailable):
                hold = await asyncio.to_thread(self._database.hold, name)
                if hold is not None:
                    return hold
            await asyncio.sleep(_LOOK_SECONDS)

    async def _do(self, work: Work, hold: Hold) -> bool:
        """Do it for as long as the duty is held. Returns whether it is done."""
        task = asyncio.create_task(work())
        try:
            while True:
                await asyncio.wait({task}, timeout=_LOOK_SECONDS if self._database.is_shared else None)
                if task.done():
                    await task
                    return True
                if not await asyncio.to_thread(hold.is_held):
                    return False
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
