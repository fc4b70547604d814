"""The pages of all nouns: those with something of their own, and for the others what is declared."""

from collections.abc import Mapping
from typing import Final

from provider.nouns import NOUNS
from provider.web.nouns import pages
from provider.web.nouns.views import View
from provider.web.objects.adopting import TCPRouters
from provider.web.objects.certificates import Certificates
from provider.web.objects.domains import Domains
from provider.web.objects.middlewares import Middlewares
from provider.web.objects.routers import Routers
from provider.web.objects.servers import Servers
from provider.web.objects.services import Services

_OWN: Final[Mapping[str, type[View]]] = {
    "certificate": Certificates,
    "domain": Domains,
    "middleware": Middlewares,
    "router": Routers,
    "server": Servers,
    "service": Services,
    "tcpRouter": TCPRouters,
}

ROUTERS: Final = list(pages.routes({kind: _OWN.get(kind, View)(noun) for kind, noun in NOUNS.items()}))
"""The routes of the pages of all nouns."""
