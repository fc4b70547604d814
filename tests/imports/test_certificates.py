"""Certificates in Traefik's files are taken over with what is in the files that they name."""

from typing import Any

import pytest

from provider import imports
from provider.imports import Imported, ImportOutcome, Provenance
from provider.imports.certificates import named_files
from provider.imports.contents import ELSEWHERE, MISSING_FILE, FileContent
from provider.imports.findings import Cause
from provider.nouns.certificate import Certificate
from tests import certs

ONE = certs.issue("shop.test", "www.shop.test", common="shop.test")
OTHER = certs.issue("*.video.test")
FILES = {
    "one.pem": FileContent(ONE.chain + "\n"),
    "one.key": FileContent(ONE.key + "\n"),
    "both.pem": FileContent(f"# of the shop\n{ONE.key}\n{ONE.chain}\n"),
    "other.pem": FileContent(OTHER.chain),
    "other.key": FileContent(OTHER.key),
    "none.pem": FileContent(problem="there is no such file", code=MISSING_FILE),
    "/far/none.pem": FileContent(problem="there is no such file here, and no such folder", code=ELSEWHERE),
}
ONES = {"certFile": "one.pem", "keyFile": "one.key"}
KEYS_ARE = ("without its marks", "a part of it", "in one line")
KEYS = (ONE.key.replace("-----", "=="), ONE.key[28:90], ONE.key.replace("\n", ""))
OTHERS = {"certFile": "other.pem", "keyFile": "other.key"}


def read(*listed: dict[str, Any], **stores: Any) -> Imported:
    document = {"tls": {"certificates": [*listed], **({"stores": stores} if stores else {})}}
    return imports.read(document, origin=Provenance(contents=FILES))


def held(found: Imported) -> dict[str, Certificate]:
    return dict(found.declaration.all(Certificate))


def told(found: Imported) -> list[tuple[str, str, ImportOutcome, str, Cause]]:
    return [(each.kind, each.name, each.outcome, each.reason, each.causes[0].cause) for each in found.findings]


def test_certificates_are_taken_with_the_text_of_their_files_and_named_by_their_names() -> None:
    found = read(ONES, OTHERS)
    assert told(found) == []
    assert found.counts["certificate"] == (2, 2)
    assert {name: each.cert_file for name, each in held(found).items()} == {
        "shop-test": ONE.chain,
        "video-test": OTHER.chain,
    }
    assert held(found)["shop-test"].key_file == ONE.key
    assert found.renamed == ()
    assert found.origins["/certificates/video-test"] == "/tls/certificates/1"


def test_a_certificate_may_be_written_where_it_stands_and_be_in_one_file_with_its_key() -> None:
    for given in (ONE.pair, {"certfile": "both.pem", "KeyFile": "both.pem", "stores": "default"}):
        found = read(given)
        assert (told(found), held(found)["shop-test"].key_file) == ([], ONE.key)
    windows = {key: text.replace("\n", " \r\n") for key, text in ONE.pair.items()}
    assert held(read(windows))["shop-test"].cert_file == ONE.chain


def test_the_default_certificate_is_the_one_of_the_default_store() -> None:
    found = read(ONES, OTHERS, default={"defaultCertificate": ONES})
    assert told(found) == []
    assert {name: each.default for name, each in held(found).items()} == {"shop-test": True, "video-test": False}
    found = read(OTHERS, default={"defaultCertificate": ONES}, mine={"defaultCertificate": OTHERS})
    assert {name: each.default for name, each in held(found).items()} == {"shop-test": True, "video-test": False}
    assert [each[:2] for each in told(found)] == [("TLS store", "mine")]


def test_a_default_certificate_that_traefik_orders_itself_is_left_out() -> None:
    ordered = {"resolver": "letters", "domain": {"main": "a.test"}}
    found = read(default={"defaultGeneratedCert": ordered})
    assert [each.causes[0].cause for each in found.findings] == [Cause.OURS]
    found = read(default={"defaultGeneratedCert": ordered, "defaultCertificate": ONES})
    assert [each.causes[0].cause for each in found.findings] == [Cause.IGNORED]
    assert list(held(found)) == ["shop-test"]


