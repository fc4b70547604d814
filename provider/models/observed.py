"""Objects as they are shown: with what is observed of them."""

from enum import StrEnum
from typing import Any, ClassVar, Final

from pydantic import AwareDatetime

from provider.nouns import Nested, Object, Server, Service, field
from provider.nouns.certificate import Certificate
from provider.nouns.containers import ListOf
from provider.nouns.types import MASK, Choice, Share, Text, Time, Whole


class AvailabilityOutput(Object):
    """How many servers of a service take requests: of one made of others, those of these."""

    servers: int = field(Whole(0), help="Servers that it has.")
    ready: int = field(Whole(0), help="Those of them that are wanted to take requests.")
    available: int = field(Whole(0), help="Those of the ready ones that no edge observes to be down.")
    detail: str = field(Text(), help="The same in words; it says so when one server is left, or none.")
    elsewhere: int = field(
        Whole(0),
        default=0,
        omitted=True,
        help="Services of other providers of which it is made: nothing is known of their servers.",
    )


class ShareOutput(Object):
    """What a server gets of the requests to a service that is made of others."""

    service: str = field(Text(), help="Name of the service that has it.")
    server: str | None = field(
        Text(), default=None, help="Name of the server; null where another provider has the service: it is unknown."
    )
    share: float = field(Share(), help="Its part of all new requests to the service, 0 to 1.")


class ServiceOutput(Service):
    """A service, and how many servers it can rely on."""

    example: ClassVar = {
        **Service.example,
        "availability": {"servers": 3, "ready": 3, "available": 2, "detail": "2 of 3 servers take requests"},
    }

    availability: AvailabilityOutput = field(Nested(AvailabilityOutput))
    shares: list[ShareOutput] = field(
        ListOf(Nested(ShareOutput)),
        default=[],
        omitted=True,
        help="Of a service made of others: the servers that may answer, and what each gets now.",
    )


class ObservedState(StrEnum):
    """Whether a server answers its health check."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class HealthOutput(Object):
    """What the edges observe of a server."""

    state: ObservedState = field(Choice(ObservedState), help="Whether it answers its health check.")
    since: AwareDatetime | None = field(Time(), default=None, help="Since when it is in this state.")
    why: str = field(Text(), help="Why it is said, for a person.")


class ServerOutput(Server):
    """A server, what it gets, and how it is."""

    example: ClassVar = {
        **Server.example,
        "share": 0.75,
        "health": {"state": "up", "since": "2026-01-01T12:00:00Z", "why": "its health check succeeds on default"},
    }

    share: float = field(
        Share(),
        help="Part of the service's new requests that it is given now, 0 to 1: by weight, with those that are down, "
        "drained or out of service taken out.",
    )
    health: HealthOutput = field(Nested(HealthOutput))


class CertificateOutput(Certificate):
    """A certificate, and what it says of itself."""

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
        ListOf(Text()), title="Names", help="What it is for: host names as A-labels, wildcards, and IP addresses."
    )
    issuer: str = field(Text(), title="Issuer", help="Who signed it.")
    not_before: AwareDatetime = field(Time(), title="Valid from", help="Since when it is valid.")
    not_after: AwareDatetime = field(Time(), title="Valid until", help="Until when it is valid.")
    serial: str = field(Text(), title="Serial number", help="In hexadecimal digits, as of openssl.")
    fingerprint: str = field(Text(), title="Fingerprint", help="Its SHA-256, in hexadecimal digits.")


NO_HEALTH: Final[dict[str, Any]] = {"state": "unknown", "since": None, "why": "the service has no health check"}
