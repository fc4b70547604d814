"""Texts as documents, with the place of everything: YAML, JSON and TOML. Pure."""

from provider.documents.places import Lines, Position, nearest
from provider.documents.reading import Builder, DocumentError, File, build, parse, position
from provider.documents.scalars import CORE, TAG
