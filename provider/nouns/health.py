"""Health checks that services made of others need: without them, Traefik disables the service. Pure.

Measured on Traefik 3.7.15. One that leaves out services that are down needs a health check of each of them, and
a failover one of its first, unless it goes by errors.
"""

from collections.abc import Callable, Iterator

from provider.errors import FieldError, pointer
from provider.messages import Message
from provider.nouns.composed import Composition
from provider.nouns.noun import Noun
from provider.nouns.reading import Where
from provider.nouns.registry import called

_FIELD = "health_check"


def is_checked(item: Noun) -> bool:
    """Tell whether Traefik knows of a service whether it is up."""
    chosen = _chosen(item)
    return getattr(item if chosen is None else chosen, _FIELD, None) is not None


def unchecked(item: Noun, find: Callable[[str], Noun | None]) -> Iterator[tuple[Noun, FieldError]]:
    """Give the services that need a health check for a service, and have none, each with what is wrong there.

    `find` gives a service by its name, or None for what another provider has.
    """
    for where, name in _watched(item):
        other = find(name)
        if other is not None and not is_checked(other):
            detail = Message("{service} needs a health check: Traefik disables this otherwise", service=name)
            yield other, FieldError(pointer(*where), "healthCheck.missing", detail)


def needed(item: Noun, user: Noun) -> FieldError:
    """Say that a service needs its health check for another."""
    told = {"noun": called(user.kind), "name": user.name}
    detail = Message("{noun} {name} needs this health check: Traefik disables it otherwise", **told)
    chosen = item.chosen
    return FieldError(pointer(*([] if chosen is None else [chosen]), "healthCheck"), "healthCheck.needed", detail)


def _watched(item: Noun) -> Iterator[tuple[Where, str]]:
    chosen, key = _chosen(item), item.chosen
    if isinstance(chosen, Composition) and key is not None:
        for where, name in chosen.watched():
            yield (key, *where), name


def _chosen(item: Noun) -> object:
    return None if item.chosen is None else item.__dict__[item.fields[item.chosen].name]
