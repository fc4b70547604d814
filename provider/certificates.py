"""Certificates and their keys as PEM text: what they say, and whether a pair is one that can be served. Pure.

The library that reads them is loaded with the first one: a service that has none does not hold its 9 MB.
What Traefik does with a certificate was read in its source (3.7): it looks for it by the common name and all names,
and heeds the first of those with the same ones.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from pydantic import AwareDatetime

from provider.late import ec, ed25519, exceptions, hashes, rsa, serialization, x509
from provider.messages import Message
from provider.values import Refusal

_KEPT: Final = 4_096
"""So many certificates are known again: to read one takes 0.1 ms, and each list reads all that it shows."""

_LEAST_BITS: Final = 1_024
"""Of a key of RSA: Go signs with none that has fewer."""

_MOST_BITS: Final = 8_192
"""Clients that are written in Go take none with more."""

_SAFE_BITS: Final = 2_048
"""Browsers refuse keys of RSA that have fewer."""

_CURVES: Final = frozenset({"secp224r1", "secp256r1", "secp384r1", "secp521r1"})
"""The curves that Go knows."""

_CA_ISSUERS: Final = "1.3.6.1.5.5.7.48.2"
"""Where the certificate of its signer is to be had (RFC 5280, 4.2.2.1)."""

_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\n.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself. `names` are host names as A-labels, wildcards, and IP addresses."""

    names: tuple[str, ...]
    issuer: str
    not_before: AwareDatetime
    not_after: AwareDatetime
    serial: str
    """In hexadecimal digits, as of openssl."""

    fingerprint: str
    """The SHA-256 of it, in hexadecimal digits."""

    sought: tuple[str, ...]
    """The names by which Traefik looks for it, in order: the common name is one of them."""

    is_ca: bool
    bits: int
    """The length of its key, if that is one of RSA; else 0."""

    is_common: bool
    """Whether browsers know the kind of its key."""

    @property
    def is_short(self) -> bool:
        """Whether browsers refuse its key for its length."""
        return 0 < self.bits < _SAFE_BITS


@lru_cache(_KEPT)
def read(pem: str) -> CertificateFacts:
    """Return what the first certificate of a text says. Raises a `Refusal`."""
    return _facts(_read_chain(pem)[0])


def read_der(content: bytes) -> CertificateFacts:
    """Return what a certificate says that came in a handshake. Raises a `Refusal`."""
    try:
        return _facts(x509.load_der_x509_certificate(content))
    except _misread():
        raise _unreadable() from None


def check_readable(pem: str) -> None:
    """Check that all certificates of a text can be read. Raises a `Refusal`."""
    _read_chain(pem)


def lacks_signer(pem: str) -> bool:
    """Tell whether a certificate stands alone whose signer is no root: it says where that one's is to be had."""
    chain = _read_chain(pem)
    return len(chain) == 1 and not _is_signed_by(chain[0], chain[0]) and _names_signer(chain[0])


def check_chain(pem: str) -> None:
    """Check that a text is one certificate with those that signed it, in order, and that servers can have it.

    Clients go from each certificate to the one that signed it. Raises a `Refusal`.
    """
    chain = _read_chain(pem)
    facts = read(pem)
    if facts.is_ca and not facts.names:
        detail = Message("this is the certificate of a CA: put the one for your names first")
        raise Refusal("certificate.ca", detail)
    for number, (one, signer) in enumerate(pairwise(chain), start=1):
        if not _is_signed_by(one, signer):
            detail = Message(
                "certificate {other} did not sign certificate {number}: start with the one for your names, then the "
                "one that signed it, and so on",
                number=number,
                other=number + 1,
            )
            raise Refusal("certificate.chain", detail)


def check_pair(pem: str, key: str) -> None:
    """Check that a key is that of the first certificate of a text, and one that Traefik can use. Raises a `Refusal`."""
    found = _read_key(key)
    certificate = _read_chain(pem)[0]
    if _public(found.public_key()) != _public(certificate.public_key()):
        raise Refusal("key.other", Message("this key does not belong to the certificate"))


def check_key(key: str) -> None:
    """Check that a text has a private key that Traefik can use. Raises a `Refusal`."""
    _read_key(key)


def covers(names: Collection[str], name: str) -> bool:
    """Tell whether a certificate for `names` is good for a host name, an A-label or a wildcard.

    A wildcard stands for one label, as clients have it.
    """
    _label, _dot, parent = name.partition(".")
    return name in names or (bool(parent) and f"*.{parent}" in names)


def find_served(certificates: Mapping[str, CertificateFacts], name: str) -> str | None:
    """Return the name of the certificate that Traefik shows for a host name; None where it shows the default one.

    Of several it takes the one whose names stand last in order, and of those with the same names the first.
    """
    fitting = {facts.sought: each for each, facts in reversed(list(certificates.items())) if covers(facts.sought, name)}
    return fitting[max(fitting, key=",".join)] if fitting else None


