"""References that lead to nothing, or back. Pure."""

from collections.abc import Callable, Iterator

from provider.errors import FieldError, pointer
from provider.messages import Message
from provider.nouns.objects import Noun
from provider.nouns.reading import Where


def missing(where: Where, kind: str, name: str) -> FieldError:
    """Say that an object is referred to that does not exist."""
    detail = Message("there is no {kind} {name}: add it first", kind=kind, name=name)
    return FieldError(pointer(*where), f"{kind}.unknown", detail)


def cycle(item: Noun, find: Callable[[str], Noun | None]) -> Iterator[FieldError]:
    """Give the references by which an object leads back to itself, by way of others of its kind, or at once.

    `find` gives the others as they are by their names.
    """
    for use in item.uses():
        if use.kind == item.kind and (path := _way(use.name, item, find, (use.name,))):
            shown = " → ".join((item.name, *path))
            detail = Message("this leads back to {name}: {path}", name=item.name, path=shown)
            yield FieldError(pointer(*use.where), f"{item.kind}.cycle", detail)


def _way(name: str, to: Noun, find: Callable[[str], Noun | None], path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names on the way from one object to another, or nothing where none leads there."""
    if name == to.key:
        return path
    found = find(name)
    for use in () if found is None else found.uses():
        if use.kind == to.kind and use.name not in path and (way := _way(use.name, to, find, (*path, use.name))):
            return way
    return ()
