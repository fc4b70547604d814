"""Containers with labels, in Compose files or as `docker inspect` prints them, as Traefik has them."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from provider.cli.files import documents
from provider.documents import DocumentError, File, Position
from provider.imports import Provenance, labels
from provider.imports.combining import ProviderPart
from provider.imports.files import Environment, SourceText, go_toml
from provider.imports.files.folder import TOML
from provider.imports.findings import Cause, ImportFinding, ImportOutcome, Reason
from provider.imports.labels import ComposeFile, Container, ContainerImage, Project, Translated

_MAY_BE: Final = re.compile(r"^(?:services|include)\s*:|^\s*[\[{]", re.MULTILINE)
_IS_COMPOSE: Final = re.compile(r"^services\s*:", re.MULTILINE)
_IS_DYNAMIC: Final = re.compile(r"^(?:http|tcp|udp|tls)\s*:", re.MULTILINE | re.IGNORECASE)
_MAIN: Final = re.compile(r"((?:docker-)?compose)\.(ya?ml)")
_NAMED: Final = 10
_IMAGES: Final = "these are images only: give the Compose file of their containers as well"
_NOTHING: Final = "none of its containers has a Traefik label (traefik.enable and so on): there is nothing to read"


@dataclass
class Labelled:
    """Files with containers: projects of Compose, and what Docker tells of containers that run."""

    env_files: Sequence[str]
    given: Environment
    ports: Mapping[str, int] = field(default_factory=dict)
    """Those of containers of which only the image says it, by the containers' names."""

    places: dict[str, Position] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    """The files that were given."""

    _projects: dict[str, list[ComposeFile]] = field(default_factory=dict)
    _inspected: list[Container] = field(default_factory=list)
    _images: dict[str, ContainerImage] = field(default_factory=dict)
    """By their full names."""

    _known: dict[str, ComposeFile | None] = field(default_factory=dict)

    def add(self, text: SourceText, *, is_named: bool) -> bool:
        """Take a file that has containers, and tell whether it is one.

        Those that are named belong together if they are in one folder, as with `docker compose -f`; of those in a
        folder, only a main file and what overrides it do. Raises `DocumentError` for one that cannot be read.
        """
        if not _MAY_BE.search(text.text):
            return False
        try:
            read, marks = labels.read(text.name, text.text)
        except DocumentError as error:
            if error.place is None or not _IS_COMPOSE.search(text.text) or _IS_DYNAMIC.search(text.text):
                return False
            error.problem = f"Docker Compose cannot read this: {error.problem}"
            raise
        if labels.is_inspected(read.document):
            at = self._note(read)
            self._inspected += labels.read_inspected(read.document, at)
            self._images |= labels.read_images(read.document, at)
        elif not labels.is_compose(read.document):
            return False
        else:
            found = self._compose(read, marks)
            key = found.folder if is_named or _is_main(text.name) or _is_override(text.name) else text.name
            self._projects.setdefault(key, []).append(found)
        self.names.append(text.name)
        return True

    def parts(self, *, is_alone: bool) -> Sequence[ProviderPart]:
        """Return what Traefik makes of all of them together, by its providers.

        Raises `DocumentError` where no label is meant for it, and this `is_alone`.
        """
        projects = [self._project(files) for files in self._projects.values()]
        found = [*self._inspected, *(each for project in projects for each in labels.read_containers(project))]
        containers = list(self._with_ports(map(self._with_image, found)))
        if not any(container.own for container in containers):
            if is_alone:
                raise DocumentError.at(self.names[0], None, _NOTHING if containers else _IMAGES)
            return []
        lost = [_lost(place, path) for project in projects for place, path in project.lost.items()]
        parts: list[ProviderPart] = []
        for provider, own in labels.by_provider(containers).items():
            made = labels.translate(own, labels.read_defaults(projects, provider))
            provenance = Provenance(provider, made.refused, [*made.findings, *(() if parts else lost)])
            parts.append(ProviderPart(made.document, {**self.places, **dict(self._places(made))}, provenance))
        return parts

    def _with_image(self, container: Container) -> Container:
        """Give a container with what its image brings, as far as that is known."""
        image = self._images.get(labels.image_name(container.image)) if container.image else None
        return container if image is None else container.made_of(image)

    def _with_ports(self, given: Iterable[Container]) -> Iterator[Container]:
        """Give containers with the ports that are given for them. Raises `DocumentError` for ports of others."""
        containers = list(given)
        names = [each.name for each in containers]
        if unknown := sorted(self.ports.keys() - set(names)):
            told = f"there is no container {unknown[0]}: --port takes {', '.join(sorted(set(names))[:_NAMED])}"
            raise DocumentError.at(self.names[0], None, told)
        for each in containers:
            port = self.ports.get(each.name)
            yield each if port is None else replace(each, ports=[port])

    def file(self, path: str) -> ComposeFile | None:
        """Return another Compose file, or None where there is none that can be read."""
        if path not in self._known:
            self._known[path] = self._load(path)
        return self._known[path]

    def variables(self, path: str) -> Environment:
        """Return the variables of a file; none where it is not there."""
        try:
            return read_variables([path]) if Path(path).is_file() else {}
        except (DocumentError, OSError, ValueError):
            return {}

    def _load(self, path: str) -> ComposeFile | None:
        try:
            if not Path(path).is_file():
                return None
            name, text = documents.load(path)
            read, marks = (go_toml.read(name, text), {}) if name.lower().endswith(TOML) else labels.read(name, text)
        except (DocumentError, OSError, ValueError):
            return None
        return self._compose(read, marks) if isinstance(read.document, dict) else None

    def _compose(self, read: File, marks: Mapping[str, str]) -> ComposeFile:
        path = Path(read.name)
        folder = str(path.resolve().parent) if path.is_file() else ""
        found = ComposeFile(read.name, folder, read.document, self._note(read), marks)
        self._known.setdefault(os.path.normpath(os.path.abspath(read.name)), found)  # noqa: PTH100  # not resolved
        return found

    def _note(self, read: File) -> str:
        """Take note of where the parts of a file stand, and return the pointer below which they do."""
        at = f"/{len(self.names)}.{len(self.places)}"
        self.places |= {at + where: place.of(read.name) for where, place in read.places.items()}
        return at

    def _project(self, files: Sequence[ComposeFile]) -> Project:
        own = sorted(files, key=lambda each: _is_override(each.name))
        if len(own) == 1 and own[0].folder and _is_main(own[0].name):
            own += filter(None, map(self.file, _overrides(own[0])))
        beside = Path(own[0].folder) / ".env"
        named = self.env_files or ([str(beside)] if own[0].folder and beside.is_file() else [])
        return Project(own, {**read_variables(named), **os.environ, **self.given}, self)

    def _places(self, found: Translated) -> Iterator[tuple[str, Position]]:
        for where, place in found.places.items():
            if place in self.places:
                yield where, self.places[place]


def _is_main(name: str) -> bool:
    """Tell whether Compose reads a file by itself."""
    return _MAIN.fullmatch(Path(name).name) is not None


def _is_override(name: str) -> bool:
    """Tell whether Compose reads a file over another one, by itself."""
    own = Path(name).name
    return ".override." in own and _is_main(own.replace(".override.", "."))


def _overrides(file: ComposeFile) -> list[str]:
    """Return the files that Compose reads over another one, by itself."""
    found = _MAIN.fullmatch(Path(file.name).name)
    return [f"{file.folder}/{found[1]}.override.{ending}" for ending in ("yml", "yaml")] if found else []


def _lost(place: str, path: str) -> ImportFinding:
    told = f"{path} is not here: import what `docker compose config` prints"
    reasons = (Reason(told, place, Cause.UNKNOWN),)
    return ImportFinding("file", path, ImportOutcome.LEFT_OUT, told, place, place, causes=reasons)


def read_variables(env_files: Sequence[str]) -> Environment:
    """Read files of variables, as Compose does. Of one that is given twice the last counts. Raises as `load` does."""
    found: dict[str, str] = {}
    for path in env_files:
        found |= labels.read_file(documents.load(path)[1])
    return found
