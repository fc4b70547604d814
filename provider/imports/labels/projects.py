"""Projects of Compose: which services several files make together, layer upon layer. Pure.

From the Compose specification: files are merged in their order, what they include comes before them, and a service
that extends another one is laid over it. `!reset` takes away what lies below, `!override` takes its place.
"""

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from provider.documents import Builder, File, build, parse
from provider.errors import pointer
from provider.imports.files import Environment
from provider.imports.labels.variables import VariableError, substitute
from provider.imports.pieces import Ledger, Piece, scalar

_OTHERS: Final = ("http", "tcp", "udp", "tls", "domains", "routers")
"""Names that Traefik's files have, and files of a state, which have `services` too."""
_WORDS: Final = """
<< annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count
cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy
develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends
external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links logging
mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks oom_kill_disable
oom_score_adj pid pids_limit platform ports post_start pre_stop privileged profiles provider pull_policy read_only
restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs
tty ulimits use_api_socket user userns_mode uts volumes volumes_from working_dir
"""
_FIELDS: Final = frozenset(_WORDS.split())
"""What a service may have, by the Compose specification."""

RESET: Final = "!reset"
_OVERRIDE: Final = "!override"
_NAME: Final = "COMPOSE_PROJECT_NAME"


class _ComposeBuilder(Builder):
    """Reads YAML with the two tags of Compose. `marks` has them, by the pointers of what they stand before."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.marks: dict[str, str] = {}

    def tagged(self, where: str, tag: str) -> None:
        """Take note of a tag."""
        if tag in {RESET, _OVERRIDE}:
            self.marks[where] = tag

    def value(self, event: Any) -> Any:
        """Read a scalar; one with a tag of Compose is what it would be without."""
        if event.tag in {RESET, _OVERRIDE}:
            event.tag, event.implicit = None, (not event.style, True)
        return super().value(event)


def read(name: str, text: str) -> tuple[File, Mapping[str, str]]:
    """Read a Compose file, and where `!reset` and `!override` stand in it. Raises `DocumentError`."""
    if text.lstrip()[:1] in {"{", "["}:
        return parse(name, text), {}
    builder = _ComposeBuilder(name)
    return build(builder, text), builder.marks


def is_compose(document: Any) -> bool:
    """Tell whether a document is a Compose file."""
    if not isinstance(document, dict) or any(name in document for name in _OTHERS):
        return False
    services = document.get("services")
    if services is None:
        return isinstance(document.get("include"), list)
    return isinstance(services, dict) and all(
        isinstance(each, dict) and each.keys() & _FIELDS for each in services.values() if each is not None
    )


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """A Compose file. `folder` is that in which it is; below the pointer `at` stand its places among those of others.

    `marks` are the tags of Compose by their pointers, without `at`.
    """

    name: str
    folder: str
    document: Any
    at: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)


class Beside(Protocol):
    """What stands in the folders of Compose files."""

    def file(self, path: str) -> ComposeFile | None:
        """Return another Compose file, or None where there is none that can be read."""

    def variables(self, path: str) -> Environment:
        """Return the variables of a file such as `.env`; none where it is not there."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file says of a service, or of the project, with the variables that hold there."""

    part: Piece
    fields: Mapping[str, Piece]
    variables: Environment
    file: ComposeFile

    def mark(self, where: str) -> str:
        """Return the tag of Compose at a place; empty where there is none."""
        return self.file.marks.get(where.removeprefix(self.file.at), "")

    def told(self, part: Piece | None) -> str:
        """Return a text with its variables; empty where that cannot be told."""
        try:
            return substitute(scalar(part.value) or "", self.variables) if part else ""
        except VariableError:
            return ""


FieldInLayer = tuple[Piece, Layer]
"""A field, and the layer that it is in."""


@dataclass(frozen=True, slots=True)
class Layers:
    """What all files say of a service, the lowest layer first."""

    name: str
    layers: Sequence[Layer]

    def given(self, name: str) -> list[FieldInLayer]:
        """Return a field in all layers that count."""
        found: list[FieldInLayer] = []
        for layer in self.layers:
            mark = layer.mark(layer.part.place + pointer(name))
            if mark:
                found.clear()
            if mark != RESET and (part := layer.fields.get(name)) is not None:
                found.append((part, layer))
        return found

    def told(self, name: str) -> str:
        """Return the text of a field, as the uppermost layer has it."""
        given = self.given(name)
        return given[-1][1].told(given[-1][0]) if given else ""


