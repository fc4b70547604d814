"""What changes come to, told in the transaction in which they are made: to objects, servers, traffic and document."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from sqlmodel import Session

from provider import brake, configuration
from provider.brake import Removal
from provider.configuration import Part
from provider.declarations import Declaration
from provider.differences import Touched, touched_services
from provider.models import Change
from provider.nouns import Router, Server, Service
from provider.snapshots import router_part
from provider.store import counts, declarations, nouns, routers, servers
from provider.values import ServerState

_MANY = 100
"""From more changes than these on, all objects are read at once rather than each that is needed."""


def net(changes: Iterable[Change]) -> list[Change]:
    """Return what changes came to, one an object: what was made and removed again is not among them."""
    merged: dict[tuple[str, str], Change] = {}
    for change in changes:
        first = merged.get((change.kind, change.name), change)
        merged[change.kind, change.name] = Change(change.kind, change.name, first.before, change.after)
    return [change for change in merged.values() if change.before != change.after]


class Stored:
    """What is stored after some changes: each object is looked up, or if they are many all are read at once."""

    def __init__(self, session: Session, changes: Sequence[Change], state: Declaration | None = None) -> None:
        """Take the changes, and the state after them if it was read."""
        self._session = session
        self._changes = changes
        self._all = state or (declarations.read(session) if len(changes) > _MANY else None)

    @cached_property
    def _leading(self) -> dict[str, list[Router]]:
        leading: dict[str, list[Router]] = {}
        for router in self._all.routers.values() if self._all else ():
            leading.setdefault(router.service, []).append(router)
        return leading

    def router(self, name: str) -> Router | None:
        """Find a router."""
        return self._all.routers.get(name) if self._all else nouns.find(self._session, Router, name)

    def service(self, name: str) -> Service | None:
        """Find a service."""
        return self._all.services.get(name) if self._all else nouns.find(self._session, Service, name)

    def pool(self, service: str) -> Sequence[Server]:
        """Return the servers of a service that may be gone."""
        if self._all:
            return list(self._all.servers.get(service, {}).values())
        return servers.of_services(self._session, [service]).get(service, [])

    def leading(self, service: str) -> Sequence[Router]:
        """Return the routers that lead to a service."""
        return self._leading.get(service, []) if self._all else routers.of_service(self._session, service)

    def touched(self) -> dict[str, Touched]:
        """Return the services that the changes touch, with their servers and what leads to them, before or after."""
        found = {name: Touched(self.pool(name), list(self.leading(name))) for name in touched_services(self._changes)}
        for change in self._changes:
            if change.kind == "router" and change.before is not None:
                service = change.before["service"]
                if service in found and (change.after is None or change.after["service"] != service):
                    former = [*found[service].routers, Router.read(change.before)]
                    found[service] = Touched(found[service].servers, former)
        return found

    def removal(self, session: Session) -> Removal:
        """Tell what the changes take away."""
        lost = brake.lost_by(self._changes)
        if lost == brake.Counts():
            return Removal()
        counted = counts.count(session)
        after = brake.Counts(
            counted["router", "enabled"], counted["server", ServerState.READY], counted["domain", counts.PRESENT]
        )
        return brake.judge(lost, after, brake.gained_by(self._changes), list(self._emptied()))

    def _emptied(self) -> Iterator[str]:
        """Find the services that have traffic, before and after, and lose their last ready server."""
        for name in brake.services_losing(self._changes):
            if self.service(name) is not None and not any(_is_ready(server) for server in self.pool(name)):
                after = [router for router in self.leading(name) if router.enabled]
                if after and brake.had_traffic(name, [router.name for router in after], self._changes):
                    yield name


def _is_ready(server: Server) -> bool:
    return server.state is ServerState.READY


def changed_parts(stored: Stored, changes: Sequence[Change]) -> tuple[dict[str, Part | None], dict[str, Part | None]]:
    """Render what is stored of all routers and all services that changes concern; None for what the edge has not."""
    changed_routers: dict[str, Part | None] = {}
    changed_services: dict[str, Part | None] = {}
    for change in changes:
        if change.kind == "router":
            router = stored.router(change.name)
            changed_routers[change.name] = None if router is None else router_part(router)
        elif change.kind in {"service", "server"}:
            name = change.name.partition("/")[0]
            if name not in changed_services:
                service = stored.service(name)
                part = None if service is None else configuration.service_part(service, stored.pool(name))
                changed_services[name] = part
    return changed_routers, changed_services


def part_of(change: Change) -> tuple[str, str]:
    """Return the kind and the name of the part that a change concerns."""
    return ("router", change.name) if change.kind == "router" else ("service", change.name.partition("/")[0])
