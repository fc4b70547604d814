"""TLS: what routers ask for, and the options that say how edges speak it."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.common import labels_field, name_field
from provider.nouns.objects import Nested, Noun, Object, field
from provider.nouns.protocol import LINE, PEM
from provider.nouns.types import Choice, Flag, ListOf, Reference, Text, Word
from provider.values import (
    HOSTNAME_SCHEMA,
    REFERENCE_SCHEMA,
    Refusal,
    check_hostname,
    check_reference,
    check_resolver,
    shown_text,
)

DEFAULT: Final = "default"
"""The options that hold where a router names none: Traefik's own, unless some here have that name."""


class TLSVersion(StrEnum):
    """A version of TLS; Traefik's own words."""

    TLS10 = "VersionTLS10"
    TLS11 = "VersionTLS11"
    TLS12 = "VersionTLS12"
    TLS13 = "VersionTLS13"


class ClientAuthType(StrEnum):
    """Whether clients need a certificate; Traefik's own words."""

    NONE = "NoClientCert"
    REQUEST = "RequestClientCert"
    REQUIRE_ANY = "RequireAnyClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRE = "RequireAndVerifyClientCert"


_VERSIONS: Final[Mapping[str, Word]] = {
    version: Word(f"TLS {version.value[-2]}.{version.value[-1]}") for version in TLSVersion
}
TLS_VERSION: Final = Choice(TLSVersion, _VERSIONS)

_AUTH: Final[Mapping[str, Word]] = {
    ClientAuthType.NONE: Word("no", "Clients are asked for no certificate."),
    ClientAuthType.REQUEST: Word("asked for", "A client may show one, which is not verified."),
    ClientAuthType.REQUIRE_ANY: Word("needed, not verified", "Any certificate will do."),
    ClientAuthType.VERIFY_IF_GIVEN: Word("verified if shown", "A client without one is let in too."),
    ClientAuthType.REQUIRE: Word("needed and verified", "It has to come from one of the CAs."),
}

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
_CURVES: Final = frozenset(
    {"CurveP256", "CurveP384", "CurveP521", "X25519", "X25519MLKEM768", "secp256r1", "secp384r1", "secp521r1", "x25519"}
)


def _check_cipher(text: str) -> str:
    if text not in _CIPHERS:
        detail = Message(
            "{text} is not a cipher suite that Traefik knows, such as TLS_AES_128_GCM_SHA256", text=shown_text(text)
        )
        raise Refusal("cipher.unknown", detail)
    return text


def _check_curve(text: str) -> str:
    if text not in _CURVES:
        detail = Message("{text} is not a curve that Traefik knows, such as X25519", text=shown_text(text))
        raise Refusal("curve.unknown", detail)
    return text


CIPHER_SUITES: Final = ListOf(
    Text(_check_cipher, most=100), most=50, duplicate=("cipher.duplicate", template("a cipher suite is listed twice"))
)


