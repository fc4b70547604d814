"""All nouns, and what follows from them for an object of which only the kind is known. Pure."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from provider.messages import Message, template
from provider.nouns.certificate import Certificate
from provider.nouns.domain import Domain
from provider.nouns.middleware import Middleware
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.router import Router
from provider.nouns.server import Server
from provider.nouns.service import Service
from provider.nouns.tcp_middleware import TCPMiddleware
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.tcp_service import TCPService
from provider.nouns.tcp_transport import TCPServersTransport
from provider.nouns.tls_option import TLSOption
from provider.nouns.transport import ServersTransport
from provider.nouns.udp_router import UDPRouter
from provider.nouns.udp_service import UDPService

NOUNS: Final[Mapping[str, type[Noun]]] = {
    noun.kind: noun
    for noun in (
        *(Domain, Certificate, ServersTransport, TLSOption, Middleware, Service, Server, Router),
        *(TCPServersTransport, TCPMiddleware, TCPService, TCPRouter, UDPService, UDPRouter),
    )
}
"""All nouns by their kind, in the order in which objects are made: what others refer to first."""

if bound := [noun.kind for noun in NOUNS.values() if noun.within and any(noun.kinds())]:
    raise TypeError(f"what belongs to an object cannot refer to others: {', '.join(bound)}")  # its name is not enough

Named = tuple[str, str]
"""An object: its kind, and its name among all of its kind. A domain's is its A-label, a server's `SERVICE/SERVER`."""


_OTHERS: Final = (template("account"), template("token"))
"""What else changes in the audit."""


@cache
def called(kind: str) -> str:
    """Return what an object of a kind is called in a sentence, as a message: `TCP router`."""
    if kind in NOUNS:
        return NOUNS[kind].called()
    return Message(kind) if kind in _OTHERS else kind


def titled(kind: str, name: str) -> Message:
    """Return an object as it is named in a sentence: `TCP router mail`."""
    return Message("{kind} {name}", kind=called(kind), name=name)


def within(kind: str) -> list[type[Noun]]:
    """Return the nouns whose objects belong to those of a kind; with an empty one, those that belong to none."""
    return [noun for noun in NOUNS.values() if noun.within == kind]


@cache
def is_used(kind: str) -> bool:
    """Tell whether any objects refer to those of a kind: what is in use is removed only with its users."""
    return any(kind in other.kinds() for other in NOUNS.values())


def owners(kind: str, name: str) -> Iterator[Named]:
    """Give an object, then what it belongs to, and so on."""
    yield kind, name
    noun = NOUNS[kind]
    if noun.within:
        yield from owners(noun.within, noun.split(name)[0])


def masked(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object as JSON as it may be shown: with masks in place of its secrets.

    All that is shown of objects outside goes through here. What is no noun, such as an account, has nothing to hide.
    """
    return NOUNS[kind].masked(document) if kind in NOUNS and NOUNS[kind].has_secrets() else dict(document)


def served(kind: str) -> type[Object]:
    """Return what Traefik gets of objects of a kind."""
    return NOUNS[kind].served or NOUNS[kind]


def hidden(kind: str, document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return an object as JSON with its secrets marked, to be sealed where it is kept."""
    has_secrets = document is not None and kind in NOUNS and NOUNS[kind].has_secrets()
    return NOUNS[kind].hidden(document) if has_secrets and document is not None else document


def comparable(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object as JSON in the form in which the same always looks the same, however it was typed."""
    return NOUNS[kind].comparable(document) if kind in NOUNS else dict(document)
