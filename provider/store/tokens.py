"""Tokens in the database."""

from collections.abc import Sequence

from sqlalchemy import tuple_
from sqlmodel import col, or_, select

from provider.database.searches import contains
from provider.database.sessions import Session
from provider.errors import InUse
from provider.messages import Message
from provider.models import Token
from provider.store import records


def list_all(session: Session) -> Sequence[Token]:
    """Return all tokens, by name and age."""
    return session.exec(select(Token).order_by(Token.name, Token.created, Token.id)).all()


def page(session: Session, *, limit: int, after: str | None = None, q: str | None = None) -> Sequence[Token]:
    """Return at most `limit` tokens by their identifier, after `after`, with `q` in the identifier or the name."""
    return records.page(session, Token, (Token.id, Token.name), limit=limit, after=after, q=q)


def page_by_name(
    session: Session, *, limit: int, after: tuple[str, str] | None = None, q: str | None = None
) -> Sequence[Token]:
    """Return at most `limit` tokens by name and identifier, after a pair of both, with `q` in one of them."""
    query = select(Token).order_by(Token.name, Token.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(col(Token.name), col(Token.id)) > after)
    if q:
        query = query.where(or_(contains(Token.name, q), contains(Token.id, q)))
    return session.exec(query).all()


def named(session: Session, name: str) -> Sequence[Token]:
    """Return the tokens that have a name."""
    return session.exec(select(Token).where(Token.name == name).order_by(Token.created, Token.id)).all()


def get_by_id(session: Session, identifier: str) -> Token:
    """Return a token by its identifier. Raises `NotFound`."""
    return records.required(session.get(Token, identifier), "token", identifier)


def get(session: Session, which: str) -> Token:
    """Return a token by its identifier, or by its name if no other has it. Raises `NotFound` and `InUse`."""
    found = session.get(Token, which)
    if found is not None:
        return found
    same = named(session, which)
    if len(same) > 1:
        listed = ", ".join(token.id for token in same)
        detail = Message("several tokens are named {name}: choose one by its ID ({ids})", name=which, ids=listed)
        raise InUse(detail, [])
    return records.required(same[0] if same else None, "token", which)


def add(session: Session, token: Token) -> None:
    """Keep a token."""
    session.add(token)
    session.flush()


def remove(session: Session, token: Token) -> None:
    """Remove a token."""
    session.delete(token)
    session.flush()
