"""Certificates to test with, made when they are asked for: of any names, times and kinds."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate as PEM text, and its key."""

    certificate: x509.Certificate
    private: PrivateKey
    chain: str

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode().strip()

    @property
    def key(self) -> str:
        return written(self.private)

    @property
    def pair(self) -> dict[str, str]:
        """What a certificate is made of."""
        return {"certFile": self.chain, "keyFile": self.key}


def written(
    key: PrivateKey,
    password: bytes | None = None,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
) -> str:
    """Write a private key as PEM text."""
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        locked = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, form, locked).decode().strip()


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


def _general(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def issue(
    *names: str,
    common: str = "",
    by: Issued | None = None,
    days: tuple[float, float] = (-1, 90),
    is_ca: bool = False,
    private: PrivateKey | None = None,
    subject: x509.Name | None = None,
    signer_at: str = "",
) -> Issued:
    """Issue a certificate, `by` itself unless something else signs it; `days` from now it is good from, and until.

    `signer_at` is where it says that the certificate of its signer is to be had.
    """
    private = private or ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = subject or _name(common)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
    if signer_at:
        place = x509.UniformResourceIdentifier(signer_at)
        told = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([told]), critical=False)
    if any("://" in each for each in names):  # SPIFFE wants to know what the key may do
        usage = dict.fromkeys(_USAGES, False) | {"key_cert_sign" if is_ca else "digital_signature": True}
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    signer = by.private if by else private
    made = builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    issued = Issued(made, private, "")
    above: Sequence[str] = [by.chain] if by else []
    return Issued(made, private, "\n".join([issued.pem, *above]))


@cache
def ca() -> Issued:
    """Return a CA, the same one each time."""
    return issue(common="Test CA", is_ca=True)
