"""What servers learn of a client's certificate."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from provider.messages import Message
from provider.nouns.middlewares import Kind
from provider.nouns.objects import Nested, Object, field
from provider.nouns.protocol import is_unset
from provider.nouns.types import Flag
from provider.values import Refusal


def _flag(title: str, *, rare: bool = False) -> Any:
    return field(Flag(), default=False, title=title, rare=rare)


class _Told(Object):
    """What is told, of which something has to be chosen: Traefik rejects a document that has nothing here."""

    is_sparse = True

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one of which nothing is chosen."""
        if is_unset(cls, given):
            yield "", Refusal("certificate.none", Message("choose what servers shall learn of the certificate"))


class CertificateIssuer(_Told):
    """The fields of who signed a certificate."""

    example: ClassVar = {"commonName": True}

    common_name: bool = _flag("Common name")
    organization: bool = _flag("Organization")
    country: bool = _flag("Country")
    province: bool = _flag("Province")
    locality: bool = _flag("Locality")
    serial_number: bool = _flag("Serial number")
    domain_component: bool = _flag("Domain components")


class CertificateSubject(CertificateIssuer):
    """The fields of whom a certificate names."""

    organizational_unit: bool = _flag("Organizational unit")


class CertificateInfo(_Told):
    """Which fields of a certificate are told."""

    example: ClassVar = {"subject": {"commonName": True}}

    subject: CertificateSubject | None = field(
        Nested(CertificateSubject), default=None, title="Subject", switch="Tell whom it names"
    )
    issuer: CertificateIssuer | None = field(
        Nested(CertificateIssuer), default=None, title="Issuer", switch="Tell who signed it"
    )
    sans: bool = _flag("Names (SAN)")
    serial_number: bool = _flag("Serial number")
    not_before: bool = _flag("Valid from")
    not_after: bool = _flag("Valid until")


class PassTLSClientCert(_Told, Kind):
    """The client's certificate in headers."""

    title = "Pass the client's certificate"
    about = "Tells servers of the certificate by which a client connected, in X-Forwarded-Tls-Client-Cert."
    example: ClassVar = {"info": {"subject": {"commonName": True}}}

    pem: bool = field(
        Flag(), default=False, title="Whole certificate", help="As PEM in one line, in X-Forwarded-Tls-Client-Cert."
    )
    info: CertificateInfo | None = field(
        Nested(CertificateInfo),
        default=None,
        title="Fields",
        switch="Pass some of its fields",
        help="In X-Forwarded-Tls-Client-Cert-Info.",
    )
