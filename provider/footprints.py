"""What changes touch and what they count on: whether two of them can be made one after the other, unseen. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from provider.listening import changed_domains
from provider.models import Change
from provider.nouns import NOUNS, Named, Noun, owners
from provider.plans import Fixed, Prune, Transition


class Footprint(NamedTuple):
    """The objects that changes touch, with what these belong to; those that they refer to, before or after.

    `is_nested` if one refers to its own kind: two such can make a circle of which neither knows. `secures` if it is
    told of domains whether they have TLS, which all routers count on. `prune` is what goes for no other reason than
    that nothing declared it: it would have taken what others made or changed, too. `fixed` has which objects become
    what they do in any case.
    """

    touched: frozenset[Named]
    used: frozenset[Named]
    is_nested: bool
    secures: bool
    prune: Prune | None
    fixed: Fixed | None

    def is_apart_from(self, changes: Sequence[Change]) -> bool:
        """Tell whether this comes to the same after changes of others as before them, and so do they."""
        other = _find_footprint(changes)
        return (
            self.touched.isdisjoint(other.touched)
            and self.touched.isdisjoint(other.used)
            and self.used.isdisjoint(other.touched)
            and not (self.is_nested and other.is_nested)
            and not (self.secures and other.secures)
            and not (self.fixed and any((each.kind, each.name) in self.fixed.declared for each in changes))
            and not (self.prune and any(_takes(self.prune, change) for change in changes))
        )

    def is_settled_for(self, changes: Sequence[Change]) -> bool:
        """Tell whether it is known what becomes of the objects that others changed, without planning it anew."""
        fixed = self.fixed
        return fixed is not None and not any(
            (change.kind, change.name) in fixed.bound or NOUNS[change.kind].exclusive() for change in changes
        )

    def left_by(self, changes: Sequence[Change]) -> dict[Named, Noun | None]:
        """Return what becomes of the objects that others changed, of those that it does not set: None if they go."""
        declared = frozenset() if self.fixed is None else self.fixed.declared
        found = {(each.kind, each.name): each.after for each in changes if (each.kind, each.name) not in declared}
        left = {named: None if after is None else NOUNS[named[0]].loaded(after) for named, after in found.items()}
        return {
            named: None if item is None or (self.prune and self.prune.takes(*named, item)) else item
            for named, item in left.items()
        }


def find_footprint(transition: Transition) -> Footprint:
    """Return that of what leads from one state to another."""
    return _find_footprint(transition.changes, transition.prune, transition.fixed)


def _takes(prune: Prune, change: Change) -> bool:
    sides = [side for side in (change.before, change.after) if side is not None]
    return any(prune.takes(change.kind, change.name, NOUNS[change.kind].loaded(side)) for side in sides)


def _find_footprint(changes: Sequence[Change], prune: Prune | None = None, fixed: Fixed | None = None) -> Footprint:
    uses = {
        (change.kind, use.kind, use.name)
        for change in changes
        for side in (change.before, change.after)
        if side is not None
        for use in NOUNS[change.kind].uses_of(side)
    }
    touched = frozenset(named for change in changes for named in owners(change.kind, change.name))
    used = frozenset((kind, name) for _user, kind, name in uses)
    is_nested, secures = any(user == kind for user, kind, _name in uses), bool(changed_domains(changes))
    return Footprint(touched, used, is_nested, secures, prune, fixed)
