"""Compose files that stand alone."""

from collections.abc import Mapping
from typing import Any

from provider.imports import labels


class _Nothing:
    """No other files."""

    def file(self, _path: str) -> None:
        """There is none."""

    def variables(self, _path: str) -> Mapping[str, str]:
        return {}


def alone(document: Any, variables: Mapping[str, str], folder: str) -> labels.Project:
    """Return the project that one file makes."""
    return labels.Project([labels.ComposeFile("compose.yml", folder, document)], variables, _Nothing())
