"""Work that blocks, in threads that nobody waits for at the end: a CA may take its time.

Those of `asyncio.to_thread` hold a process until they are through, and those of a pool are held up by one another.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from provider.database import fences

P = ParamSpec("P")
T = TypeVar("T")


async def aside(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Do something in a thread of its own, and return what it gives or raise what it raises.

    It is not begun once another service may do it: whoever waits is cancelled (see `duties`).
    """
    fences.check_sure()
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work(*given, **named))
        except BaseException as error:  # noqa: BLE001  # whoever waits has to hear of it, whatever it is
            done.set_exception(error)

    threading.Thread(target=copy_context().run, args=(run,), name="issuing", daemon=True).start()
    return await asyncio.wrap_future(done)
