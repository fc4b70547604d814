"""Findings about files, as they are told: what Traefik does, where, why, and what to do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provider.documents import Position
from provider.imports.contents import ELSEWHERE


class Consequence(StrEnum):
    """What Traefik does because of it; the values never change their meaning."""

    REJECTED = "rejected"
    """It takes nothing of the files that it reads together."""

    DISABLED = "disabled"
    """It disables the object, or ignores the container."""

    CHANCE = "chance"
    """Which of several it takes is chance, or one takes the place of the other."""

    BREAKS = "breaks"
    """It takes it, and that does not do what it says."""

    IGNORED = "ignored"
    """It ignores it."""

    UNKNOWN = "unknown"
    """Nobody can tell from the files."""


class LintLevel(StrEnum):
    """How bad it is, in the words of GitHub's annotations."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


_LEVELS: Final[Mapping[Consequence, LintLevel]] = {
    Consequence.REJECTED: LintLevel.ERROR,
    Consequence.DISABLED: LintLevel.ERROR,
    Consequence.CHANCE: LintLevel.WARNING,
    Consequence.BREAKS: LintLevel.WARNING,
    Consequence.IGNORED: LintLevel.WARNING,
    Consequence.UNKNOWN: LintLevel.NOTICE,
}
_WHY: Final[Mapping[Consequence, str]] = {
    Consequence.REJECTED: "Traefik refuses all files that it reads with this one",
    Consequence.DISABLED: "Traefik disables it",
    Consequence.CHANCE: "what Traefik does is random",
    Consequence.BREAKS: "Traefik accepts it, but it does not work",
    Consequence.IGNORED: "Traefik ignores it",
    Consequence.UNKNOWN: "only Traefik knows",
}
_WHYS: Final = {"doubtful-value": "Traefik accepts it, but it may not do what you mean"}
_ADVICE: Final[Mapping[str, str]] = {
    "field.unknown": "remove it, or correct its name",
    "field.newer": "remove it, or upgrade Traefik",
    "field.empty": "leave it out, or fill it",
    "field.off": "leave it out, or write true or a map",
    "field.twice": "keep one of them",
    "field.ignored": "remove it",
    "member.twice": "give one of them another name",
    "member.same": "keep one of them",
    "document.unreadable": "correct the text at this place",
    "document.second": "put each document into a file of its own",
    "key.type": "put it in quotes",
    "type.date": "put it in quotes",
    "file.json": "rename it, or move it out of the directory",
    "section.static": "move it to Traefik's static configuration",
    "section.unknown": "remove it, or correct its name",
    "text.placeholder": 'fill it in before Traefik reads the file, or write {{ env "NAME" }}',
    "template.bad": "correct the template",
    "template.unknown": "look at what Traefik makes of it, in its API",
    "env.missing": "give it with --env-file or --env",
    "same-rule": "set different priorities, or remove one of them",
    "same-rank": "set different priorities",
    "hidden": "give it a higher priority, or remove it",
    "taken-entry-point": "let one of them listen on another entry point",
    "tls-options": "let routers for the same host use the same TLS options",
    "url.nowhere": "begin with http://, https:// or h2c://, and give a host",
    "shared-cookie": "give each service its own cookie name",
    "rule.old": "write it in the syntax of Traefik 3, or say ruleSyntax: v2",
    "udp.entryPoint": "give each UDP router its own entry point",
    "doubtful-value": "change it unless you mean it",
    "reference.missing": "define it, or correct the name",
    "service.empty": "give it a server",
    "label": "correct the label",
    "certificate.names": "remove it, or the other one",
    "file.missing": "correct the path: a relative one starts where Traefik runs",
    "users.format": "correct the line, or write a comment with #",
    "users.none": "add a user",
    "file.elsewhere": "run this where Traefik's files are",
}
_GENERAL: Final[Mapping[Consequence, str]] = {
    Consequence.REJECTED: "correct it: until then Traefik keeps what it had, and serves nothing after a restart",
    Consequence.DISABLED: "correct it: until then requests get 404",
    Consequence.CHANCE: "make it unambiguous",
    Consequence.BREAKS: "correct it",
    Consequence.IGNORED: "remove it, or correct it",
    Consequence.UNKNOWN: "look at what Traefik makes of it, in its API",
}


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One finding. `subject` is the object that is meant. `code` never changes its meaning."""

    consequence: Consequence
    code: str
    detail: str
    at: Position
    subject: str = ""

    @property
    def level(self) -> LintLevel:
        """How bad it is."""
        return _LEVELS[self.consequence]

    @property
    def counts(self) -> bool:
        """Whether it is something that was found: that a file is on another machine is none."""
        return self.code != ELSEWHERE

    @property
    def why(self) -> str:
        """What Traefik does, in words."""
        return _WHYS.get(self.code) or _WHY[self.consequence]

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _ADVICE.get(self.code) or _GENERAL[self.consequence]

    @property
    def place(self) -> str:
        """Where it stands, as editors read it."""
        return str(self.at)
