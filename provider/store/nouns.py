"""Objects of any noun in the database: found, listed, put and removed, by the tables made from the declarations.

A name here is the one under which an object is kept (`Noun.key`), and its `owner` the name of what it belongs to, if
it belongs to anything. References are checked here, and nowhere else.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, Text, and_, cast, func, or_, select

from provider.database.searches import contains
from provider.database.sessions import Session
from provider.database.tables import FIELDS, SHOWN, TABLES, column_name, member_column
from provider.errors import FieldError, Forbidden, Invalid, NotFound, pointer
from provider.messages import Message
from provider.nouns import NOUNS, Named, Noun, Router, Service, called, internals, within
from provider.nouns.health import is_checked, needed, unchecked
from provider.nouns.noun import LABELS, NAME
from provider.nouns.references import (
    GUARD,
    cycles,
    exposed,
    guarded,
    guards,
    is_made_once,
    missing,
    reached,
    refused,
    tangled,
)
from provider.store import links, places, records, rollouts, statements
from provider.store.records import Label, Order
from provider.store.rows import objects_of, row_of, spelled

N = TypeVar("N", bound=Noun)


def find(session: Session, noun: type[N], key: str, owner: str | None = None) -> N | None:
    """Find an object."""
    rows = session.connection().execute(statements.one(noun.kind), statements.named(noun.kind, key, owner)).all()
    return objects_of(session, noun, rows)[0] if rows else None


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
    rows = session.connection().execute(statements.belonging(noun.kind), {statements.OWNER: owner}).all()
    return objects_of(session, noun, rows)


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


# References


def users(session: Session, noun: type[Noun], key: str, *, limit: int | None = None) -> list[Noun]:
    """Return what refers to an object, by kind and name; of each kind at most `limit`."""
    return [user for kind in NOUNS.values() for user in users_of(session, kind, noun, key, limit=limit)]


def users_of(session: Session, user: type[N], noun: type[Noun], key: str, *, limit: int | None = None) -> list[N]:
    """Return the objects of one noun that refer to an object of another, by name."""
    uses = list(_uses(user, noun, [key]))
    return matching(session, user, or_(*uses), limit=limit) if uses else []


def count_users(session: Session, user: type[Noun], noun: type[Noun], keys: Sequence[str]) -> dict[str, int]:
    """Count the objects of one noun that refer to some of another, some hundreds at most, where there are any."""
    counted: dict[str, int] = {}
    for column, owner in _referring(user, noun):
        query = select(column, func.count(owner.distinct())).where(column.in_(keys)).group_by(column)
        for name, number in session.connection().execute(query):
            counted[name] = counted.get(name, 0) + number
    return counted


def count_all_users(session: Session, noun: type[Noun], keys: Sequence[str]) -> dict[str, int]:
    """Count what refers to some objects of a noun, some hundreds at most, where there is anything."""
    counted: dict[str, int] = {}
    for user in NOUNS.values():
        for name, number in count_users(session, user, noun, keys).items():
            counted[name] = counted.get(name, 0) + number
    return counted


def columns_leading_to(noun: type[Noun]) -> list[ColumnElement[str]]:
    """Return all columns in which objects refer to those of a noun."""
    return [column for user in NOUNS.values() for column, _owner in _referring(user, noun)]


def _referring(user: type[Noun], noun: type[Noun]) -> Iterator[tuple[ColumnElement[str], ColumnElement[str]]]:
    """Give the columns in which objects of a noun refer to those of another, each beside that of their own names."""
    place = TABLES[user.kind]
    for key, each in user.fields.items():
        if key in place.columns and noun.kind in each.type.kinds():
            yield place.table.c[place.columns[key]], place.table.c[NAME]
    if (link := place.links.get(noun.kind)) is not None:
        yield link.c[member_column(user.kind, noun.kind)], link.c[column_name(user.kind)]


def _uses(user: type[Noun], noun: type[Noun], keys: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    name = TABLES[user.kind].table.c[NAME]
    for column, owner in _referring(user, noun):
        yield column.in_(keys) if owner is name else name.in_(select(owner).where(column.in_(keys)))


def check_references(session: Session, item: Noun) -> None:
    """Raise `Invalid` where an object refers to one that does not exist."""
    uses = list(item.uses())
    known = {
        kind: _known(session, NOUNS[kind], {use.name for use in uses if use.kind == kind})
        for kind in {use.kind for use in uses}
    }
    if wrong := [missing(use.where, use.kind, use.typed) for use in uses if use.name not in known[use.kind]]:
        raise Invalid(wrong)
    noun = type(item)
    if noun.kind in noun.kinds():
        found = cycles(reached(item, lambda name: find(session, noun, name)))
        if wrong := [each for other, each in found if other is item]:
            raise Invalid(wrong)
        _check_ways(session, item)


def _check_ways(session: Session, item: Noun) -> None:
    """Raise `Invalid` where an object leads to others in too many ways, or another does by it."""
    noun = type(item)
    uses = [use for use in item.uses() if use.kind == noun.kind]
    if not uses or is_made_once(noun.kind):
        return
    above, waiting = {item.key: item}, [item]
    while waiting:
        users = users_of(session, noun, noun, waiting.pop().key)
        waiting += [user for user in users if user.key not in above]
        above |= {user.key: user for user in users if user.key not in above}
    for _other, wrong in tangled(with_members(session, noun, above.values())):
        raise Invalid([FieldError(pointer(*uses[0].where), wrong.code, wrong.detail)])


def check_health(session: Session, before: Noun | None, item: Noun) -> None:
    """Raise `Invalid` where a service is made of others that need a health check, or others need the one it loses."""
    noun = type(item)
    if wrong := [each for _other, each in unchecked(item, lambda name: find(session, noun, name))]:
        raise Invalid(wrong)
    if before is not None and is_checked(before) and not is_checked(item):
        for user in users_of(session, noun, noun, item.key):
            if any(True for _other, _each in unchecked(user, {item.key: item}.get)):
                raise Invalid([needed(item, user)])


def _known(session: Session, noun: type[Noun], keys: Iterable[str]) -> set[str]:
    name = TABLES[noun.kind].table.c[NAME]
    return set(session.connection().execute(select(name).where(name.in_(keys))).scalars())


# Writing


def put(session: Session, item: N, owner: str | None = None) -> N:
    """Create or replace an object, and return it as it is kept. Raises what `replace` does."""
    check_owner(session, type(item), owner)
    return replace(session, find(session, type(item), item.key, owner), item, owner)


def replace(session: Session, before: N | None, item: N, owner: str | None = None) -> N:
    """Put an object in the place of the one that was found, if one was, and return it as it is kept.

    Raises `NotFound` if what it belongs to does not exist, `Invalid` if it refers to what does not, or is not
    allowed, and `Forbidden` for what only admins may write.
    """
    noun, key = type(item), item.key
    if before is None:
        check_owner(session, noun, owner)
    item = item.kept(before)
    if before is None or list(item.uses()) != list(before.uses()):
        check_references(session, item)
    if before != item:
        _check_rights(session, before, item)
    if noun.kind in noun.kinds():
        check_health(session, before, item)
    if noun.is_asking() and (wrong := places.check(session, before, item)):
        raise Invalid(wrong)
    _take_over(session, item)
    values = row_of(item, owner)
    connection = session.connection()
    if before is None:
        connection.execute(statements.adding(noun.kind), values)
    elif before != item:
        connection.execute(statements.changing(noun.kind), {**values, **statements.named(noun.kind, key, owner)})
    links.relink(session, [] if before is None else [before], [item])
    # As it is shown: its references are spelled as they were typed when what they lead to was added.
    shown = spelled(session, noun, [noun.loaded(item.stored() | {NAME: item.name})])[0]
    records.note(session, noun.kind, full_name(key, owner), before, shown)
    return shown


def _check_rights(session: Session, before: Noun | None, item: Noun) -> None:
    """Raise `Forbidden` for what leads to what Traefik makes itself, and is written by somebody who is no admin.

    Nor does anybody else change what decides who gets there.
    """
    if session.is_admin:
        return

    def find_others(kind: str, names: Collection[str]) -> Iterable[Noun]:
        return find_all(session, NOUNS[kind], list(names))

    wrong = [refused(item, *found) for found in exposed(item, find_others)]
    if before is not None and item.kind == GUARD and not wrong:
        exposing = (router for router in _exposing(session) if item.key in guards(router, find_others))
        wrong = [guarded(item, (), router.name) for router in islice(exposing, 1)]
    if wrong:
        raise Forbidden(wrong[0].detail, wrong)


def check_returning(session: Session, listed: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Raise `Forbidden` where objects of somebody who is no admin lead to what Traefik makes itself, as they were.

    They would come back by themselves, and what decided who gets there may be another by then.
    """

    def find_others(kind: str, names: Collection[str]) -> Iterable[Noun]:
        return find_all(session, NOUNS[kind], list(names))

    kinds = {Router.kind, *internals.KINDS}
    items = [NOUNS[kind].loaded(dict(document)) for kind, document in listed if kind in kinds]
    is_direct = any(internals.is_internal(use.name) for item in items for use in item.foreign())
    for item in items if is_direct or _leading(session) else ():
        for found in exposed(item, find_others):
            raise Forbidden(refused(item, *found).detail, [refused(item, *found)])


