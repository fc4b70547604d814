"""What Traefik is told of all containers when it starts, where a project of Compose starts it. Pure.

It is told by a file, by arguments or by variables of the environment: Traefik takes the first of these that is there.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from provider.imports.files import Environment
from provider.imports.labels.compose import read_labels
from provider.imports.labels.containers import DOCKER, SWARM, Defaults
from provider.imports.labels.projects import FieldInLayer, Layers, Project, listed
from provider.imports.pieces import FALSE, scalar

_IMAGE: Final = re.compile(r"(?:^|/)traefik(?:$|[:@])")
_ARGUMENT: Final = re.compile(r"--providers\.(docker|swarm)(?:\.(\w+))?", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"traefik_providers_(docker|swarm)(?:_(\w+))?", re.IGNORECASE)
_FILE: Final = re.compile(r"--configfile=(.*)", re.IGNORECASE)
_FILES: Final = [f"{folder}/traefik.{ending}" for folder in ("/etc/traefik", "") for ending in ("toml", "yaml", "yml")]
"""Where Traefik looks for its own file, in this order."""

Options = dict[tuple[str, str], str]
"""What is said of a provider, by its name and that of an option, in lower case."""


def read_defaults(projects: Iterable[Project], provider: str = DOCKER) -> Defaults:
    """Return what is said to the first Traefik that projects start. Of a swarm, Docker's provider told Traefik 2."""
    for project in projects:
        for layers in project.services():
            if _IMAGE.search(layers.told("image")):
                variables = _variables(layers, project)
                said = _said(layers, project, variables)
                of = provider if any(each == provider for each, _option in said) else DOCKER
                return _defaults({option: value for (each, option), value in said.items() if each == of}, variables)
    return Defaults()


def _defaults(said: Mapping[str, str], variables: Environment) -> Defaults:
    return Defaults(
        said.get("exposedbydefault", "true") not in FALSE,
        said.get("network", ""),
        said.get("defaultrule", ""),
        said.get("constraints", ""),
        variables,
    )


def _said(layers: Layers, project: Project, variables: Environment) -> Options:
    arguments = list(_arguments(layers))
    return (
        _of_file(layers, project, arguments)
        or dict(_matching(_ARGUMENT, arguments))
        or dict(_matching(_VARIABLE, (f"{name}={value}" for name, value in variables.items())))
    )


def _matching(pattern: re.Pattern[str], given: Iterable[str]) -> Iterator[tuple[tuple[str, str], str]]:
    for each in given:
        name, equals, value = each.partition("=")
        if (found := pattern.fullmatch(name)) is not None:
            yield (found[1].lower(), (found[2] or "").lower()), value.strip("\"'") if equals else "true"


def _arguments(layers: Layers) -> Iterator[str]:
    for command, layer in layers.given("command")[-1:]:
        told = [layer.told(each) for each in listed(command)]
        yield from told if isinstance(command.value, list) else _words(told[0])


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quote is not closed
        return command.split()


def _variables(layers: Layers, project: Project) -> Environment:
    """Return the variables of the environment of a service. Those without a value come from that of Compose."""
    found = dict(_of_env_files(layers, project))
    for each in read_labels(layers.given("environment")):
        value = each.value or project.variables.get(each.key, "")
        if not each.problem:
            found[each.key] = value
    return found


def _of_env_files(layers: Layers, project: Project) -> Environment:
    """Return the variables of the files that a service names with `env_file`."""
    found: dict[str, str] = {}
    for part, layer in layers.given("env_file"):
        for item in listed(part):
            path = item.members().get("path") if isinstance(item.value, dict) else item
            if told := layer.told(path):
                found |= project.beside.variables(posixpath.join(layer.file.folder, told))
    return found


def _of_file(layers: Layers, project: Project, arguments: Iterable[str]) -> Options:
    """Return what Traefik's own file says, as far as it is mounted from beside the Compose file."""
    named = [found[1] for each in arguments if (found := _FILE.fullmatch(each)) is not None]
    for field in layers.given("volumes"):
        for source, target in _mounts(field):
            for path in named or _FILES:
                if f"{path}/".startswith(f"{target}/"):
                    file = project.beside.file(posixpath.normpath(source + path.removeprefix(target)))
                    if file is not None:
                        return dict(_of_document(file.document))
    return {}


def _mounts(field: FieldInLayer) -> Iterator[tuple[str, str]]:
    """Go through what is mounted from the machine, and where."""
    part, layer = field
    for item in listed(part):
        if isinstance(item.value, dict):
            fields = item.members()
            source, target = (layer.told(fields.get(name)) for name in ("source", "target"))
        else:
            source, _colon, target = layer.told(item).partition(":")
            target = target.partition(":")[0]
        if target and source.startswith((".", "/")):
            yield posixpath.join(layer.file.folder, source), target.rstrip("/")


def _of_document(document: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for provider in (DOCKER, SWARM):
        said = _lowered(_lowered(document).get("providers")).get(provider)
        if said is not None:
            yield (provider, ""), "true"
            for option, value in _lowered(said).items():
                yield (provider, option), scalar(value) or ""


def _lowered(value: Any) -> Mapping[str, Any]:
    return {str(key).lower(): each for key, each in value.items()} if isinstance(value, dict) else {}
