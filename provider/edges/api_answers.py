"""What Traefik's API answers: its shapes, and what follows from them. Pure.

Facts from Traefik 3.7: its names of routers are not always ours; `serverStatus` of a service has its servers' health.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from provider import pools
from provider.certificates import CertificateFacts
from provider.configuration import owner
from provider.edges.observed import DisabledRouter
from provider.late import Late
from provider.nouns import Router
from provider.nouns.router import HIGHEST_PRIORITY
from provider.surroundings import ForeignRouter, Redirection

if TYPE_CHECKING:
    from provider.imports import old_rules, restoring
else:
    old_rules, restoring = (Late(f"provider.imports.{name}") for name in ("old_rules", "restoring"))

OURS: Final = "@http"
"""What follows the names of objects that Traefik has from here."""

_INTERNAL: Final = "@internal"
_DISABLED: Final = "disabled"
_CONFLICTED: Final = "conflicted-"

ServersUp = Mapping[str, Mapping[str, bool]]
"""Servers by service and URL: true for those that are up."""


class _ShownHeaders(msgspec.Struct):
    custom_response_headers: dict[str, str] = msgspec.field(name="customResponseHeaders", default_factory=dict)


class MiddlewareAnswer(msgspec.Struct):
    """A middleware that adds headers, as the beacon does."""

    headers: _ShownHeaders


class VersionAnswer(msgspec.Struct):
    """Which Traefik this is, and when it started."""

    version: str = msgspec.field(name="Version")
    started: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="startDate")


class RouterAnswer(msgspec.Struct):
    """What is wrong with a router."""

    name: str
    status: str = ""
    error: list[str] = []
    entry_points: list[str] = msgspec.field(name="entryPoints", default_factory=list)


class _RedirectionAnswer(msgspec.Struct):
    to: str = ""
    priority: int = 0


class _RedirectionsAnswer(msgspec.Struct):
    entry_point: _RedirectionAnswer | None = msgspec.field(name="entryPoint", default=None)


class _EntryPointHTTP(msgspec.Struct):
    middlewares: list[str] = []
    tls: dict[str, Any] | None = None
    redirections: _RedirectionsAnswer | None = None


class EntryPointAnswer(msgspec.Struct):
    """An entry point, with what it adds to its routers."""

    name: str
    address: str = ""
    http: _EntryPointHTTP = msgspec.field(default_factory=_EntryPointHTTP)
    observability: dict[str, Any] | None = None

    @property
    def redirection(self) -> Redirection | None:
        """Where it leads all requests without TLS, if it does."""
        told = None if self.http.redirections is None else self.http.redirections.entry_point
        return None if told is None else Redirection(told.to, told.priority)


class CertificateAnswer(msgspec.Struct):
    """A certificate that Traefik has."""

    sans: list[str]
    not_before: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="notBefore")
    not_after: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="notAfter")
    serial: str = msgspec.field(name="serialNumber", default="0")
    fingerprint: str = msgspec.field(name="certFingerprint", default="")
    common: str = msgspec.field(name="commonName", default="")
    issuer: str = msgspec.field(name="issuerCN", default="")

    @property
    def facts(self) -> CertificateFacts:
        """What it says of itself, as far as the API tells."""
        return CertificateFacts(
            names=tuple(self.sans),
            issuer=self.issuer,
            not_before=self.not_before,
            not_after=self.not_after,
            serial=f"{int(self.serial):X}" if self.serial.isascii() and self.serial.isdigit() else self.serial,
            fingerprint=self.fingerprint,
            sought=tuple(sorted({*self.sans, *filter(None, [self.common])})),
            is_ca=False,
            bits=0,
            is_common=True,
        )


class AnyRouterAnswer(msgspec.Struct, omit_defaults=True):
    """A router as it is told to be, of any provider."""

    name: str
    rule: str = ""
    priority: int = 0
    status: str = ""
    service: str = ""
    entry_points: list[str] = msgspec.field(name="entryPoints", default_factory=list)
    middlewares: list[str] = []
    tls: dict[str, Any] | None = None
    observability: dict[str, Any] | None = None
    rule_syntax: str = msgspec.field(name="ruleSyntax", default="")


class NamedAnswer(msgspec.Struct):
    """An object of which only the name matters."""

    name: str


class _ShownHealthCheck(msgspec.Struct):
    """Whether there is one is all that matters."""


class _ShownLoadBalancer(msgspec.Struct):
    health_check: _ShownHealthCheck | None = msgspec.field(name="healthCheck", default=None)


class ServiceAnswer(msgspec.Struct):
    """A service, with its servers by URL."""

    name: str
    load_balancer: _ShownLoadBalancer | None = msgspec.field(name="loadBalancer", default=None)
    server_status: dict[str, str] = msgspec.field(name="serverStatus", default_factory=dict)

    @property
    def is_checked(self) -> bool:
        """Whether it has a health check."""
        return self.load_balancer is not None and self.load_balancer.health_check is not None


def _name(router: RouterAnswer, document: bytes) -> str:
    """Return the name under which a document has a router; where that is not found, the name that is shown.

    Traefik takes a router apart where its entry points differ in TLS: `shop` is `websecure-shop` besides. Where
    routers of one host want different TLS options, they are `websecure-conflicted-shop` (measured on 3.7.15).
    """
    shown = router.name.removesuffix(OURS)
    names = [shown]
    for point in router.entry_points:
        rest = shown.removeprefix(f"{point}-")
        names += [rest, rest.removeprefix(_CONFLICTED), rest.removeprefix(_CONFLICTED).removeprefix(f"{point}-")]
    return next((name for name in names if b'"%s":{"entryPoints":' % name.encode() in document), shown)


def list_ours(kind: str, routers: Iterable[RouterAnswer], document: bytes) -> Iterator[DisabledRouter]:
    """Give those of some routers that are ours, each once. Those of TCP and UDP are never taken apart."""
    ours: dict[str, list[str]] = {}
    for router in routers:
        if router.name.endswith(OURS):
            shown = router.name.removesuffix(OURS)
            told = ours.setdefault(owner(_name(router, document)) if kind == Router.kind else shown, [])
            told += [error for error in router.error if error not in told]
    for name, told in ours.items():
        yield DisabledRouter(name, ", ".join(told) or "without a reason", kind)


def is_foreign(router: AnyRouterAnswer) -> bool:
    """Tell whether a router that Traefik serves is of another provider, and no copy in the fallback file."""
    is_copy = router.priority < -HIGHEST_PRIORITY
    return router.status != _DISABLED and not is_copy and not router.name.endswith((OURS, _INTERNAL))


def gather(routers: Iterable[AnyRouterAnswer], points: Iterable[EntryPointAnswer]) -> Mapping[str, ForeignRouter]:
    """Return routers of other providers as they were given, before the entry points were laid over them."""
    laid = {
        each.name: restoring.EntryPointDefaults(each.http.tls, each.http.middlewares, each.observability or {})
        for each in points
    }
    given = {router.name: {**msgspec.to_builtins(router), "name": ""} for router in routers}
    found = {}
    for name, each in restoring.restored(given, laid).items():
        rule = each.get("rule", "")
        written = old_rules.rewritten(rule, is_old=each.get("ruleSyntax") == "v2")
        found[name] = ForeignRouter(
            written, each.get("priority") or len(rule.encode()), tuple(each.get("entryPoints", ()))
        )
    return found


def find_servers(services: Iterable[ServiceAnswer]) -> dict[str, Mapping[str, bool]]:
    """Return the servers of those services of ours that have a health check, with those that are kept out of them."""
    found: dict[str, dict[str, bool]] = {}
    for service in services:
        if service.is_checked and service.name.endswith(OURS):
            told = found.setdefault(pools.service_of(service.name.removesuffix(OURS)), {})
            told.update({url: status == "UP" for url, status in service.server_status.items()})
    return dict(found)
