"""Texts as documents, with the place of everything: YAML, JSON and TOML. Pure."""

from provider.documents.places import Lines, Position, nearest
from provider.documents.reading import CORE, TAG, Builder, DocumentError, File, build, parse, position

__all__ = [
    "CORE",
    "TAG",
    "Builder",
    "DocumentError",
    "File",
    "Lines",
    "Position",
    "build",
    "nearest",
    "parse",
    "position",
]
