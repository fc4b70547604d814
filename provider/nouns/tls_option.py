"""TLS options: how edges speak TLS with clients."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final

from provider.messages import Message
from provider.nouns.common import labels_field, name_field
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import LINE, PEM
from provider.nouns.texts import Text
from provider.nouns.tls import CIPHER_SUITES, TLS_VERSION, TLSVersion, check_versions, ordered
from provider.nouns.together import GIVEN, differs, either, has, may
from provider.nouns.types import Choice, Schema, Word
from provider.values import Refusal, in_schema, shown_text


class ClientAuthType(StrEnum):
    """Whether clients need a certificate, as in Traefik."""

    NONE = "NoClientCert"
    REQUEST = "RequestClientCert"
    REQUIRE_ANY = "RequireAnyClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRE = "RequireAndVerifyClientCert"


_AUTH: Final[Mapping[str, Word]] = {
    ClientAuthType.NONE: Word("no", "Clients are asked for no certificate."),
    ClientAuthType.REQUEST: Word("requested", "A client may show one, which is not verified."),
    ClientAuthType.REQUIRE_ANY: Word("required, not verified", "Any certificate is accepted."),
    ClientAuthType.VERIFY_IF_GIVEN: Word("verified if shown", "Clients without one are let in too."),
    ClientAuthType.REQUIRE: Word("required and verified", "It has to come from one of the CAs."),
}


_OF_HTTP: Final = frozenset({"h2", "http/1.1"})
_CURVES: Final = frozenset(
    {"CurveP256", "CurveP384", "CurveP521", "X25519", "X25519MLKEM768", "secp256r1", "secp384r1", "secp521r1", "x25519"}
)


@in_schema({"enum": sorted(_CURVES)})
def _check_curve(text: str) -> str:
    if text not in _CURVES:
        detail = Message("{text} is not a curve that Traefik knows, such as X25519", text=shown_text(text))
        raise Refusal("curve.unknown", detail)
    return text


class ClientAuth(Object):
    """Whether clients need a certificate."""

    example: ClassVar = {"clientAuthType": "RequireAndVerifyClientCert", "caFiles": ["/etc/traefik/ca.pem"]}

    ca_files: list[str] = field(
        ListOf(PEM, most=100),
        "CAs",
        "PEM text, or paths on the edge: clients' certificates have to come from these.",
        default=[],
    )
    client_auth_type: ClientAuthType = field(
        Choice(ClientAuthType, _AUTH),
        "Client certificates",
        "Whether clients have to show a certificate.",
        default=ClientAuthType.NONE,
        explicit=True,
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse to verify without a CA: Traefik disables the routers."""
        needs = {ClientAuthType.VERIFY_IF_GIVEN, ClientAuthType.REQUIRE}
        if given.get("clientAuthType") in needs and given.get("caFiles") == []:
            detail = Message("to verify clients' certificates, Traefik needs the CA that issued them")
            yield "caFiles", Refusal("clientAuth.ca", detail)

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        is_needed = {"enum": ["VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]}
        yield either(may(clientAuthType={"not": is_needed}), has(caFiles=GIVEN))


class TLSOption(Noun):
    """How edges speak TLS with clients. Those named `default` apply to routers that name none."""

    kind = "tlsOption"
    place = ("tls", "options")
    title = "TLS options"
    titles = "TLS options"
    about = "how edges speak TLS with clients"
    cascade = "Also remove the routers that use them."
    example: ClassVar = {"name": "modern", "minVersion": "VersionTLS13", "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    min_version: TLSVersion | None = field(
        TLS_VERSION, "Oldest TLS version", "Empty: 1.2.", default=None, explicit=True
    )
    max_version: TLSVersion | None = field(TLS_VERSION, "Newest TLS version", "Empty: 1.3.", default=None, rare=True)
    cipher_suites: list[str] = field(
        CIPHER_SUITES,
        "Cipher suites",
        "For TLS 1.2 and older; those of TLS 1.3 cannot be chosen. Empty: Traefik's defaults.",
        default=[],
        rare=True,
    )
    curve_preferences: list[str] = field(
        ListOf(Text(_check_curve, most=50), most=20), "Curves", "Empty: Go's defaults.", default=[], rare=True
    )
    client_auth: ClientAuth | None = field(
        Nested(ClientAuth),
        "Client certificates",
        "For clients that identify themselves with a certificate.",
        default=None,
        switch="Ask clients for a certificate",
    )
    sni_strict: bool = flag(
        "Known names only", "Refuses TLS for names without a certificate, instead of showing the default one."
    )
    alpn_protocols: list[str] = field(
        ListOf(LINE, most=20),
        "Protocols",
        "What clients are offered (ALPN). Empty: h2, http/1.1, acme-tls/1.",
        default=[],
        rare=True,
    )
    disable_session_tickets: bool = flag("No session tickets", "Sessions are not resumed.", since="3.4", rare=True)
    prefer_server_cipher_suites: bool | None = flag(
        "Prefer the server's suites", "Deprecated: Traefik ignores it.", default=None, rare=True
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse options of which nothing is set, which reject the whole document, and what can never be."""
        yield from check_versions(given)
        if all(value == cls.fields[key].default for key, value in given.items() if key not in {"name", "labels"}):
            yield "", Refusal("tlsOption.none", Message("nothing is set: set the oldest TLS version, for example"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield ordered()
        yield differs({key: each.default for key, each in cls.fields.items() if key not in {"name", "labels"}})

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what is not safe any more."""
        if self.min_version in {TLSVersion.TLS10, TLSVersion.TLS11}:
            yield "minVersion", Message("TLS 1.0 and 1.1 are not secure, and browsers no longer support them")
        if self.alpn_protocols and _OF_HTTP.isdisjoint(self.alpn_protocols):
            yield "alpnProtocols", Message("browsers cannot connect: they speak h2 and http/1.1, and neither is listed")
