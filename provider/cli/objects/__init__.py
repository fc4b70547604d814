"""What the commands of one noun have alone, each in a module of its own."""

from collections.abc import Mapping
from typing import Final

from provider.cli.nouns.extras import Extras
from provider.cli.objects import beside, certificate, domain, router, server, service

EXTRAS: Final[Mapping[str, Extras]] = {
    "certificate": certificate.EXTRAS,
    "domain": domain.EXTRAS,
    "router": router.EXTRAS,
    "server": server.EXTRAS,
    "service": service.EXTRAS,
    "tcpRouter": beside.TCP_ROUTER,
}
"""By the noun's kind."""
