"""Health checks that services made of others need: without them, Traefik disables the service. Pure.

Measured on Traefik 3.7.15, for HTTP and TCP. One that leaves out services that are down needs each of them to tell its
health, and a failover its first, unless it goes by errors. A pool tells it if it has a health check that asks (a
passive one does not), one made of others if it has `healthCheck` itself and those tell it that it needs. A mirroring is
as its main service. What Traefik makes itself never tells it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from provider.errors import FieldError, pointer
from provider.messages import Message
from provider.nouns import internals
from provider.nouns.composed import Composition, Mirroring
from provider.nouns.noun import Noun
from provider.nouns.reading import Where
from provider.nouns.registry import called

FindService = Callable[[str], Noun | None]
"""Gives a service by its name, or None for what another provider has."""

_FIELD = "health_check"


@dataclass(frozen=True, slots=True)
class Lack:
    """A service that does not tell its health, by its name, and to which a place in another leads that needs it.

    `service` is None for what is no object here; what another provider has may have a health check: not `is_known`.
    """

    where: Where
    name: str
    service: Noun | None
    is_known: bool

    @property
    def words(self) -> Message:
        """Say it, for a person."""
        if internals.is_internal(self.name):
            return Message(
                "{service} is Traefik's own and has no health check: Traefik disables this", service=self.name
            )
        if not self.is_known:
            return Message(
                "whether {service} has a health check is unknown: without one, Traefik disables this",
                service=self.name,
            )
        return Message("{service} needs a health check: otherwise Traefik disables this", service=self.name)


def is_checked(item: Noun) -> bool:
    """Tell whether Traefik knows of a service whether it is up."""
    chosen = _chosen(item)
    return getattr(item if chosen is None else chosen, _FIELD, None) is not None


def lacks(item: Noun, find: FindService) -> Iterator[Lack]:
    """Find whose health Traefik does not learn, for which it disables a service, or may."""
    for where, name in _watched(item):
        if (found := _find_silent(name, find)) is not None:
            yield Lack(where, *found)


def unchecked(item: Noun, find: FindService) -> Iterator[tuple[Noun, FieldError]]:
    """Give the services that need a health check for a service, and have none, each with what is wrong there."""
    for lack in lacks(item, find):
        if lack.is_known:
            yield lack.service or item, FieldError(pointer(*lack.where), "healthCheck.missing", lack.words)


def needed(item: Noun, user: Noun) -> FieldError:
    """Say that a service needs its health check for another."""
    told = {"noun": called(user.kind), "name": user.name}
    detail = Message("{noun} {name} needs this health check: otherwise Traefik disables it", **told)
    chosen = item.chosen
    return FieldError(pointer(*([] if chosen is None else [chosen]), "healthCheck"), "healthCheck.needed", detail)


def _find_silent(first: str, find: FindService) -> tuple[str, Noun | None, bool] | None:
    """Find who does not tell its health of a service and those by which it tells its own."""
    seen, waiting, unknown = {first}, [first], None
    while waiting:
        name = waiting.pop()
        item = find(name)
        if internals.is_internal(name):
            return name, None, True
        if item is None:
            unknown = unknown or (name, None, False)
        elif not is_checked(item):
            return name, item, True
        else:
            below = [each for each in _told_by(item) if each not in seen]
            seen.update(below)
            waiting += below
    return unknown


def _told_by(item: Noun) -> list[str]:
    """Return the services by which one that is made of them tells its health."""
    chosen = _chosen(item)
    return [chosen.service] if isinstance(chosen, Mirroring) else [name for _where, name in _watched(item)]


def _watched(item: Noun) -> Iterator[tuple[Where, str]]:
    chosen, key = _chosen(item), item.chosen
    if isinstance(chosen, Composition) and key is not None:
        for where, name in chosen.watched():
            yield (key, *where), name


def _chosen(item: Noun) -> object:
    return None if item.chosen is None else item.__dict__[item.fields[item.chosen].name]
