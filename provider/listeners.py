"""Where routers listen: entry points that they name and an edge does not have. Pure.

Traefik disables a router none of whose entry points it has, and serves one that has some of them on those
(`entryPoint "x" doesn't exist`, status `disabled` or `warning`).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from provider.conflicts import Finding
from provider.explanations import Route
from provider.messages import Message
from provider.models import Conflict

EntryPointNames = Mapping[str, Collection[str]]
"""The names of the entry points of each edge of which they are known, by the edges' names."""


def find_missing(routes: Iterable[Route], known: EntryPointNames) -> Iterator[Finding]:
    """Find what each enabled router would listen on, and an edge does not have."""
    if not known:
        return
    for route in {route.name: route for route in routes if route.enabled}.values():
        for edge, names in sorted(known.items()):
            if missing := [name for name in route.entry_points if name not in names]:
                yield Finding(
                    Conflict.MISSING_ENTRY_POINT, (("router", route.name),), _words(route, edge, missing, names)
                )


def _words(route: Route, edge: str, missing: Collection[str], names: Collection[str]) -> str:
    told = {"edge": edge, "missing": ", ".join(missing), "router": route.name}
    found = [name for name in route.entry_points if name in names]
    if found:
        return Message(
            "edge {edge} has no entry point {missing}: it serves the router {router} on {found} only",
            **told,
            found=", ".join(found),
        )
    return Message(
        "edge {edge} has no entry point {missing} (it has {names}): it disables the router {router}, and requests "
        "get 404",
        **told,
        names=", ".join(sorted(names)) or Message("none"),
    )
