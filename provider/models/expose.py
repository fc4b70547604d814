"""Exposing an application: a domain, its router, its service and its servers, in one step."""

from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Described

from provider.models.base import input_config, output_config
from provider.models.domain import DomainInput
from provider.models.router import RouterInput
from provider.models.server import ServerOutput
from provider.models.service import HealthCheck, ServiceOutput
from provider.values import Hostname, Name, PathPrefix, ServerURL, Weight

_HEALTH = {"state": "unknown", "since": None, "why": "the service has no health check"}


class ExposedServer(BaseModel):
    """A server of the application; without a name it gets one from its host and port."""

    model_config = input_config({"url": "http://10.0.0.11:3000", "weight": 3})

    name: Name | None = None
    url: ServerURL
    weight: Weight = 1


class ExposeInput(BaseModel):
    """An application: a domain and the servers that answer for it."""

    model_config = input_config(
        {
            "domain": "alvin.xyz",
            "name": "wayshub",
            "servers": [
                {"url": "http://10.0.0.11:3000", "weight": 3},
                {"url": "http://10.0.0.12:3000"},
            ],
            "pathPrefix": None,
            "healthCheck": None,
        }
    )

    domain: Hostname
    name: Annotated[
        Name | None,
        Described(description="Name of the router and of the service; by default the domain's first label."),
    ] = None
    servers: Annotated[list[ExposedServer], Described(min_length=1, max_length=1000)]
    path_prefix: PathPrefix | None = None
    health_check: HealthCheck | None = None


class ExposeOutput(BaseModel):
    """What was made."""

    model_config = output_config(
        {
            "name": "wayshub",
            "domain": {"name": "alvin.xyz", "description": ""},
            "router": {
                "name": "wayshub",
                "domains": ["alvin.xyz"],
                "pathPrefix": "/",
                "service": "wayshub",
                "entryPoints": ["web"],
                "enabled": True,
            },
            "service": {
                "name": "wayshub",
                "strategy": "wrr",
                "passHostHeader": True,
                "availability": {"servers": 2, "ready": 2, "available": 2, "detail": "2 of 2 servers take requests"},
            },
            "servers": [
                {
                    "name": "10-0-0-11-3000",
                    "url": "http://10.0.0.11:3000",
                    "weight": 3,
                    "state": "ready",
                    "share": 0.75,
                    "health": _HEALTH,
                },
                {
                    "name": "10-0-0-12-3000",
                    "url": "http://10.0.0.12:3000",
                    "weight": 1,
                    "state": "ready",
                    "share": 0.25,
                    "health": _HEALTH,
                },
            ],
        }
    )

    name: Name
    domain: DomainInput
    router: RouterInput
    service: ServiceOutput
    servers: list[ServerOutput]
