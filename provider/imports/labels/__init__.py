"""Labels of containers, read as Traefik's Docker provider reads them, as the document that a file would have. Pure."""

from provider.imports.labels.compose import read_containers
from provider.imports.labels.containers import (
    DOCKER,
    SWARM,
    Container,
    ContainerImage,
    ContainerLabel,
    Defaults,
    by_provider,
    image_name,
)
from provider.imports.labels.inspected import is_inspected, read_images, read_inspected
from provider.imports.labels.projects import Beside, ComposeFile, Project, is_compose, read
from provider.imports.labels.starting import read_defaults
from provider.imports.labels.translating import Translated, translate
from provider.imports.labels.variables import read_file
