"""The states of earlier revisions: found by undoing, from the state that is, what was changed since."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlmodel import Session, col, select

from provider.declarations import Declaration
from provider.errors import FieldError, Invalid, NotFound, pointer
from provider.messages import Message
from provider.models import Revision
from provider.nouns import NOUNS, Domain, Router
from provider.plans import Prune
from provider.store import declarations, revisions
from provider.summaries import Summarise, saying
from provider.values import Refusal, to_ascii

Placed = Literal["domain", "service", "server", "router"]
"""The kinds of objects that a state has."""

Named = tuple[Placed, str]
"""An object: its kind, and its name as in `Change`."""


def state_at(session: Session, number: int) -> Declaration:
    """Return the whole state as it was at a revision.

    Raises `NotFound`, and `Invalid` where it has an object that this version does not take.
    """
    revisions.get(session, number)
    return _undone(session, number)


def states_around(session: Session, number: int) -> tuple[Declaration, Declaration]:
    """Return the states before a revision, which need not be kept itself, and at it. Raises as `state_at` does."""
    kept = revisions.get(session, number)
    after = _undone(session, number)
    own: dict[tuple[str, str], dict[str, Any] | None] = {}
    own |= {(change.kind, change.name): change.before for change in revisions.changes_of(session, kept.number)}
    return _with(after, own, number), after


def roll_back(session: Session, number: int, named: Named | None = None) -> None:
    """Bring the whole state, or one object, back to what it was at a revision. A service comes with its servers.

    What was not there then goes. Raises `NotFound`; `Invalid` where it would not hold now; and `InUse`.
    """
    session.flush()
    former = state_at(session, number)
    if named is None:
        declarations.apply(session, former, Prune())
        return
    wanted, gone = _part(former, named), _part(declarations.read(session), named)
    if wanted == gone == Declaration():
        kind, name = named
        detail = Message("there was no {kind} {name} at revision {number}", kind=kind, name=name, number=number)
        raise NotFound(detail)
    declarations.apply(session, wanted, Prune(only=_names(gone)))


def read_named(kind: Placed | None, name: str | None) -> Named | None:
    """Read which object is meant, None for all. Raises `Invalid`."""
    if kind is None and name is None:
        return None
    if kind is None or name is None:
        missing, given = ("kind", "name") if kind is None else ("name", "kind")
        detail = Message("with {given} there has to be {missing} too", given=given, missing=missing)
        raise Invalid([FieldError(pointer(missing), "field.required", detail, "query")])
    try:
        return kind, to_ascii(name) if kind == "domain" else name
    except Refusal:
        return kind, name  # no domain has this name


def read_object_name(text: str | None) -> Named | None:
    """Read which object is meant, written as KIND/NAME; None for none. Raises `Invalid`."""
    if text is None:
        return None
    kind, _slash, name = text.partition("/")
    kinds: dict[str, Placed] = {"domain": "domain", "service": "service", "server": "server", "router": "router"}
    if kind not in kinds or not name:
        detail = Message("write an object as KIND/NAME, such as router/wayshub or server/wayshub/a")
        raise Invalid([FieldError(pointer("object"), "object.format", detail, "query")])
    return read_named(kinds[kind], name)


def say_back(number: str, named: Named | None) -> str:
    """Say what a rollback is, for who says nothing about it."""
    if named is None:
        return Message("back to revision {number}", number=number)
    return Message("{kind} {name} back to revision {number}", kind=named[0], name=named[1], number=number)


def saying_back(number: str, named: Named | None) -> Summarise:
    """Say what a rollback did."""
    if named is None:
        return saying(Message("Rolled back to revision {number}", number=number))
    kind, name = named
    return saying(Message("Rolled {kind} {name} back to revision {number}", kind=kind, name=name, number=number))


def since(session: Session, number: int, most: int) -> Sequence[Revision]:
    """Return the newest revisions after a number, the newest first, without what they changed."""
    later = select(Revision).where(col(Revision.number) > number)
    return session.exec(later.order_by(col(Revision.number).desc()).limit(most)).all()


def _undone(session: Session, number: int) -> Declaration:
    """Undo what was changed after a number: an object was what the first of these changes found."""
    found: dict[tuple[str, str], dict[str, Any] | None] = {}
    for _number, change in revisions.changes_since(session, number):
        found.setdefault((change.kind, change.name), change.before)
    return _with(declarations.read(session), found, number)


def _with(current: Declaration, objects: dict[tuple[str, str], dict[str, Any] | None], number: int) -> Declaration:
    """Return a state with these objects, or without those that are None."""
    sections: dict[str, dict[str, Any]] = {
        "domain": dict(current.domains),
        "service": dict(current.services),
        "router": dict(current.routers),
    }
    servers = {service: dict(pool) for service, pool in current.servers.items()}
    for (kind, name), item in objects.items():
        service, _slash, server = name.partition("/")
        section = servers.setdefault(service, {}) if kind == "server" else sections[kind]
        key = server if kind == "server" else name
        if item is None:
            section.pop(key, None)
        else:
            section[key] = read_object(kind, name, item, number)
    pools = {service: pool for service, pool in servers.items() if pool}
    if any(kind == "domain" for kind, _name in objects):
        _respell(sections["router"], sections["domain"])
    return Declaration(sections["domain"], sections["service"], pools, sections["router"])


def _respell(routers: dict[str, Router], domains: Mapping[str, Domain]) -> None:
    """Let routers show their domains as they were typed then: that is kept with the domains."""
    shown = {label: domain.name for label, domain in domains.items()}
    for name, router in routers.items():
        typed = [shown.get(label, label) for label in router.ascii_domains]
        if typed != router.domains:
            routers[name] = router.copy(domains=typed)


def read_object(kind: str, name: str, item: dict[str, Any], number: int) -> Any:
    """Read an object as an earlier version may have kept it. Raises `Invalid`."""
    try:
        return NOUNS[kind].read(item)
    except Invalid as error:
        told = error.fields[0]
        detail = Message(
            "{kind} {name} was at revision {number} what this version does not take: {why}",
            kind=kind,
            name=name,
            number=number,
            why=told.detail,
        )
        raise Invalid([FieldError(pointer("number"), told.code, detail, "path")]) from error


def read_kind(kind: str, item: dict[str, Any]) -> Any:
    """Read an object as this version keeps it. Raises `Invalid`."""
    return NOUNS[kind].read(item)


def _part(state: Declaration, named: Named) -> Declaration:
    """Return the part of a state that is one object; nothing, if it is not there."""
    kind, name = named
    if kind == "service":
        return Declaration(services=_one(state.services, name), servers=_one(state.servers, name))
    if kind == "server":
        service, _slash, server = name.partition("/")
        pool = _one(state.servers.get(service, {}), server)
        return Declaration(servers={service: pool} if pool else {})
    if kind == "domain":
        return Declaration(domains=_one(state.domains, name))
    return Declaration(routers=_one(state.routers, name))


def _one(section: Any, name: str) -> dict[str, Any]:
    return {name: section[name]} if name in section else {}


def _names(part: Declaration) -> frozenset[Named]:
    """Return the names of all objects of a part."""
    servers: set[Named] = {("server", f"{service}/{name}") for service, pool in part.servers.items() for name in pool}
    others: set[Named] = {("domain", name) for name in part.domains}
    others |= {("service", name) for name in part.services}
    others |= {("router", name) for name in part.routers}
    return frozenset(servers | others)
