"""What Traefik makes of files, part by part. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from provider.documents import Position


class Effect(StrEnum):
    """What Traefik does because of it."""

    REFUSED = "refused"
    """It refuses the file, and with it all files that it reads together."""

    UNKNOWN = "unknown"
    """Nobody but Traefik can tell: a variable is not given, or a template cannot be run here."""

    IGNORED = "ignored"
    """It ignores this part, or takes something else for it."""

    LEFT_OUT = "left-out"
    """It is not taken over, whatever Traefik makes of it."""

    ASSUMED = "assumed"
    """It depends on something that is not known; what is said here was assumed."""


@dataclass(frozen=True, slots=True)
class FileFinding:
    """One thing that Traefik makes of a part of a file.

    `code` never changes its meaning. `pointer` is a JSON pointer into the document of that file, where there is one.
    """

    effect: Effect
    code: str
    detail: str
    at: Position
    pointer: str = ""

    @property
    def place(self) -> str:
        """Where it stands, as editors read it: `routers.yml:12:7`."""
        return str(self.at)
