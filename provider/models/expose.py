"""Exposing an application: a domain, its router, its service and its servers, in one step."""

from dataclasses import replace
from typing import ClassVar

from provider.models.observed import NO_HEALTH, ServerOutput, ServiceOutput
from provider.nouns import Domain, HealthCheck, Nested, Object, Router, Server, field
from provider.nouns.common import ENTRY_POINTS, HOSTNAME, NAME
from provider.nouns.containers import ListOf
from provider.nouns.server import SERVER_URL


class ExposedServer(Object):
    """A server of the application; without a name it gets one from its host and port."""

    example: ClassVar = {"url": "http://10.0.0.11:3000", "weight": 3}

    name: str | None = field(NAME, default=None, title="Name", help="If empty, it is made from host and port.")
    url: str = replace(Server.fields["url"], type=SERVER_URL).again()
    weight: int = Server.fields["weight"].again()


class ExposeInput(Object):
    """An application: a domain and the servers that answer for it."""

    example: ClassVar = {
        "domain": "alvin.xyz",
        "name": "wayshub",
        "servers": [
            {"url": "http://10.0.0.11:3000", "weight": 3},
            {"url": "http://10.0.0.12:3000"},
        ],
        "pathPrefix": None,
        "healthCheck": None,
    }

    domain: str = field(HOSTNAME, title="Domain", help=Domain.fields["name"].help)
    name: str | None = field(
        NAME,
        default=None,
        title="Name",
        help="Name of the router and of the service; by default the domain's first label.",
    )
    servers: list[ExposedServer] = field(
        ListOf(Nested(ExposedServer), least=1, most=1000), title="Servers", help="The servers that answer for it."
    )
    path_prefix: str | None = Router.fields["pathPrefix"].again()
    health_check: HealthCheck | None = field(Nested(HealthCheck), default=None, title="Health check")


class ExposeOutput(Object):
    """What was made."""

    example: ClassVar = {
        "name": "wayshub",
        "domain": Domain.example,
        "router": Router.example,
        "service": ServiceOutput.example,
        "servers": [
            {**Server.example, "name": "10-0-0-11-3000", "share": 0.75, "health": NO_HEALTH},
            {
                **Server.example,
                "name": "10-0-0-12-3000",
                "url": "http://10.0.0.12:3000",
                "weight": 1,
                "share": 0.25,
                "health": NO_HEALTH,
            },
        ],
        "entryPoints": ["websecure", "web"],
    }

    name: str = field(NAME, help="Name of the router and of the service.")
    domain: Domain = field(Nested(Domain))
    router: Router = field(Nested(Router))
    service: ServiceOutput = field(Nested(ServiceOutput))
    servers: list[ServerOutput] = field(ListOf(Nested(ServerOutput)), help="The servers.")
    entry_points: list[str] = field(
        ENTRY_POINTS, help="The entry points on which it takes requests, with or without redirecting them."
    )
