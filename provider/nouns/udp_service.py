"""Services of UDP: pools of servers that share packets, and services put together."""

from typing import ClassVar

from provider.nouns.common import labels_field, name_field, reference
from provider.nouns.composed import Composition, WeightedService, composition, members
from provider.nouns.containers import ListOf
from provider.nouns.fields import field
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import check_address
from provider.nouns.texts import Text


class UDPServer(Object):
    """A UDP server."""

    address: str = field(Text(check_address, most=260, is_asked=True, word="HOST:PORT"), "Address", "HOST:PORT.")


class UDPLoadBalancer(Object):
    """A pool of servers that take turns."""

    is_sparse = True
    example: ClassVar = {"servers": [{"address": "10.0.0.11:53"}]}

    servers: list[UDPServer] = field(
        ListOf(Nested(UDPServer), most=1_000),
        "Servers",
        "They take turns. Without any, packets are lost.",
        default=[],
        explicit=True,
        option="--server",
    )


class UDPWeightedService(WeightedService):
    """A UDP service and its weight."""

    name: str = field(reference("udpService"), "Service", "One of your UDP services, or NAME@PROVIDER.")


class UDPWeighted(Composition):
    """Services that take turns by weight."""

    title = "Weighted"
    about = "Shares packets among services by their weights."
    example: ClassVar = {"services": [{"name": "blue", "weight": 3}, {"name": "green"}]}

    services: list[UDPWeightedService] = field(
        members(UDPWeightedService), "Services", "They take turns by weight.", option="--weighted"
    )


class UDPService(Noun):
    """A pool of UDP servers, or a combination of other services."""

    kind = "udpService"
    place = ("udp", "services")
    title = "UDP service"
    about = "pools of servers that share UDP packets"
    cascade = "Also remove the UDP routers and services that use it."
    example: ClassVar = {"name": "dns", "loadBalancer": {"servers": [{"address": "10.0.0.11:53"}]}, "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    load_balancer: UDPLoadBalancer | None = field(
        Nested(UDPLoadBalancer), "Pool of servers", "Servers take turns.", default=None, alternative=True
    )
    weighted: UDPWeighted | None = composition(UDPWeighted)
