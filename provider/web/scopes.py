"""What a token may do, as a form has it: one level, and names of services and of edges. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provider.messages import Message, template

LEVELS: Final[Mapping[str, str]] = {
    "": template("only what is listed below"),
    "read": template("see everything"),
    "write": template("see everything, and change domains, services, routers and all other objects"),
    "admin": template("everything, including accounts, tokens and the audit"),
}
"""The levels, with what each may do."""

_REGISTER: Final = "register:"
_EDGE: Final = "edge:"
_BETWEEN: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The scopes of a token. `level` is `read`, `write`, `admin` or nothing."""

    level: str = ""
    services: Sequence[str] = ()
    edges: Sequence[str] = ()

    @property
    def name(self) -> str:
        """A name for a token that does one thing."""
        if not self.level and len(self.edges) == 1 and not self.services:
            return f"edge-{self.edges[0]}"[:63].rstrip("-")
        if not self.level and len(self.services) == 1 and not self.edges:
            return f"register-{self.services[0]}"[:63].rstrip("-")
        return ""

    def scopes(self) -> list[str]:
        named = [_REGISTER + name for name in self.services] + [_EDGE + name for name in self.edges]
        return ([self.level] if self.level else []) + named

    def fields(self) -> list[str]:
        """Return for each scope the field of the form that it stands in."""
        level = ["level"] if self.level else []
        return level + ["services"] * len(self.services) + ["edges"] * len(self.edges)

    def texts(self) -> dict[str, str]:
        return {"level": self.level, "services": ", ".join(self.services), "edges": ", ".join(self.edges)}


def read(texts: Mapping[str, str]) -> Chosen:
    """Read what a form has. Nothing is checked."""
    return Chosen(texts.get("level", ""), _names(texts.get("services", "")), _names(texts.get("edges", "")))


def choose(scopes: Iterable[str]) -> Chosen:
    """Return scopes as a form has them: of several levels the one that gives most."""
    listed = list(scopes)
    level = next((level for level in reversed(list(LEVELS)) if level in listed), "")
    return Chosen(
        level,
        [scope.removeprefix(_REGISTER) for scope in listed if scope.startswith(_REGISTER)],
        [scope.removeprefix(_EDGE) for scope in listed if scope.startswith(_EDGE)],
    )


def words(scopes: Iterable[str]) -> list[str]:
    """Say what scopes allow, a message each."""
    chosen = choose(scopes)
    told: list[str] = [Message(LEVELS[chosen.level])] if chosen.level else []
    told += [Message("add, change, drain and remove servers of service {name}", name=name) for name in chosen.services]
    return told + [Message("poll the configuration as edge {name}", name=name) for name in chosen.edges]


def _names(text: str) -> list[str]:
    return [name for name in _BETWEEN.split(text) if name]
