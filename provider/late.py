"""Modules that are loaded when something of them is used first: few processes use them, and each takes some MB."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any


class Late(ModuleType):
    """Stands for a module, such as `httpx`, without loading it."""

    def __getattr__(self, name: str) -> Any:
        """Load the module, and return what it has."""
        return getattr(import_module(self.__name__), name)


if TYPE_CHECKING:
    import httpx
    from cryptography import exceptions, x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.ciphers import aead
else:
    httpx, exceptions, x509 = Late("httpx"), Late("cryptography.exceptions"), Late("cryptography.x509")
    _PRIMITIVES = "cryptography.hazmat.primitives"
    hashes, serialization = Late(f"{_PRIMITIVES}.hashes"), Late(f"{_PRIMITIVES}.serialization")
    ec, ed25519, rsa = (Late(f"{_PRIMITIVES}.asymmetric.{name}") for name in ("ec", "ed25519", "rsa"))
    aead = Late(f"{_PRIMITIVES}.ciphers.aead")
