"""The nouns: the kinds of objects that people keep here, each declared once. Pure, and quick to import."""

from collections.abc import Mapping
from typing import Final

from provider.nouns.domain import Domain
from provider.nouns.objects import Field, Noun, Object, Part, field
from provider.nouns.router import Router
from provider.nouns.server import Server
from provider.nouns.service import Cookie, HealthCheck, Service, Sticky

NOUNS: Final[Mapping[str, type[Noun]]] = {noun.kind: noun for noun in (Domain, Service, Server, Router)}
"""All nouns by their kind, in the order in which objects are made: what others refer to first."""

__all__ = [
    "NOUNS",
    "Cookie",
    "Domain",
    "Field",
    "HealthCheck",
    "Noun",
    "Object",
    "Part",
    "Router",
    "Server",
    "Service",
    "Sticky",
    "field",
]
