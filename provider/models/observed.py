"""Objects as they are shown: with what is observed of them."""

from enum import StrEnum
from typing import Any, ClassVar, Final

from pydantic import AwareDatetime

from provider.models.lease import LeaseState
from provider.models.shown import Shown, described
from provider.nouns import Domain, Nested, Server, Service, field
from provider.nouns.certificate import Certificate
from provider.nouns.containers import ListOf
from provider.nouns.texts import MASK, Text
from provider.nouns.types import Share, Time, Whole


class AvailabilityOutput(Shown):
    """How many servers of a service take requests. For a service made of others: of all their servers."""

    servers: int = described("Number of servers.", Whole(0))
    ready: int = described("Servers whose state is `ready`.", Whole(0))
    available: int = described("Ready servers that no edge reports as down.", Whole(0))
    detail: str = described("The same, as a sentence. It says so if only one server is left, or none.")
    elsewhere: int = described(
        "Services of other providers that it is made of. Their servers are unknown.", Whole(0), default=0, omitted=True
    )


class ShareOutput(Shown):
    """The share of a server in the requests to a service made of others."""

    service: str = described("Name of the service it belongs to.")
    server: str | None = described(
        "Name of the server; null if the service belongs to another provider, because its servers are unknown.",
        default=None,
    )
    share: float = described("Its share of all new requests to the service, 0 to 1.", Share())


class ServiceOutput(Service):
    """A service, and how many of its servers take requests."""

    example: ClassVar = {
        **Service.example,
        "availability": {"servers": 3, "ready": 3, "available": 2, "detail": "2 of 3 servers take requests"},
    }

    availability: AvailabilityOutput = field(Nested(AvailabilityOutput))
    shares: list[ShareOutput] = field(
        ListOf(Nested(ShareOutput)),
        default=[],
        omitted=True,
        help="For a service made of others: the servers that may answer, and the current share of each.",
    )


class ObservedState(StrEnum):
    """Whether a server answers its health check."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class KeptOutOutput(Shown):
    """An edge on which a server is kept out of its pool."""

    edge: str = described("Name of the edge.")
    since: AwareDatetime = described("Since when it is kept out there.")


class HealthOutput(Shown):
    """What the edges observe of a server."""

    state: ObservedState = described("Whether it answers its health check.")
    since: AwareDatetime | None = described("Since when it has been in this state.", default=None)
    why: str = described("What this is based on, as a sentence.")
    kept_out: list[KeptOutOutput] = described(
        "The edges whose pool it is left out of, because its health check fails there. It is watched, and comes "
        "back when it answers again.",
        default=[],
        omitted=True,
    )


class LeavingOutput(Shown):
    """How a drained server leaves. Once it keeps no visitors and no edge is left, it can be stopped."""

    until: str | None = described(
        "Until when it keeps its visitors; null: it keeps none.", Text(said={"format": "date-time"}), default=None
    )
    edges: list[str] = described(
        "The edges that may still send it requests: their documents still include it.", default=[]
    )


class LeaseOutput(Shown):
    """State of a server's lease."""

    state: LeaseState = described(
        "`live`: it sends heartbeats. `silent`: they stopped, so it was drained. `held`: they stopped, but it was "
        "not drained, because the fault may be elsewhere or no other server is left."
    )
    last_heartbeat: AwareDatetime | None = described(
        "When its last heartbeat came; null if none has come since this service started.", default=None
    )
    until: AwareDatetime | None = described(
        "When its lease ends unless a heartbeat comes: then it is drained, or removed if it is drained "
        "already; null while it is held or in maintenance.",
        default=None,
    )


class StayingOutput(Shown):
    """A drained server that keeps its visitors."""

    service: str = described("Name of its service.")
    server: str = described("Name of the server.")
    url: str = described("URL of the server.")
    until: str = described("Until when it keeps its visitors.", Text(said={"format": "date-time"}))
    cookie: str = described("The cookie, as `NAME=VALUE`: a request that has it goes to this server.")


class RisingOutput(Shown):
    """How far a server that is new or back has ramped up to its full weight."""

    part: float = described("The part of its weight that it has now, 0 to 1.", Share())
    seconds: int = described("Seconds until it has its full weight.", Whole(0))


class ServerOutput(Server):
    """A server, its share, and its health."""

    example: ClassVar = {
        **Server.example,
        "share": 0.75,
        "health": {"state": "up", "since": "2026-01-01T12:00:00Z", "why": "its health check succeeds on default"},
    }

    share: float = field(
        Share(),
        help="Its current share of the service's new requests, 0 to 1: by weight, not counting servers that are down, "
        "drained or in maintenance. One that is down on some edges has the share that it gets on the others.",
    )
    health: HealthOutput = field(Nested(HealthOutput))
    leaving: LeavingOutput | None = field(
        Nested(LeavingOutput), default=None, omitted=True, help="For a drained server: how it leaves."
    )
    lease: LeaseOutput | None = field(Nested(LeaseOutput), default=None, omitted=True)
    rising: RisingOutput | None = field(
        Nested(RisingOutput),
        default=None,
        omitted=True,
        help="For a server that is new or back, of a service with `slowStart`: how far it has ramped up to its full "
        "weight.",
    )


