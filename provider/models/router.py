"""Routers: which requests go to which service."""

from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo, field_validator
from pydantic import Field as Described
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from provider import rules
from provider.messages import Message
from provider.models.base import input_config, without_name
from provider.values import HOST_LENGTH, Hostname, Labels, Name, PathPrefix, Priority, check_text, refusal, to_ascii


class Router(SQLModel, table=True):
    """A stored router; its domains are in `RouterDomain`."""

    name: str = Field(primary_key=True, max_length=63)
    path_prefix: str | None = Field(max_length=255)
    rule: str | None = Field(max_length=rules.RULE_LENGTH)
    service: str = Field(foreign_key="service.name", ondelete="RESTRICT", index=True, max_length=63)
    entry_points: list[str] = Field(sa_type=JSON)
    priority: int | None
    enabled: bool
    labels: dict[str, str] = Field(sa_type=JSON)


class RouterDomain(SQLModel, table=True):
    """A router matches a domain; `position` keeps the order in which they were given."""

    __tablename__ = "router_domain"

    router: str = Field(primary_key=True, foreign_key="router.name", ondelete="CASCADE", max_length=63)
    position: int = Field(primary_key=True)
    domain: str = Field(foreign_key="domain.name", ondelete="RESTRICT", index=True, max_length=HOST_LENGTH)


def check_rule(text: str) -> str:
    """Check a rule: one line, and one that Traefik would not disable the router for. It is kept as typed.

    Raises a `PydanticCustomError` with the code of the mistake (`rule.…`), whose message tells the place.
    """
    check_text(text)
    try:
        rules.parse(text)
    except rules.BadRule as mistake:
        detail = Message("at character {position}: {reason}", position=mistake.position + 1, reason=mistake.reason)
        raise refusal(mistake.code, detail) from None
    return text


RuleText = Annotated[
    str,
    Described(
        max_length=rules.RULE_LENGTH,
        description="Rule in Traefik's language, instead of domains and a path prefix.",
        json_schema_extra={"format": "traefik-rule", "minLength": 1},
    ),
    AfterValidator(check_rule),
]


class RouterBase(SQLModel):
    name: Name
    path_prefix: PathPrefix | None = None
    rule: RuleText | None = None
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
            "null ranks by domains and path prefix (exact domains before wildcards, longer prefixes before "
            "shorter ones, whatever the number of domains), and a `rule` by its length, as Traefik does."
        ),
    ] = None
    enabled: Annotated[bool, Described(description="Whether the edge gets this router.")] = True
    labels: Labels = {}

    @field_validator("rule")
    @classmethod
    def check_rule_alone(cls, rule: str | None, info: ValidationInfo) -> str | None:
        """Refuse a rule beside a path prefix."""
        if rule is not None and info.data.get("path_prefix") is not None:
            detail = Message("a router has a rule or a path prefix: write it into the rule, PathPrefix(`…`)")
            raise refusal("rule.exclusive", detail)
        return rule

    @field_validator("domains")
    @classmethod
    def check_domains(cls, domains: list[str], info: ValidationInfo) -> list[str]:
        """Refuse a router that would match everything, that has a rule besides, or that names one domain twice."""
        if domains and info.data.get("rule") is not None:
            detail = Message("a router has a rule or domains: write them into the rule, Host(`…`)")
            raise refusal("rule.exclusive", detail)
        if not domains and info.data.get("path_prefix", "") is None and info.data.get("rule", "") is None:
            raise refusal("router.match", Message("a router needs a domain, a path prefix or both, or a rule"))
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


_EXAMPLE: dict[str, Any] = {
    "name": "wayshub",
    "domains": ["alvin.xyz"],
    "pathPrefix": None,
    "rule": None,
    "service": "wayshub",
    "entryPoints": ["web"],
    "priority": None,
    "enabled": True,
    "labels": {},
}
_NO_RULE = {"rule": {"type": "null"}}
_MATCH = [
    {"required": ["domains"], "properties": {"domains": {"minItems": 1}} | _NO_RULE},
    {"required": ["pathPrefix"], "properties": {"pathPrefix": {"type": "string"}} | _NO_RULE},
    {
        "required": ["rule"],
        "properties": {"rule": {"type": "string"}, "domains": {"maxItems": 0}, "pathPrefix": {"type": "null"}},
    },
]


class RouterInput(RouterBase):
    """What matches a request, and where it goes."""

    model_config = input_config(_EXAMPLE, anyOf=_MATCH)

    name: Name


class RouterReplacement(RouterBase):
    """A router, named by the path."""

    model_config = input_config(without_name(_EXAMPLE), anyOf=_MATCH)

    name: Name | None = None  # type: ignore[assignment]  # the path has it
