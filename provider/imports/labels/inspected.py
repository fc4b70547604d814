"""What `docker inspect` tells of containers and images, and `docker service inspect` of a swarm's services. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from provider.errors import pointer
from provider.imports.labels.containers import PROJECT, SERVICE, Container, ContainerImage, ContainerLabel, image_name
from provider.imports.pieces import scalar

_DEFAULT_NETWORK: Final = "bridge"
_HOST: Final = "127.0.0.1"


def is_inspected(document: Any) -> bool:
    """Tell whether a document is what `docker inspect` prints, also of images or of services of a swarm."""
    listed = document if isinstance(document, list) else [document]
    return bool(listed) and all(
        isinstance(each, dict) and ({"Config", "Name"} <= each.keys() or _is_service(each) or _is_image(each))
        for each in listed
    )


def _is_image(told: dict[str, Any]) -> bool:
    return {"Config", "RepoTags"} <= told.keys() and "Name" not in told


def _is_service(told: dict[str, Any]) -> bool:
    return {"Name", "TaskTemplate"} <= _within(told, "Spec").keys()


def read_inspected(document: Any, at: str = "") -> Iterator[Container]:
    """Go through the containers. Their places stand below the pointer `at`."""
    for each, place in _listed(document, at):
        if not _is_image(each):
            yield _container(each, place)


def read_images(document: Any, at: str = "") -> Iterator[tuple[str, ContainerImage]]:
    """Go through the images, by each of their full names."""
    for each, place in _listed(document, at):
        if _is_image(each):
            config, labels = _within(each, "Config"), _within(each, "Config", "Labels")
            ports = _ports(_within(config, "ExposedPorts"))
            image = ContainerImage(ports, _labels(labels, place + pointer("Config", "Labels")))
            for name in (*(each["RepoTags"] or ()), *(each.get("RepoDigests") or ())):
                yield image_name(str(name)), image


def _listed(document: Any, at: str) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(document, list):
        yield from ((each, f"{at}/{index}") for index, each in enumerate(document))
    else:
        yield document, at


def _ports(told: dict[str, Any]) -> list[int]:
    return sorted(int(port) for each in told if (port := str(each).partition("/")[0]).isdecimal())


def _container(told: dict[str, Any], place: str) -> Container:
    if _is_service(told):
        return _service(told, place)
    labels = _within(told, "Config", "Labels")
    settings = _within(told, "NetworkSettings")
    name = str(told["Name"]).removeprefix("/")
    project, service = (scalar(labels.get(each)) for each in (PROJECT, SERVICE))
    health = scalar(_within(told, "State", "Health").get("Status"))
    at = place + pointer("Config", "Labels")
    return Container(
        name,
        f"{service}_{project}" if project and service else name,
        _labels(labels, at),
        _host(told, name, _within(settings, "Networks")),
        place + pointer("Name"),
        _ports(_within(settings, "Ports")),
        list(_within(settings, "Networks")) or None,
        is_up=_within(told, "State").get("Status", "running") == "running" and health in {None, "", "healthy"},
    )


def _service(told: dict[str, Any], place: str) -> Container:
    name = str(_within(told, "Spec")["Name"])
    replicas = _within(told, "Spec", "Mode", "Replicated").get("Replicas", 1)
    labels = _labels(_within(told, "Spec", "Labels"), place + pointer("Spec", "Labels"))
    at = place + pointer("Spec", "Name")
    return Container(name, name, labels, name, at, is_swarm=True, is_up=replicas != 0, docker_name=f"{name}.1")


def _labels(labels: dict[str, Any], at: str) -> list[ContainerLabel]:
    return [ContainerLabel(str(key), scalar(value) or "", at + pointer(key)) for key, value in labels.items()]


def _host(told: dict[str, Any], name: str, networks: dict[str, Any]) -> str:
    """Return where a container is: its name, but on the default network, where nobody finds it by that."""
    mode = scalar(_within(told, "HostConfig").get("NetworkMode")) or ""
    if mode == "host":
        return _HOST
    if mode.startswith("container:"):
        return mode.partition(":")[2]
    if set(networks) == {_DEFAULT_NETWORK}:
        return scalar(_within(networks, _DEFAULT_NETWORK).get("IPAddress")) or ""
    return name if networks and mode != "none" else ""


def _within(told: Any, *path: str) -> dict[str, Any]:
    """Return an object within, empty where it is not there."""
    for key in path:
        told = told.get(key) if isinstance(told, dict) else None
    return told if isinstance(told, dict) else {}
