"""What routes need. Pure: each router declares it as a dependency, which only says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provider.messages import Message
from provider.security.access import Principal
from provider.security.rights import Level

READING: Final = frozenset({"GET", "HEAD"})
_ROLES: Final[Mapping[Level, str]] = {"read": "viewer", "write": "operator", "admin": "admin"}


@dataclass(frozen=True, slots=True)
class Needs:
    """What routes need: a level to read, and one to change; None for those that are for everybody.

    `register` lets a `register:SERVICE` token in as well, where SERVICE is the one in the path. `page`
    sends a person to log in rather than tell a program that it may not.
    """

    reading: Level | None
    writing: Level | None
    register: bool = False
    page: bool = False

    async def __call__(self) -> None:
        """Do nothing: what a route needs is checked by the gate, before the route is asked."""

    def level(self, method: str) -> Level | None:
        """Return what a method needs."""
        return self.reading if method in READING else self.writing

    def allows(self, principal: Principal, method: str, parts: Mapping[str, str]) -> bool:
        """Tell whether somebody may use a route, whose path has these parts."""
        level = self.level(method)
        if level is None or principal.grant.allows(level):
            return True
        return self.register and parts.get("service") in principal.grant.services

    def words(self, method: str, parts: Mapping[str, str]) -> str:
        """Say what a method needs, to somebody who does not have it."""
        level = self.level(method) or "read"
        if self.register and "service" in parts:
            return Message(
                "the scope {level}, or the role {role}, or the scope register:{service}",
                level=level,
                role=_ROLES[level],
                service=parts["service"],
            )
        return Message("the scope {level}, or the role {role}", level=level, role=_ROLES[level])


EVERYBODY: Final = Needs(None, None)
STATE: Final = Needs("read", "write")
SERVERS: Final = Needs("read", "write", register=True)
ADMINISTRATION: Final = Needs("admin", "admin")
PAGE: Final = Needs("read", "write", page=True)
OWN_PAGE: Final = Needs("read", "read", page=True)
"""What each person may do for themselves."""

ADMINISTRATION_PAGE: Final = Needs("admin", "admin", page=True)
OPEN_PAGE: Final = Needs(None, None, page=True)
