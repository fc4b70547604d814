"""Containers, as far as Traefik's Docker provider looks at them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provider.imports.findings import Cause, ImportFinding, ImportOutcome, Reason

PREFIX: Final = "traefik."


@dataclass(frozen=True, slots=True)
class ContainerLabel:
    """A label, and where it stands: a JSON pointer into the file. `problem` says why its value cannot be told.

    `is_unset` tells that this is for a variable that is not known here.
    """

    key: str
    value: str
    place: str
    problem: str = ""
    is_unset: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A container with its labels.

    `name` is what people call it, `full` what Traefik makes names of. `ports` are those that it exposes, None where
    only its image says so. `host` is where its servers are; empty where there is no way to it. `networks` are the
    names of those that it is in, None where they do not matter. With one of `profiles` it would be started; without
    any it is.
    """

    name: str
    full: str
    labels: Sequence[ContainerLabel]
    host: str
    place: str
    ports: Sequence[int] | None = None
    networks: Sequence[str] | None = None
    is_swarm: bool = False
    is_up: bool = True
    profiles: Sequence[str] = ()

    @property
    def own(self) -> list[ContainerLabel]:
        """Return the labels that are meant for Traefik."""
        return [each for each in self.labels if each.key.lower().startswith(PREFIX)]

    @property
    def default_name(self) -> str:
        """The name of objects to which no label gives one."""
        return normalize(self.full)

    def finding(self, outcome: ImportOutcome, told: str, place: str, cause: Cause) -> ImportFinding:
        """Make a finding about it."""
        reasons = (Reason(told, place, cause),)
        return ImportFinding("container", self.name, outcome, told, self.place, place, causes=reasons)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What Traefik's own start-up says of all containers."""

    is_exposed: bool = True
    network: str = ""
    rule: str = ""


def normalize(name: str) -> str:
    """Return a name as Traefik makes those of objects: letters and digits, and hyphens for all that is between."""
    return "-".join("".join(each if each.isalpha() or each.isnumeric() else " " for each in name).split())
