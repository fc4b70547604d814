"""Modules that are loaded when something of them is used first: few processes use them, and each takes some MB."""

from importlib import import_module
from types import ModuleType
from typing import Any


class Late(ModuleType):
    """Stands for a module, such as `httpx`, without loading it."""

    def __getattr__(self, name: str) -> Any:
        """Load the module, and return what it has."""
        return getattr(import_module(self.__name__), name)