@dataclass
class Project:
    """Services of files that Compose reads together. `lost` is what they name and is not there."""

    files: Sequence[ComposeFile]
    variables: Environment
    beside: Beside
    lost: dict[str, str] = field(default_factory=dict)
    """The places where each is named, with what it is, in words."""

    name: str = ""
    networks: dict[str, Layer] = field(default_factory=dict)
    _services: dict[str, list[Layer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = [(Piece(each.document, each.at, Ledger()), each) for each in self.files]
        named = [name for part, each in given if (name := self._layer(part, each).told(part.members().get("name")))]
        folder = posixpath.basename(self.files[0].folder) if self.files else ""
        found = self.variables.get(_NAME) or (named[-1] if named else "") or folder
        self.name = "".join(each for each in found.lower() if each in _LETTERS).lstrip("_-")
        self.variables = {_NAME: self.name, **self.variables}
        for each in self.files:
            self._add(each, self.variables, {each.name})

    def services(self) -> Iterator[Layers]:
        """Go through the services."""
        for name, layers in self._services.items():
            if layers:
                yield Layers(name, layers)

    def _layer(self, part: Piece, file: ComposeFile, variables: Environment | None = None) -> Layer:
        fields = part.members() if isinstance(part.value, dict) else {}
        return Layer(part, fields, self.variables if variables is None else variables, file)

    def _add(self, file: ComposeFile, variables: Environment, seen: Collection[str]) -> None:
        root = Piece(file.document, file.at, Ledger())
        for included, own in self._included(root, file, variables):
            if included.name not in seen:
                self._add(included, own, {*seen, included.name})
        for name in _members(root, "services"):
            self._services.setdefault(name, []).extend(self._layers(file, name, variables, ()))
        for name, part in _members(root, "networks").items():
            self.networks[name] = self._layer(part, file, variables)

    def _layers(
        self, file: ComposeFile, name: str, variables: Environment, seen: tuple[tuple[str, str], ...]
    ) -> list[Layer]:
        """Return a service as one file has it, over those that it extends."""
        part = _members(Piece(file.document, file.at, Ledger()), "services").get(name)
        if part is None or not isinstance(part.value, dict) or (file.name, name) in seen:
            return []
        own = self._layer(part, file, variables)
        extends = own.fields.get("extends")
        if extends is None:
            return [own]
        fields = extends.members() if isinstance(extends.value, dict) else {"service": extends}
        other: ComposeFile | None = file
        if path := own.told(fields.get("file")):
            other = self._other(file, path, extends.place)
        base = own.told(fields.get("service")) or name
        if other is None:
            return [own]
        below = self._layers(other, base, variables, (*seen, (file.name, name)))
        if not below:
            self.lost[extends.place] = f"the service {base}"
        return [*below, own]

    def _included(
        self, root: Piece, file: ComposeFile, variables: Environment
    ) -> Iterator[tuple[ComposeFile, Environment]]:
        include = root.members().get("include")
        if include is None or not isinstance(include.value, list):
            return
        for item in include.items():
            fields = item.members() if isinstance(item.value, dict) else {"path": item}
            layer = Layer(item, fields, variables, file)
            paths = [path for each in listed(fields.get("path")) if (path := layer.told(each))]
            files = [found for path in paths if (found := self._other(file, path, item.place)) is not None]
            for each in files:
                folder = posixpath.join(file.folder, layer.told(fields.get("project_directory")) or files[0].folder)
                named = [posixpath.join(file.folder, layer.told(name)) for name in listed(fields.get("env_file"))]
                own: dict[str, str] = {}
                for path in named or [posixpath.join(folder, ".env")]:
                    own |= self.beside.variables(path)
                yield each, {**own, **variables}

    def _other(self, file: ComposeFile, path: str, place: str) -> ComposeFile | None:
        found = self.beside.file(posixpath.normpath(posixpath.join(file.folder, path)))
        if found is None:
            self.lost[place] = path
        return found


_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


def _members(root: Piece, name: str) -> Mapping[str, Piece]:
    part = root.members().get(name) if isinstance(root.value, dict) else None
    return part.members() if part is not None and isinstance(part.value, dict) else {}


def listed(part: Piece | None) -> list[Piece]:
    """Return the items of a list, or what stands alone in place of one."""
    if part is None:
        return []
    return part.items() if isinstance(part.value, list) else [part]
