"""References that lead to nothing, or back. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Final

from provider.errors import FieldError, pointer
from provider.messages import Message
from provider.nouns import internals
from provider.nouns.noun import Noun
from provider.nouns.reading import Where
from provider.nouns.registry import called
from provider.nouns.types import Use

_MOST_SHOWN: Final = 10
_MOST_WAYS: Final = 1_000
_MADE_ONCE: Final = "service"

GUARD: Final = "middleware"
"""The kind of objects that decide who gets past a router."""


def missing(where: Where, kind: str, name: str) -> FieldError:
    """Say that an object is referred to that does not exist."""
    detail = Message("there is no {kind} {name}: add it first", kind=called(kind), name=name)
    return FieldError(pointer(*where), f"{kind}.unknown", detail)


def reached(item: Noun, find: Callable[[str], Noun | None]) -> dict[str, Noun]:
    """Return an object with all of its kind that it leads to, by name. `find` gives the others, each once."""
    found = {item.key: item}
    looked = {item.key}
    waiting = [item]
    while waiting:
        for name in _members(waiting.pop()):
            if name not in looked:
                looked.add(name)
                if (other := find(name)) is not None:
                    found[name] = other
                    waiting.append(other)
    return found


def cycles(items: Mapping[str, Noun]) -> Iterator[tuple[Noun, FieldError]]:
    """Give the objects of one kind that lead back to themselves, each with the reference that does.

    Takes the time of looking at each once, for each cycle: however many ways there are, and however long.
    """
    left = {name: [member for member in _members(item) if member in items] for name, item in items.items()}
    while (path := _find_cycle(left)) is not None:
        for place, name in enumerate(path):
            yield items[name], _leads_back(items[name], [*path[place:], *path[:place], name])
        # What led to these leads nowhere any more, so that each cycle is told once.
        gone = set(path)
        left = {
            name: [member for member in members if member not in gone]
            for name, members in left.items()
            if name not in gone
        }


def tangled(items: Mapping[str, Noun]) -> Iterator[tuple[Noun, FieldError]]:
    """Give the objects of one kind that lead to others in so many ways that Traefik would never be done with them.

    It makes a middleware or a TCP service anew for each way that leads to it (read in its source, 3.7): with two
    members each, twenty levels are a million. HTTP services it makes once. None of the objects leads back.
    """
    members = {name: [member for member in _members(item) if member in items] for name, item in items.items()}
    ways: dict[str, int] = {}
    for name in TopologicalSorter(members).static_order():
        ways[name] = sum(ways[member] for member in members[name]) or 1
        if ways[name] > _MOST_WAYS:
            use = next(use for use in items[name].uses() if use.kind == items[name].kind)
            detail = Message(
                "{kind} {name} would reach others in more than {most} ways, and Traefik follows each of them: nest "
                "fewer of them",
                kind=called(items[name].kind),
                name=items[name].name,
                most=_MOST_WAYS,
            )
            yield items[name], FieldError(pointer(*use.where), "ways.many", detail)


def is_made_once(kind: str) -> bool:
    """Tell whether Traefik makes an object of a kind once, however many ways lead to it."""
    return kind == _MADE_ONCE


def exposed(item: Noun, find: Callable[[str, Collection[str]], Iterable[Noun]]) -> Iterator[tuple[Where, str]]:
    """Give the places in an object that lead to what Traefik makes itself, also by way of others, each with its name.

    `find` gives the objects of a kind by their names, as far as there are any.
    """
    for use in item.foreign():
        if internals.is_internal(use.name):
            yield use.where, use.name
    for use in item.uses():
        if use.kind in internals.KINDS and (found := _find_behind(use, find)) is not None:
            yield use.where, found


def _find_behind(use: Use, find: Callable[[str, Collection[str]], Iterable[Noun]]) -> str | None:
    """Find what Traefik makes itself and an object leads to that is referred to."""
    seen = {(use.kind, use.name)}
    waiting = {use.kind: {use.name}}
    while waiting:
        kind, names = waiting.popitem()
        for item in find(kind, sorted(names)):
            for below in item.foreign():
                if internals.is_internal(below.name):
                    return below.name
            for below in item.uses():
                key = below.kind, below.name
                if below.kind in internals.KINDS and key not in seen:
                    seen.add(key)
                    waiting.setdefault(below.kind, set()).add(below.name)
    return None


def guards(router: Noun, find: Callable[[str, Collection[str]], Iterable[Noun]]) -> set[str]:
    """Return the middlewares that requests pass at a router, with those in chains: who gets past it depends on them.

    `find` gives the objects of a kind by their names.
    """
    found: set[str] = set()
    waiting = [router]
    while waiting:
        names = {use.name for use in waiting.pop().uses() if use.kind == GUARD} - found
        found |= names
        waiting += find(GUARD, sorted(names))
    return found


def guarded(item: Noun, where: Where, router: str) -> FieldError:
    """Say that only admins may change what requests pass at a router that leads to what Traefik makes itself."""
    detail = Message(
        "router {router} leads to one of Traefik's own objects, and {kind} {name} decides who gets through: only "
        "admins may change it",
        kind=called(item.kind),
        name=item.name,
        router=router,
    )
    return FieldError(pointer(*where), "reference.admin", detail)


def refused(item: Noun, where: Where, name: str) -> FieldError:
    """Say that only admins may write an object that leads to what Traefik makes itself."""
    detail = Message(
        "{kind} {name} leads to {internal}, one of Traefik's own objects, which can expose it: only admins may use it",
        kind=called(item.kind),
        name=item.name,
        internal=name,
    )
    return FieldError(pointer(*where), "reference.admin", detail)


def _members(item: Noun) -> list[str]:
    """Return the names of the objects of its own kind that an object refers to."""
    return list(dict.fromkeys(use.name for use in item.uses() if use.kind == item.kind))


def _find_cycle(members: Mapping[str, Collection[str]]) -> list[str] | None:
    """Return the names on a cycle in the order in which they lead to one another, or None where there is none."""
    try:
        TopologicalSorter(members).prepare()
    except CycleError as error:
        path: list[str] = error.args[1]
        return path[:0:-1]  # it begins and ends with the same, and stands the other way round
    return None


def _leads_back(item: Noun, path: Sequence[str]) -> FieldError:
    use = next(use for use in item.uses() if use.kind == item.kind and use.name == path[1])
    shown = path if len(path) <= _MOST_SHOWN else [*path[: _MOST_SHOWN - 2], "…", path[-1]]
    detail = Message("this refers back to {name}: {path}", name=item.name, path=" → ".join(shown))
    return FieldError(pointer(*use.where), f"{item.kind}.cycle", detail)
