"""What the nouns' modules share: writing a row, noting the change, listing by pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, or_
from sqlmodel import SQLModel, col
from sqlmodel import select as select_objects

from provider.database.searches import contains
from provider.database.sessions import Session
from provider.errors import InUse, NotFound
from provider.messages import Message, joined
from provider.models import Change, NounKind
from provider.names import first_in_order
from provider.nouns import Object, called, titled

NAMED: Final = 500
"""So many names are asked for in one question; more are read with all others."""

T = TypeVar("T")
R = TypeVar("R", bound=SQLModel)


@dataclass(frozen=True, slots=True)
class Order:
    """The order of people: app2 before app10. `within`: only these names, unless it is None."""

    within: Collection[str] | None = None

    def first(self, names: Sequence[str], limit: int | None, after: str | None) -> list[str]:
        """Return the first names after one."""
        within = self.within
        kept = names if within is None else [name for name in names if name in within]
        return first_in_order(kept, limit, after)


Label = tuple[str, str]
"""A key and its value."""


def note(session: Session, kind: NounKind, name: str, before: Object | None, after: Object | None) -> None:
    """Note a change, if there is one."""
    old = None if before is None else before.json()
    new = None if after is None else after.json()
    if old != new:
        session.changes.append(Change(kind, name, old, new))


def page(
    session: Session,
    table: type[R],
    texts: Sequence[Any],
    *,
    limit: int | None = None,
    after: str | None = None,
    q: str | None = None,
) -> Sequence[R]:
    """Return rows by name (the first of `texts`), after the one named `after`.

    With `q`, only those that have it in one of `texts`, in either case.
    """
    name = col(texts[0])
    query = select_objects(table).order_by(name).limit(limit)
    if q:
        query = query.where(or_(*(contains(text, q) for text in texts)))
    if after is not None:
        query = query.where(name > after)
    return session.exec(query).all()


def labelled(column: ColumnElement[Any], labels: Sequence[Label]) -> list[ColumnElement[bool]]:
    """Match a column of labels that has all of these."""
    return [column[key].as_string() == value for key, value in labels]


def required(found: T | None, kind: str, name: str) -> T:
    """Return what was found. Raises `NotFound` if nothing was."""
    if found is None:
        raise NotFound(Message("there is no {kind} {name}", kind=called(kind), name=name))
    return found


def check_unused(kind: str, name: str, users: Sequence[tuple[str, str]], *, cascade: bool) -> None:
    """Raise `InUse` where something is used, and its users shall not go too."""
    if users and not cascade:
        shown = joined([titled(*user) for user in users[:10]])
        told = {"kind": called(kind), "name": name, "users": shown, "more": len(users) - 10}
        if len(users) > 10:
            detail = Message("{kind} {name} is used by {users} and {more} more: remove them first, or together", **told)
        else:
            detail = Message("{kind} {name} is used by {users}: remove them first, or together", **told)
        raise InUse(detail, users)
