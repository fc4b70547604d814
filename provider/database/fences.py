"""Fences: who holds a name may stand still and go on when another holds it by then, and must do nothing of it any more.

What is done for a hold runs in a context that knows it, and so do its tasks and threads: they write only if it is held
in their transaction, and do nothing else unless it is `is_sure`.
"""

from asyncio import CancelledError
from contextvars import Context, ContextVar, copy_context
from typing import Final

from provider.database.database import Hold
from provider.messages import Message

LOST: Final = Message("another service does this now, because this one hung or was cut off")
_BEHIND: ContextVar[Hold | None] = ContextVar("hold", default=None)


def context_behind(hold: Hold) -> Context:
    """Return a context in which all is done for a hold."""
    made = copy_context()
    made.run(_BEHIND.set, hold)
    return made


def find_hold() -> Hold | None:
    """Find the hold for which the context is in which this is called, if any."""
    return _BEHIND.get()


def check_sure() -> None:
    """End what is done for a hold, as if it was cancelled, once another may have that."""
    hold = find_hold()
    if hold is not None and not hold.is_sure:
        raise CancelledError
