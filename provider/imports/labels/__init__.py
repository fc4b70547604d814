"""Labels of containers, read as Traefik's Docker provider reads them, as the document that a file would have. Pure."""

from provider.imports.labels.compose import is_compose, read_compose, read_defaults
from provider.imports.labels.containers import Container, ContainerLabel, Defaults
from provider.imports.labels.inspected import is_inspected, read_inspected
from provider.imports.labels.translating import PROVIDER, Translated, translate
from provider.imports.labels.variables import read_file

__all__ = [
    "PROVIDER",
    "Container",
    "ContainerLabel",
    "Defaults",
    "Translated",
    "is_compose",
    "is_inspected",
    "read_compose",
    "read_defaults",
    "read_file",
    "read_inspected",
    "translate",
]
