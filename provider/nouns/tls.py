"""TLS: what routers ask for, and the options that say how edges speak it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, ClassVar, Final

from provider.hosts import check_hostname
from provider.messages import Message, template
from provider.nouns.common import reference
from provider.nouns.containers import ListOf
from provider.nouns.fields import field
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.texts import Text
from provider.nouns.together import both, either, has, may
from provider.nouns.types import Choice, Schema, Word
from provider.values import Refusal, check_resolver, in_schema, shown_text

DEFAULT: Final = "default"
"""The options that hold where a router names none: Traefik's own, unless some here have that name."""


class TLSVersion(StrEnum):
    """A version of TLS, as in Traefik."""

    TLS10 = "VersionTLS10"
    TLS11 = "VersionTLS11"
    TLS12 = "VersionTLS12"
    TLS13 = "VersionTLS13"


_VERSIONS: Final[Mapping[str, Word]] = {
    version: Word(f"TLS {version.value[-2]}.{version.value[-1]}") for version in TLSVersion
}
TLS_VERSION: Final = Choice(TLSVersion, _VERSIONS)

_CIPHERS: Final = frozenset(
    {
        *("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_FALLBACK_SCSV"),
        *(f"TLS_RSA_WITH_{name}" for name in ("RC4_128_SHA", "3DES_EDE_CBC_SHA", "AES_128_CBC_SHA", "AES_256_CBC_SHA")),
        *(f"TLS_RSA_WITH_{name}" for name in ("AES_128_CBC_SHA256", "AES_128_GCM_SHA256", "AES_256_GCM_SHA384")),
        *(f"TLS_ECDHE_ECDSA_WITH_{name}" for name in ("RC4_128_SHA", "AES_128_CBC_SHA", "AES_256_CBC_SHA")),
        *(f"TLS_ECDHE_RSA_WITH_{name}" for name in ("RC4_128_SHA", "3DES_EDE_CBC_SHA", "AES_128_CBC_SHA")),
        *("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
        *(f"TLS_ECDHE_{key}_WITH_AES_128_GCM_SHA256" for key in ("RSA", "ECDSA")),
        *(f"TLS_ECDHE_{key}_WITH_AES_256_GCM_SHA384" for key in ("RSA", "ECDSA")),
        *(f"TLS_ECDHE_{key}_WITH_CHACHA20_POLY1305{end}" for key in ("RSA", "ECDSA") for end in ("", "_SHA256")),
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    }
)


@in_schema({"enum": sorted(_CIPHERS)})
def _check_cipher(text: str) -> str:
    if text not in _CIPHERS:
        detail = Message(
            "{text} is not a cipher suite that Traefik knows, such as TLS_AES_128_GCM_SHA256", text=shown_text(text)
        )
        raise Refusal("cipher.unknown", detail)
    return text


CIPHER_SUITES: Final = ListOf(
    Text(_check_cipher, most=100), most=50, duplicate=("cipher.duplicate", template("a cipher suite is listed twice"))
)


def check_versions(given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
    """Refuse an oldest version that is newer than the newest: no handshake would succeed."""
    oldest, newest = given.get("minVersion"), given.get("maxVersion")
    if isinstance(oldest, str) and isinstance(newest, str) and oldest > newest:
        detail = Message("the oldest TLS version is newer than the newest: no client could connect")
        yield "maxVersion", Refusal("version.order", detail)


def ordered(*, needs_both: bool = False) -> Schema:
    """Return what JSON Schema can say of an oldest and a newest version, of which the second may be needed."""
    versions = [version.value for version in TLSVersion]
    newest = has if needs_both else may
    pairs = [
        both(
            has(minVersion={"const": oldest}),
            newest(maxVersion={"enum": [*versions[place:], *([] if needs_both else [None])]}),
        )
        for place, oldest in enumerate(versions)
    ]
    return either(may(minVersion={"type": "null"}), *pairs)


OPTIONS: Final = replace(reference("tlsOption"), built_in=frozenset({DEFAULT}))
RESOLVER: Final = Text(check_resolver, most=200, word="NAME")


class CertificateDomain(Object):
    """A name to order a certificate for, and others for the same certificate."""

    main: str = field(Text(check_hostname), "Main name", "A host name, or *.alvin.xyz.")
    sans: list[str] = field(
        ListOf(Text(check_hostname), most=100),
        "Other names",
        "In the same certificate.",
        default=[],
    )


class RouterTLS(Object):
    """Makes a router take requests over TLS only, with this certificate and these options."""

    is_empty_meant = True
    example: ClassVar = {"certResolver": "letsencrypt"}

    options: str | None = field(
        OPTIONS, "Options", "The TLS options for its hosts. Empty: the default ones.", default=None, rare=True
    )
    cert_resolver: str | None = field(
        RESOLVER,
        "Certificate resolver",
        "The resolver in Traefik's static configuration that orders certificates. Empty: a certificate it has.",
        default=None,
    )
    domains: list[CertificateDomain] = field(
        ListOf(Nested(CertificateDomain), most=100),
        "Certificate names",
        "The names the resolver gets certificates for. Empty: the hosts of the rule.",
        default=[],
        rare=True,
    )

    def does(self) -> Message:
        """Say what it means, in a few words and without a period."""
        told = {"resolver": self.cert_resolver, "options": self.options}
        if self.options is not None and self.cert_resolver is not None:
            return Message("Over TLS only, with a certificate from {resolver} and the TLS options {options}", **told)
        if self.options is not None:
            return Message("Over TLS only, with the TLS options {options}", **told)
        if self.cert_resolver is not None:
            return Message("Over TLS only, with a certificate from {resolver}", **told)
        return Message("Over TLS only")

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of names that nobody orders."""
        if self.domains and self.cert_resolver is None:
            yield "domains", Message("without a certificate resolver, no certificate is ordered for these names")
