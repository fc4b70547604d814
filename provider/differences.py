"""What a change does: object by object, to the shares of the traffic, and to the document. Pure.

It is told from the changes themselves, each with the object before and after, and from the pools of the
services that they touch as they are after it: what was before is found by undoing the changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from provider import configuration
from provider.brake import Removal
from provider.configuration import DEFAULT_CERTIFICATE, STORE, STORES
from provider.errors import pointer
from provider.messages import Message, joined, listed, trimmed
from provider.models import Change
from provider.nouns import Router, Server, Service, owners
from provider.nouns.certificate import Pair
from provider.nouns.registry import served
from provider.parts import LISTED, PLACES, Part, Parts, Section

_MOST_NAMED: Final = 3
_MOST_SHARES: Final = 8
_LEAST_SHARE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class ShareChange:
    """A server's part of its service's traffic, 0…1, before and after; None where there is no such server."""

    service: str
    server: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A place in the document, as a JSON pointer, with what stood there and what will; None for nothing."""

    pointer: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does, as a whole. `words` tell the same to people, a sentence each."""

    changes: Sequence[Change] = ()
    shares: Sequence[ShareChange] = ()
    document: Sequence[DocumentChange] = ()
    words: Sequence[str] = ()
    removal: Removal = field(default_factory=Removal)
    """What it takes away, and whether somebody has to confirm that."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A service that a change touches: its servers after it, and what leads there, before or after."""

    servers: Sequence[Server] = ()
    routers: Sequence[Router] = field(default=())


def compare(changes: Sequence[Change], touched: Mapping[str, Touched], before: Parts, after: Parts) -> Difference:
    """Return what changes do. `touched` are the services that they touch, by name."""
    shares: list[ShareChange] = []
    words = [change.words for change in changes]
    by_service = _by_service(changes)
    for service, found in sorted(touched.items()):
        moved = list(
            _share_changes(service, found.servers, undone(service, found.servers, by_service.get(service, ())))
        )
        shares += moved
        if moved and (told := tell_shares(moved)):
            words.append(Message("{place}: {told}", place=_place(service, found.routers), told=told))
    return Difference(changes, shares, list(compare_documents(before, after)), words)


def touched_services(changes: Iterable[Change]) -> list[str]:
    """Return the names of the services whose servers changes touch, sorted."""
    parts = (part for change in changes for part in owners(change.kind, change.name))
    return sorted({name for kind, name in parts if kind == Service.kind})


def _by_service(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Sort changes of servers by their services."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        if change.kind == Server.kind:
            found.setdefault(Server.split(change.name)[0], []).append(change)
    return found


def undone(service: str, servers: Iterable[Server], changes: Iterable[Change]) -> list[Server]:
    """Return the servers of a service as they were before changes."""
    found = {server.name: server for server in servers}
    for change in changes:
        owner, name = Server.split(change.name)
        if change.kind == Server.kind and owner == service:
            found.pop(name, None)
            if change.before is not None:
                found[name] = Server.read(change.before)
    return list(found.values())


def tell_shares(moved: Sequence[ShareChange]) -> str:
    """Say in words how the traffic of one service moves, or nothing where none does."""
    gained = [change for change in moved if _gain(change) > _LEAST_SHARE]
    lost = [change for change in moved if _gain(change) < -_LEAST_SHARE]
    if not gained or not lost:
        return _tell_from_nothing(gained) if gained else _tell_to_nothing(lost)
    part = _percent(sum(map(_gain, gained)))
    if len(gained) > 1 and len(lost) > 1:
        return _each([*gained, *lost])
    told = {"part": part, "former": _names(lost), "names": _names(gained)}
    return Message("{part} of the traffic moves from {former} to {names}", **told)


def _tell_from_nothing(gained: Sequence[ShareChange]) -> str:
    """Say who gets traffic that nobody had before."""
    if len(gained) == 1:
        return Message("server {name} gets all of its traffic", name=gained[0].server)
    return _each(gained)


def _tell_to_nothing(lost: Sequence[ShareChange]) -> str:
    """Say who loses traffic that nobody has afterwards."""
    if len(lost) == 1:
        return Message("server {name} loses all traffic, and no server takes it over", name=lost[0].server)
    return Message("servers {names} lose all traffic, and no server takes it over", names=_names(lost)) if lost else ""


def compare_documents(before: Parts, after: Parts) -> Iterator[DocumentChange]:
    """Find what differs between two documents, place by place; the beacon, which always does, is left out."""
    for kind, old in before.sections():
        yield from _compare_sections(kind, old, after.section(kind))
    was, will = (_default(parts) for parts in (before, after))
    yield from _compare_values((*STORES, STORE, DEFAULT_CERTIFICATE), was, will)


def _default(parts: Parts) -> dict[str, Any] | None:
    """Return the default certificate of a document, with a mask in place of its key."""
    part = parts.default_certificate
    return None if part is None else Pair.masked(msgspec.json.decode(part.content))


def _compare_sections(kind: str, before: Section, after: Section) -> Iterator[DocumentChange]:
    if before is after:
        return
    where = PLACES[kind]
    for name in sorted(before.parts.keys() | after.parts.keys()):
        old, new = before.parts.get(name), after.parts.get(name)
        if old != new:
            was, will = _members(kind, name, old), _members(kind, name, new)
            for member in sorted({**was, **will}):
                yield from _compare_values((*where, member), was.get(member), will.get(member))


def _compare_values(where: tuple[str, ...], before: Any, after: Any) -> Iterator[DocumentChange]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _compare_values((*where, name), before.get(name), after.get(name))
    else:
        yield DocumentChange(pointer(*where), before, after)


def _members(kind: str, name: str, part: Part | None) -> dict[str, Any]:
    """Return what a part has in the document, by name, with masks in place of secrets."""
    if part is None:
        return {}
    content = b'"%s":%s' % (name.encode(), part.content) if kind in LISTED else part.content
    members: dict[str, Any] = msgspec.json.decode(b"{%s}" % content)
    return {name: served(kind).masked(member) for name, member in members.items()}


def _share_changes(service: str, servers: Sequence[Server], former: Sequence[Server]) -> Iterator[ShareChange]:
    before, after = configuration.shares(former), configuration.shares(servers)
    for name in sorted(before.keys() | after.keys()):
        change = ShareChange(service, name, before.get(name), after.get(name))
        if change.before != change.after:
            yield change


def _gain(change: ShareChange) -> float:
    return (change.after or 0.0) - (change.before or 0.0)


def _place(service: str, routers: Sequence[Router]) -> str:
    """Say where people see a service: at the domains that lead to it, or by its own name where none does."""
    taking = (router for router in routers if router.takes)
    domains = sorted({domain + (router.path_prefix or "") for router in taking for domain in router.domains})
    return listed(domains, _MOST_NAMED) if domains else Message("service {name}", name=service)


def _names(changes: Sequence[ShareChange]) -> str:
    return listed([change.server for change in changes], _MOST_NAMED)


def _each(changes: Sequence[ShareChange]) -> str:
    """Tell each server's share by itself."""
    told = [
        Message(
            "{server} {before} → {after}",
            server=change.server,
            before=_percent(change.before or 0),
            after=_percent(change.after or 0),
        )
        for change in changes
    ]
    return joined(told) if len(told) <= _MOST_SHARES else listed(told, _MOST_SHARES)


def _percent(share: float) -> Message:
    return Message("{percent} %", percent=trimmed(float(f"{share * 100:.3g}")))
