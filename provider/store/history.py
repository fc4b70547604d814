"""The states of earlier revisions: found by undoing, from the state that is, what was changed since."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlmodel import col, select

from provider import plans
from provider.database.sessions import Session
from provider.declarations import Declaration
from provider.errors import FieldError, Invalid, NotFound, pointer
from provider.leases import with_leases
from provider.messages import Message
from provider.models import Revision
from provider.nouns import NOUNS, Named, Noun, Server, called
from provider.plans import Prune, Transition, is_leased
from provider.store import declarations, revisions
from provider.summaries import Telling, saying

OBJECT_PATTERN: Final = f"^({'|'.join(NOUNS)})/"
"""How KIND/NAME begins, as a pattern."""


def state_at(session: Session, number: int) -> Declaration:
    """Return the whole state as it was at a revision.

    Raises `NotFound`, and `Invalid` where it has an object that this version does not take.
    """
    revisions.get(session, number)
    return _undone(session, number)


def states_around(session: Session, number: int) -> tuple[Declaration, Declaration]:
    """Return the states before a revision, which need not be kept itself, and at it. Raises as `state_at` does."""
    kept = revisions.get(session, number)
    after = _undone(session, number)
    own: dict[tuple[str, str], dict[str, Any] | None] = {}
    own |= {(change.kind, change.name): change.before for change in revisions.changes_of(session, kept.number)}
    return _with(after, own, number), after


def plan_back(session: Session, number: int, named: Named | None = None) -> Transition:
    """Return what brings the whole state, or one object, back to a revision. A service comes with its servers.

    What was not there then goes. Raises `NotFound`; `Invalid` where it would not hold now; and `InUse`.
    """
    former, current = state_at(session, number), declarations.read(session)
    if named is None:
        return declarations.plan(session, with_leases(former, current), Prune(), are_kept=True)
    if named[0] != Server.kind:
        former = with_leases(former, current)
    wanted, now = (state.part([named]) for state in (former, current))
    if not wanted and not now:
        kind, name = named
        detail = Message("there was no {kind} {name} at revision {number}", kind=called(kind), name=name, number=number)
        raise NotFound(detail)
    gone = {each[:2] for each in now if each[:2] == named or not is_leased(each[2])}
    return declarations.plan(session, wanted, Prune(only=gone), are_kept=True)


def plan_made(session: Session, number: int) -> Transition:
    """Return what a revision did. Raises as `state_at` does."""
    before, after = states_around(session, number)
    return Transition(before, after, revisions.changes_of(session, number))


def read_named(kind: str | None, name: str | None) -> Named | None:
    """Read which object is meant, None for all. Raises `Invalid`."""
    if kind is None and name is None:
        return None
    if kind is None or name is None:
        missing, given = ("kind", "name") if kind is None else ("name", "kind")
        detail = Message("{given} also needs {missing}", given=given, missing=missing)
        raise Invalid([FieldError(pointer(missing), "field.required", detail, "query")])
    return kind, NOUNS[kind].find_key(name) or name  # no object has a name that is none


def read_object_name(text: str | None) -> Named | None:
    """Read which object is meant, written as KIND/NAME; None for none. Raises `Invalid`."""
    if text is None:
        return None
    kind, _slash, name = text.partition("/")
    if kind not in NOUNS or not name:
        detail = Message("write an object as KIND/NAME, such as router/wayshub or server/wayshub/a")
        raise Invalid([FieldError(pointer("object"), "object.format", detail, "query")])
    return read_named(kind, name)


def telling_back(number: str, named: Named | None) -> Telling:
    """Return what a rollback says of itself. After one of everything nothing is left of all that came later."""
    if named is None:
        done = Message("Rolled back to revision {number}", number=number)
        why = Message("back to revision {number}", number=number)
        undone = range(int(number) + 1, sys.maxsize) if revisions.is_number(number) else range(0)
        return Telling(saying(done), why, undone)
    told = {"kind": called(named[0]), "name": named[1], "number": number}
    done = Message("Rolled {kind} {name} back to revision {number}", **told)
    return Telling(saying(done), Message("{kind} {name} back to revision {number}", **told))


def since(session: Session, number: int, most: int) -> Sequence[Revision]:
    """Return the newest revisions after a number, the newest first, without what they changed."""
    later = select(Revision).where(col(Revision.number) > number)
    return session.exec(later.order_by(col(Revision.number).desc()).limit(most)).all()


def _undone(session: Session, number: int) -> Declaration:
    """Undo what was changed after a number: an object was what the first of these changes found."""
    found: dict[Named, dict[str, Any] | None] = {}
    for _number, change in revisions.changes_since(session, number):
        found.setdefault((change.kind, change.name), change.before)
    return _with(declarations.read(session), found, number)


def _with(current: Declaration, objects: Mapping[Named, dict[str, Any] | None], number: int) -> Declaration:
    """Return a state with these objects, or without those that are None."""
    if not objects:
        return current
    sections = {kind: dict(section) for kind, section in current.objects.items()}
    for (kind, name), item in objects.items():
        if item is None:
            sections[kind].pop(name, None)
        else:
            sections[kind][name] = read_object(kind, name, item, number)
    is_renamed = any(NOUNS[kind].is_renamed for kind, _name in objects)
    return Declaration(plans.shown(sections) if is_renamed else sections)


def read_object(kind: str, name: str, item: dict[str, Any], number: int) -> Noun:
    """Read an object as an earlier version may have kept it. Raises `Invalid`."""
    try:
        return NOUNS[kind].read(item)
    except Invalid as error:
        told = error.fields[0]
        detail = Message(
            "{kind} {name} of revision {number} is not valid in this version: {why}",
            kind=called(kind),
            name=name,
            number=number,
            why=told.detail,
        )
        raise Invalid([FieldError(pointer("number"), told.code, detail, "path")]) from error
