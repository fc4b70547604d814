"""Certificates: what edges show to clients of the names in them."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Self

from provider.messages import Message, listed, template
from provider.nouns import formats
from provider.nouns.common import labels_field, name_field
from provider.nouns.fields import field, flag
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import certificates, check_certificates, check_pem
from provider.nouns.reading import Reading, Where
from provider.nouns.texts import MASK, Secrecy, Text
from provider.values import Refusal, in_schema

_MARK: Final = "-----BEGIN "
_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
_MOST_NAMES: Final = 5
_EXAMPLE: Final = {
    "name": "alvin",
    "certFile": """-----BEGIN CERTIFICATE-----
MIIBQzCB6qADAgECAhRQFWqgW3isvtF+l7naBbHIK3gkMDAKBggqhkjOPQQDAjAU
MRIwEAYDVQQDDAlhbHZpbi54eXowIBcNMjYwMTAxMDAwMDAwWhgPMjEyNjAxMDEw
MDAwMDBaMBQxEjAQBgNVBAMMCWFsdmluLnh5ejBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABApBl2K0bNGf/S1sR3gT7LupqeSH0csqsaa7QyNDV0lfl48NYmVaa4ZY
ITRq5FsAwSX6lVNmjdrRMMBjHD7Z+iyjGDAWMBQGA1UdEQQNMAuCCWFsdmluLnh5
ejAKBggqhkjOPQQDAgNIADBFAiEAu4KROOKhtv0kQQekuQ4JVuGdyNqloBJgVNNp
4Z0valsCICa+RwW2T5j8JNC/fWdtE0u5q4zGqOEYtAIk9BnG2zD0
-----END CERTIFICATE-----""",
    "keyFile": """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCTN1EOcANGTjouHO
OVVyb7yftIY2c+ekzw3yX5a8DsahRANCAAQKQZditGzRn/0tbEd4E+y7qankh9HL
KrGmu0MjQ1dJX5ePDWJlWmuGWCE0auRbAMEl+pVTZo3a0TDAYxw+2fos
-----END PRIVATE KEY-----""",
    "default": False,
    "labels": {},
}


def _check_text(text: str, what: str) -> None:
    if _MARK not in text:
        detail = Message(
            "give the PEM text itself, which begins with {begin}: edges need the text, not a path", begin=_MARK + what
        )
        raise Refusal("pem.text", detail)


@in_schema({"format": "pem-certificates", "pattern": _CERTIFICATE})
def check_chain(text: str) -> str:
    """Check a certificate with those that signed it, as PEM text."""
    formats.check(text, is_key=False)
    _check_text(text, "CERTIFICATE-----")
    if "PRIVATE KEY-----" in text:
        detail = Message("this also has a private key: put that into keyFile, where nobody can see it")
        raise Refusal("certificate.key", detail)
    found = check_certificates(text)
    certificates().check_chain(found)
    return found


@in_schema({"format": "pem-key", "pattern": rf"{_MARK}|^\*{{{len(MASK)}}}$"})
def check_key(text: str) -> str:
    """Check a private key as PEM text."""
    formats.check(text, is_key=True)
    _check_text(text, "PRIVATE KEY-----")
    text = check_pem(text)
    certificates().check_key(text)
    return text


class Paired(Object):
    """What may have a certificate and its key: each as PEM text, or as the path of a file on the edge."""

    pair: ClassVar = ("certFile", "keyFile")
    """The fields that they stand in."""

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a key of another certificate: Traefik leaves both out, or what needs them (measured)."""
        yield from super().mistakes(given)
        chain, key = (given.get(each) for each in cls.pair)
        if (refusal := _find_unfitting(chain, key)) is not None:
            yield cls.pair[1], refusal

    def kept_of(self, before: Self | None, reading: Reading, where: Where = ()) -> Self:
        """Return it as it is kept. A key for which a mask stood has to fit a new certificate, too."""
        kept = super().kept_of(before, reading, where)
        chain, key = (self.fields[each].name for each in self.pair)
        known = kept.__dict__
        if known[key] != self.__dict__[key] and (refusal := _find_unfitting(known[chain], known[key])) is not None:
            reading.refuse_as((*where, self.pair[1]), refusal)
        return kept


