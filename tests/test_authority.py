"""The local authority: for which names it signs, who may read it, and that others believe no more than that."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from provider import certificates
from provider.authority import Authority
from provider.errors import Unavailable


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "authority")
    made.make(["lab.example"])
    return made


def verify(authority: Authority, chain: str, name: str) -> None:
    (root,) = x509.load_pem_x509_certificates(authority.certificate_file.read_bytes())
    leaf, *_rest = x509.load_pem_x509_certificates(chain.encode())
    PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(name)).verify(leaf, [])


@pytest.mark.parametrize("name", ["alvin.test", "wayshub.localhost", "*.alvin.test", "lab.example", "a.lab.example"])
def test_what_it_signs_is_good_to_whoever_trusts_it(authority: Authority, name: str) -> None:
    assert authority.signs(name)
    signed = authority.issue([name])
    certificates.check_chain(signed.chain)
    certificates.check_pair(signed.chain, signed.key)
    facts = certificates.read(signed.chain)
    assert facts.names == (name,)
    assert facts.not_after - datetime.now(UTC) > timedelta(days=60)
    verify(authority, signed.chain, name.replace("*", "www"))


@pytest.mark.parametrize("name", ["alvin.xyz", "test.xyz", "alvintest", "example", "localhost.xyz", "*.example"])
def test_it_signs_for_no_other_name_and_nobody_would_believe_it(authority: Authority, name: str) -> None:
    assert not authority.signs(name)
    signed = authority.issue([name])  # whoever has its key could
    with pytest.raises(VerificationError):
        verify(authority, signed.chain, name.replace("*", "www"))


def test_its_key_is_for_its_owner_alone_and_stays_as_it_was_made(authority: Authority) -> None:
    key = authority.folder / "ca.key"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes(), authority.certificate_file.read_bytes()
    again = Authority(authority.folder)
    again.make()
    assert (key.read_bytes(), authority.certificate_file.read_bytes()) == before
    assert again.signs("lab.example")


def test_what_is_no_authority_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    (tmp_path / "ca.key").write_text("nothing")
    with pytest.raises(Unavailable, match="there is no local CA of wayshub-provider"):
        Authority(tmp_path).signs("alvin.test")
    (tmp_path / "ca.pem").unlink()
    os.mkfifo(tmp_path / "ca.pem")
    with pytest.raises(Unavailable, match="cannot be read: it is a named pipe"):
        Authority(tmp_path).signs("alvin.test")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(Unavailable, match="cannot be created"):
        Authority(file).make()


def test_a_start_that_was_cut_off_keeps_the_key_and_what_lost_its_key_is_named(authority: Authority) -> None:
    key = (authority.folder / "ca.key").read_bytes()
    authority.certificate_file.unlink()
    again = Authority(authority.folder)
    again.make()
    assert (authority.folder / "ca.key").read_bytes() == key
    verify(again, again.issue(["a.test"]).chain, "a.test")

    (authority.folder / "ca.key").unlink()
    with pytest.raises(Unavailable, match=r"the key of the local CA in .* is missing"):
        Authority(authority.folder).make()
