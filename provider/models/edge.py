"""Edges, as they are remembered when the service is not running."""

from sqlmodel import Field, SQLModel


class EdgeRecord(SQLModel, table=True):
    """A Traefik that has polled: when (UTC, ISO 8601) and from where."""

    __tablename__ = "edge"

    name: str = Field(primary_key=True, max_length=63)
    first_seen: str = Field(max_length=32)
    last_seen: str = Field(max_length=32)
    address: str | None = Field(max_length=64)
