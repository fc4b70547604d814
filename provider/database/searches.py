"""What SQLite and PostgreSQL each have a notation of their own for: texts within texts, and names within names.

All other SQL is anybody's.
"""

from functools import reduce
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

_FOLDED: Final = (("ß", "ss"), ("ς", "\u03c3"), ("\u017f", "s"))
"""What PostgreSQL's lower case leaves as it is, and comparing without case does not: letters that people type."""


class _Said(FunctionElement[Any]):
    """What is asked of some clauses, as each kind of database says it."""

    inherit_cache = True
    on: ClassVar[dict[str, str]]


@compiles(_Said)
def _write(element: _Said, compiler: SQLCompiler, **options: Any) -> str:
    clauses = (compiler.process(clause, **options) for clause in element.clauses)
    return element.on[compiler.dialect.name].format(*clauses)


def _said(name: str, in_file: str, on_server: str) -> type[_Said]:
    return type(name, (_Said,), {"inherit_cache": True, "on": {"sqlite": in_file, "postgresql": on_server}})


_Alike = _said("_Alike", "({} LIKE {} ESCAPE '/')", "({} ILIKE {} ESCAPE '/')")
"""Whether a text fits a pattern of `LIKE`, in either case of ASCII's letters."""

_FOLDED_ON_SERVER: Final = reduce(
    lambda told, each: f"replace({told}, '{each[0]}', '{each[1]}')", _FOLDED, 'lower({} COLLATE "und-x-icu")'
)
_Folded = _said("_Folded", "casefold({})", _FOLDED_ON_SERVER)
"""A text without the difference between upper and lower case."""

_Found = _said("_Found", "instr({}, {})", "strpos({}, {})")
"""Where in a text another one begins, from 1 on; 0 where it is not in it."""

_Bytes = _said("_Bytes", "length(CAST({} AS BLOB))", "octet_length({})")
"""How many bytes a text takes."""


def contains(column: Any, text: str) -> ColumnElement[bool]:
    """Match a column that has the text anywhere in it, in either case.

    `LIKE` knows no letters but ASCII's, and takes a fifth of the time of what knows all: that is asked only about what
    has others, such as `straße` where somebody looks for `STRASSE`.
    """
    within = col(column)
    folded = _Found(_Folded(within), text.casefold()) > 0
    if not text.isascii():
        return folded
    escaped = text.replace("/", "//").replace("%", "/%").replace("_", "/_")
    has_others = _Bytes(within) != func.length(within)
    return or_(_Alike(within, f"%{escaped}%"), and_(has_others, folded))


def owner(name: Any) -> ColumnElement[str]:
    """Return what stands before the slash in a column of names: of `SERVICE/SERVER` the service, else the whole."""
    found: ColumnElement[str] = func.substr(name, 1, _Found(name + "/", "/") - 1)
    return found
