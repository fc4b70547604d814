"""Tokens of machines: how one is made and revoked, each noted in the audit in the same transaction."""

from datetime import datetime
from typing import Any

from provider import moments
from provider.database.sessions import Session
from provider.errors import FieldError, Invalid
from provider.messages import Message
from provider.models import Actor, Change, CreatedTokenOutput, Token, TokenInput, TokenOutput
from provider.security import secrets, words
from provider.store import audit, tokens


def create(session: Session, actor: Actor, wanted: TokenInput, now: datetime) -> CreatedTokenOutput:
    """Make a token. This is the one time that its secret is shown. Raises `Invalid`."""
    if wanted.expires is not None and wanted.expires <= now:
        detail = Message("this is in the past: the token would never be valid")
        raise Invalid([FieldError("/expires", "expires.past", detail)])
    secret = secrets.make_token()
    token = Token(
        id=secret.id,
        name=wanted.name,
        secret_hash=secret.hash,
        scopes=sorted(wanted.scopes),
        created=moments.kept(now),
        expires=None if wanted.expires is None else moments.kept(wanted.expires),
    )
    tokens.add(session, token)
    told = Message(words.TOKEN_MADE, name=token.name, id=token.id, scopes=", ".join(token.scopes))
    audit.add(session, actor, "token.create", told, changes=[Change("token", token.id, None, _kept(token))])
    return CreatedTokenOutput.of(shown(token), token=secret.text)


def revoke(session: Session, actor: Actor, which: str) -> Token:
    """Let a token be good no more: by its id, or by a name that no other has. Raises `NotFound` and `InUse`."""
    token = tokens.get(session, which)
    tokens.remove(session, token)
    told = Message(words.TOKEN_REVOKED, name=token.name, id=token.id)
    audit.add(session, actor, "token.revoke", told, changes=[Change("token", token.id, _kept(token), None)])
    return token


def replace(session: Session, actor: Actor, wanted: TokenInput, now: datetime) -> CreatedTokenOutput:
    """Make a token in place of all that have its name."""
    for token in tokens.named(session, wanted.name):
        revoke(session, actor, token.id)
    return create(session, actor, wanted, now)


def shown(token: Token) -> TokenOutput:
    """Return a token as it is shown."""
    return TokenOutput.of(
        token,
        created=datetime.fromisoformat(token.created),
        expires=None if token.expires is None else datetime.fromisoformat(token.expires),
        last_used=None if token.last_used is None else datetime.fromisoformat(token.last_used),
    )


def _kept(token: Token) -> dict[str, Any]:
    return {"name": token.name, "scopes": list(token.scopes), "expires": token.expires}