def check_versions(given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
    """Refuse an oldest version that is newer than the newest: no handshake would succeed."""
    oldest, newest = given.get("minVersion"), given.get("maxVersion")
    if isinstance(oldest, str) and isinstance(newest, str) and oldest > newest:
        detail = Message("the oldest version of TLS is newer than the newest: no client could connect")
        yield "maxVersion", Refusal("version.order", detail)


OPTIONS: Final = Reference(
    check_reference,
    said=REFERENCE_SCHEMA,
    kind="tlsOption",
    is_foreign=True,
    built_in=frozenset({DEFAULT}),
    word="NAME",
)
RESOLVER: Final = Text(check_resolver, most=200, word="NAME")


class CertificateDomain(Object):
    """A name that a certificate is ordered for, with others in the same certificate."""

    main: str = field(Text(check_hostname, said=HOSTNAME_SCHEMA), title="Name", help="A host name, or *.alvin.xyz.")
    sans: list[str] = field(
        ListOf(Text(check_hostname, said=HOSTNAME_SCHEMA), most=100),
        default=[],
        title="Further names",
        help="In the same certificate.",
    )


class RouterTLS(Object):
    """That a router takes requests over TLS only, and with which certificate and options."""

    is_empty_meant = True
    example: ClassVar = {"certResolver": "letsencrypt"}

    options: str | None = field(
        OPTIONS,
        default=None,
        title="Options",
        help="The TLS options that hold for its hosts. Empty: the default ones.",
        rare=True,
    )
    cert_resolver: str | None = field(
        RESOLVER,
        default=None,
        title="Certificate resolver",
        help="The resolver in Traefik's static configuration that orders certificates. Empty: a certificate it has.",
    )
    domains: list[CertificateDomain] = field(
        ListOf(Nested(CertificateDomain), most=100),
        default=[],
        title="Certificate names",
        help="The names the resolver gets certificates for. Empty: the hosts of the rule.",
        rare=True,
    )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of names that nobody orders."""
        if self.domains and self.cert_resolver is None:
            yield "domains", Message("without a certificate resolver nothing is ordered for these names")


class ClientAuth(Object):
    """Whether clients need a certificate."""

    example: ClassVar = {"clientAuthType": "RequireAndVerifyClientCert", "caFiles": ["/etc/traefik/ca.pem"]}

    ca_files: list[str] = field(
        ListOf(PEM, most=100),
        default=[],
        title="CAs",
        help="PEM text, or paths on the edge: clients' certificates have to come from these.",
    )
    client_auth_type: ClientAuthType = field(
        Choice(ClientAuthType, _AUTH),
        default=ClientAuthType.NONE,
        title="Certificates of clients",
        help="Whether clients have to show one.",
        explicit=True,
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse to verify without a CA: Traefik disables the routers."""
        needs = {ClientAuthType.VERIFY_IF_GIVEN, ClientAuthType.REQUIRE}
        if given.get("clientAuthType") in needs and given.get("caFiles") == []:
            detail = Message("to verify certificates of clients, Traefik needs the CA that they come from")
            yield "caFiles", Refusal("clientAuth.ca", detail)


class TLSOption(Noun):
    """How edges speak TLS with clients. Those named `default` hold where a router names none."""

    kind = "tlsOption"
    plural = "tlsOptions"
    place = ("tls", "options")
    title = "TLS options"
    titles = "TLS options"
    about = "how edges speak TLS with clients"
    cascade = "Also remove the routers that use them."
    example: ClassVar = {"name": "modern", "minVersion": "VersionTLS13", "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    min_version: TLSVersion | None = field(
        TLS_VERSION, default=None, title="Oldest TLS", help="Empty: 1.2.", explicit=True
    )
    max_version: TLSVersion | None = field(TLS_VERSION, default=None, title="Newest TLS", help="Empty: 1.3.", rare=True)
    cipher_suites: list[str] = field(
        CIPHER_SUITES,
        default=[],
        title="Cipher suites",
        help="For TLS 1.2 and older; those of 1.3 cannot be chosen. Empty: Traefik's own.",
        rare=True,
    )
    curve_preferences: list[str] = field(
        ListOf(Text(_check_curve, most=50), most=20), default=[], title="Curves", help="Empty: Go's own.", rare=True
    )
    client_auth: ClientAuth | None = field(
        Nested(ClientAuth),
        default=None,
        title="Certificates of clients",
        switch="Ask clients for a certificate",
        help="For clients that show who they are by a certificate.",
    )
    sni_strict: bool = field(
        Flag(),
        default=False,
        title="Known names only",
        help="Refuses to speak TLS for a name without a certificate, in place of showing the default one.",
    )
    alpn_protocols: list[str] = field(
        ListOf(LINE, most=20),
        default=[],
        title="Protocols",
        help="What clients are offered (ALPN). Empty: h2, http/1.1, acme-tls/1.",
        rare=True,
    )
    disable_session_tickets: bool = field(
        Flag(), default=False, title="No session tickets", help="Sessions are not resumed.", since="3.4", rare=True
    )
    prefer_server_cipher_suites: bool | None = field(
        Flag(), default=None, title="Prefer the server's suites", help="Deprecated: Traefik does nothing.", rare=True
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse options of which nothing is set, which reject the whole document, and what can never be."""
        yield from check_versions(given)
        if all(value == cls.fields[key].default for key, value in given.items() if key not in {"name", "labels"}):
            yield "", Refusal("tlsOption.none", Message("nothing is set: set the oldest TLS version, for example"))

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what is not safe any more."""
        if self.min_version in {TLSVersion.TLS10, TLSVersion.TLS11}:
            yield "minVersion", Message("TLS 1.0 and 1.1 are not safe, and browsers do not speak them")
