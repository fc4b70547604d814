"""Texts as documents, with the place of everything: YAML, JSON and TOML. Pure."""

from provider.documents.reading import CORE, TAG, Builder, DocumentError, File, Position, build, parse, position

__all__ = ["CORE", "TAG", "Builder", "DocumentError", "File", "Position", "build", "parse", "position"]
