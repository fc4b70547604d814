"""Servers: where a service's requests are answered."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel
from pydantic import Field as Described
from sqlalchemy import JSON, CheckConstraint, Enum
from sqlmodel import Field, SQLModel

from provider.models.base import input_config, output_config, without_name
from provider.values import Labels, Name, ServerState, ServerURL, Weight


class ServerBase(SQLModel):
    name: Name
    url: ServerURL
    weight: Weight = 1
    state: Annotated[
        ServerState,
        Described(
            strict=False,
            description="ready takes traffic; drain gets no new requests and finishes those that it has; "
            "maint is out of service.",
        ),
    ] = ServerState.READY
    labels: Labels = {}


class Server(ServerBase, table=True):
    """A stored server, of one service."""

    __table_args__ = (CheckConstraint("weight BETWEEN 1 AND 1000", name="weight"),)

    service: str = Field(primary_key=True, foreign_key="service.name", ondelete="CASCADE", max_length=63)
    name: str = Field(primary_key=True, max_length=63)
    url: str = Field(max_length=300)
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


_EXAMPLE = {"name": "a", "url": "http://10.0.0.11:3000", "weight": 3, "state": "ready", "labels": {}}


class ServerInput(ServerBase):
    """A server of one service."""

    model_config = input_config(_EXAMPLE)


class ServerReplacement(ServerBase):
    """A server, named by the path."""

    model_config = input_config(without_name(_EXAMPLE))

    name: Name | None = None  # type: ignore[assignment]  # the path has it


class HealthOutput(BaseModel):
    """What the edges observe of a server."""

    model_config = output_config()

    state: Annotated[Literal["up", "down", "unknown"], Described(description="Whether it answers its health check.")]
    since: Annotated[AwareDatetime | None, Described(description="Since when it is in this state.")]
    why: Annotated[str, Described(description="Why it is said, for a person.")]


class ServerOutput(ServerInput):
    """A server, what it gets, and how it is."""

    model_config = output_config(
        {
            **_EXAMPLE,
            "share": 0.75,
            "health": {"state": "up", "since": "2026-01-01T12:00:00Z", "why": "its health check succeeds on default"},
        }
    )

    share: Annotated[
        float,
        Described(
            ge=0,
            le=1,
            description="Part of the service's new requests that it is given now, 0 to 1: by weight, with those that "
            "are down, drained or out of service taken out.",
        ),
    ]
    health: HealthOutput
