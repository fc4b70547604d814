"""Which tables a transaction has written to, by its statements: kept on its connection."""

import re
from typing import Final

from sqlalchemy import Connection, Engine, event

WRITTEN: Final = "written"
"""Where on a connection's `info` the names of the tables are."""

_WRITING: Final = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


def follow_statements(engine: Engine) -> None:
    """Note for each connection of an engine which tables its transaction writes to."""
    event.listen(engine, "before_cursor_execute", _note)


def _note(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
    found = _WRITING.match(statement)
    if found is not None:
        connection.info.setdefault(WRITTEN, set()).add(found[1])