@pytest.mark.parametrize(
    ("given", "cause", "reason"),
    [
        ({"certFile": "none.pem", "keyFile": "one.key"}, Cause.IGNORED, "none.pem: there is no such file: Traefik"),
        ({"certFile": "/far/none.pem", "keyFile": "one.key"}, Cause.UNKNOWN, "/far/none.pem: there is no such file"),
        ({"certFile": "one.pem", "keyFile": "none.pem"}, Cause.IGNORED, "its private key: there is no such file"),
        ({"certFile": "one.pem"}, Cause.IGNORED, "there is no private key as PEM text in keyFile"),
        ({"keyFile": "one.key"}, Cause.IGNORED, "there is no certificate as PEM text in certFile"),
        ({"certFile": "one.key", "keyFile": "one.pem"}, Cause.IGNORED, "there is no certificate as PEM text"),
        ({"certFile": "one.pem", "keyFile": "other.key"}, Cause.IGNORED, "this key does not belong to the certificate"),
        ({**ONES, "stores": ["mine"]}, Cause.IGNORED, "it is for the store mine, but Traefik uses only default"),
        ({**ONES, "certFile": f"{ONE.chain}\n{OTHER.chain}"}, Cause.BREAKS, "certificate 2 did not sign"),
    ],
)
def test_what_traefik_makes_of_a_wrong_one_is_told_without_anything_of_its_key(
    given: dict[str, Any], cause: Cause, reason: str
) -> None:
    found = read(given, OTHERS)
    assert list(held(found)) == ["video-test"]
    (finding,) = found.findings
    assert (finding.kind, finding.outcome, finding.causes[0].cause) == ("certificate", ImportOutcome.LEFT_OUT, cause)
    assert finding.reason.startswith(reason)
    default = read(OTHERS, default={"defaultCertificate": {name: given[name] for name in given if name != "stores"}})
    if cause is Cause.IGNORED and "stores" not in given:
        assert default.findings[0].causes[0].cause is Cause.BREAKS
        assert default.findings[0].reason.endswith("closes all connections for names that no other certificate has")


@pytest.mark.parametrize("key", KEYS, ids=KEYS_ARE)
def test_nothing_of_a_key_is_told_however_wrong_it_is(key: str) -> None:
    contents = {
        name: FileContent(problem="there is no such file", code=MISSING_FILE)
        for name in named_files({"tls": {"certificates": [{"certFile": "one.pem", "keyFile": key}]}})
    }
    for given in ({"certFile": "one.pem", "keyFile": key}, {"certFile": key, "keyFile": "one.key"}):
        origin = Provenance(contents={**FILES, **contents})
        found = imports.read({"tls": {"certificates": [given]}}, origin=origin)
        assert len(found.findings) == 1
        if given["keyFile"] == key:
            assert ONE.key[40:60] not in str(found)


def test_of_certificates_with_the_same_names_the_first_counts() -> None:
    newer = certs.issue("shop.test", "www.shop.test", common="shop.test")
    found = read(ONES, newer.pair, ONES)
    assert {name: each.cert_file for name, each in held(found).items()} == {"shop-test": ONE.chain}
    assert [each[3].partition(":")[0] for each in told(found)] == [
        "another certificate with the same names comes before it",
        "it is here twice",
    ]
    assert {each[4] for each in told(found)} == {Cause.IGNORED}


def test_only_what_certificates_name_is_a_file() -> None:
    document = {
        "http": {"serversTransports": {"t": {"certificates": [{"certFile": "client.pem", "keyFile": "client.key"}]}}},
        "tls": {
            "certificates": [ONES, ONE.pair, {"certFile": "", "keyFile": 5}, "odd"],
            "stores": {"default": {"defaultCertificate": {"CERTFILE": "d.pem", "keyfile": "d.key"}}},
            "options": {"o": {"clientAuth": {"caFiles": ["ca.pem"]}}},
        },
    }
    assert list(named_files(document)) == ["one.pem", "one.key", "d.pem", "d.key"]
    assert list(named_files([])) == list(named_files({"tls": 5})) == []
