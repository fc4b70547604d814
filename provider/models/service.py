"""Services: pools of servers, and how requests are shared among them."""

from typing import Annotated, Any

from pydantic import BaseModel, ValidationInfo, field_validator
from pydantic import Field as Described
from sqlalchemy import JSON, Enum
from sqlmodel import Field, SQLModel

from provider.messages import Message
from provider.models.base import input_config, output_config, without_name
from provider.values import CookieName, Duration, HealthPath, Labels, Name, Strategy, duration_seconds, refusal


class HealthCheck(BaseModel):
    """How Traefik finds out which servers are up."""

    model_config = input_config({"path": "/", "interval": "5s", "timeout": "2s"})

    path: HealthPath = "/"
    interval: Duration = "5s"
    timeout: Annotated[Duration, Described(validate_default=True)] = "2s"

    @field_validator("timeout")
    @classmethod
    def check_timeout(cls, timeout: str, info: ValidationInfo) -> str:
        """Refuse a check that would still be running when the next one begins."""
        interval = info.data.get("interval")
        if interval is not None and duration_seconds(timeout) > duration_seconds(interval):
            raise refusal("timeout.interval", Message("the timeout is longer than the interval"))
        return timeout


class Cookie(BaseModel):
    """The cookie by which a browser stays with its server."""

    model_config = input_config({"name": "wayshub"})

    name: CookieName


class Sticky(BaseModel):
    """How a session stays with one server."""

    model_config = input_config({"cookie": {"name": "wayshub"}})

    cookie: Cookie


class ServiceBase(SQLModel):
    name: Name
    strategy: Annotated[
        Strategy,
        Described(
            strict=False,
            description="How a server is chosen: weighted round-robin (wrr), the better of two random ones "
            "(p2c), by the client's address (hrw), or the fastest (leasttime).",
        ),
    ] = Strategy.WRR
    pass_host_header: Annotated[
        bool, Described(description="Whether servers see the Host header that the client sent.")
    ] = True
    labels: Labels = {}


class Service(ServiceBase, table=True):
    """A stored service."""

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
    health_check: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))
    sticky: dict[str, Any] | None = Field(sa_type=JSON(none_as_null=True))
    labels: dict[str, str] = Field(sa_type=JSON)


class ServiceOptions(ServiceBase):
    health_check: HealthCheck | None = None
    sticky: Sticky | None = None


_EXAMPLE = {
    "name": "wayshub",
    "strategy": "wrr",
    "healthCheck": {"path": "/", "interval": "5s", "timeout": "2s"},
    "sticky": None,
    "passHostHeader": True,
    "labels": {},
}


class ServiceInput(ServiceOptions):
    """A pool of servers."""

    model_config = input_config(_EXAMPLE)


class AvailabilityOutput(BaseModel):
    """How many servers of a service take requests."""

    model_config = output_config()

    servers: Annotated[int, Described(ge=0, description="Servers that it has.")]
    ready: Annotated[int, Described(ge=0, description="Those of them that are wanted to take requests.")]
    available: Annotated[int, Described(ge=0, description="Those of the ready ones that no edge observes to be down.")]
    detail: Annotated[str, Described(description="The same in words; it says so when one server is left, or none.")]


class ServiceOutput(ServiceInput):
    """A service, and how many servers it can rely on."""

    model_config = output_config(
        {
            **_EXAMPLE,
            "availability": {"servers": 3, "ready": 3, "available": 2, "detail": "2 of 3 servers take requests"},
        }
    )

    availability: AvailabilityOutput


class ServiceReplacement(ServiceOptions):
    """A service, named by the path."""

    model_config = input_config(without_name(_EXAMPLE))

    name: Name | None = None  # type: ignore[assignment]  # the path has it
