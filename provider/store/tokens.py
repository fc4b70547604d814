"""Tokens in the database."""

from collections.abc import Sequence

from sqlmodel import Session, select

from provider.errors import InUse, NotFound
from provider.models import Token


def list_all(session: Session) -> Sequence[Token]:
    """Return all tokens, by name and age."""
    return session.exec(select(Token).order_by(Token.name, Token.created, Token.id)).all()


def find(session: Session, identifier: str) -> Token | None:
    """Find a token by its identifier."""
    return session.get(Token, identifier)


def get(session: Session, which: str) -> Token:
    """Return a token by its identifier, or by its name if no other has it. Raises `NotFound` and `InUse`."""
    found = find(session, which)
    if found is not None:
        return found
    named = session.exec(select(Token).where(Token.name == which).order_by(Token.id)).all()
    if not named:
        raise NotFound(f"there is no token {which}")
    if len(named) > 1:
        listed = ", ".join(token.id for token in named)
        raise InUse(f"several tokens are named {which}: say which by its id ({listed})", [])
    return named[0]


def add(session: Session, token: Token) -> None:
    """Keep a token."""
    session.add(token)
    session.flush()


def revoke(session: Session, token: Token) -> None:
    """Let a token be good no more."""
    session.delete(token)
    session.flush()
