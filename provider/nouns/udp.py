"""What is forwarded as UDP: routers and services."""

from typing import ClassVar, Final

from provider.messages import template
from provider.nouns.common import ENTRY_POINT, labels_field, name_field
from provider.nouns.objects import Nested, Noun, Object, field
from provider.nouns.protocol import check_address
from provider.nouns.tcp import reference
from provider.nouns.types import ListOf, Text, Whole

_TWICE: Final = ("services.duplicate", template("a service is listed twice"))


class UDPRouter(Noun):
    """Which entry point's packets go to which service."""

    kind = "udpRouter"
    plural = "udpRouters"
    place = ("udp", "routers")
    title = "UDP router"
    titles = "UDP routers"
    about = "which entry point's UDP packets go to which service"
    texts = ("name", "service")
    example: ClassVar = {"name": "dns", "service": "dns", "entryPoints": ["dns"], "labels": {}}

    name: str = name_field()
    service: str = field(reference("udpService"), title="Service", help="One of your UDP services.")
    entry_points: list[str] = field(
        ListOf(
            ENTRY_POINT,
            least=1,
            most=20,
            duplicate=("entryPoints.duplicate", template("an entry point is listed twice")),
            is_line=True,
        ),
        title="Entry points",
        help="Where it listens. An entry point has one UDP router: if there are several, the last by name takes "
        "everything.",
        option="--entry-point",
    )
    labels: dict[str, str] = labels_field()


class UDPServer(Object):
    """Where packets are answered."""

    address: str = field(
        Text(check_address, most=260, is_asked=True, word="HOST:PORT"), title="Address", help="HOST:PORT."
    )


class UDPLoadBalancer(Object):
    """A pool of servers, which take turns."""

    is_sparse = True
    example: ClassVar = {"servers": [{"address": "10.0.0.11:53"}]}

    servers: list[UDPServer] = field(
        ListOf(Nested(UDPServer), most=1_000),
        default=[],
        title="Servers",
        help="They take turns. Without any, packets are lost.",
        explicit=True,
        option="--server",
    )


class UDPWeightedService(Object):
    """A UDP service and its weight."""

    name: str = field(reference("udpService"), title="Service", help="One of your UDP services, or NAME@PROVIDER.")
    weight: int = field(
        Whole(1, 1_000_000), default=1, title="Weight", help="How often it is chosen compared with the others."
    )


def _name(item: UDPWeightedService) -> str:
    return item.name


class UDPWeighted(Object):
    """Services that take turns by their weights."""

    is_sparse = True
    example: ClassVar = {"services": [{"name": "blue", "weight": 3}, {"name": "green"}]}

    services: list[UDPWeightedService] = field(
        ListOf(Nested(UDPWeightedService), least=1, most=100, duplicate=_TWICE, same=_name),
        title="Services",
        help="They take turns, as often as their weights say.",
        option="--weighted",
    )


class UDPService(Noun):
    """Servers that answer packets, or services put together."""

    kind = "udpService"
    plural = "udpServices"
    place = ("udp", "services")
    title = "UDP service"
    titles = "UDP services"
    about = "pools of servers that share UDP packets"
    cascade = "Also remove the UDP routers and services that use it."
    example: ClassVar = {"name": "dns", "loadBalancer": {"servers": [{"address": "10.0.0.11:53"}]}, "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    load_balancer: UDPLoadBalancer | None = field(
        Nested(UDPLoadBalancer), default=None, alternative=True, title="Pool of servers", help="Servers take turns."
    )
    weighted: UDPWeighted | None = field(
        Nested(UDPWeighted),
        default=None,
        alternative=True,
        title="Weighted",
        help="Shares packets among services by their weights.",
    )
