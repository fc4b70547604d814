"""Routers: which requests go to which service."""

from typing import Annotated

from pydantic import Field as Described
from pydantic import ValidationInfo, field_validator
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider.messages import Message
from provider.models.base import input_config, without_name
from provider.values import HOST_LENGTH, Hostname, Name, PathPrefix, Priority, refusal, to_ascii


class Router(SQLModel, table=True):
    """A stored router; its domains are in `RouterDomain`."""

    name: str = Field(primary_key=True, max_length=63)
    path_prefix: str | None = Field(max_length=255)
    service: str = Field(foreign_key="service.name", ondelete="RESTRICT", index=True, max_length=63)
    entry_points: list[str] = Field(sa_type=JSON)
    priority: int | None
    enabled: bool


class RouterDomain(SQLModel, table=True):
    """A router matches a domain; `position` keeps the order in which they were given."""

    __tablename__ = "router_domain"

    router: str = Field(primary_key=True, foreign_key="router.name", ondelete="CASCADE", max_length=63)
    position: int = Field(primary_key=True)
    domain: str = Field(foreign_key="domain.name", ondelete="RESTRICT", index=True, max_length=HOST_LENGTH)


class RouterBase(SQLModel):
    name: Name
    path_prefix: PathPrefix | None = None
    domains: Annotated[
        list[Hostname],
        Described(
            max_length=100,
            validate_default=True,
            json_schema_extra={"uniqueItems": True},
            description="Domains that it matches, any of them; they have to exist.",
        ),
    ] = []
    service: Annotated[Name, Described(description="Name of the service that answers.")]
    entry_points: Annotated[
        list[Name],
        Described(
            min_length=1,
            max_length=20,
            json_schema_extra={"uniqueItems": True},
            description="Entry points of Traefik that it listens on.",
        ),
    ] = ["web"]
    priority: Annotated[
        Priority | None,
        Described(
            description="Rank among the routers that match a request, the highest wins; "
            "null leaves it to Traefik, which takes the length of the rule."
        ),
    ] = None
    enabled: Annotated[bool, Described(description="Whether the edge gets this router.")] = True

    @field_validator("domains")
    @classmethod
    def check_domains(cls, domains: list[str], info: ValidationInfo) -> list[str]:
        """Refuse a router that would match everything, or that names one domain twice."""
        if not domains and info.data.get("path_prefix", "") is None:
            raise refusal("router.match", Message("a router needs a domain, a path prefix or both"))
        if len({to_ascii(domain) for domain in domains}) < len(domains):
            raise refusal("domains.duplicate", Message("a domain stands here twice"))
        return domains

    @field_validator("entry_points")
    @classmethod
    def check_entry_points(cls, entry_points: list[str]) -> list[str]:
        """Refuse one entry point twice."""
        if len(set(entry_points)) < len(entry_points):
            raise refusal("entryPoints.duplicate", Message("an entry point stands here twice"))
        return entry_points

    @property
    def ascii_domains(self) -> list[str]:
        """The domains as Traefik needs them, A-labels in lower case."""
        return [to_ascii(domain) for domain in self.domains]


_EXAMPLE = {
    "name": "wayshub",
    "domains": ["alvin.xyz"],
    "pathPrefix": None,
    "service": "wayshub",
    "entryPoints": ["web"],
    "priority": None,
    "enabled": True,
}
_MATCH = [
    {"required": ["domains"], "properties": {"domains": {"minItems": 1}}},
    {"required": ["pathPrefix"], "properties": {"pathPrefix": {"type": "string"}}},
]


class RouterInput(RouterBase):
    """What matches a request, and where it goes."""

    model_config = input_config(_EXAMPLE, anyOf=_MATCH)

    name: Name


class RouterReplacement(RouterBase):
    """A router, named by the path."""

    model_config = input_config(without_name(_EXAMPLE), anyOf=_MATCH)

    name: Name | None = None  # type: ignore[assignment]  # the path has it
