"""Whole states as values: what Traefik gets of one, and what leads from one to another. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from provider import configuration, nearby, plans, traffic
from provider.configuration import Part, Parts, Section
from provider.declarations import Declaration
from provider.differences import Difference, Touched, compare, touched_services
from provider.models import Change
from provider.nouns import Router


def parts(state: Declaration) -> Parts:
    """Render a state. Raises `Unverified` for what Traefik would not take."""
    return render(state, list(state.routers), list(state.services))


def difference(before: Declaration, after: Declaration) -> Difference:
    """Return what leads from one state to another. Only what differs is rendered, and nothing has to be confirmed."""
    after = plans.alike(before, after)
    changes = plans.changes(before, after)
    pools = touched_services(changes)
    changed = [change.name for change in changes if change.kind == "router"]
    leading: dict[str, list[Router]] = {name: [] for name in pools}
    for router in _leading(before, after, changes):
        if router.service in leading:
            leading[router.service].append(router)
    touched = {name: Touched(list(after.servers.get(name, {}).values()), routers) for name, routers in leading.items()}
    found = compare(changes, touched, render(before, changed, pools), render(after, changed, pools))
    moves = traffic.tell(*nearby.between(before.routers, after.routers, changed), changed)
    return replace(found, words=[*found.words, *moves])


def _leading(before: Declaration, after: Declaration, changes: Sequence[Change]) -> list[Router]:
    """Return the routers that there are, and those that were there and led elsewhere."""
    former = [before.routers[each.name] for each in changes if each.kind == "router" and each.before is not None]
    gone = [
        router
        for router in former
        if router.name not in after.routers or after.routers[router.name].service != router.service
    ]
    return [*after.routers.values(), *gone]


def render(state: Declaration, routers: Sequence[str], services: Sequence[str]) -> Parts:
    """Render some routers and services of a state: those that there are, and that the edge gets."""
    router_parts: dict[str, Part] = {}
    for name in routers:
        router = state.routers.get(name)
        part = None if router is None else configuration.router_part(router, router.ascii_domains)
        if part is not None:
            router_parts[name] = part
    service_parts = {
        name: configuration.service_part(state.services[name], state.servers.get(name, {}).values())
        for name in services
        if name in state.services
    }
    return Parts(Section(router_parts), Section(service_parts))
