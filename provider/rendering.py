"""What Traefik gets of objects: the one way from a state, or some objects of it, to the parts of a document. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, Protocol, TypeVar

from provider import configuration
from provider.declarations import Declaration
from provider.listening import DefaultEntryPoints, Listening, changed_domains
from provider.models import Change
from provider.nouns import NOUNS, Named, Noun, Router, Server, Service, owners
from provider.nouns.certificate import Certificate
from provider.nouns.tcp_router import TCPRouter
from provider.parts import PLACES, Part, Parts

N = TypeVar("N", bound=Noun)

Rendered = Mapping[Named, Part | None]
"""Parts by the kinds and names of their objects; None for what the edge shall not have."""


class Held(Protocol):
    """Where objects are found: a state, or a database."""

    def get(self, noun: type[N], name: str) -> N | None:
        """Find an object."""

    def belonging(self, noun: type[N], owner: str) -> Collection[N]:
        """Return the objects that belong to another, which may be gone."""

    def of_domain(self, ascii_name: str) -> Iterable[Router]:
        """Return the routers that match a domain."""


def _router(held: Held, name: str, listening: Listening) -> Part | None:
    router = held.get(Router, name)
    return None if router is None else configuration.router_part(router, listening)


def _service(held: Held, name: str, _listening: Listening) -> Part | None:
    service = held.get(Service, name)
    return None if service is None else configuration.service_part(service, held.belonging(Server, name))


def _tcp_router(held: Held, name: str, _listening: Listening) -> Part | None:
    router = held.get(TCPRouter, name)
    return None if router is None else configuration.tcp_router_part(router)


def _certificate(held: Held, name: str, _listening: Listening) -> Part | None:
    certificate = held.get(Certificate, name)
    return None if certificate is None else configuration.certificate_part(certificate)


def _rendered(held: Held, kind: str, name: str, listening: Listening) -> Part | None:
    if (own := _OWN.get(kind)) is not None:
        return own(held, name, listening)
    item = held.get(NOUNS[kind], name)
    return None if item is None else configuration.part(item)


_OWN: Final[Mapping[str, Callable[[Held, str, Listening], Part | None]]] = {
    Router.kind: _router,
    Service.kind: _service,
    TCPRouter.kind: _tcp_router,
    Certificate.kind: _certificate,
}
"""How objects are rendered of which Traefik gets something else than their fields."""


def part_of(change: Change) -> Named:
    """Return the kind and the name of the part that a change concerns: what belongs to an object is in its part.

    The document has no part of some kinds, such as domains.
    """
    *_within, part = owners(change.kind, change.name)
    return part


def parts_of(changes: Collection[Change], held: Held) -> list[Named]:
    """Return the parts of the document that changes concern: a domain's TLS is in the parts of its routers.

    The routers are looked for in a state after, or before, the changes: one that has since left a domain changed too.
    """
    named = [part_of(change) for change in changes]
    named += [(Router.kind, router.name) for domain in changed_domains(changes) for router in held.of_domain(domain)]
    return [each for each in dict.fromkeys(named) if each[0] in PLACES]


def render(held: Held, named: Iterable[Named], listening: Listening) -> Rendered:
    """Render the parts of some objects. Raises `Unverified` for what Traefik would not take."""
    return {(kind, name): _rendered(held, kind, name, listening) for kind, name in named}


def placed(parts: Parts, rendered: Rendered, points: DefaultEntryPoints) -> Parts:
    """Return parts in which what was rendered takes its place, with what that needs of ours."""
    return configuration.settled(parts.replaced(rendered), points)


def gathered(rendered: Rendered) -> Parts:
    return Parts().replaced(rendered)


def whole(state: Declaration, points: DefaultEntryPoints) -> Parts:
    """Render a state. Raises `Unverified` for what Traefik would not take."""
    named = ((kind, name) for kind in PLACES for name in state.objects[kind])
    return placed(Parts(), render(state, named, state.listening(points)), points)