def _leading(session: Session) -> list[Noun]:
    """Return what names something that Traefik makes itself: little, or nothing."""
    kinds = (Router.kind, *internals.KINDS)
    tables = [(NOUNS[kind], cast(TABLES[kind].table.c[FIELDS], Text)) for kind in kinds]
    return [item for noun, fields in tables for item in matching(session, noun, fields.contains(internals.END))]


def _exposing(session: Session) -> list[Noun]:
    """Return the routers that lead to what Traefik makes itself, also by way of others: there are few, or none."""
    found: dict[Named, Noun] = {}
    waiting = _leading(session)
    while waiting:
        item = waiting.pop()
        if (item.kind, item.key) not in found:
            found[item.kind, item.key] = item
            for kind in (Router.kind, *internals.KINDS) if item.kind != Router.kind else ():
                waiting += users_of(session, NOUNS[kind], type(item), item.key)
    return [item for (kind, _name), item in found.items() if kind == Router.kind]


def _take_over(session: Session, item: Noun) -> None:
    """Take the flags that at most one object has, and that an object is given, from any other."""
    noun = type(item)
    for each in (noun.fields[key] for key in noun.exclusive()):
        if getattr(item, each.name):
            column = TABLES[noun.kind].table.c[TABLES[noun.kind].columns[each.key]]
            for other in matching(session, noun, column.is_(True), TABLES[noun.kind].table.c[NAME] != item.key):
                replace(session, other, other.copy(**{each.name: False}))


