"""What a change did, in a few words and as who made it sees it: `Exposed alvin.xyz`, not object by object. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from provider.messages import Message, listed, template
from provider.models import Change
from provider.nouns import NOUNS, Named, Router, Server, Service, owners

Summarise = Callable[[Sequence[Change]], Sequence[str]]
"""Says what changes did: messages, which stand one after the other."""

_BETWEEN: Final = "; "
_WORDS_SHOWN: Final = 5
_NAMES_SHOWN: Final = 3
_STATES: Final[Mapping[str, str]] = {
    "ready": template("Activated server {name} of {service}"),
    "drain": template("Drained server {name} of {service}"),
    "maint": template("Put server {name} of {service} in maintenance"),
}
_KEEPING: Final = template("Drained server {name} of {service}, which keeps its visitors until {until}")


def summarise(changes: Sequence[Change]) -> Sequence[str]:
    return _applications(changes) or _switched(changes) or _object_by_object(changes)


@dataclass(frozen=True, slots=True)
class Telling:
    """What a change says of itself: in words what it did, and why, for who says nothing.

    `undone` are the revisions that it takes back as a whole: they do not have to be confirmed any more.
    """

    says: Summarise = summarise
    message: str = ""
    undone: range = range(0)


USUAL: Final = Telling()


def saying(done: str) -> Summarise:
    return partial(_said, done)


def _said(done: str, _changes: Sequence[Change]) -> Sequence[str]:
    return [done]


def applied(changes: Sequence[Change]) -> Sequence[str]:
    """Say what bringing the state in step with a declaration did."""
    words = _applications(changes)
    if words or len(changes) <= _WORDS_SHOWN:
        return words or summarise(changes)
    return [Message("Applied {count} changes", count=len(changes))]


def join(words: Sequence[str]) -> str:
    return _BETWEEN.join(words)


def _object_by_object(changes: Sequence[Change]) -> Sequence[str]:
    words = [change.words for change in changes[:_WORDS_SHOWN]]
    if len(changes) > _WORDS_SHOWN:
        words.append(Message("and {count} more", count=len(changes) - _WORDS_SHOWN))
    return words


def _applications(changes: Sequence[Change]) -> Sequence[str]:
    """Say which applications came or went as a whole, if that is all that happened."""
    if len(changes) < 2:
        return []
    if all(change.before is None for change in changes):
        told = template("Exposed {names}")
    elif all(change.after is None for change in changes):
        told = template("Removed {names}")
    else:
        return []
    names = _places(changes)
    return [Message(told, names=listed(names, _NAMES_SHOWN))] if names else []


def _places(changes: Sequence[Change]) -> list[str]:
    """Return where the applications are that changes are about; nothing where one is about anything else."""
    objects = {(change.kind, change.name): _object(change) for change in changes}
    routers = [named for named in objects if named[0] == Router.kind]
    services = {(Service.kind, objects[named]["service"]) for named in routers}
    if not routers or not services <= objects.keys():
        return []
    reached = _reached(objects, routers)
    if not all(named in reached or any(each in reached for each in owners(*named)) for named in objects):
        return []
    return list(dict.fromkeys(place for named in routers for place in _of_router(objects[named])))


def _reached(objects: Mapping[Named, Mapping[str, Any]], begin: Collection[Named]) -> set[Named]:
    """Return those of some objects to which others of them refer, from some on."""
    reached: set[Named] = set()
    waiting = list(begin)
    while waiting:
        named = waiting.pop()
        if named in objects and named not in reached:
            reached.add(named)
            waiting += [(use.kind, use.name) for use in NOUNS[named[0]].uses_of(objects[named])]
    return reached


def _of_router(router: Mapping[str, Any]) -> Iterator[str]:
    prefix = router["pathPrefix"] or ""
    if router["domains"]:
        yield from (domain + prefix for domain in router["domains"])
    else:
        yield router["name"]


def _object(change: Change) -> dict[str, Any]:
    return change.after or change.before or {}


def _switched(changes: Sequence[Change]) -> Sequence[str]:
    """Say how the state of one server, or of one router, was switched, if that is all that happened."""
    if len(changes) != 1:
        return []
    kind, name, after = changes[0].kind, changes[0].name, changes[0].after
    if changes[0].before is None or after is None:
        return []
    differing = [each.name for each in changes[0].fields]
    if kind == Server.kind and "state" in differing and {*differing} <= {"state", "drainUntil"}:
        service, server = Server.split(name)
        told = _KEEPING if after.get("drainUntil") else _STATES[after["state"]]
        return [Message(told, name=server, service=service, until=after.get("drainUntil"))]
    if kind == Router.kind and differing == ["enabled"]:
        told = template("Enabled router {name}") if after["enabled"] else template("Disabled router {name}")
        return [Message(told, name=name)]
    return []
