"""PostgreSQL as SQLAlchemy shall see it here: with the promises that SQLite makes about texts and numbers.

- Texts are compared by code point (`COLLATE "C"`), as the order of pages wants it, and have any length.
- Whole numbers have 64 bits: of revisions and entries of the audit there is no end.
- A text with NUL, which PostgreSQL does not take, is one that nobody has: who asks for it finds nothing.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import psycopg
from sqlalchemy import Integer, String
from sqlalchemy.dialects.postgresql.base import PGDDLCompiler, PGTypeCompiler
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import Column

_NOBODYS: Final = "\ufffe"
"""A code point that no text here has (see `texts`)."""

_TEXT: Final = re.compile(r"(?<= )VARCHAR\b")
_NUMBER: Final = re.compile(r"(?<= )SERIAL\b")


class _PlainText(String):
    render_bind_cast = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Write texts without NUL."""
        return lambda value: value.replace("\0", _NOBODYS) if isinstance(value, str) and "\0" in value else value


class _Number(Integer):  # the driver writes each as what it takes
    render_bind_cast = False


class _Types(PGTypeCompiler):
    def visit_VARCHAR(self, type_: Any, **kw: Any) -> str:  # noqa: N802  # SQLAlchemy's name
        return "VARCHAR"

    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:  # noqa: N802  # SQLAlchemy's name
        return "BIGINT"


class _Definitions(PGDDLCompiler):
    def get_column_specification(self, column: Column[Any], **options: Any) -> str:
        """Define a column: a text by code point, a number that counts itself with 64 bits."""
        told: str = super().get_column_specification(column, **options)  # type: ignore[no-untyped-call]
        return _NUMBER.sub("BIGSERIAL", _TEXT.sub('VARCHAR COLLATE "C"', told, count=1), count=1)


class _ImpatientConnection(psycopg.Connection[Any]):
    """A connection that waits for an answer for so many seconds: then it is closed, since nothing is known of it."""

    answer_seconds: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait as the driver does, who gives a time where he has another."""
        if timeout is not None or self.answer_seconds is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_seconds)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001  # it has no other name
            self.close()
            raise psycopg.OperationalError(f"no answer within {self.answer_seconds:g} s") from None


class ServerDialect(PGDialect_psycopg):
    """PostgreSQL with psycopg, and with the promises of this module."""

    driver = "psycopg"
    supports_statement_cache = True
    type_compiler_cls = _Types
    ddl_compiler = _Definitions

    def validate_identifier(self, ident: str) -> None:
        """Take names of constraints that PostgreSQL shortens: they stand in no statement of ours."""

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Tell whether a connection is lost. SQLAlchemy leaves its cursors open then, which the driver warns of."""
        is_lost = bool(super().is_disconnect(e, connection, cursor))  # type: ignore[no-untyped-call]
        if is_lost and cursor is not None:
            with suppress(psycopg.Error):
                cursor.close()
        return is_lost

    colspecs = {**PGDialect_psycopg.colspecs, String: _PlainText, Integer: _Number}  # noqa: RUF012  # SQLAlchemy's own way

    def connect(self, *arguments: Any, **options: Any) -> Any:
        """Connect; `answer_seconds` says how long any answer is waited for."""
        seconds = options.pop("answer_seconds", None)
        connection = _ImpatientConnection.connect(*arguments, **options)
        connection.answer_seconds = seconds
        return connection
