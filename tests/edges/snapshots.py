"""Snapshots to hand around: only their number and their digest matter."""

from provider.configuration import Document
from provider.snapshots import Served


def snapshot(revision: int, digest: str | None = None, content: bytes = b"") -> Served:
    return Served(revision, Document(content, digest or f"digest {revision}"))
