"""Signs of life: a server ends the transaction of who stands still, and not that of who only computes for long."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, Final

import psycopg
from sqlalchemy import Connection

SILENT_SECONDS: Final = 4.0
"""Who gives no sign for so long stands still, or is cut off. Who waits for its turn to write waits for longer."""

_PAUSE: Final = 4
"""So many signs are given in that time."""


@contextmanager
def giving(connection: Connection, silent_seconds: float) -> Iterator[None]:
    """Let the server hear of a transaction, whatever is done in it, for as long as this process goes on.

    It has to be over before the transaction is: another one would begin.
    """
    driver: Any = connection.connection.driver_connection
    over = Event()

    def give() -> None:
        while not over.wait(silent_seconds / _PAUSE):
            with suppress(psycopg.Error):  # whoever is in the transaction hears of it, too
                driver.execute("SELECT 1")

    thread = Thread(target=give, name="signs of life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