class CertificateOutput(Certificate):
    """A certificate and its details."""

    example: ClassVar = {
        **Certificate.example,
        "keyFile": MASK,
        "names": ["alvin.xyz"],
        "issuer": "alvin.xyz",
        "notBefore": "2026-01-01T00:00:00Z",
        "notAfter": "2126-01-01T00:00:00Z",
        "serial": "50156AA05B78ACBED17E97B9DA05B1C82B782430",
        "fingerprint": "0" * 64,
    }

    names: list[str] = field(
        ListOf(Text()), title="Names", help="The names it covers: host names as A-labels, wildcards, and IP addresses."
    )
    issuer: str = field(Text(), title="Issuer", help="Its issuer.")
    not_before: AwareDatetime = field(Time(), title="Valid from", help="Start of its validity.")
    not_after: AwareDatetime = field(Time(), title="Valid until", help="End of its validity.")
    serial: str = field(
        Text(), title="Serial number", help="Its serial number, in hexadecimal digits, as openssl prints it."
    )
    fingerprint: str = field(Text(), title="Fingerprint", help="Its SHA-256, in hexadecimal digits.")


class ShownState(StrEnum):
    """State of the certificate that an edge shows for a domain."""

    GOOD = "good"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    EARLY = "early"
    OTHER = "other"
    NONE = "none"
    UNKNOWN = "unknown"


class ShownOutput(Shown):
    """The certificate that an edge really shows for a domain, as seen in a TLS handshake."""

    edge: str = described("Name of the edge.")
    state: ShownState = described(
        "`good`: right name, valid. `expiring`: the same, but expires soon. `expired`, `early` (not valid yet), "
        "`other` (for other names, or Traefik's default one), `none` (the handshake fails): browsers refuse these. "
        "`unknown`: the edge cannot be checked."
    )
    since: AwareDatetime | None = described("Since when it has been in this state.", default=None)
    why: str = described("The same, as a sentence.")
    names: list[str] = described("The names it covers.", default=[], omitted=True)
    issuer: str | None = described("Its issuer.", default=None)
    not_after: AwareDatetime | None = described("End of its validity.", default=None)
    serial: str | None = described("Its serial number, in hexadecimal digits.", default=None)


class IssuanceState(StrEnum):
    """Status of the certificate that wayshub-provider gets for a domain."""

    HELD = "held"
    ORDERING = "ordering"
    WAITING = "waiting"
    BLOCKED = "blocked"


class IssuanceOutput(Shown):
    """Status of the certificate that wayshub-provider gets for a domain with `acme`."""

    state: IssuanceState = described(
        "`held`: it has one. `ordering`: it is getting one now. `waiting`: the last attempt failed, and it tries "
        "again later. `blocked`: it cannot get one until somebody changes something."
    )
    why: str | None = described("What is wrong, as a sentence.", default=None)
    failures: int = described("Failed attempts since the last success.", Whole(0), default=0)
    next: AwareDatetime | None = described(
        "When it tries again (`waiting`), or renews the certificate (`held`).", default=None
    )


class DomainOutput(Domain):
    """A domain, its certificate from here, and the certificates that edges show for it."""

    example: ClassVar = {
        **Domain.example,
        "certificates": [
            {
                "edge": "default",
                "state": "good",
                "since": "2026-01-01T12:00:00Z",
                "why": "its certificate from Let's Encrypt R11 is valid until 2026-04-01",
                "names": ["alvin.xyz"],
                "issuer": "Let's Encrypt R11",
                "notAfter": "2026-04-01T00:00:00Z",
                "serial": "50156AA05B78ACBED17E97B9DA05B1C82B782430",
            }
        ],
        "issuance": {"state": "held", "why": None, "failures": 0, "next": "2026-03-02T00:00:00Z"},
    }

    issuance: IssuanceOutput | None = field(
        Nested(IssuanceOutput),
        default=None,
        omitted=True,
        help="For a domain with `acme`: status of the certificate that wayshub-provider gets.",
    )
    certificates: list[ShownOutput] = field(
        ListOf(Nested(ShownOutput)),
        default=[],
        omitted=True,
        help="For a domain with HTTPS: what each edge shows, as last seen.",
    )


class LostOutput(Shown):
    """A router that used to take the request."""

    router: str = described("Name of the router.")
    revision: int = described("Number of the revision that removed, disabled or changed it.")
    author: str = described("Author of that revision.")
    why: str = described("The same, as a sentence.")


class DeviationOutput(Shown):
    """An edge that treats the request differently, or has a problem with that router."""

    edge: str = described("Name of the edge.")
    router: str | None = described("Name of the router that takes it there; null if none does (404).")
    why: str = described("Why, in Traefik's words where there are any.")


NO_HEALTH: Final[dict[str, Any]] = {"state": "unknown", "since": None, "why": "the service has no health check"}
