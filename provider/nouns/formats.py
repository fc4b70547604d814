"""In which format a certificate or a key is that is not the PEM which edges need, and what converts it. Pure.

All commands were tried with OpenSSL 3.0, with files that it wrote itself.
"""

import binascii
import re
import shlex
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from provider.late import exceptions, serialization, x509
from provider.messages import Message, template
from provider.patterns import pattern
from provider.values import Refusal

_LABEL: Final = pattern(r"-----BEGIN ([A-Z0-9 ]+)-----")
_BASE64: Final = re.compile(r"MI[A-Za-z0-9+/\s]+=*\s*")
_PKCS: Final = bytes.fromhex("2a864886f70d0107")
"""Begins the names of all that is PKCS#7, which PKCS#12 is made of."""

_SIGNED: Final = b"\x06\x09" + _PKCS + b"\x02"
_VERSION_3: Final = bytes.fromhex("020103")
"""Begins PKCS#12, after its length."""

_LENGTH: Final = 40
"""So many bytes tell the format, whatever the lengths in it are."""

_CERTIFICATE: Final = template("a certificate")
_KEY: Final = template("a private key")


@dataclass(frozen=True, slots=True)
class _KeyFormat:
    """What something is, as a template; what converts it to a certificate, and to a key; how its file is called."""

    what: str
    certificate: str = ""
    key: str = ""
    file: str = ""


_PKCS7: Final = _KeyFormat("PKCS#7", "pkcs7 -in {file} -print_certs", file="cert.p7b")
_PKCS7_DER: Final = _KeyFormat("PKCS#7", "pkcs7 -inform DER -in {file} -print_certs", file="cert.p7b")
_PKCS12: Final = _KeyFormat("PKCS#12", "pkcs12 -in {file} -nokeys", "pkcs12 -in {file} -nocerts -nodes", "cert.p12")
_DER: Final = _KeyFormat(template("a certificate in DER"), "x509 -inform DER -in {file}", file="cert.der")
_KEY_DER: Final = _KeyFormat(template("a private key in DER"), key="pkey -inform DER -in {file}", file="key.der")
_TRUSTED: Final = _KeyFormat(
    template("a certificate in OpenSSL's own format"), "x509 -in {file}", file="cert.trusted.pem"
)
_BY_LABEL: Final = {
    "PKCS7": _PKCS7,
    "CMS": _PKCS7,
    "TRUSTED CERTIFICATE": _TRUSTED,
    "CERTIFICATE": _KeyFormat(_CERTIFICATE),
    "CERTIFICATE REQUEST": _KeyFormat(template("a request for a certificate (CSR)")),
    "NEW CERTIFICATE REQUEST": _KeyFormat(template("a request for a certificate (CSR)")),
    "PUBLIC KEY": _KeyFormat(template("a public key")),
    "OPENSSH PRIVATE KEY": _KeyFormat(template("a key for SSH")),
}


def check(content: str | bytes, *, is_key: bool, file: str = "") -> None:
    """Refuse a certificate, or a key, in a format that edges cannot read. What is unknown is left to others.

    `file` is where it came from, if it is a file of whoever gives it. Raises a `Refusal` that says what it is, and
    with which command it is converted.
    """
    if is_key and isinstance(content, str) and "ENCRYPTED" in content:
        command = _command("pkey -in {file}", file or "key.pem", is_key=True)
        raise Refusal("key.encrypted", Message("this key has a password: remove it with {command}", command=command))
    found = _find(content, is_key=is_key)
    if found is None:
        return
    arguments = found.key if is_key else found.certificate
    what = Message(found.what)
    if not arguments:
        asked = template("this is {what}: give the private key of the certificate")
        given = template("this is {what}: give the certificate itself")
        raise Refusal("pem.format", Message(asked if is_key else given, what=what))
    command = _command(arguments, file or found.file, is_key=is_key)
    told = Message("this is {what}, but edges need PEM: convert it with {command}", what=what, command=command)
    raise Refusal("pem.format", told)


def _command(arguments: str, file: str, *, is_key: bool) -> str:
    target = "plain.key" if is_key else "chain.pem"
    return f"openssl {arguments.format(file=shlex.quote(file))} -out {target}"


def _find(content: str | bytes, *, is_key: bool) -> _KeyFormat | None:
    if isinstance(content, bytes):
        return _find_der(content)
    labels = _LABEL.findall(content)
    if not labels:
        return _find_der(_decoded(content))
    if any(label.endswith("PRIVATE KEY") for label in labels if label != "OPENSSH PRIVATE KEY"):
        return None if is_key or "CERTIFICATE" in labels else _KeyFormat(_KEY)
    if not is_key and "CERTIFICATE" in labels:
        return None
    return next((_BY_LABEL[label] for label in labels if label in _BY_LABEL), None)


def _decoded(text: str) -> bytes:
    """Return what is written as base64 without the lines around it."""
    try:
        return b64decode(text) if _BASE64.fullmatch(text.strip()) else b""
    except binascii.Error:
        return b""


def _find_der(content: bytes) -> _KeyFormat | None:
    beginning = content[:_LENGTH]
    if not beginning.startswith(b"\x30"):
        return None
    if _SIGNED in beginning:
        return _PKCS7_DER
    if _VERSION_3 in beginning and _PKCS in beginning:
        return _PKCS12
    if _is_certificate(content):
        return _DER
    return _KEY_DER if _is_key(content) else None


def _is_certificate(content: bytes) -> bool:
    try:
        x509.load_der_x509_certificate(content)
    except ValueError:
        return False
    return True


def _is_key(content: bytes) -> bool:
    try:
        serialization.load_der_private_key(content, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:  # it has a password
        return True
    except (ValueError, exceptions.UnsupportedAlgorithm):
        return False
    return True
