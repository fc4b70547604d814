"""Tokens of machines: what is kept of them."""

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class Token(SQLModel, table=True):
    """A token. Its secret is kept as a hash; its identifier may be shown."""

    id: str = Field(primary_key=True, max_length=8)
    name: str = Field(max_length=63)
    secret_hash: str = Field(max_length=64)
    scopes: list[str] = Field(sa_type=JSON)
    created: str = Field(max_length=32)
    expires: str | None = Field(default=None, max_length=32)
    last_used: str | None = Field(default=None, max_length=32)
