"""Objects of any noun put into the database and removed from it. References are checked here, and nowhere else."""

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import select

from provider.database.sessions import Session
from provider.database.tables import TABLES
from provider.errors import FieldError, Invalid, pointer
from provider.nouns import NOUNS, Named, Noun, Service, is_used, within
from provider.nouns.health import is_checked, needed, unchecked
from provider.nouns.noun import NAME
from provider.nouns.references import cycles, is_made_once, missing, reached, tangled
from provider.store import exposure, links, nouns, places, records, referrers, rollouts, statements
from provider.store.rows import row_of, spelled

N = TypeVar("N", bound=Noun)


def put(session: Session, item: N, owner: str | None = None) -> N:
    """Create or replace an object, and return it as it is kept. Raises what `replace` does."""
    nouns.check_owner(session, type(item), owner)
    return replace(session, nouns.find(session, type(item), item.key, owner), item, owner)


def replace(session: Session, before: N | None, item: N, owner: str | None = None) -> N:
    """Put an object in the place of the one that was found, if one was, and return it as it is kept.

    Raises `NotFound` if what it belongs to does not exist, `Invalid` if it refers to what does not, or is not
    allowed, and `Forbidden` for what only admins may write.
    """
    noun, key = type(item), item.key
    if before is None:
        nouns.check_owner(session, noun, owner)
    item = item.kept(before)
    if before is None or list(item.uses()) != list(before.uses()):
        check_references(session, item)
    if before != item:
        exposure.check_rights(session, before, item)
    if noun.kind in noun.kinds():
        check_health(session, before, item)
    if noun.is_asking() and (wrong := places.check(session, before, item)):
        raise Invalid(wrong)
    _take_over(session, item)
    values = row_of(item, owner)
    connection = session.connection()
    session.found.clear()
    if before is None:
        connection.execute(statements.adding(noun.kind), values)
    elif before != item:
        # Not what it is found by: an index would be written, and what refers to it looked up, for the same name.
        changed = {column: value for column, value in values.items() if column not in {NAME, noun.within}}
        connection.execute(statements.changing(noun.kind), {**changed, **statements.named(noun.kind, key, owner)})
    links.relink(session, [] if before is None else [before], [item])
    # As it is shown: its references are spelled as they were typed when what they lead to was added.
    shown = spelled(session, noun, [noun.loaded(item.stored() | {NAME: item.name})])[0]
    records.note(session, noun.kind, nouns.full_name(key, owner), before, shown)
    return shown


def _take_over(session: Session, item: Noun) -> None:
    """Take the flags that at most one object has, and that an object is given, from any other."""
    noun = type(item)
    for each in (noun.fields[key] for key in noun.exclusive()):
        if getattr(item, each.name):
            column = TABLES[noun.kind].table.c[TABLES[noun.kind].columns[each.key]]
            for other in nouns.matching(session, noun, column.is_(True), TABLES[noun.kind].table.c[NAME] != item.key):
                replace(session, other, other.copy(**{each.name: False}))


def remove(session: Session, noun: type[Noun], key: str, owner: str | None = None, *, cascade: bool = False) -> None:
    """Remove an object, with what belongs to it. Raises `NotFound`, and `InUse` where others refer to it.

    With `cascade` these go too, but for those that can do without: they lose their reference.
    """
    discard(session, nouns.get(session, noun, key, owner), owner, cascade=cascade)


def discard(session: Session, before: Noun, owner: str | None = None, *, cascade: bool = False) -> None:
    """Remove an object that was found, as `remove` does."""
    using = [(user.kind, user.name) for user in referrers.users(session, type(before), before.key)]
    if before.kind == Service.kind:  # a rollout goes back where it goes too
        using += [("rollout", row.service) for row in rollouts.list_concerning(session, before.key)]
    records.check_unused(before.kind, before.name, using, cascade=cascade)
    gone = going(session, before, owner)
    for kind, item in [(kind, item) for (kind, _name), (item, _owner) in gone.items() if is_used(kind)]:
        for user in referrers.users(session, NOUNS[kind], item.key):
            if (user.kind, user.key) not in gone and (left := user.without(kind, item.key)) is not None:
                replace(session, user, left)
    links.relink(session, [item for item, _owner in gone.values()], [])
    order = list(NOUNS)
    for (kind, name), (item, whose) in sorted(gone.items(), key=lambda each: -order.index(each[0][0])):
        session.found.clear()
        session.connection().execute(statements.removing(item.kind), statements.named(item.kind, item.key, whose))
        records.note(session, kind, name, item, None)


def going(session: Session, first: Noun, owner: str | None) -> dict[Named, tuple[Noun, str | None]]:
    """Return an object with all that goes with it: what belongs to it, and what refers to it and cannot do without."""
    gone: dict[Named, tuple[Noun, str | None]] = {}
    waiting = [(first, owner)]
    while waiting:
        item, whose = waiting.pop()
        named = item.kind, nouns.full_name(item.key, whose)
        if named not in gone:
            gone[named] = item, whose
            waiting += [
                (child, item.key) for noun in within(item.kind) for child in nouns.page(session, noun, item.key)
            ]
            using = referrers.users(session, type(item), item.key)
            waiting += [(user, None) for user in using if user.without(item.kind, item.key) is None]
    return gone


def check_references(session: Session, item: Noun) -> None:
    """Raise `Invalid` where an object refers to one that does not exist."""
    uses = list(item.uses())
    known = {
        kind: _known(session, NOUNS[kind], {use.name for use in uses if use.kind == kind})
        for kind in {use.kind for use in uses}
    }
    known.setdefault(item.kind, set()).add(item.key)  # what leads to itself is told below, also of a new one
    if wrong := [missing(use.where, use.kind, use.typed) for use in uses if use.name not in known[use.kind]]:
        raise Invalid(wrong)
    noun = type(item)
    if noun.kind in noun.kinds():
        found = cycles(reached(item, lambda name: nouns.find(session, noun, name)))
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
        users = referrers.users_of(session, noun, noun, waiting.pop().key)
        waiting += [user for user in users if user.key not in above]
        above |= {user.key: user for user in users if user.key not in above}
    for _other, wrong in tangled(nouns.with_members(session, noun, above.values())):
        raise Invalid([FieldError(pointer(*uses[0].where), wrong.code, wrong.detail)])


def check_health(session: Session, before: Noun | None, item: Noun) -> None:
    """Raise `Invalid` where a service is made of others that need a health check, or others need the one it loses."""
    noun = type(item)
    if wrong := [each for _other, each in unchecked(item, lambda name: nouns.find(session, noun, name))]:
        raise Invalid(wrong)
    if before is not None and is_checked(before) and not is_checked(item):
        for user in referrers.users_of(session, noun, noun, item.key):
            if any(True for _other, _each in unchecked(user, {item.key: item}.get)):
                raise Invalid([needed(item, user)])


def _known(session: Session, noun: type[Noun], keys: Iterable[str]) -> set[str]:
    name = TABLES[noun.kind].table.c[NAME]
    return set(session.connection().execute(select(name).where(name.in_(keys))).scalars())
