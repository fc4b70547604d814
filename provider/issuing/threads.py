"""Work that blocks, in threads that nobody waits for at the end: a CA may take its time."""

import asyncio
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def aside(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Do something in a thread of its own, and return what it gives."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # it is what the work gave

    def run() -> None:
        result, failed = None, None
        try:
            result = work(*given, **named)
        except BaseException as error:  # noqa: BLE001  # whoever waits has it
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=run, name="issuing", daemon=True).start()
    return await done
