"""Quarantines: lifted by somebody, which is noted in the audit."""

import asyncio

from provider.database.sessions import Session
from provider.edges.quarantine import Quarantine
from provider.edges.registry import Edges
from provider.edges.states import Edge
from provider.messages import Message
from provider.models import Actor
from provider.revisions import Revisions
from provider.security import words
from provider.store import audit


async def lift(edges: Edges, revisions: Revisions, edge: Edge, actor: Actor) -> bool:
    """Offer an edge again what it rejected, and return whether there was anything to lift.

    Runs in the event loop's thread, where the edges live. Raises `Unavailable` if it cannot be noted who did it.
    """
    quarantine = edge.quarantine
    if quarantine is None:
        return False
    await asyncio.to_thread(_note, revisions, edge.name, quarantine, actor)
    edges.lift(edge)
    return True


def _note(revisions: Revisions, name: str, quarantine: Quarantine, actor: Actor) -> None:
    def apply(session: Session) -> None:
        told = Message(words.QUARANTINE_LIFTED, name=name, revision=quarantine.rejected.revision)
        audit.add(session, actor, "edge.lift", told)

    revisions.change(apply, actor=actor)
