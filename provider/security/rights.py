"""What a route needs, and what an account or a token gives. Pure.

A need is one right; a grant is what a token's scopes or an account's role give together. `admin` gives
all, `write` gives `read` too; `register:SERVICE` and `edge:NAME` give that and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from provider.models import Role

Level = Literal["read", "write", "admin"]

_LEVELS: Final[tuple[Level, ...]] = ("read", "write", "admin")
_ROLE_LEVELS: Final[dict[Role, Level]] = {Role.VIEWER: "read", Role.OPERATOR: "write", Role.ADMIN: "admin"}


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody may do."""

    level: Level | None = None
    services: frozenset[str] = frozenset()
    """Services whose servers may be added, changed, drained and removed."""
    edges: frozenset[str] = frozenset()
    """Edges as which the configuration may be polled."""

    def allows(self, needed: Level) -> bool:
        """Tell whether it is enough for what needs this level."""
        return self.level is not None and _LEVELS.index(self.level) >= _LEVELS.index(needed)

    def allows_edge(self, name: str) -> bool:
        """Tell whether the configuration may be polled as an edge."""
        return name in self.edges or self.level == "admin"


def of_scopes(scopes: Iterable[str]) -> Grant:
    """Return what a token's scopes give together. What is no scope gives nothing."""
    listed = set(scopes)
    levels: list[Level] = [level for level in _LEVELS if level in listed]
    pairs = [scope.partition(":") for scope in listed]
    return Grant(
        levels[-1] if levels else None,
        frozenset(name for prefix, _colon, name in pairs if prefix == "register" and name),
        frozenset(name for prefix, _colon, name in pairs if prefix == "edge" and name),
    )


def of_role(role: Role) -> Grant:
    """Return what an account's role gives."""
    return Grant(_ROLE_LEVELS[role])
