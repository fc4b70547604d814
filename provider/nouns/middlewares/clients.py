"""How Traefik speaks TLS with what a middleware asks."""

from collections.abc import Iterator, Mapping
from typing import Any

from provider.messages import Message
from provider.nouns.certificate import Paired
from provider.nouns.fields import field
from provider.nouns.protocol import KEY, PEM
from provider.nouns.types import Flag
from provider.values import Refusal


class ClientTLS(Paired):
    """TLS settings for a server that Traefik itself connects to."""

    is_sparse = True
    pair = ("cert", "key")

    ca: str = field(PEM, default="", title="CA", help="PEM text, or a file on the edge. Empty: the edge's system CAs.")
    cert: str = field(PEM, default="", title="Certificate", help="Traefik's certificate, as PEM or a file on the edge.")
    key: str = field(
        KEY,
        default="",
        title="Key",
        help="The certificate's key, as PEM or a file on the edge.",
    )
    insecure_skip_verify: bool = field(
        Flag(), default=False, title="Do not verify", help="Accepts any certificate: for tests only.", explicit=True
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse half of a pair, and a key of another certificate: Traefik disables the middleware (measured)."""
        yield from super().mistakes(given)
        if {"cert", "key"} <= given.keys() and bool(given["cert"]) != bool(given["key"]):
            missing = "key" if given["cert"] else "cert"
            yield missing, Refusal("pair.half", Message("a certificate and its key go together: give both"))
