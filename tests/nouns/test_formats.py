"""Certificates and keys in formats that edges cannot read: what is said of them is the command that converts them."""

import re
import shlex
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes

from provider.cli.output import words
from provider.models import Change
from provider.nouns import certificate, formats
from provider.nouns.certificate import check_chain, check_key
from provider.values import Refusal
from tests.certs import ca, issue, written

ISSUED = issue("alvin.test", by=ca())
PASSWORD = "pass:secret"
CHECKS: dict[bool, Callable[[str], str]] = {False: check_chain, True: check_key}


def openssl(folder: Path, *arguments: str, given: str = "") -> bytes:
    command = ["openssl", *arguments]
    return subprocess.run(command, cwd=folder, input=given.encode(), capture_output=True, timeout=60, check=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chain").write_text(ISSUED.chain)
    (tmp_path / "key").write_text(ISSUED.key)
    return tmp_path


CERTIFICATE, KEY = False, True
PKCS12 = ("pkcs12", "-export", "-in", "chain", "-inkey", "key", "-passout", PASSWORD)
PKCS7 = ("crl2pkcs7", "-nocrl", "-certfile", "chain")
CONVERTED = [
    ("PKCS#12", CERTIFICATE, PKCS12),
    ("PKCS#12", KEY, PKCS12),
    ("PKCS#7", CERTIFICATE, PKCS7),
    ("PKCS#7", CERTIFICATE, (*PKCS7, "-outform", "DER")),
    ("a certificate in DER", CERTIFICATE, ("x509", "-in", "chain", "-outform", "DER")),
    ("a certificate in OpenSSL's own format", CERTIFICATE, ("x509", "-in", "chain", "-trustout")),
    ("a private key in DER", KEY, ("pkcs8", "-topk8", "-nocrypt", "-in", "key", "-outform", "DER")),
    ("a private key in DER", KEY, ("pkcs8", "-topk8", "-passout", PASSWORD, "-in", "key", "-outform", "DER")),
    ("this key has a password", KEY, ("pkcs8", "-topk8", "-passout", PASSWORD, "-in", "key")),
    ("this key has a password", KEY, ("pkey", "-aes128", "-traditional", "-passout", PASSWORD, "-in", "key")),
]


@pytest.mark.parametrize(("what", "is_key", "made"), CONVERTED)
def test_a_file_in_another_format_is_taken_once_it_went_through_the_command_that_is_said(
    folder: Path, what: str, *, is_key: bool, made: tuple[str, ...]
) -> None:
    content = openssl(folder, *made)
    file = folder / "it's.file"
    file.write_bytes(content)
    is_text = content.startswith(b"-----")
    with pytest.raises(Refusal) as refused:
        formats.check(content.decode() if is_text else content, is_key=is_key, file=file.name)
    assert what in refused.value.detail
    command = shlex.split(refused.value.detail.rpartition(" with ")[2])
    asking = ["-passin", PASSWORD] if {"pkcs12", "pkey"} & set(command) else []
    openssl(folder, *command[1:], *asking)
    assert CHECKS[is_key](Path(folder, command[-1]).read_text()).startswith("-----BEGIN ")
    if not is_text:
        with pytest.raises(Refusal, match=re.escape(what)):
            CHECKS[is_key](b64encode(content).decode())


@pytest.mark.parametrize(
    ("is_key", "given", "told"),
    [
        (KEY, ISSUED.pem, "this is a certificate: give the private key"),
        (CERTIFICATE, ISSUED.key, "this is a private key: give the certificate"),
        (CERTIFICATE, written(ISSUED.private, b"secret"), "this is a private key: give the certificate"),
        (CERTIFICATE, ISSUED.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST"), r"a request for a certificate \(CSR\)"),
        (KEY, ISSUED.key.replace("PRIVATE", "PUBLIC"), "this is a public key: give the private key"),
        (KEY, ISSUED.key.replace("PRIVATE", "OPENSSH PRIVATE"), "this is a key for SSH"),
    ],
)
def test_something_else_than_what_belongs_here_is_told_by_its_name(*, is_key: bool, given: str, told: str) -> None:
    with pytest.raises(Refusal, match=told):
        CHECKS[is_key](given)


def test_what_is_written_between_certificates_is_left_out(folder: Path) -> None:
    told = openssl(folder, "x509", "-in", "chain", "-text").decode()
    assert told.startswith("Certificate:")
    assert check_chain(f"# Alvin\n{told}\nissuer=Test CA\n{ca().pem}\n") == ISSUED.chain


def test_a_certificate_is_told_by_what_it_says_and_not_as_pem() -> None:
    told = certificate.told(ISSUED.chain)
    fingerprint = ISSUED.certificate.fingerprint(hashes.SHA256()).hex()
    until = f"{ISSUED.certificate.not_valid_after_utc:%Y-%m-%d}"
    said = f"certificate of alvin.test, issued by Test CA, valid until {until}, SHA-256 {fingerprint}"
    assert told == f"{said} (and 1 more)"
    assert certificate.told(ISSUED.pem) == said == words(ISSUED.pem)
    assert certificate.told(ca().pem).startswith("certificate of test ca, issued by Test CA")
    for other in ("/etc/chain.pem", "-----BEGIN CERTIFICATE-----\nMIX\n-----END CERTIFICATE-----", ""):
        assert certificate.told(other) == other
    before, after = ({"name": "a", "certFile": each.chain, "keyFile": each.key} for each in (ISSUED, issue("b.test")))
    told = Change("certificate", "a", before, after).words
    assert told.startswith(
        f"certificate a: certFile certificate of alvin.test, valid until {until} (and 1 more) → cert"
    )
    assert "BEGIN" not in told
    assert "keyFile changed" in told
