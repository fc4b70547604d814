"""Leases of servers that ran out. They are no desired state: what follows from them is."""

from enum import StrEnum

from sqlmodel import Field, SQLModel


class LeaseState(StrEnum):
    """Whether a server with a lease sends its heartbeats."""

    LIVE = "live"
    HELD = "held"
    SILENT = "silent"


class LapsedLease(SQLModel, table=True):
    """A server that was drained because its heartbeats stopped: by which revision, and when it sent its last one.

    It counts as long as no later revision changed the server. Times are UTC, ISO 8601.
    """

    __tablename__ = "lapsed_lease"

    service: str = Field(primary_key=True, max_length=63)
    server: str = Field(primary_key=True, max_length=63)
    revision: int
    heard: str | None = Field(default=None, max_length=32)
