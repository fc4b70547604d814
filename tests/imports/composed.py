"""Compose files that stand alone."""

from collections.abc import Mapping
from typing import Any

from provider.imports import labels


class _Beside:
    """Other files, by their paths."""

    def __init__(self, files: Mapping[str, Any], variables: Mapping[str, Mapping[str, str]]) -> None:
        self._files = files
        self._variables = variables

    def file(self, path: str) -> labels.ComposeFile | None:
        if path not in self._files:
            return None
        return labels.ComposeFile(path, path.rpartition("/")[0], self._files[path])

    def variables(self, path: str) -> Mapping[str, str]:
        return self._variables.get(path, {})


def alone(
    document: Any,
    variables: Mapping[str, str],
    folder: str,
    files: Mapping[str, Any] | None = None,
    env_files: Mapping[str, Mapping[str, str]] | None = None,
) -> labels.Project:
    """Return the project that one file makes, with what stands beside it."""
    own = labels.ComposeFile("compose.yml", folder, document)
    return labels.Project([own], variables, _Beside(files or {}, env_files or {}))
