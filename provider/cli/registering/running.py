"""A server with its place in the pool, from its start to its end."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final

from provider import systemd
from provider.cli.client import Unreachable
from provider.cli.output import note
from provider.cli.registering.answering import Question
from provider.cli.registering.membership import Departure, Membership
from provider.cli.registering.tree import Tree
from provider.cli.replies import Reply
from provider.cli.running.processes import ending
from provider.errors import ProviderError, Unavailable

_LIVE_SECONDS: Final = 30
"""How long it waits for the edges to run what it changed."""

_LEAVING_SECONDS: Final = 20.0
"""How long it tries to drain, and again to leave, while the control plane is away: whoever waits for it to stop would
kill it."""

_TURN_SECONDS: Final = 1
"""For so long one request waits for the edges: nobody who asks it to stop waits longer."""

_LOOK_SECONDS: Final = 0.5
_RARE_LOOK_SECONDS: Final = 5.0
"""How often it looks whether anything still leads here, and how often while its visitors stay for long."""

_PART: Final = 3
"""So many heartbeats are sent in the time of a lease."""

_PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
_EARLY: Final = 0.2
"""The largest part by which a heartbeat is sent earlier, so that not all come at once."""

_UNKNOWN: Final = Departure(None, _RARE_LOOK_SECONDS, ("unknown",))
_KILLED: Final = 128


@dataclass(frozen=True, slots=True)
class Registration:
    """What `register` was asked for. `command` is empty for a server that somebody else runs."""

    place: Membership
    question: Question
    ttl_seconds: float
    command: Sequence[str]
    ready_seconds: float
    grace_seconds: float
    stop_seconds: float


class Registered:
    """A server that is registered for as long as it runs."""

    def __init__(self, plan: Registration) -> None:
        self._plan = plan
        self._place = plan.place
        self._process: Tree | None = None
        self._asked = asyncio.Event()
        """Whether it was asked to stop."""
        self._hurried = asyncio.Event()
        """Whether it was asked twice."""
        self._registering = asyncio.Lock()
        """Is held while it registers: what is drained before it is there would be there afterwards."""
        self._trouble = ""

    async def run(self) -> int:
        """Run the server until it ends or is asked to. Returns the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._ask_to_stop)
        await self._check()
        _need_more_time(self._plan.ready_seconds + _LEAVING_SECONDS)
        if self._plan.command:
            self._process = await Tree.start(self._plan.command)
        ended = asyncio.create_task(self._wait_for_end())
        living = asyncio.create_task(self._live())
        try:
            await asyncio.wait({ended, living}, return_when=asyncio.FIRST_COMPLETED)
            if living.done() and (error := living.exception()) is not None:
                await self._stop_process()
                raise error
            return await self._leave(ended)
        finally:
            living.cancel()
            ended.cancel()
            await asyncio.gather(living, ended, return_exceptions=True)
            if self._process is not None:
                await self._process.stop(0.0)

    def _ask_to_stop(self) -> None:
        if self._asked.is_set():
            self._hurried.set()
        self._asked.set()

    async def _check(self) -> None:
        """Find out before anything starts what would never work; the control plane itself may be away."""
        try:
            await asyncio.to_thread(self._place.check)
        except (Unreachable, Unavailable) as error:
            note(f"{error.detail}. The server starts anyway, and registers later.")

    async def _wait_for_end(self) -> None:
        """Wait until the process ends, or somebody asks to stop."""
        asked = asyncio.create_task(self._asked.wait())
        waiting: set[asyncio.Task[Any]] = {asked}
        if self._process is not None:
            waiting.add(asyncio.create_task(self._process.wait()))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    # While it runs

    async def _live(self) -> None:
        """Register when it answers, and send heartbeats from then on. Raises `ProviderError` where that is hopeless."""
        plan = self._plan
        try:
            await asyncio.wait_for(plan.question.wait(), plan.ready_seconds if plan.command else None)
        except TimeoutError:
            told = f"the server at {plan.question.url} did not answer within {plan.ready_seconds:g} s"
            raise ProviderError(f"{told}: it was stopped (--ready-timeout)") from None
        await self._register()
        systemd.notify(systemd.READY)
        failed = 0
        while True:
            await asyncio.sleep(self._find_pause(failed))
            if plan.command or await plan.question.is_answered():
                failed = 0 if await self._beat() else failed + 1
            else:
                self._tell_trouble("the server does not answer: no heartbeat is sent until it does")

    def _find_pause(self, failed: int) -> float:
        """Return in how many seconds the next heartbeat is sent, after so many failed: at first soon.

        Behind a balancer the next service may be one that can count it.
        """
        pause = self._plan.ttl_seconds / _PART
        if failed:
            pause = min(pause, _PAUSES[min(failed, len(_PAUSES)) - 1])
        return pause * (1 - random.random() * _EARLY)  # noqa: S311  # no secret

    async def _register(self) -> None:
        """Register as soon as the control plane can be reached, and wait until the edges run that."""
        deadline, number = 0.0, 0
        while True:
            asked = monotonic()
            try:
                answer = await self._take(_TURN_SECONDS)
            except (Unreachable, Unavailable) as error:
                self._tell_trouble(error.detail)
                _need_more_time(_LEAVING_SECONDS)
                await asyncio.sleep(_PAUSES[min(number, len(_PAUSES) - 1)])
                number += 1
                continue
            if answer is None:
                return
            deadline = deadline or asked + _LIVE_SECONDS
            is_settled = monotonic() - asked < _TURN_SECONDS  # what no time will tell is answered at once
            if not answer.pending or is_settled or monotonic() > deadline:
                self._tell_in(answer)
                return

    async def _take(self, wait_seconds: int) -> Reply | None:
        """Register, unless it was asked to stop meanwhile."""
        async with self._registering:
            return None if self._asked.is_set() else await asyncio.to_thread(self._place.take, wait_seconds)

    async def _beat(self) -> bool:
        """Send a heartbeat, or register again. Returns whether that was possible."""
        try:
            if not await asyncio.to_thread(self._place.beat) and (answer := await self._take(0)) is not None:
                self._tell_in(answer)
        except ProviderError as error:
            self._tell_trouble(f"{error.detail}. The server keeps running. Trying again.")
            return False
        if self._trouble:
            note("Sending heartbeats again.")
        self._trouble = ""
        return True

    def _tell_in(self, answer: Reply) -> None:
        self._trouble = ""
        place, pending = self._place, answer.pending
        missing = ", ".join(str(edge["name"]) for edge in pending or ())
        unseen = f", but these edges do not run it yet: {missing}" if missing else ""
        note(f"Registered {place.name} of {place.service} ({place.server['url']}, revision {answer.revision}){unseen}.")

    def _tell_trouble(self, text: str) -> None:
        if text != self._trouble:
            self._trouble = text
            note(f"Warning: {text}")

    # At its end

    async def _leave(self, ended: "asyncio.Task[None]") -> int:
        """Leave the pool, and stop the process unless it has ended by itself. Returns the exit status."""
        await ended
        process, place = self._process, self._place
        if process is not None and process.status is not None:
            note(f"The server {ending(process.status)}.")
            await self._give_back()
            return _exit_status(process.status)
        systemd.notify(systemd.STOPPING)
        _need_more_time(_LEAVING_SECONDS)
        if place.name:
            note(f"Draining {place.name} of {place.service}.")
        if await self._try_for(_LEAVING_SECONDS, self._drain, "it could not be drained"):
            await self._or_hurried(self._linger())
        _need_more_time(self._plan.stop_seconds + _LEAVING_SECONDS)
        status = await self._stop_process()
        await self._give_back()
        return status

    async def _drain(self) -> None:
        async with self._registering:
            if self._place.name:
                await asyncio.to_thread(self._place.drain)

    async def _linger(self) -> None:
        """Wait until nothing leads here any more, and until what came before is answered."""
        end, is_told, leaving = monotonic() + _LIVE_SECONDS, False, _UNKNOWN
        while self._place.name and monotonic() < end and not (leaving := await self._look()).is_over:
            if leaving.until is not None:
                end = monotonic() + leaving.seconds + _LIVE_SECONDS
                if not is_told:
                    until = leaving.until.isoformat(timespec="seconds")
                    note(f"Its visitors stay until {until}. A second signal stops it at once.")
                    is_told = True
            pause = min(max(leaving.seconds, _LOOK_SECONDS), _RARE_LOOK_SECONDS)
            _need_more_time(pause + _LEAVING_SECONDS)
            await asyncio.sleep(pause)
        if leaving.edges and leaving is not _UNKNOWN:
            note(f"Warning: these edges may still send it requests: {', '.join(leaving.edges)}")
        _need_more_time(self._plan.grace_seconds + _LEAVING_SECONDS)
        await asyncio.sleep(self._plan.grace_seconds)

    async def _look(self) -> Departure:
        """Find out what leads here still. Where it is drained no more, as its lease has let it back in, it is again."""
        try:
            found = await asyncio.to_thread(self._place.find_leaving)
            if found is None:
                await self._drain()
        except ProviderError:
            found = None
        return found or _UNKNOWN

    async def _give_back(self) -> None:
        place = self._place
        seconds = 0.0 if self._hurried.is_set() else _LEAVING_SECONDS
        self._hurried.clear()
        failed = "it could not be removed, and is drained when its lease ends"
        if place.name and await self._try_for(seconds, partial(asyncio.to_thread, place.give_back), failed):
            note(f"Removed {place.name} of {place.service}.")

    async def _try_for(self, seconds: float, ask: Callable[[], Awaitable[object]], failed: str) -> bool:
        """Do something that can be done without, if that is possible in time. Returns whether it was."""
        deadline = monotonic() + seconds
        while True:
            try:
                return await self._or_hurried(ask())
            except ProviderError as error:
                is_hopeless = not isinstance(error, Unreachable | Unavailable)
                if is_hopeless or self._hurried.is_set() or monotonic() > deadline:
                    note(f"Warning: {failed}: {error.detail}")
                    return False
                self._tell_trouble(error.detail)
                await self._or_hurried(asyncio.sleep(_PAUSES[0]))

    async def _or_hurried(self, what: Awaitable[object]) -> bool:
        """Wait for something, unless somebody asks a second time to stop, or the process ends by itself meanwhile.

        Returns whether it was done.
        """
        task, hurried = asyncio.ensure_future(what), asyncio.create_task(self._hurried.wait())
        waiting: set[asyncio.Future[Any]] = {task, hurried}
        if self._process is not None and self._process.status is None:
            waiting.add(asyncio.create_task(self._process.wait()))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            return task.done()
        finally:
            for each in waiting:
                each.cancel()

    async def _stop_process(self) -> int:
        """Stop the process with all that it started. Returns 0 where it ended as it was asked to."""
        if self._process is None:
            return 0
        status = _exit_status(await self._process.stop(self._plan.stop_seconds))
        return 0 if status == _KILLED + signal.SIGTERM else status


def _need_more_time(seconds: float) -> None:
    systemd.notify(systemd.more_time(seconds))


def _exit_status(status: int) -> int:
    """Return the exit status with which a shell tells how a process ended."""
    return _KILLED - status if status < 0 else status
