"""What leads from one whole state to another. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from provider import handling, plans
from provider.declarations import Declaration
from provider.differences import Difference, Touched, compare, touched_services
from provider.listening import DefaultEntryPoints
from provider.models import Change
from provider.models.revision import of_noun
from provider.nouns import Middleware, Router
from provider.rendering import gathered, parts_of, render
from provider.surroundings import Apart
from provider.views import tell_moves


def difference(before: Declaration, after: Declaration, points: DefaultEntryPoints, edges: Apart) -> Difference:
    """Return what leads from one state to another. Only what differs is rendered, and nothing has to be confirmed.

    `edges` are those that there are now: what entry points added to routers before is not known.
    """
    after = plans.alike(before, after)
    changes = plans.changes(before, after)
    pools = touched_services(changes)
    changed = [change.name for change in of_noun(changes, Router)]
    leading: dict[str, list[Router]] = {name: [] for name in pools}
    for router in _leading(before, after, changes):
        if router.service in leading:
            leading[router.service].append(router)
    touched = {name: Touched(list(after.servers.get(name, {}).values()), routers) for name, routers in leading.items()}
    named = parts_of(changes, after)
    former, following = (gathered(render(state, named, state.listening(points))) for state in (before, after))
    found = compare(changes, touched, former, following)
    listening = before.listening(points), after.listening(points)
    moves = tell_moves(changed, (before, listening[0]), (after, listening[1]), edges)
    handled = handling.tell(changes, after.routers.values(), after.all(Middleware), listening)
    return replace(found, words=[*found.words, *handled, *moves])


def _leading(before: Declaration, after: Declaration, changes: Sequence[Change]) -> list[Router]:
    """Return the routers that there are, and those that were there and led elsewhere."""
    former = [before.routers[each.name] for each in of_noun(changes, Router) if each.before is not None]
    gone = [
        router
        for router in former
        if router.name not in after.routers or after.routers[router.name].service != router.service
    ]
    return [*after.routers.values(), *gone]
