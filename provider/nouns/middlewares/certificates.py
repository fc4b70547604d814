"""What servers learn of a client's certificate."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from provider.messages import Message
from provider.nouns.fields import field, flag
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.underway import Fate
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.protocol import is_unset, something_set
from provider.nouns.types import Schema
from provider.values import Refusal


class _ToldFields(Object):
    """What is told, of which something has to be chosen: Traefik rejects a document that has nothing here."""

    is_sparse = True

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one of which nothing is chosen."""
        if is_unset(cls, given):
            yield "", Refusal("certificate.none", Message("choose what to pass on from the certificate"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield something_set(cls)


class CertificateIssuer(_ToldFields):
    """Fields of a certificate's issuer."""

    example: ClassVar = {"commonName": True}

    common_name: bool = flag("Common name", "CN, the name itself.")
    organization: bool = flag("Organization", "O, such as a company.")
    country: bool = flag("Country", "C, two letters.")
    province: bool = flag("Province", "ST, a state or a province.")
    locality: bool = flag("Locality", "L, usually a city.")
    serial_number: bool = flag("Serial number", "SN, a number within the subject.")
    domain_component: bool = flag("Domain components", "DC, the parts of a domain.")


class CertificateSubject(CertificateIssuer):
    """Fields of a certificate's subject."""

    organizational_unit: bool = flag("Organizational unit", "OU, such as a department.")


class CertificateInfo(_ToldFields):
    """Which fields of a certificate are passed on."""

    example: ClassVar = {"subject": {"commonName": True}}

    subject: CertificateSubject | None = field(
        Nested(CertificateSubject), "Subject", "What it says about its owner.", default=None, switch="Pass its subject"
    )
    issuer: CertificateIssuer | None = field(
        Nested(CertificateIssuer), "Issuer", "What it says about its issuer.", default=None, switch="Pass its issuer"
    )
    sans: bool = flag("Names (SAN)", "All names and addresses it covers.")
    serial_number: bool = flag("Serial number", "The certificate's serial number.")
    not_before: bool = flag("Valid from", "In seconds since 1970.")
    not_after: bool = flag("Valid until", "In seconds since 1970.")


class PassTLSClientCert(_ToldFields, Kind):
    """The client's certificate in headers."""

    fate = Fate.CHANGES
    title = "Pass the client's certificate"
    purpose = Purpose.ACCESS
    about = "Passes the client's certificate to servers, in X-Forwarded-Tls-Client-Cert."
    example: ClassVar = {"info": {"subject": {"commonName": True}}}

    pem: bool = flag("Whole certificate", "As PEM in one line, in X-Forwarded-Tls-Client-Cert.")
    info: CertificateInfo | None = field(
        Nested(CertificateInfo),
        "Fields",
        "In X-Forwarded-Tls-Client-Cert-Info.",
        default=None,
        switch="Pass some of its fields",
    )

    def does(self) -> Message:
        """Say what of the certificate it passes on."""
        if self.pem:
            return Message("Passes the client's certificate to servers")
        return Message("Passes fields of the client's certificate to servers")
