"""Which routers edges have to serve before a change is live. Pure."""

from collections.abc import Callable, Collection

from provider.nouns import Named, owners
from provider.parts import Parts


def find_concern(touched: Collection[Named], parts: Parts) -> Callable[[Named], bool]:
    """Return what tells of a router, by its kind and name, whether a change to some objects is about it.

    It is about the routers among them, and those that lead to one of them. `parts` are what edges are offered.
    """
    needed = {key for named in touched for key in owners(*named)}

    def concerns(router: Named) -> bool:
        part = parts.find(router)
        return router in needed or (part is not None and not needed.isdisjoint(parts.reached(part)))

    return concerns
