"""Containers, as far as Traefik's Docker provider looks at them. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from provider.imports.findings import Cause, ImportFinding, ImportOutcome, Reason
from provider.imports.templates.functions import TextMap, normalize

DOCKER: Final = "docker"
SWARM: Final = "swarm"
"""The providers of Traefik that read labels of containers."""

PREFIX: Final = "traefik."
PROJECT: Final = "com.docker.compose.project"
SERVICE: Final = "com.docker.compose.service"


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

    `name` is what people call it, `docker_name` what Docker does if that differs, and `full` what Traefik makes names
    of. `given` are labels that Compose itself gives. `ports` are those that it exposes, None where
    only its image says so. `host` is where its servers are; empty where there is no way to it. `networks` are the
    names of those that it is in, None where they do not matter. With one of `profiles` it would be started; without
    any it is. `image` is the name of what it is made of, empty where that is all known.
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
    docker_name: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    image: str = ""

    def made_of(self, image: "ContainerImage") -> "Container":
        """Return it with what its image brings: ports besides its own, and labels below its own."""
        own = {label.key for label in self.labels}
        below = [] if self.is_swarm else [label for label in image.labels if label.key not in own]
        return replace(self, ports=sorted({*(self.ports or ()), *image.ports}), labels=[*below, *self.labels])

    @property
    def own(self) -> list[ContainerLabel]:
        """Return the labels that are meant for Traefik."""
        return [each for each in self.labels if each.key.lower().startswith(PREFIX)]

    @property
    def default_name(self) -> str:
        """The name of objects to which no label gives one."""
        return normalize(self.full)

    @property
    def told(self) -> dict[str, object]:
        """What a default rule is told of it."""
        return {"Name": self.default_name, "ContainerName": self.docker_name or self.name, "Labels": self.by_key}

    @property
    def by_key(self) -> TextMap:
        """All its labels. One that is not there is an empty text."""
        return TextMap({**self.given, **{each.key: each.value for each in self.labels}})

    def finding(self, outcome: ImportOutcome, told: str, place: str, cause: Cause) -> ImportFinding:
        """Make a finding about it."""
        reasons = (Reason(told, place, cause),)
        return ImportFinding("container", self.name, outcome, told, self.place, place, causes=reasons)


@dataclass(frozen=True, slots=True)
class ContainerImage:
    """What containers are made of: the ports that it exposes, and its labels."""

    ports: Sequence[int]
    labels: Sequence[ContainerLabel]


def image_name(written: str) -> str:
    """Return the full name of an image, without what Docker adds or leaves out: `nginx` is `nginx:latest`."""
    name = re.sub(r"^(?:(?:index\.)?docker\.io/|localhost/)?(?:library/)?", "", written)
    name, at, digest = name.partition("@")
    folder, slash, last = name.rpartition("/")
    bare, _colon, tag = last.partition(":")
    return f"{folder}{slash}{bare}{at}{digest}" if at else f"{folder}{slash}{bare}:{tag or 'latest'}"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What Traefik's own start-up says of all containers."""

    is_exposed: bool = True
    network: str = ""
    rule: str = ""
    constraints: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those of the environment in which Traefik runs."""


def by_provider(containers: Sequence[Container]) -> Mapping[str, Sequence[Container]]:
    """Part containers by the provider of Traefik that reads them. For Traefik 2, a swarm's were Docker's, too."""
    of_swarm = [each for each in containers if each.is_swarm]
    is_old = any(f"@{DOCKER}" in label.value for each in of_swarm for label in each.own)
    own = [each for each in containers if each.own and (is_old or not each.is_swarm)]
    found: dict[str, list[Container]] = {}
    for each in containers:
        is_docker = bool(own) if not each.own else is_old or not each.is_swarm
        found.setdefault(DOCKER if is_docker else SWARM, []).append(each)
    return found
