"""The brake: what a change takes away, and whether somebody has to confirm that. Pure.

A removal is what the edge loses: a router that it had (enabled) and will not have, a server that was ready
and will not be, a domain. Whether it was removed, disabled, drained or put under another name makes no
difference. These are refused unless the number of all of them together confirms it:

- more than a quarter of the routers, if they are more than 3;
- more than a quarter of the ready servers, if they are more than 3;
- the last ready server of a service to which an enabled router leads, before and after the change: its
  requests would be answered with 503. A service that goes with its routers is no such case;
- all domains, if they are more than one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

from provider.errors import Brake, FieldError
from provider.messages import Message, template
from provider.models import Change
from provider.models.revision import of_noun
from provider.nouns import Domain, Router, Server
from provider.values import ServerState

FLOOR: Final = 3
"""So many routers, and so many ready servers, may always go: an edit of a small state is no accident."""

ANY: Final = -1
"""Confirms whatever is taken away: for what brings back what was there before. Nobody can send it."""

_ROUTERS: Final = template("routers: {count}")
_SERVERS: Final = template("ready servers: {count}")
_DOMAINS: Final = template("domains: {count}")
_PART: Final = 4
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """What there is: enabled routers, ready servers and domains."""

    routers: int = 0
    servers: int = 0
    domains: int = 0


@dataclass(frozen=True, slots=True)
class Removal:
    """What a change takes away: so many of each, and the reasons why somebody has to confirm that, if any."""

    lost: Counts = Counts()
    reasons: Sequence[FieldError] = field(default=())
    emptied: Sequence[str] = field(default=())
    """The services with traffic that it leaves without a ready server."""

    @property
    def number(self) -> int:
        """The number that confirms it."""
        return self.lost.routers + self.lost.servers + self.lost.domains

    @property
    def words(self) -> Message:
        """How much goes, where something does, and with which number that is confirmed."""
        counted = ((_ROUTERS, self.lost.routers), (_SERVERS, self.lost.servers), (_DOMAINS, self.lost.domains))
        named = [Message(words, count=count) for words, count in counted if count]
        lost = reduce(lambda first, last: Message("{first}, {last}", first=first, last=last), named)
        return Message(
            "this removes a lot ({lost}): confirm it with the number {number}", lost=lost, number=self.number
        )

    def check(self, confirmed: int | None) -> None:
        """Raise `Brake` unless it needs nobody's word, or was confirmed with its number."""
        if self.reasons and confirmed not in {self.number, ANY}:
            raise Brake(self.words, self.reasons, self.number)


def lost_by(changes: Sequence[Change]) -> Counts:
    """Count what changes take away."""
    return Counts(
        sum(change.kind == Router.kind and _was_enabled(change.before, change.after) for change in changes),
        sum(change.kind == Server.kind and _was_ready(change.before, change.after) for change in changes),
        sum(change.kind == Domain.kind and change.after is None for change in changes),
    )


def judge(lost: Counts, after: Counts, gained: Counts, emptied: Sequence[str]) -> Removal:
    """Tell what a change takes away, and what of that has to be confirmed.

    `after` is what there is after it, `gained` what it brought; `emptied` are the services with traffic that
    it leaves without a ready server.
    """
    routers = after.routers + lost.routers - gained.routers
    servers = after.servers + lost.servers - gained.servers
    domains = after.domains + lost.domains - gained.domains
    reasons = []
    if lost.routers > FLOOR and lost.routers * _PART > routers:
        told = Message("{lost} of {count} routers would be lost", lost=lost.routers, count=routers)
        reasons.append(_reason("brake.routers", told))
    if lost.servers > FLOOR and lost.servers * _PART > servers:
        told = Message("{lost} of {count} ready servers would be lost", lost=lost.servers, count=servers)
        reasons.append(_reason("brake.servers", told))
    if emptied:
        named = ", ".join(emptied[:_MOST_NAMED])
        more = len(emptied) - _MOST_NAMED
        told = Message("service {names} has traffic and would lose its last ready server", names=named)
        if more > 0:
            told = Message(
                "services {names} and {more} more have traffic and would lose their last ready server",
                names=named,
                more=more,
            )
        elif len(emptied) > 1:
            told = Message("services {names} have traffic and would lose their last ready server", names=named)
        reasons.append(_reason("brake.service", told))
    if domains > 1 and after.domains == 0:
        reasons.append(_reason("brake.domains", Message("all {count} domains would be lost", count=domains)))
    return Removal(lost, reasons, emptied)


def gained_by(changes: Sequence[Change]) -> Counts:
    """Count what changes bring: what they would take away if they were undone."""
    return lost_by([Change(change.kind, change.name, change.after, change.before) for change in changes])


def services_losing(changes: Sequence[Change]) -> list[str]:
    """Return the names of the services that lose a ready server, sorted."""
    names = {
        Server.split(change.name)[0]
        for change in changes
        if change.kind == Server.kind and _was_ready(change.before, change.after)
    }
    return sorted(names)


def had_traffic(service: str, routers_after: Sequence[str], changes: Sequence[Change]) -> bool:
    """Tell whether an enabled router led to a service before, from the enabled ones that do so after changes."""
    changed = {change.name: change.before for change in of_noun(changes, Router)}
    if any(name not in changed for name in routers_after):
        return True
    return any(before and before["enabled"] and before["service"] == service for before in changed.values())


def _reason(code: str, told: str) -> FieldError:
    return FieldError("/confirm", code, told, "query")


def _was_enabled(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Tell whether the edge had a router that it has no more."""
    return bool(before and before["enabled"]) and not (after and after["enabled"])


def _was_ready(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Tell whether a server was ready that is so no more."""
    ready = ServerState.READY.value
    return bool(before and before["state"] == ready) and not (after and after["state"] == ready)
