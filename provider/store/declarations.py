"""The whole desired state in the database: read as a declaration, and brought in step with one.

Rows are written by kind, many in one statement: a state of 10,000 routers takes seconds, and not minutes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, update

from provider import plans
from provider.database.scratch import Rows
from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.declarations import Declaration
from provider.errors import FieldError, Forbidden, Invalid, pointer
from provider.nouns import NOUNS, Noun
from provider.plans import Prune, Transition
from provider.store import links, nouns, places
from provider.store.rows import row_of

_MOST_ERRORS = 100


def read(session: Session) -> Declaration:
    """Return the whole state."""
    return Declaration({kind: dict(nouns.read_all(session, noun)) for kind, noun in NOUNS.items()})


def apply(session: Session, wanted: Declaration, prune: Prune | None = None) -> None:
    """Apply a file: see `plan`."""
    write(session, plan(session, wanted, prune))


def plan(session: Session, wanted: Declaration, prune: Prune | None = None, *, are_kept: bool = False) -> Transition:
    """Return what a file leads to: what is declared becomes as it says, and what is not stays.

    With `prune` it goes. `are_kept`: its objects are as they were kept once, and not as somebody sent them. Raises
    `Invalid`, with pointers into the declaration, `InUse`, and `Forbidden` for what only admins may write.
    """
    current, sent = read(session), wanted
    wanted = sent if are_kept else plans.kept(current, sent)
    following = plans.target(current, wanted, prune)
    if wrong := list(_outside(session, current, wanted)):
        raise Invalid(wrong[:_MOST_ERRORS])
    changes = plans.changes(current, following)
    if not session.is_admin and (refused := list(plans.refused(following, changes))):
        raise Forbidden(refused[0].detail, refused[:_MOST_ERRORS])
    fixed = plans.find_fixed(sent, wanted, prune, are_kept=are_kept)
    return Transition(current, following, changes, prune, fixed)


def _outside(session: Session, current: Declaration, wanted: Declaration) -> Iterator[FieldError]:
    for kind, noun in NOUNS.items():
        for name, item in wanted.objects[kind].items() if noun.is_asking() else ():
            for found in places.check(session, current.find(kind, name), item):
                yield replace(found, pointer=pointer(*plans.where(kind, name, item)) + found.pointer)


def write(session: Session, transition: Transition) -> None:
    """Write a transition: what others refer to is made first, and goes last."""
    following = transition.after
    session.found.clear()
    made: dict[str, list[str]] = {}
    changed: dict[str, list[str]] = {}
    gone: dict[str, list[str]] = {}
    for change in transition.changes:
        section = made if change.before is None else gone if change.after is None else changed
        section.setdefault(change.kind, []).append(change.name)
    for kind in NOUNS:
        _insert(session, TABLES[kind].table, [_row(following, kind, name) for name in made.get(kind, ())])
        _update(session, TABLES[kind].table, [_row(following, kind, name) for name in changed.get(kind, ())])
    links.relink(session, *_touched(transition))
    for kind, noun in reversed(list(NOUNS.items())):
        _delete(session, TABLES[kind].table, [_key(noun, name) for name in gone.get(kind, ())])
    session.changes.extend(transition.changes)


def rows(transition: Transition) -> Iterator[Rows]:
    """Give what a transition writes, table by table, for who keeps it elsewhere."""
    for kind, noun in NOUNS.items():
        own = [change for change in transition.changes if change.kind == kind]
        put = [_row(transition.after, kind, change.name) for change in own if change.after is not None]
        yield Rows(TABLES[kind].table, put, [_key(noun, change.name) for change in own if change.after is None])
    for link in links.relinked(*_touched(transition)):
        yield Rows(link.table, list(link.rows()), list(link.surplus()))


def _touched(transition: Transition) -> tuple[list[Noun], list[Noun]]:
    """Return the objects that a transition changes, as they were and as they are."""
    named = [(change.kind, change.name) for change in transition.changes]
    before, after = ([state.find(*each) for each in named] for state in (transition.before, transition.after))
    return [item for item in before if item is not None], [item for item in after if item is not None]


def _row(state: Declaration, kind: str, name: str) -> dict[str, Any]:
    return row_of(state.objects[kind][name], nouns.split_name(NOUNS[kind], name)[1])


def _key(noun: type[Noun], name: str) -> dict[str, str]:
    key, owner = nouns.split_name(noun, name)
    return {"name": key} if owner is None else {noun.within: owner, "name": key}


def _insert(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.connection().execute(insert(table), rows)


def _update(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        keys = [column.name for column in table.primary_key]
        where = [table.c[name] == bindparam(f"{name}_") for name in keys]
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name not in keys}
        parameters = [{f"{name}_" if name in keys else name: value for name, value in row.items()} for row in rows]
        session.connection().execute(update(table).where(*where).values(values), parameters)


def _delete(session: Session, table: Table, keys: Sequence[Mapping[str, str]]) -> None:
    if keys:
        where = [table.c[name] == bindparam(f"{name}_") for name in keys[0]]
        values = [{f"{name}_": value for name, value in key.items()} for key in keys]
        session.connection().execute(delete(table).where(*where), values)
