"""Middlewares that others have written for Traefik."""

from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.containers import MapOf
from provider.nouns.free import FreeObject
from provider.nouns.middlewares import Kind
from provider.nouns.middlewares.underway import StopEffect, Underway, depends
from provider.nouns.protocol import is_secret_header
from provider.nouns.texts import Text
from provider.nouns.types import Type
from provider.patterns import pattern
from provider.values import matching

_NAME: Final = pattern("[A-Za-z0-9_-]{1,100}")


check_plugin: Final = matching(
    _NAME, "plugin.name", template("{text} is not the name of a plugin: letters, digits, _ and -")
)
"""Check the name of a plugin, as Traefik's static configuration has it."""


class Plugin(Kind):
    """A plugin and its settings, by name."""

    title = "Plugin"
    about = "Passes requests through a plugin from Traefik's static configuration. The plugin's own settings are JSON."
    example: ClassVar = {"geoblock": {"countries": ["ID"]}}

    @classmethod
    def type(cls) -> Type:
        """Return the type of its configuration: an object by the name of the plugin, and no other."""
        return MapOf(FreeObject(is_secret_header), key=Text(check_plugin), least=1, most=1)

    @classmethod
    def told(cls, value: Any) -> Message:
        """Name the plugin."""
        return Message("Passes requests through the plugin {name}", name=next(iter(value)))

    @classmethod
    def met(cls, value: Any, request: Underway) -> StopEffect:
        """Say that only the plugin knows."""
        return depends(
            request, Message("what the plugin {name} does, which only Traefik knows", name=next(iter(value)))
        )
