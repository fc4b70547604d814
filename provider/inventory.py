"""Objects as they are after changes, whether those are kept yet or only tried. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from provider import decoding
from provider.declarations import Declaration
from provider.models import Change
from provider.nouns import NOUNS, Noun, Router, Server, Service
from provider.nouns.beside import beside_of
from provider.nouns.noun import NAME
from provider.parts import LISTED, PLACES, Part, Parts
from provider.values import ServerState

SoughtText = bytes | re.Pattern[bytes]
"""What stands in the JSON of objects that are looked for."""


class Inventory(Protocol):
    """Objects by kind and name."""

    def find(self, kind: str, name: str) -> Noun | None:
        """Find an object."""

    def having(self, kind: str, *marks: SoughtText) -> Iterator[Noun]:
        """Give the objects of a kind, by name, in whose JSON as Traefik gets it, or in its terms, a mark may stand."""

    def taking(self, service: str) -> Sequence[Server]:
        """Return the servers of a service that take requests."""

    def beside(self, kind: str) -> Iterator[Noun]:
        """Give the routers of a kind that stand beside those of other providers, by name."""


class OfState:
    """The objects of a state."""

    def __init__(self, state: Declaration) -> None:
        self._state = state

    def find(self, kind: str, name: str) -> Noun | None:
        return self._state.find(kind, name)

    def having(self, kind: str, *_marks: SoughtText) -> Iterator[Noun]:
        """Give all objects of a kind: they are read already."""
        return (item for _name, item in sorted(self._state.objects[kind].items()))

    def taking(self, service: str) -> Sequence[Server]:
        return [server for server in self._state.belonging(Server, service) if server.state is ServerState.READY]

    def beside(self, kind: str) -> Iterator[Noun]:
        return (item for item in self.having(kind) if beside_of(item) is not None)


class OfParts:
    """The objects of which a document has parts, with changes made. Each is read when it is asked for.

    Of services there is what `decoding.read_pool` tells, of routers the rule in place of domains, and of nothing
    the labels. A disabled router is not there.
    """

    def __init__(self, parts: Parts, changes: Iterable[Change] = ()) -> None:
        self._parts = parts
        self._changes = list(changes)
        self._changed: Final[Mapping[tuple[str, str], dict[str, Any] | None]] = {
            (change.kind, change.name): change.after for change in self._changes
        }

    def find(self, kind: str, name: str) -> Noun | None:
        if (kind, name) in self._changed:
            after = self._changed[kind, name]
            return None if after is None else NOUNS[kind].loaded(after)
        part = self._parts.find((kind, name))
        return None if part is None else _read(kind, name, part)

    def having(self, kind: str, *marks: SoughtText) -> Iterator[Noun]:
        """Give the objects of a kind in whose JSON or terms a mark stands, and those that were changed."""
        parts = self._parts.section(kind).parts if kind in PLACES else {}
        names = {name for name, part in parts.items() if any(_stands(mark, part) for mark in marks)}
        names |= {name for changed, name in self._changed if changed == kind}
        return self._found(kind, names)

    def beside(self, kind: str) -> Iterator[Noun]:
        names = {*self._parts.section(kind).beside}
        names |= {name for changed, name in self._changed if changed == kind}
        return (item for item in self._found(kind, names) if beside_of(item) is not None)

    def _found(self, kind: str, names: Iterable[str]) -> Iterator[Noun]:
        found = (self.find(kind, name) for name in sorted(names))
        return (item for item in found if item is not None)

    def taking(self, service: str) -> Sequence[Server]:
        """Return the servers of a service that take requests, one for a URL; those of the document are named by it."""
        part = self._parts.find((Service.kind, service))
        found = {} if part is None else {server.url: server for server in decoding.read_pool(part)[1]}
        for change in self._changes:
            if change.kind == Server.kind and Server.split(change.name)[0] == service:
                if change.before is not None:
                    found.pop(Server.loaded(change.before).url, None)
                if change.after is not None and (after := Server.loaded(change.after)).state is ServerState.READY:
                    found[after.url] = after
        return list(found.values())


def _stands(mark: SoughtText, part: Part) -> bool:
    if isinstance(mark, bytes):
        return mark in part.content or mark in part.terms
    return mark.search(part.content) is not None


def _read(kind: str, name: str, part: Part) -> Noun:
    if kind == Service.kind:
        return decoding.read_pool(part)[0]
    if kind == Router.kind:
        return _read_router(name, part)
    if kind in LISTED:
        return NOUNS[kind].loaded({**msgspec.json.decode(part.content), NAME: name})
    ((_name, described),) = msgspec.json.decode(b"{%s}" % part.content).items()
    found = NOUNS[kind].loaded({**described, NAME: name})
    return found.copy(beside=decoding.find_beside(part)) if part.beside else found


def _read_router(name: str, part: Part) -> Router:
    # Of several that Traefik has of it, the one that takes requests over TLS, if one does: it says most.
    found = max(decoding.read_routers(part).values(), key=lambda each: each.tls is not None)
    shared = {key: value for key, value in vars(found).items() if key != "priority"}
    return Router(name=name, beside=decoding.find_beside(part), **shared)
