"""Certificates that this service gets for domains, and how it is getting on with that. They are no desired state."""

from typing import Any, Final

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

_JSON: Final = JSON(none_as_null=True)


class Issuance(SQLModel, table=True):
    """The certificate of one domain: the one that is served, and the order of the next. Times are UTC, ISO 8601.

    Keys are sealed. `problem` is a message as JSON: what went wrong last.
    """

    name: str = Field(primary_key=True, max_length=255)
    """The domain's name, as an A-label; a wildcard too."""

    issuer: str = Field(default="", max_length=2_048)
    """Who signed the one that is served: `local`, or the URL of an ACME directory."""

    chain: str | None = Field(default=None)
    """The certificate with those that signed it, as PEM text."""

    key: Any = Field(default=None, sa_type=_JSON, nullable=True)
    renews: str | None = Field(default=None, max_length=32)
    """When the next one is to be got."""

    attempts: int = Field(default=0)
    """How often it failed since it succeeded last."""

    tries: str | None = Field(default=None, max_length=32)
    """Until when nothing is tried again."""

    problem: Any = Field(default=None, sa_type=_JSON, nullable=True)
