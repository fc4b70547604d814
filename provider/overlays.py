"""What edges get in another form than is desired: parts replaced, left out, or added. Pure.

An overlay is laid over the desired parts. It speaks of a part only while that has the form of which the
overlay was made: once its object changes, the new form is what the edge gets. What is added has no form there: its
name is one of ours, which users cannot take (`configuration.ADDED`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provider.nouns import Named
from provider.nouns.versions import Version
from provider.parts import Part, Parts


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands in for a part while it is `of`: `by`, or nothing where that is None.

    What is added is `of` None: it stands there while nothing of its name is desired.
    `routers` are the forms in which routers lead elsewhere that would lead to this part, which is left out.
    """

    of: Part | None
    by: Part | None
    routers: tuple[tuple[Named, Part], ...] = ()


Overlay = Mapping[Named, Replacement]


def adding(parts: Mapping[Named, Part]) -> dict[Named, Replacement]:
    """Return the overlay that adds parts to what is desired."""
    return {key: Replacement(None, part) for key, part in parts.items()}


def find_newer(parts: Parts, version: Version) -> dict[Named, Replacement]:
    """Return the overlay that leaves out the parts that a version of Traefik does not know, or gives it older forms."""
    return {
        (kind, name): Replacement(section.parts[name], _known(section.parts[name].older, version))
        for kind, section in parts.sections()
        for name, since in section.newer.items()
        if since > version
    }


def _known(older: Part | None, version: Version) -> Part | None:
    return older if older is None or older.since <= version else _known(older.older, version)


def lay(overlay: Overlay, parts: Parts) -> Parts:
    """Return the parts with an overlay laid over them. None is left that needs what is not there."""
    changed: dict[Named, Part | None] = {}
    others: dict[Named, Part] = {}
    for key, replacement in overlay.items():
        if parts.find(key) == replacement.of:
            changed[key] = replacement.by
            others.update(replacement.routers)
    if not changed:
        return parts
    laid = parts.replaced(changed)
    while lost := laid.orphans():  # what is left out may be needed by others, which go then
        laid = laid.replaced({key: _other(laid, others.pop(key, None)) for key in lost})
    return laid


def _other(laid: Parts, other: Part | None) -> Part | None:
    """Return another form of a router, if all is there that this one needs."""
    return other if other is not None and all(laid.find(key) is not None for key in other.needs) else None
