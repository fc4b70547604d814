"""Duties: what only one of the services on a database does at a time, such as ordering certificates.

Each service offers to do them all. Who comes first has one, until it ends, or its connection to the database does:
then another takes it over, within `TAKEN_OVER_SECONDS`. On an SQLite file there is one service, which has them all.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any, Final, ParamSpec, TypeVar

from provider.database import fences
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

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, None]]


class Duties:
    """The duties of one service. Runs in the event loop's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._had: dict[str, Hold] = {}

    def has(self, name: str) -> bool:
        """Tell whether this service has a duty now: no longer, once it stood still and another may have it."""
        hold = self._had.get(name)
        return hold is not None and hold.is_sure

    def duty(self, name: str) -> "Duty":
        """Return one of them, for whoever does it."""
        return Duty(self, name)

    async def do(self, name: str, work: Callable[[], T]) -> T:
        """Do something of a duty in a thread. It can write nothing while another has the duty: `Unavailable`."""
        hold = self._had.get(name)
        if hold is None:
            raise Unavailable(fences.LOST)
        return await asyncio.to_thread(fences.context_behind(hold).run, work)

    async def alone(self, name: str, work: Work) -> None:
        """Do some work whenever this service has a duty, until cancelled or until the work is done.

        The work is cancelled when the duty is lost, and begun anew when it is had again. It has to note what it does
        in the database, so that another goes on where it stopped. It can write nothing while another has the duty.
        """
        while True:
            hold = await self._wait(name)
            self._had[name] = hold
            if self._database.is_shared:
                logger.info("this service now handles %s", name)
            try:
                if await self._do(work, hold):
                    return
            finally:
                self._had.pop(name, None)
                await asyncio.shield(asyncio.to_thread(hold.release))
            logger.warning("another service may now handle %s: the connection to the database was lost", name)

    async def _wait(self, name: str) -> Hold:
        ended = Event()

        def ask() -> Hold | None:
            hold = self._database.hold(name)
            if hold is not None and ended.is_set():  # nobody waits for it any more, or would ever release it
                hold.release()
                return None
            return hold

        try:
            while True:
                with suppress(Unavailable):
                    hold = await asyncio.to_thread(ask)
                    if hold is not None:
                        return hold
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            ended.set()

    async def _do(self, work: Work, hold: Hold) -> bool:
        """Do it for as long as the duty is held. Returns whether it is done."""
        task = asyncio.create_task(work(), context=fences.context_behind(hold))
        try:
            while True:
                await asyncio.wait({task}, timeout=_LOOK_SECONDS if self._database.is_shared else None)
                if task.cancelled():  # it found out by itself that the duty is lost
                    return False
                if task.done():
                    await task
                    return True
                if not await asyncio.to_thread(hold.is_held):
                    return False
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty, for whoever does it."""

    _duties: Duties
    _name: str

    @property
    def is_had(self) -> bool:
        """Whether this service has it now."""
        return self._duties.has(self._name)

    async def do(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Do something of it in a thread. It can write nothing while another has the duty: `Unavailable`."""
        return await self._duties.do(self._name, partial(work, *given, **named))
