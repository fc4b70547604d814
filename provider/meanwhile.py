"""What others changed while a large change was planned, brought together with it without planning it anew.

What they changed is taken back, so that the rows that were put ready fit. What the plan does not set is done again
after that: the state becomes what the plan would have led to from theirs. This takes as long as they changed much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from provider import brake, plans, rendering
from provider.attempts import Prepared
from provider.brake import Removal
from provider.database import scratch
from provider.database.sessions import Session
from provider.declarations import Declaration
from provider.differences import touched_services
from provider.effects import Stored, net
from provider.errors import ProviderError
from provider.listening import Listening
from provider.models import Change
from provider.nouns import NOUNS, Named, Noun, Router
from provider.plans import Transition
from provider.rendering import Rendered
from provider.store import declarations, nouns, revisions, writes
from provider.summaries import Summarise


class NotSettledError(Exception):
    """What others changed bears on what was planned: it has to be planned anew."""


@dataclass(frozen=True, slots=True)
class Combined:
    """What is kept of something prepared: as it was planned, or together with what others changed meanwhile."""

    prepared: Prepared
    removal: Removal
    words: Sequence[str]
    is_empty: bool
    parts: frozenset[Named]
    """The parts of the document that it gives another form."""
    rendered: Rendered
    listening: Listening | None
    """What tells where routers listen afterwards; None where that is as before."""
    others: Sequence[Change] | None = None
    own: Sequence[Change] = ()
    """What it does to the objects that others changed."""

    def write(self, session: Session, number: int) -> None:
        """Write what is not written yet, and keep with a revision what was changed, object by object."""
        if self.others is None:
            scratch.take_rows(session)
        taken = scratch.take_changes(session, number, _named(self.others or ()))
        revisions.add_changes(session, number, self.own, first=taken)


def alone(prepared: Prepared) -> Combined:
    """Return what is kept where nobody else changed anything, or nothing that it has to do with."""
    told = prepared.summary
    return Combined(prepared, told.removal, told.words, told.is_empty, told.parts, prepared.parts(), told.listening)


def find(session: Session, prepared: Prepared, newest: int) -> Sequence[Change]:
    """Return what others changed that something prepared has to be brought together with; nothing if it is apart.

    Raises `NotSettledError`.
    """
    first, footprint = prepared.summary.revision, prepared.footprint
    if newest <= first:
        raise NotSettledError
    others = net(revisions.changes_between(session, first, newest))
    if footprint.is_apart_from(others):
        return ()
    if not footprint.is_settled_for(others):
        raise NotSettledError
    return others


def together(
    session: Session, planned: Combined, before: Listening, others: Sequence[Change], says: Summarise
) -> Combined:
    """Write what was planned on a state in which others made changes. Raises `NotSettledError`, and `Unverified`."""
    prepared, named = planned.prepared, _named(others)
    back = [Change(change.kind, change.name, change.after, change.before) for change in others]
    declarations.write(session, _transition(back))
    scratch.take_rows(session)
    begun = len(session.changes)
    _do_again(session, prepared.footprint.left_by(others))
    again = session.changes[begun:]
    if not named.issuperset(_named(again)):
        raise NotSettledError
    found = prepared.changes()
    own = net([*back, *(change for change in found if (change.kind, change.name) in named), *again])
    changes = plans.ordered([*(change for change in found if (change.kind, change.name) not in named), *own])
    if not changes and not planned.is_empty:
        raise NotSettledError
    listening = (planned.listening or before.after(back)).after(again)
    held = Stored(session, ())
    parts = rendering.parts_of(others, held)
    return Combined(
        prepared,
        _find_removal(session, planned.removal, changes, [*others, *own]),
        says(changes) if changes else (),
        not changes,
        planned.parts.union(parts, map(rendering.part_of, others)),
        {**planned.rendered, **rendering.render(held, parts, listening)},
        listening,
        others,
        own,
    )


def _named(changes: Iterable[Change]) -> frozenset[Named]:
    return frozenset((change.kind, change.name) for change in changes)


def _transition(changes: Sequence[Change]) -> Transition:
    before, after = (
        Declaration.gathered(
            (change.kind, change.name, NOUNS[change.kind].loaded(item))
            for change in changes
            if (item := getattr(change, side)) is not None
        )
        for side in ("before", "after")
    )
    return Transition(before, after, changes)


def _do_again(session: Session, left: Mapping[Named, Noun | None]) -> None:
    """Bring objects to what others made of them. Raises `NotSettledError` where that does not hold any more."""
    was_admin, session.is_admin = session.is_admin, True  # they were allowed to
    order = list(NOUNS)
    listed = sorted(left.items(), key=lambda each: order.index(each[0][0]))
    try:
        for named, item in listed:
            if item is not None:
                _put(session, named, item)
        for named, item in reversed(listed):
            if item is None:
                _remove(session, named)
    except ProviderError as error:
        raise NotSettledError from error
    finally:
        session.is_admin = was_admin


def _put(session: Session, named: Named, item: Noun) -> None:
    noun = NOUNS[named[0]]
    _key, owner = nouns.split_name(noun, named[1])
    if owner is not None and not nouns.exists(session, NOUNS[noun.within], owner):
        return  # it went with that
    writes.put(session, item, owner)


def _remove(session: Session, named: Named) -> None:
    noun = NOUNS[named[0]]
    key, owner = nouns.split_name(noun, named[1])
    found = nouns.find(session, noun, key, owner)
    if found is not None:
        writes.discard(session, found, owner)


def _find_removal(
    session: Session, planned: Removal, changes: Sequence[Change], concerned: Sequence[Change]
) -> Removal:
    """Tell what changes take away, most of which were judged when they were planned."""
    sides = (side for each in concerned if each.kind == Router.kind for side in (each.before, each.after) if side)
    losing = {*planned.emptied, *touched_services(concerned), *(side["service"] for side in sides)}
    losing.intersection_update(brake.services_losing(changes))
    return Stored(session, changes, reads_all=False).removal(sorted(losing))
