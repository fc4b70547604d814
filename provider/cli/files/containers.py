"""Containers with labels, in Compose files or as `docker inspect` prints them, as Traefik has them."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from provider.cli.files import documents
from provider.documents import DocumentError, File, Position, parse
from provider.imports import Provenance, labels
from provider.imports.combining import ProviderPart
from provider.imports.files import Environment, SourceText
from provider.imports.labels import Container, Defaults, Translated

_MAY_BE: Final = re.compile(r"^services\s*:|^\s*[\[{]", re.MULTILINE)


def find(text: SourceText, env_files: Sequence[str], given: Environment) -> ProviderPart | None:
    """Return what Traefik makes of the labels in a file, or None for a file that has no containers.

    Raises `DocumentError` where none of them has a label of Traefik.
    """
    if not _MAY_BE.search(text.text):
        return None
    try:
        read = parse(text.name, text.text)
    except DocumentError:
        return None
    if labels.is_compose(read.document):
        variables = {**_variables(text.name, env_files), **given}
        containers = list(labels.read_compose(read.document, _folder(text.name), variables))
        return _translated(read, containers, labels.read_defaults(read.document, variables))
    if labels.is_inspected(read.document):
        return _translated(read, list(labels.read_inspected(read.document)), Defaults())
    return None


def _translated(read: File, containers: list[Container], defaults: Defaults) -> ProviderPart:
    if not any(container.own for container in containers):
        told = "none of its containers has a label of Traefik (traefik.enable and so on): there is nothing to read"
        raise DocumentError.at(read.name, None, told)
    found = labels.translate(containers, defaults)
    own = {where: replace(place, file=read.name) for where, place in read.places.items()}
    return ProviderPart(
        found.document, {**own, **dict(_places(own, found))}, Provenance(labels.PROVIDER, found.refused, found.findings)
    )


def _places(own: Mapping[str, Position], found: Translated) -> Iterator[tuple[str, Position]]:
    for where, place in found.places.items():
        if place in own:
            yield where, own[place]


def _folder(name: str) -> str:
    return Path(name).resolve().parent.name if Path(name).is_file() else ""


def _variables(name: str, env_files: Sequence[str]) -> Environment:
    """Return the variables that Compose has: those of the environment, and of files, given or beside this one.

    Raises `DocumentError` for a file that is given and is not UTF-8, and `OSError` for one that is not there.
    """
    beside = Path(name).parent / ".env"
    if not env_files and Path(name).is_file() and beside.is_file():
        env_files = [str(beside)]
    return {**read_variables(env_files), **os.environ}


def read_variables(env_files: Sequence[str]) -> Environment:
    """Read files of variables, as Compose does. Of one that is given twice the last counts. Raises as `load` does."""
    found: dict[str, str] = {}
    for path in env_files:
        found |= labels.read_file(documents.load(path)[1])
    return found
