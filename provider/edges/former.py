"""What an edge was given before: only the pools of its documents that became other ones, as documents fill memory."""

from collections.abc import Mapping

from provider import pools
from provider.draining import name_of
from provider.parts import Part
from provider.snapshots import Served, Snapshot

Former = Served | Mapping[str, Part] | None
"""A document; or the parts of services that are other ones in the document after it, by name; None if neither is known.

A server that was in one of several documents is in the newest, or in the former of one of those before.
"""


def find_former(before: Served | None, after: Served) -> Former:
    """Return what is to be known of a document that another one replaces."""
    if not (isinstance(before, Snapshot) and isinstance(after, Snapshot)):
        return before
    was, found = before.parts.services, after.parts.services
    if was is found:
        return {}
    return {name: part for name, part in was.parts.items() if found.parts.get(name) is not part}


def has(former: Former, service: str, url: str) -> bool:
    """Tell whether a server of a service gets requests by a document, or may."""
    if former is None:
        return True
    mark = b'"url":"%s"' % url.encode()
    if isinstance(former, Served) and not isinstance(former, Snapshot):
        return mark in former.document.content
    parts = former.parts.services.parts if isinstance(former, Snapshot) else former
    moved = pools.moved_name(service)
    names = moved if moved in parts else service, name_of(service)
    return any((part := parts.get(name)) is not None and mark in part.content for name in names)
