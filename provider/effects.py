"""What changes come to, told in the transaction in which they are made: to objects, servers, traffic and document."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from provider import brake, handling
from provider.brake import Removal
from provider.database.sessions import Session
from provider.declarations import Declaration
from provider.differences import Touched, touched_services
from provider.listening import Listening, changed_domains
from provider.models import Change
from provider.models.revision import of_noun
from provider.nouns import Domain, Middleware, Noun, Router, Server, Service
from provider.store import counts, declarations, middlewares, nouns, routers
from provider.values import ServerState

N = TypeVar("N", bound=Noun)

_MANY = 100
"""From more changes than these on, all objects are read at once rather than each that is needed."""


def net(changes: Iterable[Change]) -> list[Change]:
    """Return what changes came to, one an object: what was made and removed again is not among them."""
    merged: dict[tuple[str, str], Change] = {}
    for change in changes:
        named = change.kind, change.name
        first = merged.get(named)
        merged[named] = change if first is None else replace(first, after=change.after)
    return [change for change in merged.values() if change.before != change.after]


class Stored:
    """What is stored after some changes: each object is looked up, or if they are many all are read at once."""

    def __init__(
        self, session: Session, changes: Sequence[Change], state: Declaration | None = None, *, reads_all: bool = True
    ) -> None:
        """Take the changes, and the state after them if it was read. It is not read where few objects are asked for."""
        self._session = session
        self._changes = changes
        self._all = declarations.read(session) if reads_all and state is None and len(changes) > _MANY else state

    @cached_property
    def _leading(self) -> dict[str, list[Router]]:
        leading: dict[str, list[Router]] = {}
        for router in () if self._all is None else self._all.routers.values():
            leading.setdefault(router.service, []).append(router)
        return leading

    def get(self, noun: type[N], name: str) -> N | None:
        """Find an object."""
        return (
            nouns.find(self._session, noun, *nouns.split_name(noun, name))
            if self._all is None
            else self._all.get(noun, name)
        )

    def belonging(self, noun: type[N], owner: str) -> Collection[N]:
        """Return the objects that belong to another, which may be gone."""
        if self._all is None:
            return nouns.of_one(self._session, noun, owner)
        return self._all.belonging(noun, owner)

    def of_domain(self, ascii_name: str) -> Iterable[Router]:
        """Return the routers that match a domain."""
        return routers.of_domain(self._session, ascii_name) if self._all is None else self._all.of_domain(ascii_name)

    def leading(self, service: str) -> Sequence[Router]:
        """Return the routers that lead to a service."""
        return routers.of_service(self._session, service) if self._all is None else self._leading.get(service, [])

    def touched(self) -> dict[str, Touched]:
        """Return the services that the changes touch, with their servers and what leads to them, before or after."""
        found = {
            name: Touched(list(self.belonging(Server, name)), list(self.leading(name)))
            for name in touched_services(self._changes)
        }
        for change in of_noun(self._changes, Router):
            if change.before is not None:
                service = change.before["service"]
                if service in found and (change.after is None or change.after["service"] != service):
                    former = [*found[service].routers, Router.read(change.before)]
                    found[service] = Touched(found[service].servers, former)
        return found

    def handled(self, before: Listening, after: Listening) -> list[str]:
        """Say of which requests the changes alter what happens on their way through middlewares."""
        kinds = {change.kind for change in self._changes}
        if kinds.isdisjoint({Router.kind, Middleware.kind, Domain.kind}):
            return []
        if self._all is not None:
            known = self._all.all(Middleware)
            return handling.tell(self._changes, self._all.routers.values(), known, (before, after))
        changed = [change.name for change in of_noun(self._changes, Middleware)]
        leading = middlewares.routers_of(self._session, changed)
        names = [change.name for change in of_noun(self._changes, Router) if change.after is not None]
        matching = [router for domain in changed_domains(self._changes) for router in self.of_domain(domain)]
        found = [*leading, *matching, *nouns.find_all(self._session, Router, names)]
        passing = {each.name: each for each in found}
        former = [Router.loaded(each.before) for each in of_noun(self._changes, Router) if each.before]
        known = middlewares.of_routers(self._session, [*passing.values(), *former])
        return handling.tell(self._changes, passing.values(), known, (before, after))

    def removal(self, losing: Iterable[str] | None = None) -> Removal:
        """Tell what the changes take away. `losing` are the services that may have no ready server left, if known."""
        lost = brake.lost_by(self._changes)
        if lost == brake.Counts():
            return Removal()
        losing = brake.services_losing(self._changes) if losing is None else losing
        return brake.judge(lost, self._counted(), brake.gained_by(self._changes), list(self._emptied(losing)))

    def _counted(self) -> brake.Counts:
        if self._all is not None:
            routers = sum(router.enabled for router in self._all.routers.values())
            servers = sum(map(_is_ready, self._all.all(Server).values()))
            return brake.Counts(routers, servers, len(self._all.domains))
        counted = counts.count(self._session)
        return brake.Counts(
            counted["router", "enabled"], counted["server", ServerState.READY], counted["domain", counts.PRESENT]
        )

    def _emptied(self, losing: Iterable[str]) -> Iterator[str]:
        """Find the services that have traffic, before and after, and lose their last ready server."""
        changes = of_noun(self._changes, Router)
        for name in losing:
            if self.get(Service, name) is not None and not any(map(_is_ready, self.belonging(Server, name))):
                after = [router for router in self.leading(name) if router.enabled]
                if after and brake.had_traffic(name, [router.name for router in after], changes):
                    yield name


def _is_ready(server: Server) -> bool:
    return server.state is ServerState.READY
