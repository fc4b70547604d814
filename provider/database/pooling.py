"""Whether a pooler lends connections to a server for single transactions, such as PgBouncer does in that mode.

Nothing of that can be seen in the answers. But then two clients have one process of the server in turn, or one client
another process in its next transaction. Locks and `LISTEN` would belong to whoever has that process by then.
"""

from typing import Final

from sqlalchemy import Connection, Engine, text

from provider.database.locations import Location
from provider.errors import Unavailable

_PROCESS: Final = text("SELECT pg_backend_pid()")


def check_unpooled(engine: Engine, location: Location) -> None:
    """Raise `Unavailable`, with what to do, where connections are lent for single transactions."""
    with engine.connect() as one, engine.connect() as other:
        with one.begin():
            own = _find_process(one)
        # A pooler lends first what was given back last.
        if _find_process(other) == own or _find_process(one) != own:
            raise Unavailable(
                f"the database {location} is reached through a pooler that lends connections for single transactions, "
                "so notifications and locks would be lost: let it pool sessions (PgBouncer: pool_mode = session), or "
                "connect directly"
            )


def _find_process(connection: Connection) -> int:
    process: int = connection.execute(_PROCESS).scalar_one()
    return process
