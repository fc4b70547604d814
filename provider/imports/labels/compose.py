"""The containers that a project of Compose starts, as far as labels, ports and networks go. Pure."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from provider.errors import pointer
from provider.imports.labels.containers import PREFIX, PROJECT, SERVICE, Container, ContainerLabel
from provider.imports.labels.projects import RESET, FieldInLayer, Layer, Layers, Project, listed
from provider.imports.labels.variables import UnsetVariable, VariableError, substitute
from provider.imports.pieces import Piece, scalar

_PORT: Final = re.compile(r"([0-9]{1,5})(?:-[0-9]{1,5})?")
_HOST: Final = "127.0.0.1"
_PROFILES: Final = "COMPOSE_PROFILES"
_STACK: Final = "com.docker.stack.namespace"


def read_containers(project: Project) -> Iterator[Container]:
    """Go through the containers of a project."""
    active = [each.strip() for each in project.variables.get(_PROFILES, "").split(",")]
    for layers in project.services():
        yield _container(layers, project, active)


def _container(layers: Layers, project: Project, active: list[str]) -> Container:
    name = layers.name
    listed_labels = (*_of_files(layers, project), *read_labels(layers.given("labels")))
    labels = list({label.key: label for label in listed_labels}.values())
    deploy = [
        (part, layer)
        for given, layer in layers.given("deploy")
        if given.is_map and (part := given.members().get("labels")) is not None
    ]
    deployed = list(read_labels(deploy))
    is_swarm = not any(map(_is_ours, labels)) and any(map(_is_ours, deployed))
    mode = layers.told("network_mode")
    profiles = [layer.told(each) for part, layer in layers.given("profiles") for each in listed(part)]
    top = layers.layers[-1]
    return Container(
        name,
        f"{project.name}_{name}" if is_swarm else f"{name}_{project.name}",
        deployed if is_swarm else labels,
        _host(name, mode),
        top.part.place,
        _ports(layers),
        None if mode else list(_networks(layers, project)),
        is_swarm,
        is_up=layers.told("scale") != "0" and not _is_scaled_away(layers),
        profiles=[] if "*" in active or {*active} & {*profiles} else profiles,
        docker_name=f"{project.name}_{name}.1"
        if is_swarm
        else layers.told("container_name") or f"{project.name}-{name}-1",
        given={_STACK: project.name} if is_swarm else {PROJECT: project.name, SERVICE: name},
        image=layers.told("image") or f"{project.name}-{name}",
    )


def _of_files(layers: Layers, project: Project) -> Iterator[ContainerLabel]:
    """Go through the labels of the files that a service names with `label_file`."""
    for part, layer in layers.given("label_file"):
        for item in listed(part):
            if path := layer.told(item):
                for key, value in project.beside.variables(posixpath.join(layer.file.folder, path)).items():
                    yield ContainerLabel(key, value, item.place)


def _is_scaled_away(layers: Layers) -> bool:
    told = [layer.told(part.members().get("replicas")) for part, layer in layers.given("deploy") if part.is_map]
    return next(filter(None, reversed(told)), "") == "0"


def _host(name: str, mode: str) -> str:
    if mode == "host":
        return _HOST
    if mode == "none":
        return ""
    kind, _colon, other = mode.partition(":")
    return other if kind in {"service", "container"} and other else name


def read_labels(given: Iterable[FieldInLayer]) -> Iterable[ContainerLabel]:
    """Return labels, of a map or of a list of `KEY=VALUE` in each layer; an upper layer's take the place of a lower's.

    Compose fills in variables in values, and in the keys of a list.
    """
    found: dict[str, ContainerLabel] = {}
    for part, layer in given:
        if isinstance(part.value, list):
            for item in part.items():
                label = _listed_label(item, layer)
                found[label.key] = label
        elif isinstance(part.value, dict):
            _add_members(found, part, layer)
    return found.values()


def _add_members(found: dict[str, ContainerLabel], part: Piece, layer: Layer) -> None:
    # A name without a value is one with an empty value here.
    members = part.members()
    empty = {str(name): part.place + pointer(name) for name in part.value if name != "<<" and str(name) not in members}
    for name, each in members.items():
        found[name] = _label(name, _written(each.value), layer, each.place)
    for name, place in empty.items():
        if layer.mark(place) == RESET:
            found.pop(name, None)
        else:
            found[name] = ContainerLabel(name, "", place)


def _written(value: Any) -> str:
    """Write a value as Compose does."""
    return str(value) if isinstance(value, float) else scalar(value) or ""


def _listed_label(item: Piece, layer: Layer) -> ContainerLabel:
    written = scalar(item.value)
    if written is None:
        told = "Compose refuses this: write KEY=VALUE, in quotes if it has a colon followed by a space"
        return ContainerLabel(_first_key(item.value), "", item.place, told)
    text = _label("", written, layer, item.place)
    key, _equals, value = text.value.partition("=")
    return ContainerLabel(key, value, item.place, text.problem, text.is_unset)


def _first_key(value: Any) -> str:
    return next(iter(map(str, value)), "") if isinstance(value, dict) else ""


def _label(key: str, value: str, layer: Layer, place: str) -> ContainerLabel:
    try:
        return ContainerLabel(key, substitute(value, layer.variables), place)
    except VariableError as error:
        return ContainerLabel(key, value, place, str(error), isinstance(error, UnsetVariable))


def _ports(layers: Layers) -> list[int] | None:
    found = {
        port
        for field in ("ports", "expose")
        for part, layer in layers.given(field)
        if isinstance(part.value, list)
        for item in part.items()
        if (port := _port(item, layer)) is not None
    }
    return sorted(found) or None


def _port(item: Piece, layer: Layer) -> int | None:
    """Return the port of the container: the last number of `127.0.0.1:8080:80/tcp`, or `target`."""
    if isinstance(item.value, dict):
        item = item.members().get("target", item)
    written = layer.told(item).partition("/")[0].rpartition(":")[2]
    found = _PORT.fullmatch(written)
    return int(found[1]) if found else None


def _networks(layers: Layers, project: Project) -> Iterator[str]:
    """Go through the networks of a container by the names that Docker has."""
    names: dict[str, None] = {}
    for part, layer in layers.given("networks"):
        if isinstance(part.value, list):
            names |= dict.fromkeys(layer.told(item) for item in part.items())
        elif isinstance(part.value, dict):
            names |= dict.fromkeys(map(str, part.value))
    for name in names or ["default"]:
        declared = project.networks.get(name)
        if declared is None:
            yield f"{project.name}_{name}"
            continue
        external = declared.fields.get("external")
        if named := declared.told(declared.fields.get("name")):
            yield named
        elif external and external.value:
            inner = external.members().get("name") if isinstance(external.value, dict) else None
            yield declared.told(inner) or name
        else:
            yield f"{project.name}_{name}"


def _is_ours(label: ContainerLabel) -> bool:
    return label.key.lower().startswith(PREFIX)
