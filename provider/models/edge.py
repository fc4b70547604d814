"""Edges, as they are remembered when the service is not running."""

from sqlmodel import Field, SQLModel


class EdgeRecord(SQLModel, table=True):
    """A Traefik that has polled: when (UTC, ISO 8601) and from where."""

    __tablename__ = "edge"

    name: str = Field(primary_key=True, max_length=63)
    first_seen: str = Field(max_length=32)
    last_seen: str = Field(max_length=32)
    address: str | None = Field(max_length=64)


class KeptOutRecord(SQLModel, table=True):
    """A server that is kept out of the pool of a service on an edge, and since when (UTC, ISO 8601)."""

    __tablename__ = "kept_out"

    edge: str = Field(primary_key=True, max_length=63)
    service: str = Field(primary_key=True, max_length=200)
    url: str = Field(primary_key=True, max_length=2048)
    since: str = Field(max_length=32)


class QuarantineRecord(SQLModel, table=True):
    """What an edge rejected, with the parts that it is not offered, or the document that it is offered instead.

    `held` is what `edges.memory` makes of the parts, in JSON.
    """

    __tablename__ = "quarantine"

    edge: str = Field(primary_key=True, max_length=63)
    rejected_revision: int
    rejected_digest: str = Field(max_length=12)
    accepted_revision: int
    accepted_digest: str = Field(max_length=12)
    accepted_content: bytes
    held: bytes
