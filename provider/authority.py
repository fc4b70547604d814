"""A local authority: a CA of one's own for names that nobody else can have certificates for.

It may sign for `.localhost`, `.test` and the names that it was made for: name constraints in its certificate see to
that, whatever becomes of its key. Browsers trust it once its certificate is imported.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from errno import EINVAL
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from provider.errors import Unavailable
from provider.late import ec, hashes, serialization, x509
from provider.messages import Message
from provider.replacements import replacing

DEFAULT_NAMES: Final = ("localhost", "test")
"""The domains below which it may sign, besides those that it is given."""

_CERTIFICATE: Final = "ca.pem"
_KEY: Final = "ca.key"
_LIFE: Final = timedelta(days=3_650)
_LEAF_LIFE: Final = timedelta(days=90)
_BEFORE: Final = timedelta(hours=1)
"""For clocks that are slow."""

_NO_ADDRESSES: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""It signs for names alone."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate with those that signed it, and its key, as PEM texts."""

    chain: str
    key: str


class Authority:
    """The authority in a folder. Its methods raise `Unavailable` for what cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None

    @property
    def certificate_file(self) -> Path:
        """The file with its certificate, for whoever shall trust it."""
        return self.folder / _CERTIFICATE

    def exists(self) -> bool:
        return self.certificate_file.is_file() and (self.folder / _KEY).is_file()

    def make(self, names: Iterable[str] = ()) -> None:
        """Make it, if there is none: `names` are further domains below which it may sign."""
        if self.exists():
            return
        key_file = self.folder / _KEY
        try:
            if self.certificate_file.exists():
                told = {"folder": self.folder, "file": _KEY}
                raise Unavailable(Message("the key of the local CA in {folder} is missing: {file}", **told))
            # A key without a certificate is of a start that was cut off: none is ever replaced.
            private = _read_key(key_file) if key_file.exists() else ec.generate_private_key(ec.SECP256R1())
            certificate = _make_certificate(private, [*DEFAULT_NAMES, *names])
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path, content in ((key_file, _pem_of(private)), (self.certificate_file, _pem(certificate))):
                with replacing(path, content):
                    pass
        except OSError as error:
            told = {"folder": self.folder, "why": error.strerror}
            raise Unavailable(Message("the local CA cannot be created in {folder}: {why}", **told)) from error
        except ValueError:
            told = {"folder": self.folder}
            raise Unavailable(Message("there is no local CA of wayshub-provider in {folder}", **told)) from None

    def signs(self, name: str) -> bool:
        """Tell whether it may sign for a host name, an A-label or a wildcard."""
        host = name.removeprefix("*.")
        return any(host == each or host.endswith(f".{each}") for each in self._names())

    def issue(self, names: Sequence[str]) -> Signed:
        """Issue a certificate for host names, with a new key."""
        certificate, private = self._read()
        own = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(certificate.subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BEFORE)
            .not_valid_after(min(now + _LEAF_LIFE, certificate.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(private.public_key()), critical=False)
            .sign(private, hashes.SHA256())
        )
        return Signed((_pem(made) + _pem(certificate)).decode(), _pem_of(own).decode())

    def _names(self) -> list[str]:
        found = self._read()[0].extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
        return [each.value for each in found or () if isinstance(each, x509.DNSName)]

    def _read(self) -> "tuple[x509.Certificate, ec.EllipticCurvePrivateKey]":
        if self._known is None:
            try:
                certificate = x509.load_pem_x509_certificate(_read_file(self.certificate_file))
                private = _read_key(self.folder / _KEY)
                certificate.extensions.get_extension_for_class(x509.NameConstraints)
            except OSError as error:
                told = {"folder": self.folder, "why": error.strerror}
                raise Unavailable(Message("the local CA in {folder} cannot be read: {why}", **told)) from error
            except (ValueError, x509.ExtensionNotFound):
                told = {"folder": self.folder}
                raise Unavailable(Message("there is no local CA of wayshub-provider in {folder}", **told)) from None
            self._known = certificate, private
        return self._known


def _read_file(path: Path) -> bytes:
    if path.is_fifo():  # to read from it would take for ever
        raise OSError(EINVAL, "it is a named pipe", str(path))
    return path.read_bytes()


def _read_key(path: Path) -> "ec.EllipticCurvePrivateKey":
    """Read its key. Raises `OSError`, and `ValueError` for what is none of ours."""
    try:
        found = serialization.load_pem_private_key(_read_file(path), None)
    except TypeError:  # it has a password
        found = None
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise ValueError(path.name)  # noqa: TRY004  # what is in a file is no argument
    return found


def _make_certificate(private: "ec.EllipticCurvePrivateKey", names: Iterable[str]) -> "x509.Certificate":
    now = datetime.now(UTC)
    mark = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "wayshub-provider"),
            # So that two of them are told apart where they are imported.
            x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Local CA {mark.hex()[-8:]}"),
        ]
    )
    permitted = [x509.DNSName(each) for each in dict.fromkeys(names)]
    excluded = [x509.IPAddress(each) for each in _NO_ADDRESSES]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, excluded), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )


def _usage(*, signs: bool) -> "x509.KeyUsage":
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: "x509.Certificate") -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_of(private: "ec.EllipticCurvePrivateKey") -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
