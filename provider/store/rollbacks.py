"""Taking back what a revision did as far as that goes, without anybody to ask.

Where a person who undoes a revision is asked, what others did since stays: a field that they changed again, and an
object that theirs have come to use. All else goes back.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provider import undoing
from provider.database.sessions import Session
from provider.declarations import Declaration
from provider.errors import Invalid, ProviderError, pointer
from provider.messages import Message
from provider.models import Change
from provider.nouns import NOUNS, Named, Noun, owners, titled
from provider.plans import Prune, Transition, where
from provider.store import declarations, history, revisions, undos

_TRIES: Final = 10
"""How often what would not hold is left out, and the rest tried again. Each time takes as long as a plan."""


@dataclass(slots=True)
class Rollback:
    """What takes a revision back, and what of it stays: in words, and the objects because of which it does."""

    transition: Transition
    left: list[str] = field(default_factory=list)
    blocking: set[Named] = field(default_factory=set)


def plan(session: Session, number: int) -> Rollback:
    """Return what takes back what a revision did, as far as that goes. Raises `NotFound`."""
    revisions.get(session, number)
    current = declarations.read(session)
    found = Rollback(Transition(current, current, ()))
    changes = list(_read(session, number, found))
    changes += undos.missing(session, changes, current)
    merged = undoing.undo(changes, undos.now(current, changes))
    for clash in merged.clashes:
        found.left.append(undos.tell(session, number, clash))
        found.blocking |= {(clash.kind, clash.name)}
        if clash.child is not None:
            found.blocking |= {(clash.child.kind, name) for name in clash.now}
    _settle(session, current, dict(merged.objects), number, found)
    return found


def _read(session: Session, number: int, found: Rollback) -> Iterator[Change]:
    for change in revisions.changes_of(session, number):
        try:
            yield undos.read(change, number)
        except Invalid as error:
            found.left.append(error.fields[0].detail)


def _settle(
    session: Session, current: Declaration, wanted: dict[Named, dict[str, Any] | None], number: int, found: Rollback
) -> None:
    """Plan what is wanted, without what would not hold."""
    for _ in range(_TRIES):
        _keep_used(current, wanted, number, found)
        made = _made(wanted, number)
        gone = {named for named, item in wanted.items() if item is None}
        declared = Declaration.gathered((*named, item) for named, item in made.items())
        prune = Prune(only=gone | (current.part(gone).names - made.keys()))
        try:
            found.transition = declarations.plan(session, declared, prune, are_kept=True)
        except ProviderError as error:
            wrong = _find_wrong(made, error)
            found.left.append(error.fields[0].detail if error.fields else error.detail)
            for named in wrong or list(wanted):
                del wanted[named]
        else:
            return


def _made(wanted: Mapping[Named, dict[str, Any] | None], number: int) -> dict[Named, Noun]:
    return {
        (kind, name): history.read_object(kind, name, item, number)
        for (kind, name), item in wanted.items()
        if item is not None
    }


def _find_wrong(made: Mapping[Named, Noun], error: ProviderError) -> list[Named]:
    """Return the objects of which an error tells."""
    places = {named: pointer(*where(*named, item)) for named, item in made.items()}
    told = [each.pointer for each in error.fields]
    return [
        named for named, place in places.items() if any(each == place or each.startswith(f"{place}/") for each in told)
    ]


def _keep_used(current: Declaration, wanted: dict[Named, dict[str, Any] | None], number: int, found: Rollback) -> None:
    """Let stay what would go and is used by what stays, with what belongs to it."""
    made = _made(wanted, number)
    while gone := {named for named, item in wanted.items() if item is None}:
        used = dict(_find_used(current, made, gone | current.part(gone).names))
        if not used:
            return
        for named in [each for each in gone if any(owner in used for owner in owners(*each))]:
            del wanted[named]
        for (kind, name), user in used.items():
            told = Message("{object} is used by {user} now", object=titled(kind, name), user=titled(*user))
            found.left.append(told)
            found.blocking.add(user)


def _find_used(
    current: Declaration, made: Mapping[Named, Noun], gone: Collection[Named]
) -> Iterator[tuple[Named, Named]]:
    """Give what would go and is used by what stays, with who uses it."""
    kinds = {kind for kind, _name in gone}
    for kind, noun in NOUNS.items():
        if kinds.isdisjoint(noun.kinds()):
            continue
        for name, item in current.objects[kind].items():
            if (kind, name) not in gone:
                for use in made.get((kind, name), item).uses():
                    if (use.kind, use.name) in gone:
                        yield (use.kind, use.name), (kind, name)
