"""Containers with labels, of a Compose file or of `docker inspect`, as Traefik's Docker provider has them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from provider.cli.files import documents
from provider.documents import DocumentError, File, Position
from provider.imports import Provenance, labels
from provider.imports.labels import Container, Defaults, Translated


def find(read: File, env_files: Sequence[str], given: Mapping[str, str]) -> tuple[File, Provenance] | None:
    """Return the document that Traefik makes of the labels of a file, or None for a file that has no containers.

    Raises `DocumentError` where none of them has a label of Traefik.
    """
    if labels.is_compose(read.document):
        variables = {**_variables(read.name, env_files), **given}
        containers = list(labels.read_compose(read.document, _folder(read.name), variables))
        return _translated(read, containers, labels.read_defaults(read.document, variables))
    if labels.is_inspected(read.document):
        return _translated(read, list(labels.read_inspected(read.document)), Defaults())
    return None


def _translated(read: File, containers: list[Container], defaults: Defaults) -> tuple[File, Provenance]:
    if not any(container.own for container in containers):
        raise DocumentError(
            f"{read.name} has containers, but none with labels of Traefik (traefik.…): nothing to import"
        )
    found = labels.translate(containers, defaults)
    places = {**read.places, **dict(_places(read, found))}
    return File(read.name, found.document, places), Provenance(labels.PROVIDER, found.refused, found.findings)


def _places(read: File, found: Translated) -> Iterator[tuple[str, Position]]:
    for where, place in found.places.items():
        if place in read.places:
            yield where, read.places[place]


def _folder(name: str) -> str:
    return Path(name).resolve().parent.name if Path(name).is_file() else ""


def _variables(name: str, env_files: Sequence[str]) -> Mapping[str, str]:
    """Return the variables that Compose has: those of the environment, and of files, given or beside this one.

    Raises `DocumentError` for a file that is given and is not UTF-8, and `OSError` for one that is not there.
    """
    beside = Path(name).parent / ".env"
    if not env_files and Path(name).is_file() and beside.is_file():
        env_files = [str(beside)]
    return {**read_variables(env_files), **os.environ}


def read_variables(env_files: Sequence[str]) -> Mapping[str, str]:
    """Read files of variables, as Compose does. Of one that is given twice the last counts. Raises as `load` does."""
    found: dict[str, str] = {}
    for path in env_files:
        found |= labels.read_file(documents.load(path)[1])
    return found
