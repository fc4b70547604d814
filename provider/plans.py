"""Plans: which state a declaration leads to from another, and which changes lead there. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from provider.declarations import Declaration
from provider.errors import FieldError, InUse, Invalid, pointer
from provider.messages import Message
from provider.models import Change, Kind
from provider.nouns import Domain, Noun, Router, Server, Service

M = TypeVar("M", Domain, Service, Server, Router)

_MOST_ERRORS: Final = 100
_MOST_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Prune:
    """What goes that a declaration does not have: all of it, or what has all of these labels.

    `only` keeps it to some objects, as kind and name.
    """

    labels: Sequence[tuple[str, str]] = ()
    only: Collection[tuple[Kind, str]] | None = None

    def takes(self, kind: Kind, name: str, item: Domain | Service | Server | Router) -> bool:
        """Tell whether an object goes."""
        if self.only is not None and (kind, name) not in self.only:
            return False
        return all(item.labels.get(key) == value for key, value in self.labels)


def target(current: Declaration, wanted: Declaration, prune: Prune | None = None) -> Declaration:
    """Return the state that a declaration leads to. Raises `Invalid` and `InUse` where it would not hold.

    What is declared becomes as it says. What is not stays, or with `prune` goes; a service takes its servers along.
    """
    domains = _merged("domain", current.domains, wanted.domains, prune)
    services = _merged("service", current.services, wanted.services, prune)
    none: Mapping[str, Server] = {}
    pools = {
        name: _merged("server", current.servers.get(name, none), wanted.servers.get(name, none), prune, f"{name}/")
        for name in services
    }
    shown = {label: domain.name for label, domain in domains.items()}
    routers = {
        name: router if router is current.routers.get(name) else _as_shown(router, current.routers.get(name), shown)
        for name, router in _merged("router", current.routers, wanted.routers, prune).items()
    }
    found = Declaration(domains, services, {name: pool for name, pool in pools.items() if pool}, routers)
    _check(current, wanted, found)
    return found


def changes(current: Declaration, following: Declaration) -> list[Change]:
    """Return what leads from one state to another: what is made and changed first, and then what goes."""
    pairs: list[tuple[Kind, Mapping[str, Any], Mapping[str, Any]]] = [
        ("domain", current.domains, following.domains),
        ("service", current.services, following.services),
        ("server", _servers(current), _servers(following)),
        ("router", current.routers, following.routers),
    ]
    made = [
        Change(kind, name, _json(before.get(name)), _json(item))
        for kind, before, after in pairs
        for name, item in after.items()
        if before.get(name) != item
    ]
    gone = [
        Change(kind, name, _json(before[name]), None)
        for kind, before, after in reversed(pairs)
        for name in sorted(before.keys() - after.keys())
    ]
    return made + gone


def _merged(
    kind: Kind, current: Mapping[str, M], wanted: Mapping[str, M], prune: Prune | None, prefix: str = ""
) -> dict[str, M]:
    kept = {
        name: item
        for name, item in current.items()
        if name in wanted or prune is None or not prune.takes(kind, prefix + name, item)
    }
    return {**kept, **wanted}


def _as_shown(router: Router, current: Router | None, shown: Mapping[str, str]) -> Router:
    """Return a router with its domains as they are shown; the one that is there, if only their spelling differs."""
    hosts = router.ascii_domains
    if current is not None and current.ascii_domains == hosts and current == router.copy(domains=current.domains):
        return current
    typed = [shown.get(host, typed) for host, typed in zip(hosts, router.domains, strict=True)]
    return router if typed == router.domains else router.copy(domains=typed)


def _check(current: Declaration, wanted: Declaration, following: Declaration) -> None:
    wrong = [
        FieldError(pointer("services", name), "service.unknown", _unknown_service(name))
        for name, pool in wanted.servers.items()
        if pool and name not in following.services
    ]
    wrong += [error for name in wanted.routers for error in _find_wrong(name, following)]
    if wrong:
        raise Invalid(wrong[:_MOST_ERRORS])
    users: dict[tuple[str, str], list[str]] = {}
    for name in following.routers.keys() - wanted.routers.keys():
        router = current.routers[name]
        for label in router.ascii_domains:
            if label not in following.domains:
                users.setdefault(("domain", current.domains[label].name), []).append(name)
        if router.service not in following.services:
            users.setdefault(("service", router.service), []).append(name)
    if users:
        (kind, used), names = min(users.items())
        listed = [("router", name) for name in sorted(names)]
        told = ", ".join(f"router {name}" for _kind, name in listed[:_MOST_NAMED])
        detail = Message("{kind} {name} would go, but is used by {users}", kind=kind, name=used, users=told)
        raise InUse(detail, listed)


def _find_wrong(name: str, following: Declaration) -> Iterator[FieldError]:
    """Find what a declared router names that there will not be."""
    router = following.routers[name]
    for index, label in enumerate(router.ascii_domains):
        if label not in following.domains:
            detail = Message("there is no domain {name}: add it first", name=router.domains[index])
            yield FieldError(pointer("routers", name, "domains", index), "domain.unknown", detail)
    if router.service not in following.services:
        where = pointer("routers", name, "service")
        yield FieldError(where, "service.unknown", _unknown_service(router.service))


def _unknown_service(name: str) -> Message:
    return Message("there is no service {name}: add it first", name=name)


def _servers(state: Declaration) -> dict[str, Server]:
    return {f"{service}/{name}": server for service, pool in state.servers.items() for name, server in pool.items()}


def _json(item: Noun | None) -> dict[str, Any] | None:
    return None if item is None else item.json()
