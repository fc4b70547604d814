"""What SQLite has a notation of its own for: texts within texts, and names within names. All other SQL is anybody's."""

from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, and_, cast, func, or_
from sqlmodel import col


def contains(column: Any, text: str) -> ColumnElement[bool]:
    """Match a column that has the text anywhere in it, in either case.

    SQLite's own `LIKE` knows no letters but ASCII's, and takes a fifth of the time of a function of ours: that
    is asked only about what has others, such as `straße` where somebody looks for `STRASSE`.
    """
    within = col(column)
    folded = func.instr(func.casefold(within), text.casefold()) > 0
    if not text.isascii():
        return folded
    has_others = func.length(cast(within, LargeBinary)) != func.length(within)
    return or_(within.contains(text, autoescape=True), and_(has_others, folded))


def owner(name: Any) -> ColumnElement[str]:
    """Return what stands before the slash in a column of names: of `SERVICE/SERVER` the service, else the whole."""
    found: ColumnElement[str] = func.substr(name, 1, func.instr(name + "/", "/") - 1)
    return found
