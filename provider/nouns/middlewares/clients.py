"""How Traefik speaks TLS with what a middleware asks."""

from collections.abc import Iterator, Mapping
from typing import Any

from provider.messages import Message
from provider.nouns.certificate import Paired
from provider.nouns.fields import field, flag
from provider.nouns.protocol import KEY, PEM
from provider.nouns.together import EMPTY, GIVEN, either, has, may
from provider.nouns.types import Schema
from provider.values import Refusal


class ClientTLS(Paired):
    """TLS settings for a server that Traefik itself connects to."""

    is_sparse = True
    pair = ("cert", "key")

    ca: str = field(PEM, "CA", "PEM text, or a file on the edge. Empty: the edge's system CAs.", default="")
    cert: str = field(PEM, "Certificate", "Traefik's certificate, as PEM or a file on the edge.", default="")
    key: str = field(KEY, "Key", "The certificate's key, as PEM or a file on the edge.", default="")
    insecure_skip_verify: bool = flag("Do not verify", "Accepts any certificate: for tests only.", explicit=True)

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse half of a pair, and a key of another certificate: Traefik disables the middleware (measured)."""
        yield from super().mistakes(given)
        if {"cert", "key"} <= given.keys() and bool(given["cert"]) != bool(given["key"]):
            missing = "key" if given["cert"] else "cert"
            yield missing, Refusal("pair.half", Message("a certificate and its key go together: give both"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield either(has(cert=GIVEN, key=GIVEN), may(cert=EMPTY, key=EMPTY))
