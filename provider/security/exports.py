"""Exports of the state with its secrets: for admins, who are noted in the audit."""

from provider.database.sessions import Session
from provider.errors import Forbidden
from provider.messages import Message
from provider.revisions import Revisions
from provider.security import words
from provider.security.access import Principal
from provider.store import audit


def allow(revisions: Revisions, principal: Principal) -> None:
    """Let somebody read the state with its secrets, and note that. Raises `Forbidden`, and `Unavailable`."""
    if not principal.grant.allows("admin"):
        raise Forbidden(Message("only admins can export secrets: leave out secrets=true"))

    def apply(session: Session) -> None:
        audit.add(session, principal.actor, "state.export", Message(words.SECRETS_EXPORTED))

    revisions.change(apply, actor=principal.actor)