def _find_unfitting(chain: Any, key: Any) -> Refusal | None:
    """Find that a key is that of another certificate, where both are PEM text that can be read."""
    if not all(isinstance(text, str) and _MARK in text for text in (chain, key)):
        return None
    try:
        certificates().check_pair(chain, key)
    except Refusal as refusal:
        return refusal if refusal.code == "key.other" else None
    return None


def facts(chain: str) -> Any:
    """Return the `CertificateFacts` of a certificate as PEM text. Raises a `Refusal`."""
    return certificates().read(chain)


def told(text: str) -> str:
    """Return certificates as PEM text as what they say, a `Message`. Any other text stays as it is.

    Nobody reads PEM: two certificates cannot be told apart by it.
    """
    return _told(
        text,
        template(
            "certificate of {names}, issued by {issuer}, valid until {date}, SHA-256 {fingerprint}",
        ),
    )


def briefly(text: str) -> str:
    """Return the same in a few words."""
    return _told(text, template("certificate of {names}, valid until {date}"))


def _told(text: str, words: str) -> str:
    if _CERTIFICATE not in text:
        return text
    try:
        found = facts(text)
    except Refusal:
        return text
    names = listed(found.names or found.sought or ("?",), _MOST_NAMES)
    date = f"{found.not_after:%Y-%m-%d}"
    said = Message(words, names=names, issuer=found.issuer, date=date, fingerprint=found.fingerprint)
    more = text.count(_CERTIFICATE) - 1
    return Message("{certificate} (and {number} more)", certificate=said, number=more) if more else said


def is_pair(chain: str, key: str) -> bool:
    """Tell whether a key is that of a certificate, and one that Traefik can use: both as PEM text."""
    try:
        certificates().check_pair(chain, key)
    except Refusal:
        return False
    return True


CHAIN: Final = Text(check_chain, most=64_000, is_long=True)
PRIVATE_KEY: Final = Text(check_key, most=16_000, is_long=True, secret=Secrecy())


class Pair(Object):
    """A certificate and its key, as Traefik gets them."""

    cert_file: str = field(
        CHAIN,
        "Certificate",
        "PEM text, not a path: the certificate for your names, then the one that signed it, and so on.",
    )
    key_file: str = field(PRIVATE_KEY, "Key", "The certificate's private key, as PEM text. Never shown again.")


class Certificate(Paired, Noun, more={each.name: each for each in Pair.fields.values()}):
    """A certificate and its key, which edges show to clients that ask for one of its names."""

    kind = "certificate"
    place = ("tls", "certificates")
    is_listed = True
    served = Pair
    title = "Certificate"
    about = "which certificates edges show to clients"
    example: ClassVar = _EXAMPLE

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    cert_file: str
    key_file: str
    default: bool = flag(
        "Default",
        "Shown to clients that ask for any other name. Only one certificate can be the default: a new one replaces it.",
        column=True,
        exclusive=True,
    )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what browsers and other clients do not take."""
        facts = certificates().read(self.cert_file)
        if not facts.names:
            yield "certFile", Message("it has no host name, so browsers accept it for no site")
        if facts.is_short:
            yield "certFile", Message("its key has {bits} bits: browsers need at least 2048", bits=str(facts.bits))
        if certificates().lacks_signer(self.cert_file):
            told = Message(
                "it lacks the certificate of {issuer}, which signed it: add that after it, or some clients refuse it",
                issuer=facts.issuer,
            )
            yield "certFile", told
        if not facts.is_common:
            yield "certFile", Message("its key is Ed25519, which browsers do not support")