class CertificateStore:
    """The certificates that a Traefik has, in its order: which of them it shows for a host name."""

    def __init__(self, listed: Iterable[CertificateFacts]) -> None:
        self._by_name: dict[str, dict[str, CertificateFacts]] = {}
        for number, facts in enumerate(listed):
            for name in facts.sought:
                self._by_name.setdefault(name, {})[str(number)] = facts

    def find(self, name: str) -> CertificateFacts | None:
        """Return the one that it shows for a host name, an A-label; None where that is the default one."""
        fitting = {**self._by_name.get(name, {}), **self._by_name.get(f"*.{name.partition('.')[2]}", {})}
        found = find_served(dict(sorted(fitting.items(), key=lambda item: int(item[0]))), name)
        return None if found is None else fitting[found]


def _read_chain(pem: str) -> "list[x509.Certificate]":
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except _misread():
        raise _unreadable() from None


def _misread() -> tuple[type[Exception], ...]:
    """Return what the library raises for certificates that it cannot read."""
    return ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, exceptions.UnsupportedAlgorithm


def _unreadable() -> Refusal:
    return Refusal("certificate.format", Message("this certificate cannot be read"))


def _facts(certificate: "x509.Certificate") -> CertificateFacts:
    try:
        names, common = _names(certificate), _attribute(certificate.subject, x509.NameOID.COMMON_NAME).lower()
        public = certificate.public_key()
        return CertificateFacts(
            names=names or ((common,) if common and not _is_ca(certificate) else ()),
            issuer=_named(certificate.issuer),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            serial=f"{certificate.serial_number:X}",
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            sought=tuple(sorted({*names, *([common] if common else [])})),
            is_ca=_is_ca(certificate),
            bits=public.key_size if isinstance(public, rsa.RSAPublicKey) else 0,
            is_common=not isinstance(public, ed25519.Ed25519PublicKey),
        )
    except _misread():
        raise _unreadable() from None


def _names(certificate: "x509.Certificate") -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = (name.lower() for name in found.get_values_for_type(x509.DNSName))
    return tuple(dict.fromkeys([*hosts, *map(str, found.get_values_for_type(x509.IPAddress))]))


def _is_ca(certificate: "x509.Certificate") -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _names_signer(certificate: "x509.Certificate") -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return False
    except _misread():
        return False
    return any(each.access_method.dotted_string == _CA_ISSUERS for each in found)


def _named(name: "x509.Name") -> str:
    """Return a name as people say it: "Let's Encrypt R11"."""
    told = [_attribute(name, x509.NameOID.ORGANIZATION_NAME), _attribute(name, x509.NameOID.COMMON_NAME)]
    return " ".join(filter(None, told)) or name.rfc4514_string()


def _attribute(name: "x509.Name", which: "x509.ObjectIdentifier") -> str:
    found = name.get_attributes_for_oid(which)
    return str(found[0].value) if found else ""


def _is_signed_by(one: "x509.Certificate", signer: "x509.Certificate") -> bool:
    if one.issuer != signer.subject:
        return False
    try:
        one.verify_directly_issued_by(signer)
    except (exceptions.InvalidSignature, ValueError):
        return False
    except (exceptions.UnsupportedAlgorithm, TypeError):
        return True  # nobody here can tell
    return True


def _read_key(pem: str) -> "rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey":
    blocks = [block[0] for block in _BLOCK.finditer(pem) if block[1].endswith("PRIVATE KEY")]
    if len(blocks) != 1:
        raise Refusal("key.format", Message("this has to be exactly one private key"))
    try:
        # The library would look for the primes of a key of RSA, which takes seconds, and keeps all others waiting.
        found = serialization.load_pem_private_key(blocks[0].encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
        raise _unreadable_key() from None
    if isinstance(found, rsa.RSAPrivateKey):
        _check_numbers(found)
    return _usable(found)


def _unreadable_key() -> Refusal:
    return Refusal("key.format", Message("this private key cannot be read"))


def _check_numbers(key: "rsa.RSAPrivateKey") -> None:
    """Check that the numbers of a key of RSA fit together, as Go does (RFC 8017, 3.2). Raises a `Refusal`."""
    if key.key_size > _MOST_BITS:
        raise Refusal("key.size", Message("an RSA key can have at most {most} bits", most=str(_MOST_BITS)))
    found = key.private_numbers()
    n, e, p, q, d = found.public_numbers.n, found.public_numbers.e, found.p, found.q, found.d
    fits = p > 1 and q > 1 and n == p * q and e > 1 and e % 2 == 1
    fits = fits and d * e % (p - 1) == 1 and d * e % (q - 1) == 1
    if not fits or (found.dmp1, found.dmq1) != (d % (p - 1), d % (q - 1)) or found.iqmp * q % p != 1:
        raise _unreadable_key()


def _usable(key: object) -> "rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey":
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise Refusal("key.kind", Message("Traefik cannot use this kind of key: use ECDSA P-256, or RSA with 2048 bits"))


def _public(key: object) -> bytes | None:
    """Return a public key in a form that can be compared, None for one of another kind."""
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        return None
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
