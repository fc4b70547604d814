"""Findings: single conflicts, and those of several pairs that are told as one. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provider.messages import Message, listed
from provider.models import Conflict
from provider.names import in_order

MOST_NAMED: Final = 3
"""How many routers are named that are in a conflict together."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One conflict: which objects are meant, as kind and name, and what about them, in words."""

    conflict: Conflict
    objects: Sequence[tuple[str, str]]
    detail: str

    def on(self, where: Message) -> "Finding":
        """Return it with where that is so."""
        return replace(self, detail=Message("{where}: {detail}", where=where, detail=self.detail))


@dataclass(frozen=True, slots=True)
class PairFinding(Finding):
    """What two routers are in, and maybe others too: `same` is the same for all that are told of together.

    `template` and `values` say it of several, with the names of all `members`.
    """

    same: object
    members: Sequence[str]
    template: str
    values: Mapping[str, object]


def gather(found: Iterable[Finding]) -> list[Finding]:
    """Tell once of all routers that are in the same conflict, and not of each two of them."""
    gathered: dict[object, list[Finding]] = {}
    for each in found:
        same = each.same if isinstance(each, PairFinding) else each.objects
        gathered.setdefault((each.conflict, same), []).append(each)
    return list(map(_together, gathered.values()))


def _together(findings: Sequence[Finding]) -> Finding:
    pairs = [each for each in findings if isinstance(each, PairFinding)]
    if len(pairs) < 2:
        return Finding(findings[0].conflict, findings[0].objects, findings[0].detail)
    first, names = pairs[0], sorted({name for each in pairs for name in each.members}, key=in_order)
    members = [("router", name) for name in names]
    others = [each for each in first.objects if each not in members]
    objects = (*others, *members) if first.objects[0] in others else (*members, *others)
    detail = Message(first.template, **first.values, names=listed(names, MOST_NAMED))
    return Finding(first.conflict, objects, detail)
