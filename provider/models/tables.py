"""The tables of the nouns."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, Enum
from sqlmodel import Field, SQLModel

from provider import rules
from provider.models.base import NAMING
from provider.values import HOST_LENGTH, ServerState, Strategy

SQLModel.metadata.naming_convention = NAMING


class DomainRow(SQLModel, table=True):
    """A stored domain: `name` is the A-label, `shown` the name as it was typed."""

    __tablename__ = "domain"

    name: str = Field(primary_key=True, max_length=HOST_LENGTH)
    shown: str = Field(max_length=HOST_LENGTH)
    description: str = Field(default="", max_length=1000)
    labels: dict[str, str] = Field(sa_type=JSON)


class ServiceRow(SQLModel, table=True):
    """A stored service."""

    __tablename__ = "service"

    name: str = Field(primary_key=True, max_length=63)
    strategy: Strategy = Field(
        sa_type=Enum(
            Strategy,
            values_callable=lambda members: [member.value for member in members],
            native_enum=False,
            create_constraint=True,
            name="strategy",
        )
    )
    pass_host_header: bool
    health_check: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))
    sticky: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))
    labels: dict[str, str] = Field(sa_type=JSON)


class ServerRow(SQLModel, table=True):
    """A stored server, of one service."""

    __tablename__ = "server"
    __table_args__ = (CheckConstraint("weight BETWEEN 1 AND 1000", name="weight"),)

    service: str = Field(primary_key=True, foreign_key="service.name", ondelete="CASCADE", max_length=63)
    name: str = Field(primary_key=True, max_length=63)
    url: str = Field(max_length=300)
    weight: int
    state: ServerState = Field(
        sa_type=Enum(
            ServerState,
            values_callable=lambda members: [member.value for member in members],
            native_enum=False,
            create_constraint=True,
            name="state",
        )
    )
    labels: dict[str, str] = Field(sa_type=JSON)


class RouterRow(SQLModel, table=True):
    """A stored router; its domains are in `RouterDomainRow`."""

    __tablename__ = "router"

    name: str = Field(primary_key=True, max_length=63)
    path_prefix: str | None = Field(max_length=255)
    rule: str | None = Field(max_length=rules.RULE_LENGTH)
    service: str = Field(foreign_key="service.name", ondelete="RESTRICT", index=True, max_length=63)
    entry_points: list[str] = Field(sa_type=JSON)
    priority: int | None
    enabled: bool
    labels: dict[str, str] = Field(sa_type=JSON)


class RouterDomainRow(SQLModel, table=True):
    """A router matches a domain; `position` keeps the order in which they were given."""

    __tablename__ = "router_domain"

    router: str = Field(primary_key=True, foreign_key="router.name", ondelete="CASCADE", max_length=63)
    position: int = Field(primary_key=True)
    domain: str = Field(foreign_key="domain.name", ondelete="RESTRICT", index=True, max_length=HOST_LENGTH)
