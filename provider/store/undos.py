"""Taking back what one revision did, whatever came since."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlmodel import Session

from provider import undoing
from provider.declarations import Declaration
from provider.errors import Clash, FieldError, NotFound, Since
from provider.messages import Message, listed
from provider.models import Change, Kind, Revision, word
from provider.plans import Prune
from provider.store import declarations, history, objects, revisions
from provider.store.history import Named
from provider.store.records import as_json
from provider.summaries import Summarise, saying
from provider.undoing import Choose, Item
from provider.values import to_ascii

_MOST_TOLD: Final = 100
_MOST_NAMED: Final = 3


def undo(session: Session, number: int, choose: Choose, *, named: Named | None = None, cascade: bool = False) -> None:
    """Take back what a revision did, or what it did to one object.

    What it removed comes back. What comes back brings along what it refers to, where that was removed too; a
    service comes and goes with its servers. With `cascade`, what uses the objects that go goes with them.
    Raises `NotFound`, `Clash` where nothing was chosen for what was changed since, `InUse`, and `Invalid` where the
    objects would not hold now.
    """
    session.flush()
    revisions.get(session, number)
    current = declarations.read(session)
    changes = [_read(change, number) for change in revisions.changes_of(session, number)]
    if named is not None:
        changes = _alone(changes, named, number)
    changes += _missing(session, changes, current)
    found = undoing.undo(changes, _now(current, changes), choose)
    if found.clashes:
        raise _clash(session, number, found.clashes)
    _apply(session, current, found.objects, cascade=cascade)


def saying_undone(number: str, named: Named | None) -> Summarise:
    """Say what was undone."""
    if named is None:
        return saying(Message("Undid revision {number}", number=number))
    kind, name = named
    return saying(Message("Undid revision {number} for {kind} {name}", number=number, kind=kind, name=name))


def _read(change: Change, number: int) -> Change:
    """Read a change as this version would have kept it. Raises `Invalid`."""
    before, after = (
        None if item is None else as_json(history.read_object(change.kind, change.name, item, number))
        for item in (change.before, change.after)
    )
    return Change(change.kind, change.name, before, after)


def _alone(changes: Sequence[Change], named: Named, number: int) -> list[Change]:
    kind, name = named
    found = [change for change in changes if (change.kind, change.name) == named]
    if kind == "service":
        found += [change for change in changes if change.kind == "server" and change.name.startswith(f"{name}/")]
    if not found:
        told = Message("revision {number} did not change {kind} {name}", number=number, kind=kind, name=name)
        raise NotFound(told)
    return found


def _missing(session: Session, changes: Sequence[Change], current: Declaration) -> list[Change]:
    """Find the removals of what objects refer to that come back: domains and services, these with their servers."""
    found: dict[tuple[str, str], Change] = {}
    known = {(change.kind, change.name) for change in changes}
    for named in (named for change in changes for named in _references(change, current)):
        removal = None if named in known else objects.find_removal(session, *named)
        if removal is None:
            continue
        number, change = removal
        found[named] = _read(change, number)
        if change.kind == "service":
            for server in objects.find_removed_servers(session, change.name, number):
                found[server.kind, server.name] = _read(server, number)
    return list(found.values())


def _references(change: Change, current: Declaration) -> Iterator[tuple[Kind, str]]:
    """Give what an object refers to that comes back, and that is not there."""
    item = change.before
    if item is None:
        return
    if change.kind == "router":
        labels = map(to_ascii, item["domains"])
        yield from (("domain", label) for label in labels if label not in current.domains)
    service = item["service"] if change.kind == "router" else change.name.partition("/")[0]
    if change.kind in {"router", "server"} and service not in current.services:
        yield "service", service


def _now(current: Declaration, changes: Iterable[Change]) -> dict[undoing.Named, Item]:
    """Return the objects that there are, of those that were changed; of services with their servers."""
    found: dict[undoing.Named, Item] = {}
    for change in changes:
        service, _slash, server = change.name.partition("/")
        pool = current.servers.get(service, {})
        if change.kind == "service":
            found |= {("server", f"{service}/{name}"): as_json(item) for name, item in pool.items()}
        sections: Mapping[str, Mapping[str, Any]] = {
            "domain": current.domains,
            "service": current.services,
            "router": current.routers,
        }
        item = pool.get(server) if change.kind == "server" else sections[change.kind].get(change.name)
        if item is not None:
            found[change.kind, change.name] = as_json(item)
    return found


def _apply(
    session: Session, current: Declaration, wanted: Mapping[undoing.Named, dict[str, Any] | None], *, cascade: bool
) -> None:
    sections: dict[str, dict[str, Any]] = {"domain": {}, "service": {}, "router": {}}
    servers: dict[str, dict[str, Any]] = {}
    gone: set[undoing.Named] = set()
    for (kind, name), item in wanted.items():
        service, _slash, server = name.partition("/")
        if item is None:
            gone.add((kind, name))
        elif kind == "server":
            servers.setdefault(service, {})[server] = history.read_kind(kind, item)
        else:
            sections[kind][name] = history.read_kind(kind, item)
    if cascade:
        _take_along(current, sections["router"], gone)
    # A service takes its servers along.
    gone |= {
        ("server", f"{name}/{server}")
        for kind, name in gone
        if kind == "service"
        for server in current.servers.get(name, {})
    }
    declared = Declaration(sections["domain"], sections["service"], servers, sections["router"])
    declarations.apply(session, declared, Prune(only=gone))


def _take_along(current: Declaration, wanted: dict[str, Any], gone: set[undoing.Named]) -> None:
    """Let routers go whose service goes, or whose last domain; others lose the domains that go."""
    labels = {name for kind, name in gone if kind == "domain"}
    for name, router in current.routers.items():
        left = None if ("service", router.service) in gone else wanted.get(name, router)
        for label in labels.intersection(router.ascii_domains):
            left = left and left.without("domain", label)
        if left is None:
            gone.add(("router", name))
            wanted.pop(name, None)
        elif left is not router:
            wanted[name] = left


def _clash(session: Session, number: int, clashes: Sequence[undoing.Clash]) -> Clash:
    fields: list[FieldError] = []
    made: dict[int, Revision] = {}
    for clash in clashes[:_MOST_TOLD]:
        revision = _find_last(session, number, clash)
        if revision is not None:
            made[revision.number] = revision
        told = _told(clash, revision)
        if clash.now is None:
            fields.append(FieldError(clash.pointer, "undo.removed", told, "query"))
        else:
            fields.append(FieldError(clash.pointer, "undo.changed", told, "query"))
    since = [
        Since(each.number, each.time, each.author, each.summary) for _number, each in sorted(made.items(), reverse=True)
    ]
    detail = Message(
        "what revision {number} did was changed since, in {count} places: {first}",
        number=number,
        count=len(clashes),
        first=fields[0].detail,
    )
    return Clash(detail, fields, since)


def _find_last(session: Session, number: int, clash: undoing.Clash) -> Revision | None:
    """Find the last revision that changed what clashes."""
    names = clash.now if clash.field == (undoing.SERVERS,) else [clash.name]
    kind: Kind = "server" if clash.field == (undoing.SERVERS,) else clash.kind
    path = () if clash.field == (undoing.SERVERS,) else clash.field
    for name in names:
        for found, change in objects.changes_since(session, kind, name, number):
            if _at(change.before, path) != _at(change.after, path):
                return revisions.get(session, found)
    return None


def _at(item: Any, path: Sequence[str]) -> Any:
    for name in path:
        item = item.get(name) if isinstance(item, Mapping) else None
    return item


def _told(clash: undoing.Clash, revision: Revision | None) -> Message:
    author = Message("by somebody")
    if revision is not None:
        author = Message("in revision {number} by {author}", number=revision.number, author=revision.author)
    values: dict[str, object] = {"kind": clash.kind, "name": clash.name, "author": author}
    if clash.field == (undoing.SERVERS,):
        names = listed([name.partition("/")[2] for name in clash.now], _MOST_NAMED)
        return Message("service {name} got more servers since, {names}, {author}", **values | {"names": names})
    if clash.field:
        values |= {"field": ".".join(clash.field), "before": word(clash.before), "now": word(clash.now)}
        return Message("{field} of {kind} {name} was {before}, and was set to {now} since, {author}", **values)
    if clash.now is None:
        return Message("{kind} {name} was removed since, {author}", **values)
    if clash.before is None:
        return Message("{kind} {name} was changed since, {author}", **values)
    return Message("{kind} {name} was created again since, {author}", **values)
