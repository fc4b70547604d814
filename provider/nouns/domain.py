"""Domains: the host names that are ours."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar

from provider.hosts import to_ascii
from provider.messages import Message
from provider.nouns.common import HOSTNAME, TEXT, labels_field
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.tls import DEFAULT, OPTIONS, RESOLVER
from provider.nouns.together import either, has, may
from provider.nouns.types import Choice, Schema, Word
from provider.values import Refusal


class CertificateSource(StrEnum):
    """Where a domain's certificate comes from."""

    ACME = "acme"
    STORED = "stored"
    RESOLVER = "resolver"


class DomainTLS(Object):
    """Serves a domain over HTTPS, with this certificate and these options."""

    example: ClassVar = {"from": "resolver", "certResolver": "letsencrypt"}
    layout = ("from", "certResolver", "options")

    source: CertificateSource = field(
        Choice(
            CertificateSource,
            {
                CertificateSource.ACME: Word("wayshub-provider", "Gets and renews it, the same for all edges."),
                CertificateSource.STORED: Word("A certificate that the edge has", "The one that fits the name best."),
                CertificateSource.RESOLVER: Word("A Traefik resolver", "Traefik itself orders and renews it."),
            },
        ),
        "Certificate from",
        "Where the certificate comes from.",
        key="from",
        option="--tls-from",
    )
    cert_resolver: str | None = field(
        RESOLVER,
        "Certificate resolver",
        "The resolver in Traefik's static configuration that orders the certificate.",
        default=None,
        option="--cert-resolver",
    )
    options: str | None = field(
        OPTIONS, "TLS options", "The TLS options for this domain. Empty: the default ones.", default=None
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a resolver where none is asked, or none where one is."""
        source, resolver = given.get("from"), given.get("certResolver", ...)
        if source is CertificateSource.RESOLVER and resolver is None:
            yield "certResolver", Refusal("tls.resolver", Message("name the resolver that orders the certificate"))
        if source in {CertificateSource.STORED, CertificateSource.ACME} and resolver not in {None, ...}:
            detail = Message("only a certificate from a resolver has one: set from to resolver, or leave this out")
            yield "certResolver", Refusal("tls.resolver", detail)

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        asked: Schema = {"const": CertificateSource.RESOLVER.value}
        yield either(
            has(**{"from": asked}, certResolver={"type": "string"}),
            may(**{"from": {"not": asked}}, certResolver={"type": "null"}),
        )


class Domain(Noun):
    """A host name that routers may match."""

    kind = "domain"
    is_renamed = True
    title = "Domain"
    about = "your host names"
    listing = "Your host names, as typed or as A-labels."
    cascade = "Also remove routers that have no other domain; other routers only lose this one."
    texts = ("name", "shown", "description")
    layout = ("name", "description", "tls", "redirectToHttps")
    example: ClassVar = {
        "name": "alvin.xyz",
        "description": "The class's own name",
        "tls": {"from": "resolver", "certResolver": "letsencrypt", "options": None},
        "redirectToHttps": True,
        "labels": {"team": "video"},
    }

    name: str = field(
        HOSTNAME, "Domain", "A host name such as alvin.xyz, or *.alvin.xyz for all names one level below it."
    )
    description: str = field(
        TEXT,
        "Description",
        "A note for people, such as what it is for or who owns it. Not sent to Traefik.",
        default="",
        column=True,
    )
    tls: DomainTLS | None = field(
        Nested(DomainTLS),
        "HTTPS",
        "Routers without entry points of their own then take its requests over HTTPS.",
        default=None,
        switch="Serve it over HTTPS",
        few=True,
    )
    redirect_to_https: bool = flag(
        "Redirect HTTP to HTTPS",
        "Whether requests over HTTP are redirected. Only applies with HTTPS.",
        default=True,
        rare=True,
        option="--redirect/--no-redirect",
    )
    labels: dict[str, str] = labels_field()

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell where Traefik leaves TLS options aside: it chooses them by the name that a client asks for."""
        if self.tls is not None and self.tls.options not in {None, DEFAULT} and self.name.startswith("*."):
            yield "tls", Message("TLS options apply to exact host names only: others get the default options")

    @property
    def ascii_name(self) -> str:
        """The name as Traefik needs it, an A-label in lower case."""
        return to_ascii(self.name)

    @property
    def key(self) -> str:
        """The name under which it is kept: the A-label."""
        return self.ascii_name

    @classmethod
    def find_key(cls, name: str) -> str | None:
        """Return a name as an A-label, or None for what is no host name."""
        try:
            return to_ascii(name)
        except Refusal:
            return None
