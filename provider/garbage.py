"""Python's search for garbage: it looks at everything that is there, and holds up all threads meanwhile.

A large state is some millions of objects, none of which refer to one another in a circle. While they are made the
search would look at them again and again, and half of the time would go into it (measured at 30,000 routers: 10 s
rather than 5 s); later each full search would keep polls waiting for a second.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """Look for no garbage while something large is made."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Never look again at what there is now: it stays, or goes as soon as nobody refers to it."""
    gc.freeze()
