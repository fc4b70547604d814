"""Domains: the host names that are ours."""

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider.models.base import input_config, without_name
from provider.values import HOST_LENGTH, Hostname, Labels, Text, to_ascii


class DomainBase(SQLModel):
    name: Hostname
    description: Text = ""
    labels: Labels = {}


class Domain(DomainBase, table=True):
    """A stored domain: `name` is the A-label, `shown` the name as it was typed."""

    name: str = Field(primary_key=True, max_length=HOST_LENGTH)
    shown: str = Field(max_length=HOST_LENGTH)
    labels: dict[str, str] = Field(sa_type=JSON)


_EXAMPLE = {"name": "alvin.xyz", "description": "The class's own name", "labels": {"team": "video"}}


class DomainInput(DomainBase):
    """A host name that routers may match."""

    model_config = input_config(_EXAMPLE)

    @property
    def ascii_name(self) -> str:
        """The name as Traefik needs it, an A-label in lower case."""
        return to_ascii(self.name)


class DomainReplacement(DomainBase):
    """A domain, named by the path."""

    model_config = input_config(without_name(_EXAMPLE))

    name: Hostname | None = None  # type: ignore[assignment]  # the path has it
