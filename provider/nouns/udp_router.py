"""Routers of UDP: which entry point's packets go to which service."""

from typing import ClassVar

from provider.nouns.common import ENTRY_POINTS, labels_field, name_field, reference
from provider.nouns.fields import field
from provider.nouns.noun import Noun


class UDPRouter(Noun):
    """Which entry point's packets go to which service."""

    kind = "udpRouter"
    place = ("udp", "routers")
    title = "UDP router"
    about = "which entry point's UDP packets go to which service"
    texts = ("name", "service")
    example: ClassVar = {"name": "dns", "service": "dns", "entryPoints": ["dns"], "labels": {}}

    name: str = name_field()
    service: str = field(reference("udpService"), "Service", "One of your UDP services.")
    entry_points: list[str] = field(
        ENTRY_POINTS,
        "Entry points",
        "Where it listens. An entry point has one UDP router: if there are several, the last by name takes everything.",
        option="--entry-point",
    )
    labels: dict[str, str] = labels_field()
