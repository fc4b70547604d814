"""What changes touch and what they count on: whether two of them can be made one after the other, unseen. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from provider.listening import changed_domains
from provider.models import Change
from provider.nouns import NOUNS, Named, owners


class Footprint(NamedTuple):
    """The objects that changes touch, with what these belong to; those that they refer to, before or after.

    `is_nested` if one refers to its own kind: two such can make a circle of which neither knows. `secures` if it is
    told of domains whether they have TLS, which all routers count on.
    """

    touched: frozenset[Named]
    used: frozenset[Named]
    is_nested: bool
    secures: bool

    def is_apart_from(self, other: "Footprint") -> bool:
        """Tell whether each of the two comes to the same after the other as before it."""
        return (
            self.touched.isdisjoint(other.touched)
            and self.touched.isdisjoint(other.used)
            and self.used.isdisjoint(other.touched)
            and not (self.is_nested and other.is_nested)
            and not (self.secures and other.secures)
        )


def find_footprint(changes: Iterable[Change]) -> Footprint:
    """Return that of changes."""
    listed = list(changes)
    uses = {
        (change.kind, use.kind, use.name)
        for change in listed
        for side in (change.before, change.after)
        if side is not None
        for use in NOUNS[change.kind].uses_of(side)
    }
    touched = frozenset(named for change in listed for named in owners(change.kind, change.name))
    used = frozenset((kind, name) for _user, kind, name in uses)
    return Footprint(touched, used, any(user == kind for user, kind, _name in uses), bool(changed_domains(listed)))
