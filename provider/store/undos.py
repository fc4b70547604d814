"""Taking back what one revision did, whatever came since."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from provider import undoing
from provider.database.sessions import Session
from provider.declarations import Declaration
from provider.errors import ChangedSince, FieldError, Meanwhile, NotFound
from provider.messages import Message, listed
from provider.models import Change, Revision, word
from provider.nouns import NOUNS, Named, Noun, called, masked, owners
from provider.nouns.comparison import JsonObject
from provider.plans import Prune, Transition
from provider.store import declarations, history, object_changes, revisions
from provider.summaries import Telling, saying
from provider.undoing import Choose

_MOST_TOLD: Final = 100
_MOST_NAMED: Final = 3


def plan(
    session: Session, number: int, choose: Choose, *, named: Named | None = None, cascade: bool = False
) -> Transition:
    """Return what takes back what a revision did, or what it did to one object.

    What it removed comes back. What comes back brings along what it refers to, where that was removed too; a
    service comes and goes with its servers. With `cascade`, what uses the objects that go goes with them.
    Raises `NotFound`, `ChangedSince` where nothing was chosen for what was changed since, `InUse`, and `Invalid` where
    the objects would not hold now.
    """
    revisions.get(session, number)
    current = declarations.read(session)
    changes = [read(change, number) for change in revisions.changes_of(session, number)]
    if named is not None:
        changes = _alone(changes, named, number)
    changes += missing(session, changes, current)
    found = undoing.undo(changes, now(current, changes), choose)
    if found.clashes:
        raise _clash(session, number, found.clashes)
    return _plan(session, current, found.objects, number, cascade=cascade)


def telling_undone(number: str, named: Named | None) -> Telling:
    """Return what undoing a revision, or what it did to one object, says of itself."""
    if named is None:
        undone = range(int(number), int(number) + 1) if revisions.is_number(number) else range(0)
        return Telling(saying(Message("Undid revision {number}", number=number)), undone=undone)
    told = {"number": number, "kind": called(named[0]), "name": named[1]}
    return Telling(saying(Message("Undid revision {number} for {kind} {name}", **told)))


def read(change: Change, number: int) -> Change:
    """Read a change as this version would have kept it. Raises `Invalid`."""
    before, after = (
        None if item is None else history.read_object(change.kind, change.name, item, number).json()
        for item in (change.before, change.after)
    )
    return Change(change.kind, change.name, before, after)


def _alone(changes: Sequence[Change], named: Named, number: int) -> list[Change]:
    found = [change for change in changes if named in owners(change.kind, change.name)]
    if not found:
        kind, name = named
        told = Message("revision {number} did not change {kind} {name}", number=number, kind=called(kind), name=name)
        raise NotFound(told)
    return found


def missing(session: Session, changes: Sequence[Change], current: Declaration) -> list[Change]:
    """Find the removals of what objects refer to, or belong to, that come back: each with what belonged to it."""
    found: dict[Named, Change] = {}
    known = {(change.kind, change.name) for change in changes}
    waiting = list(changes)
    while waiting:
        for named in _references(waiting.pop(), current):
            removal = None if named in known else object_changes.find_removal(session, *named)
            known.add(named)
            if removal is not None:
                number, change = removal
                removed = [change, *object_changes.find_removed_within(session, change.kind, change.name, number)]
                again = [read(each, number) for each in removed]
                found |= {(each.kind, each.name): each for each in again}
                waiting += again
    return list(found.values())


def _references(change: Change, current: Declaration) -> Iterator[Named]:
    """Give what an object that comes back refers to, or belongs to, and that is not there."""
    if change.before is None:
        return
    uses = [(use.kind, use.name) for use in NOUNS[change.kind].loaded(change.before).uses()]
    for kind, name in [*uses, *list(owners(change.kind, change.name))[1:]]:
        if current.find(kind, name) is None:
            yield kind, name


def now(current: Declaration, changes: Iterable[Change]) -> dict[Named, JsonObject]:
    """Return the objects that there are, of those that were changed; each with what belongs to it."""
    there = current.part({(change.kind, change.name) for change in changes})
    return {(kind, name): item.json() for kind, name, item in there}


def _plan(
    session: Session,
    current: Declaration,
    wanted: Mapping[Named, dict[str, Any] | None],
    number: int,
    *,
    cascade: bool,
) -> Transition:
    made = {
        (kind, name): history.read_object(kind, name, item, number)
        for (kind, name), item in wanted.items()
        if item is not None
    }
    gone = {named for named, item in wanted.items() if item is None}
    # What belongs to an object goes with it.
    gone |= current.part(gone).names - made.keys()
    if cascade:
        gone |= _taken_along(current, made, gone)
    declared = Declaration.gathered((*named, item) for named, item in made.items())
    return declarations.plan(session, declared, Prune(only=gone), are_kept=True)


def _taken_along(current: Declaration, made: dict[Named, Noun], gone: set[Named]) -> set[Named]:
    """Return what has to go with what goes, since it refers to that. What can do without loses its reference."""
    taken: set[Named] = set()
    lost = gone
    while lost:
        following: set[Named] = set()
        for kind, name, item in current:
            named = kind, name
            if named in gone or named in taken:
                continue
            left = _without(made.get(named, item), lost)
            if left is None:
                made.pop(named, None)
                following |= current.part([named]).names
            elif left is not item:
                made[named] = left
        taken |= following
        lost = following
    return taken


def _without(item: Noun, lost: Collection[Named]) -> Noun | None:
    left: Noun | None = item
    for use in item.uses():
        if left is not None and (use.kind, use.name) in lost:
            left = left.without(use.kind, use.name)
    return left


def _clash(session: Session, number: int, clashes: Sequence[undoing.Clash]) -> ChangedSince:
    fields: list[FieldError] = []
    made: dict[int, Revision] = {}
    for clash in clashes[:_MOST_TOLD]:
        revision = _find_last(session, number, clash)
        if revision is not None:
            made[revision.number] = revision
        told = _told(clash, revision)
        if clash.now is None:
            fields.append(FieldError(clash.pointer, "undo.removed", told, "query"))
        else:
            fields.append(FieldError(clash.pointer, "undo.changed", told, "query"))
    since = [
        Meanwhile(each.number, each.time, each.author, each.summary)
        for _number, each in sorted(made.items(), reverse=True)
    ]
    detail = Message(
        "what revision {number} changed has been changed again since, in {count} places: {first}",
        number=number,
        count=len(clashes),
        first=fields[0].detail,
    )
    return ChangedSince(detail, fields, since)


def tell(session: Session, number: int, clash: undoing.Clash) -> Message:
    """Say what was changed again since a revision, and by whom."""
    return _told(clash, _find_last(session, number, clash))


def _find_last(session: Session, number: int, clash: undoing.Clash) -> Revision | None:
    """Find the last revision that changed what clashes."""
    child = clash.child
    kind, names, path = (child.kind, clash.now, ()) if child else (clash.kind, [clash.name], clash.field)
    for name in names:
        for found, change in object_changes.changes_since(session, kind, name, number):
            if _at(change.before, path) != _at(change.after, path):
                return revisions.get(session, found)
    return None


def _at(item: Any, path: Sequence[str]) -> Any:
    for name in path:
        item = item.get(name) if isinstance(item, Mapping) else None
    return item


def _shown_values(clash: undoing.Clash) -> tuple[Any, Any]:
    """Return what was and what is where something clashes, without secrets."""
    before, now = (
        _at(masked(clash.kind, _nested(clash.field, value)), clash.field) for value in (clash.before, clash.now)
    )
    return before, now


def _nested(path: Sequence[str], value: Any) -> dict[str, Any]:
    first, *others = path
    return {first: _nested(others, value) if others else value}


def _told(clash: undoing.Clash, revision: Revision | None) -> Message:
    author = Message("by somebody")
    if revision is not None:
        author = Message("in revision {number} by {author}", number=revision.number, author=revision.author)
    values: dict[str, object] = {"kind": called(clash.kind), "name": clash.name, "author": author}
    if child := clash.child:
        values |= {"plural": child.many(), "names": listed([child.split(name)[1] for name in clash.now], _MOST_NAMED)}
        return Message("{kind} {name} has new {plural}, {names}, added {author}", **values)
    if clash.field:
        before, now = _shown_values(clash)
        values |= {"field": ".".join(clash.field), "before": word(before), "now": word(now)}
        return Message("{field} of {kind} {name} was {before}, and has been set to {now} {author}", **values)
    if clash.now is None:
        return Message("{kind} {name} has been removed {author}", **values)
    if clash.before is None:
        return Message("{kind} {name} has been changed {author}", **values)
    return Message("{kind} {name} has been created again {author}", **values)
