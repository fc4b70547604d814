"""Objects of any noun in the database: found and listed, by the tables made from the declarations.

A name here is the one under which an object is kept (`Noun.key`), and its `owner` the name of what it belongs to, if
it belongs to anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from provider.database.searches import contains
from provider.database.sessions import Session
from provider.database.tables import SHOWN, TABLES, column_name, member_column
from provider.errors import NotFound
from provider.messages import Message
from provider.nouns import NOUNS, Noun, called
from provider.nouns.noun import LABELS, NAME
from provider.store import records, statements
from provider.store.records import Label, Order
from provider.store.rows import objects_of

N = TypeVar("N", bound=Noun)


def find(session: Session, noun: type[N], key: str, owner: str | None = None) -> N | None:
    """Find an object."""
    asked = noun, key, owner
    if asked not in session.found:
        rows = session.connection().execute(statements.one(noun.kind), statements.named(noun.kind, key, owner)).all()
        session.found[asked] = objects_of(session, noun, rows)[0] if rows else None
    found: N | None = session.found[asked]
    return found


def find_all(session: Session, noun: type[N], keys: Sequence[str]) -> list[N]:
    """Return those objects of some names that there are."""
    name = TABLES[noun.kind].table.c[NAME]
    parts = (keys[begin : begin + records.NAMED] for begin in range(0, len(keys), records.NAMED))
    return [item for part in parts for item in matching(session, noun, name.in_(part))]


def get(session: Session, noun: type[N], key: str, owner: str | None = None) -> N:
    """Return an object. Raises `NotFound`, also for what it belongs to."""
    check_owner(session, noun, owner)
    found = find(session, noun, key, owner)
    if found is None:
        raise NotFound(Message("there is no {kind} {name}", kind=called(noun.kind), name=full_name(key, owner)))
    return found


def full_name(key: str, owner: str | None) -> str:
    """Return the name of an object among all of its kind: `SERVICE/SERVER` for a server."""
    return key if owner is None else f"{owner}/{key}"


def split_name(noun: type[Noun], name: str) -> tuple[str, str | None]:
    """Return the name of an object and its owner's, from its name among all of its kind."""
    owner, key = noun.split(name)
    return key, owner or None


def exists(session: Session, noun: type[Noun], key: str) -> bool:
    """Tell whether there is an object."""
    return session.connection().execute(statements.key(noun.kind), {statements.KEY: key}).first() is not None


def check_owner(session: Session, noun: type[Noun], owner: str | None) -> None:
    """Raise `NotFound` where there is nothing to which an object could belong."""
    if owner is not None and not exists(session, NOUNS[noun.within], owner):
        raise NotFound(Message("there is no {kind} {name}", kind=called(noun.within), name=owner))


def names(session: Session, noun: type[Noun]) -> Sequence[str]:
    """Return the names of all objects, in order."""
    table = TABLES[noun.kind].table
    return session.connection().execute(select(table.c[NAME]).order_by(table.c[NAME])).scalars().all()


def read_all(session: Session, noun: type[N]) -> list[tuple[str, N]]:
    """Return all objects of a noun by their names among all of their kind, in order."""
    table = TABLES[noun.kind].table
    order = [table.c[noun.within], table.c[NAME]] if noun.within else [table.c[NAME]]
    rows = session.connection().execute(_rows(noun).order_by(*order)).all()
    listed = zip(rows, objects_of(session, noun, rows), strict=True)
    if noun.within:
        return [(f"{getattr(row, noun.within)}/{row.name}", item) for row, item in listed]
    return [(row.name, item) for row, item in listed]


def page(
    session: Session,
    noun: type[N],
    owner: str | None = None,
    *,
    limit: int | None = None,
    after: str | None = None,
    q: str | None = None,
    labels: Sequence[Label] = (),
    order: Order | None = None,
) -> list[N]:
    """Return at most `limit` objects by name, after the name `after`, with `q` in what is searched.

    With an `order`, in that in place of the database's. Raises `NotFound` for an owner that does not exist.
    """
    check_owner(session, noun, owner)
    where = [*_within(noun, owner), *records.labelled(TABLES[noun.kind].table.c[LABELS], labels)]
    if q:
        where.append(_has_text(noun, q))
    name = TABLES[noun.kind].table.c[NAME]
    if order is not None:
        # Of the rows only those of the page are read.
        wanted = order.first(_all_names(session, noun, where), limit, after)
        rows = {row.name: row for row in _named(session, noun, wanted, _within(noun, owner))}
        return objects_of(session, noun, [rows[each] for each in wanted if each in rows])
    query = _rows(noun).where(*where).order_by(name).limit(limit)
    if after is not None:
        query = query.where(name > after)
    return objects_of(session, noun, session.connection().execute(query).all())