def remove(session: Session, noun: type[Noun], key: str, owner: str | None = None, *, cascade: bool = False) -> None:
    """Remove an object, with what belongs to it. Raises `NotFound`, and `InUse` where others refer to it.

    With `cascade` these go too, but for those that can do without: they lose their reference.
    """
    discard(session, get(session, noun, key, owner), owner, cascade=cascade)


def discard(session: Session, before: Noun, owner: str | None = None, *, cascade: bool = False) -> None:
    """Remove an object that was found, as `remove` does."""
    using = [(user.kind, user.name) for user in users(session, type(before), before.key)]
    if before.kind == Service.kind:  # a rollout goes back where it goes too
        using += [("rollout", row.service) for row in rollouts.list_concerning(session, before.key)]
    records.check_unused(before.kind, before.name, using, cascade=cascade)
    gone = _going(session, before, owner)
    for kind, item in [(kind, item) for (kind, _name), (item, _owner) in gone.items() if NOUNS[kind].cascade]:
        for user in users(session, NOUNS[kind], item.key):
            if (user.kind, user.key) not in gone and (left := user.without(kind, item.key)) is not None:
                replace(session, user, left)
    links.relink(session, [item for item, _owner in gone.values()], [])
    order = list(NOUNS)
    for (kind, name), (item, whose) in sorted(gone.items(), key=lambda each: -order.index(each[0][0])):
        session.connection().execute(statements.removing(item.kind), statements.named(item.kind, item.key, whose))
        records.note(session, kind, name, item, None)


def _going(session: Session, first: Noun, owner: str | None) -> dict[Named, tuple[Noun, str | None]]:
    """Return an object with all that goes with it: what belongs to it, and what refers to it and cannot do without."""
    gone: dict[Named, tuple[Noun, str | None]] = {}
    waiting = [(first, owner)]
    while waiting:
        item, whose = waiting.pop()
        named = item.kind, full_name(item.key, whose)
        if named not in gone:
            gone[named] = item, whose
            waiting += [(child, item.key) for noun in within(item.kind) for child in page(session, noun, item.key)]
            using = users(session, type(item), item.key)
            waiting += [(user, None) for user in using if user.without(item.kind, item.key) is None]
    return gone


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
