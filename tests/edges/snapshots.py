"""Snapshots to hand around: only their number and their digest matter."""

from provider.configuration import Document, Parts, Section
from provider.revisions import Snapshot

NOTHING = Parts(Section({}), Section({}))


def snapshot(revision: int, digest: str | None = None, content: bytes = b"") -> Snapshot:
    return Snapshot(revision, Document(content, digest or f"digest {revision}"), NOTHING)
