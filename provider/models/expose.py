"""Exposing an application: a domain, its router, its service and its servers, in one step."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from provider.hosts import to_ascii
from provider.messages import Message
from provider.models.observed import NO_HEALTH, ServerOutput, ServiceOutput
from provider.nouns import Domain, HealthCheck, Nested, Object, Router, Server, Service, field
from provider.nouns.common import ENTRY_POINTS, HOSTNAME, NAME
from provider.nouns.containers import ListOf
from provider.nouns.domain import DomainTLS
from provider.nouns.middlewares.access import BasicAuth
from provider.nouns.protocol import NETWORKS
from provider.nouns.server import SERVER_URL
from provider.nouns.together import either, has, may
from provider.nouns.types import Flag, Schema
from provider.values import OnFailure, Refusal

_TLS_HELP: Final = "Serve it over HTTPS, and redirect HTTP there."
_WWW: Final = "www."
_SECURITY_HEADERS: Final = {
    "contentTypeNosniff": True,
    "frameDeny": True,
    "referrerPolicy": "strict-origin-when-cross-origin",
}


class ExposedServer(Object):
    """A server of the application. Without a name, it gets one from its host and port."""

    example: ClassVar = {"url": "http://10.0.0.11:3000", "weight": 3}

    name: str | None = field(NAME, default=None, title="Name", help="Empty: made from host and port.")
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
        "tls": {"from": "stored"},
        "redirectWww": True,
        "users": ["alvin:secret"],
        "allow": ["10.0.0.0/8"],
        "stripPrefix": False,
        "securityHeaders": True,
    }

    domain: str = field(HOSTNAME, title="Domain", help=Domain.fields["name"].help)
    name: str | None = field(
        NAME,
        default=None,
        title="Name",
        help="For the router and the service. Empty: the domain's first label.",
    )
    servers: list[ExposedServer] = field(
        ListOf(Nested(ExposedServer), least=1, most=1000), title="Servers", help="The servers that answer for it."
    )
    path_prefix: str | None = Router.fields["pathPrefix"].again()
    health_check: HealthCheck | None = field(Nested(HealthCheck), default=None, title="Health check")
    on_failure: OnFailure = Service.fields["onFailure"].again()
    tls: DomainTLS | None = replace(Domain.fields["tls"], help=_TLS_HELP).again()
    redirect_www: bool = field(
        Flag(),
        default=False,
        title="Redirect www",
        help="Redirect www.alvin.xyz to alvin.xyz, or alvin.xyz to www.alvin.xyz if that is the domain.",
        option="--redirect-www",
    )
    users: list[str] = replace(BasicAuth.fields["users"], title="Password").again()
    allow: list[str] = field(
        NETWORKS,
        default=[],
        title="Only from these networks",
        help="IP addresses or networks such as 10.0.0.0/8. Everybody else gets 403. Empty: from anywhere.",
        option="--allow",
    )
    strip_prefix: bool = field(
        Flag(),
        default=False,
        title="Remove the path prefix",
        help="Servers get /users instead of /api/users.",
        option="--strip-prefix",
    )
    security_headers: bool = field(
        Flag(),
        default=False,
        title="Security headers",
        help="Browsers do not guess file types, other sites cannot show your pages in frames, and they learn "
        "only your host name.",
        option="--security-headers",
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse to remove a prefix that is not there, and the other name of a wildcard."""
        if given.get("stripPrefix") and given.get("pathPrefix", ...) is None:
            yield "stripPrefix", Refusal("prefix.none", Message("there is no path prefix to remove: set one"))
        if given.get("redirectWww") and str(given.get("domain", "")).startswith("*."):
            yield (
                "redirectWww",
                Refusal("www.wildcard", Message("a wildcard has no name with or without www to redirect")),
            )

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield either(may(stripPrefix={"const": False}), has(pathPrefix={"type": "string"}))
        yield either(may(redirectWww={"const": False}), may(domain={"pattern": r"^[^*]"}))

    @property
    def other_name(self) -> str | None:
        """The name with or without www that redirects to the domain, if one shall."""
        if not self.redirect_www:
            return None
        bare = self.domain.removeprefix(_WWW)
        return bare if bare != self.domain else _WWW + self.domain

    def middlewares(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give what its requests pass, in order: for each what its name ends with, and its kind as JSON."""
        if self.allow:
            yield "allow", {"ipAllowList": {"sourceRange": self.allow}}
        if self.users:
            yield "password", {"basicAuth": {"users": self.users, "removeHeader": True}}
        if self.security_headers:
            yield "headers", {"headers": dict(_SECURITY_HEADERS)}
        if self.strip_prefix:
            yield "strip", {"stripPrefix": {"prefixes": [self.path_prefix]}}

    def redirect(self) -> dict[str, Any]:
        """Return the middleware that leads from the other name to the domain, as JSON: a port of the URL is kept."""
        target = to_ascii(self.domain)
        found = re.escape(to_ascii(self.other_name or "")).replace("\\-", "-")
        regex = f"^(https?)://{found}(:[0-9]+)?/(.*)$"
        return {"redirectRegex": {"regex": regex, "replacement": f"${{1}}://{target}${{2}}/${{3}}", "permanent": True}}


class ExposeOutput(Object):
    """What was created."""

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
        ENTRY_POINTS, help="The entry points on which it takes requests, including those that only redirect."
    )