def first_names(session: Session, noun: type[Noun], limit: int) -> list[str]:
    """Return the first names in the order of people, as they were given."""
    place = TABLES[noun.kind]
    wanted = Order().first(_all_names(session, noun, []), limit, None)
    if not place.is_shown:
        return wanted
    name = place.table.c[NAME]
    rows = session.connection().execute(select(name, place.table.c[SHOWN]).where(name.in_(wanted)))
    given = {row.name: row.shown for row in rows}
    return [given[each] for each in wanted if each in given]


def _all_names(session: Session, noun: type[Noun], where: Sequence[ColumnElement[bool]]) -> list[str]:
    """Return the names of objects, in no order: read as one text, and so 30,000 in some milliseconds."""
    name = TABLES[noun.kind].table.c[NAME]
    joined = session.connection().execute(select(func.aggregate_strings(name, "\n")).where(*where)).scalar()
    return joined.split("\n") if joined else []


def with_members(session: Session, noun: type[N], listed: Iterable[N]) -> dict[str, N]:
    """Return objects with all of the same noun to which they lead, by name."""
    found: dict[str, N] = {}
    waiting = list(listed)
    while waiting:
        found |= {item.key: item for item in waiting}
        used = {use.name for item in waiting for use in item.uses() if use.kind == noun.kind}
        waiting = find_all(session, noun, sorted(used - found.keys()))
    return found


def matching(session: Session, noun: type[N], *where: ColumnElement[bool], limit: int | None = None) -> list[N]:
    """Return at most `limit` objects for which conditions on the table's columns hold, by name."""
    query = _rows(noun).where(*where).order_by(TABLES[noun.kind].table.c[NAME]).limit(limit)
    return objects_of(session, noun, session.connection().execute(query).all())


def of_one(session: Session, noun: type[N], owner: str) -> list[N]:
    """Return the objects that belong to another, which may be gone, by name."""
    asked = noun, owner
    if asked not in session.found:
        rows = session.connection().execute(statements.belonging(noun.kind), {statements.OWNER: owner}).all()
        session.found[asked] = objects_of(session, noun, rows)
    return list(session.found[asked])


def owned(session: Session, noun: type[N], owners: Sequence[str]) -> dict[str, list[N]]:
    """Return the objects that belong to others, by the names of these."""
    if len(owners) == 1:
        return {owners[0]: of_one(session, noun, owners[0])}
    table = TABLES[noun.kind].table
    owner = table.c[noun.within]
    rows: list[Row[Any]] = []
    for begin in range(0, len(owners), records.NAMED):
        query = _rows(noun).where(owner.in_(owners[begin : begin + records.NAMED])).order_by(owner, table.c[NAME])
        rows += session.connection().execute(query).all()
    found: dict[str, list[N]] = {}
    for row, item in zip(rows, objects_of(session, noun, rows), strict=True):
        found.setdefault(getattr(row, noun.within), []).append(item)
    return found


# Reading rows


def _rows(noun: type[Noun]) -> Select[Any]:
    return select(TABLES[noun.kind].table)


def _within(noun: type[Noun], owner: str | None) -> list[ColumnElement[bool]]:
    return [] if owner is None else [TABLES[noun.kind].table.c[noun.within] == owner]


def _has_text(noun: type[Noun], q: str) -> ColumnElement[bool]:
    """Match objects that have a text in what is searched, or refer to an object whose name has it."""
    place = TABLES[noun.kind]
    found = [contains(place.table.c[column_name(text)], q) for text in noun.texts]
    for target, link in place.links.items():
        other = TABLES[target]
        columns = [other.table.c[name] for name in (NAME, SHOWN) if name in other.table.c]
        named = select(other.table.c[NAME]).where(or_(*(contains(column, q) for column in columns)))
        member = link.c[member_column(noun.kind, target)]
        found.append(place.table.c[NAME].in_(select(link.c[column_name(noun.kind)]).where(member.in_(named))))
    return or_(*found)


def _named(
    session: Session, noun: type[Noun], wanted: Sequence[str], where: Sequence[ColumnElement[bool]]
) -> Iterator[Row[Any]]:
    """Give the rows with some names, in no order."""
    name = TABLES[noun.kind].table.c[NAME]
    for begin in range(0, len(wanted), records.NAMED):
        query = _rows(noun).where(and_(*where, name.in_(wanted[begin : begin + records.NAMED])))
        yield from session.connection().execute(query)
