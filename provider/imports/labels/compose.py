"""Compose files: which containers they make, as far as labels, ports and networks go. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from provider.errors import pointer
from provider.imports.labels.containers import PREFIX, Container, ContainerLabel, Defaults
from provider.imports.labels.variables import VariableError, substitute
from provider.imports.pieces import Ledger, Piece, scalar

_OTHERS: Final = ("http", "tcp", "udp", "tls")
_PROJECT: Final = re.compile(r"[^a-z0-9_-]")
_PORT: Final = re.compile(r"([0-9]{1,5})(?:-[0-9]{1,5})?")
_HOST: Final = "127.0.0.1"
_IMAGE: Final = re.compile(r"(?:^|/)traefik(?:$|[:@])")
_ARGUMENT: Final = re.compile(r"--providers\.docker\.(\w+)(?:=(.*))?", re.IGNORECASE | re.DOTALL)
_VARIABLE: Final = "traefik_providers_docker_"


def is_compose(document: Any) -> bool:
    """Tell whether a document is a Compose file."""
    if not isinstance(document, dict) or any(name in document for name in _OTHERS):
        return False
    services = document.get("services")
    return isinstance(services, dict) and all(
        isinstance(each, dict) and each.keys() & {"image", "build", "labels", "extends", "deploy", "container_name"}
        for each in services.values()
    )


def read_compose(document: Mapping[str, Any], folder: str, variables: Mapping[str, str]) -> Iterator[Container]:
    """Go through the containers of a Compose file. `folder` is the name of that in which it is."""
    return _File(document, folder, variables).containers()


def read_defaults(document: Mapping[str, Any], variables: Mapping[str, str]) -> Defaults:
    """Return what the file says to a Traefik that it starts: the arguments and the environment of the container."""
    return _File(document, "", variables).defaults()


class _File:
    """One Compose file."""

    def __init__(self, document: Mapping[str, Any], folder: str, variables: Mapping[str, str]) -> None:
        self._root = Piece(document, "", Ledger())
        self._variables = variables
        given = self._told(self._root.members().get("name")) or variables.get("COMPOSE_PROJECT_NAME") or folder
        self._project = _PROJECT.sub("", given.lower()).lstrip("_-")
        networks = self._root.members().get("networks")
        self._networks = networks.members() if networks and isinstance(networks.value, dict) else {}

    def containers(self) -> Iterator[Container]:
        """Go through the containers."""
        for name, part in self._root.members()["services"].members().items():
            if isinstance(part.value, dict):
                yield self._container(name, part.members(), part.place)

    def defaults(self) -> Defaults:
        """Return what is said to the first Traefik that the file starts."""
        for part in self._root.members()["services"].members().values():
            fields = part.members() if isinstance(part.value, dict) else {}
            if _IMAGE.search(self._told(fields.get("image"))):
                said = dict(self._said(fields))
                exposed = said.get("exposedbydefault", "true").lower()
                return Defaults(
                    exposed not in {"false", "0", "f"}, said.get("network", ""), said.get("defaultrule", "")
                )
        return Defaults()

    def _said(self, fields: Mapping[str, Piece]) -> Iterator[tuple[str, str]]:
        """Go through what is said of the Docker provider, by options in lower case."""
        for variable in self._labels(fields.get("environment")):
            if variable.key.lower().startswith(_VARIABLE):
                yield variable.key.lower().removeprefix(_VARIABLE), variable.value
        command = fields.get("command")
        listed = command.items() if command and isinstance(command.value, list) else [command] if command else []
        for told in map(self._told, listed):
            for argument in [told] if command and isinstance(command.value, list) else told.split():
                if (found := _ARGUMENT.fullmatch(argument)) is not None:
                    yield found[1].lower(), "true" if found[2] is None else found[2].strip("\"'")

    def _container(self, name: str, fields: Mapping[str, Piece], place: str) -> Container:
        labels = list(self._labels(fields.get("labels")))
        deploy = fields.get("deploy")
        swarm = deploy.members() if deploy and isinstance(deploy.value, dict) else {}
        deployed = list(self._labels(swarm.get("labels")))
        is_swarm = not any(_is_ours(each) for each in labels) and any(_is_ours(each) for each in deployed)
        mode = self._told(fields.get("network_mode"))
        full = f"{self._project}_{name}" if is_swarm else f"{name}_{self._project}"
        return Container(
            name,
            full,
            deployed if is_swarm else labels,
            self._host(name, mode),
            place,
            self._ports(fields),
            None if mode else list(self._container_networks(fields.get("networks"))),
            is_swarm,
            missing={word: part.place for word in ("extends",) if (part := fields.get(word))},
        )

    def _host(self, name: str, mode: str) -> str:
        if mode == "host":
            return _HOST
        if mode == "none":
            return ""
        kind, _colon, other = mode.partition(":")
        return other if kind in {"service", "container"} and other else name

    def _labels(self, part: Piece | None) -> Iterator[ContainerLabel]:
        """Go through labels, as a map or as a list of `KEY=VALUE`."""
        if part is None:
            return
        if isinstance(part.value, list):
            for item in part.items():
                key, _equals, value = (scalar(item.value) or "").partition("=")
                yield self._label(key, value, item.place)
        elif isinstance(part.value, dict):
            # A name without a value is one with an empty value here.
            listed = {**{str(name): part.place + pointer(name) for name in part.value if name != "<<"}}
            members = part.members()
            for name in [*members, *(name for name in listed if name not in members)]:
                member = members.get(name)
                value = "" if member is None else scalar(member.value) or ""
                yield self._label(name, value, listed[name] if member is None else member.place)

    def _label(self, key: str, value: str, place: str) -> ContainerLabel:
        try:
            return ContainerLabel(key, substitute(value, self._variables), place)
        except VariableError as error:
            return ContainerLabel(key, value, place, str(error))

    def _told(self, part: Piece | None) -> str:
        """Return a text with its variables; empty where that cannot be told."""
        try:
            return substitute(scalar(part.value) or "", self._variables) if part else ""
        except VariableError:
            return ""

    def _ports(self, fields: Mapping[str, Piece]) -> list[int] | None:
        found = [
            port
            for field in ("ports", "expose")
            if (part := fields.get(field)) and isinstance(part.value, list)
            for item in part.items()
            if (port := self._port(item)) is not None
        ]
        return sorted(found) or None

    def _port(self, item: Piece) -> int | None:
        """Return the port of the container: the last number of `127.0.0.1:8080:80/tcp`, or `target`."""
        if isinstance(item.value, dict):
            item = item.members().get("target", item)
        written = self._told(item).partition("/")[0].rpartition(":")[2]
        found = _PORT.fullmatch(written)
        return int(found[1]) if found else None

    def _container_networks(self, part: Piece | None) -> Iterator[str]:
        """Go through the networks of a container by the names that Docker has."""
        if part is None or not isinstance(part.value, list | dict) or not part.value:
            names = ["default"]
        elif isinstance(part.value, list):
            names = [self._told(item) for item in part.items()]
        else:
            names = [str(name) for name in part.value]
        for name in names:
            declared = self._networks.get(name)
            fields = declared.members() if declared and isinstance(declared.value, dict) else {}
            external = fields.get("external")
            if named := self._told(fields.get("name")):
                yield named
            elif external and external.value:
                inner = external.members().get("name") if isinstance(external.value, dict) else None
                yield self._told(inner) or name
            else:
                yield f"{self._project}_{name}"


def _is_ours(label: ContainerLabel) -> bool:
    return label.key.lower().startswith(PREFIX)
