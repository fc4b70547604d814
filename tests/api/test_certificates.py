"""`/api/v1/certificates`."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from provider.nouns.texts import MASK
from tests.api.checks import problem, revision
from tests.certs import Issued, ca, issue, written
from tests.running import Service

SHOP = issue("shop.test", "*.shop.test", by=ca())
BLOG = issue("blog.test", by=ca())


def put(client: httpx.Client, name: str, issued: Issued, **more: Any) -> httpx.Response:
    return client.put(f"/certificates/{name}", json={**issued.pair, **more})


def conflicts(client: httpx.Client) -> list[tuple[str, list[str]]]:
    """Return what is told of certificates now."""
    found = client.get("/conflicts").json()["items"]
    return [(each["conflict"], [one["name"] for one in each["objects"]]) for each in found]


def test_a_certificate_is_added_shown_changed_and_removed(client: httpx.Client, service: Service) -> None:
    added = client.post("/certificates", json={"name": "shop", **SHOP.pair})
    assert added.status_code == 201, added.text
    shown = added.json()
    assert (shown["certFile"], shown["keyFile"], shown["default"]) == (SHOP.chain, MASK, False)
    assert shown["names"] == ["shop.test", "*.shop.test"]
    assert shown["issuer"] == "Test CA"
    assert shown["serial"] == f"{SHOP.certificate.serial_number:X}"
    assert shown["notAfter"] == f"{SHOP.certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
    assert client.get("/certificates/shop").json() == shown
    assert client.get("/certificates").json()["items"] == [shown]
    assert service.configuration()["tls"] == {"certificates": [SHOP.pair]}

    changed = put(client, "shop", BLOG)
    assert changed.json()["names"] == ["blog.test"]
    assert service.configuration()["tls"] == {"certificates": [BLOG.pair]}
    removed = client.delete("/certificates/shop")
    assert revision(removed) > revision(changed) > revision(added)
    assert "tls" not in service.configuration()


def test_certificates_stand_in_a_list_in_the_order_of_their_names(client: httpx.Client, service: Service) -> None:
    put(client, "b", BLOG).raise_for_status()
    put(client, "a", SHOP).raise_for_status()

    assert service.configuration()["tls"]["certificates"] == [SHOP.pair, BLOG.pair]


def test_at_most_one_is_the_default(client: httpx.Client, service: Service) -> None:
    put(client, "shop", SHOP, default=True).raise_for_status()
    store = {"default": {"defaultCertificate": SHOP.pair}}
    assert service.configuration()["tls"] == {"certificates": [SHOP.pair], "stores": store}

    taken = put(client, "blog", BLOG, default=True).raise_for_status()

    assert client.get("/certificates/shop").json()["default"] is False
    store = {"default": {"defaultCertificate": BLOG.pair}}
    assert service.configuration()["tls"] == {"certificates": [BLOG.pair, SHOP.pair], "stores": store}
    changes = client.get(f"/revisions/{revision(taken)}").json()["changes"]
    assert [(each["kind"], each["name"]) for each in changes] == [("certificate", "shop"), ("certificate", "blog")]


def test_of_two_that_are_applied_one_is_the_default(client: httpx.Client) -> None:
    put(client, "old", SHOP, default=True).raise_for_status()
    both = {"shop": {**SHOP.pair, "default": True}, "blog": {**BLOG.pair, "default": True}}
    problem(
        client.post("/apply", json={"certificates": both}), "invalid", ("/certificates/blog/default", "default.many")
    )

    client.post("/apply", json={"certificates": {"blog": {**BLOG.pair, "default": True}}}).raise_for_status()

    assert [each["default"] for each in client.get("/certificates").json()["items"]] == [True, False]


def test_a_mask_stands_for_the_key_that_is_kept(client: httpx.Client, service: Service) -> None:
    put(client, "shop", SHOP).raise_for_status()
    renewed = issue("shop.test", by=ca(), private=SHOP.private)

    client.put("/certificates/shop", json={"certFile": renewed.chain, "keyFile": MASK}).raise_for_status()

    assert service.configuration()["tls"]["certificates"] == [renewed.pair]
    other = client.put("/certificates/shop", json={"certFile": BLOG.chain, "keyFile": MASK})
    problem(other, "invalid", ("/keyFile", "key.other"))
    patched = client.patch("/certificates/shop", json={"certFile": BLOG.chain})
    problem(patched, "invalid", ("/keyFile", "key.other"))
    problem(
        client.put("/certificates/new", json={**SHOP.pair, "keyFile": MASK}), "invalid", ("/keyFile", "secret.masked")
    )


def key_of(private: Any) -> str:
    form, locked = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    found: bytes = private.private_bytes(serialization.Encoding.PEM, form, locked)
    return found.decode()


def rsa_key(p: int, q: int, *, more: int = 0) -> str:
    """Write a key of RSA of two primes that everybody knows, or one of which the numbers do not fit."""
    e = 65_537
    d = pow(e, -1, (p - 1) * (q - 1))
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    numbers = rsa.RSAPrivateNumbers(p, q, d + more, *crt, rsa.RSAPublicNumbers(e, p * q))
    return written(numbers.private_key(unsafe_skip_rsa_key_validation=True))


LONG = rsa_key(2**9689 - 1, 2**4423 - 1)
"""To look whether its primes are some takes minutes."""
FITTING, UNFIT = (rsa_key(2**2203 - 1, 2**2281 - 1, more=more) for more in (0, 2))

MIDDLE = issue(common="Middle", by=ca(), is_ca=True)
DEEP = issue("deep.test", by=MIDDLE)

WRONG: list[tuple[str, dict[str, str], tuple[str, str]]] = [
    ("a path", {**SHOP.pair, "certFile": "/etc/shop.pem"}, ("/certFile", "pem.text")),
    ("a path of a key", {**SHOP.pair, "keyFile": "/etc/shop.key"}, ("/keyFile", "pem.text")),
    ("no PEM", {**SHOP.pair, "certFile": SHOP.pem[:-40]}, ("/certFile", "pem.format")),
    (
        "no certificate",
        {**SHOP.pair, "certFile": SHOP.pem.replace("MII", "MIX", 1)},
        ("/certFile", "certificate.format"),
    ),
    ("both in one", {**SHOP.pair, "certFile": f"{SHOP.pem}\n{SHOP.key}"}, ("/certFile", "certificate.key")),
    ("a certificate for a key", {**SHOP.pair, "keyFile": SHOP.pem}, ("/keyFile", "pem.format")),
    ("a CA alone", ca().pair, ("/certFile", "certificate.ca")),
    (
        "a chain upside down",
        {**DEEP.pair, "certFile": f"{MIDDLE.pem}\n{DEEP.pem}"},
        ("/certFile", "certificate.ca"),
    ),
    (
        "a gap in the chain",
        {**DEEP.pair, "certFile": f"{DEEP.pem}\n{ca().pem}"},
        ("/certFile", "certificate.chain"),
    ),
    ("a chain of two", {**SHOP.pair, "certFile": f"{SHOP.pem}\n{BLOG.pem}"}, ("/certFile", "certificate.chain")),
    ("another key", {**SHOP.pair, "keyFile": BLOG.key}, ("/keyFile", "key.other")),
    ("a locked key", {**SHOP.pair, "keyFile": written(SHOP.private, b"secret")}, ("/keyFile", "key.encrypted")),
    (
        "a locked key of old",
        {**SHOP.pair, "keyFile": written(SHOP.private, b"secret", serialization.PrivateFormat.TraditionalOpenSSL)},
        ("/keyFile", "key.encrypted"),
    ),
    ("two keys", {**SHOP.pair, "keyFile": f"{SHOP.key}\n{BLOG.key}"}, ("/keyFile", "key.format")),
    ("a broken key", {**SHOP.pair, "keyFile": SHOP.key.replace("MIG", "MIX", 1)}, ("/keyFile", "key.format")),
    ("a key that takes minutes to check", {**SHOP.pair, "keyFile": LONG}, ("/keyFile", "key.size")),
    ("a key of RSA that is another", {**SHOP.pair, "keyFile": FITTING}, ("/keyFile", "key.other")),
    ("a key of RSA of numbers that do not fit", {**SHOP.pair, "keyFile": UNFIT}, ("/keyFile", "key.format")),
    ("an odd kind", {**SHOP.pair, "keyFile": key_of(dsa.generate_private_key(2048))}, ("/keyFile", "key.kind")),
    (
        "an odd curve",
        {**SHOP.pair, "keyFile": key_of(ec.generate_private_key(ec.SECP256K1()))},
        ("/keyFile", "key.kind"),
    ),
]


@pytest.mark.parametrize(("document", "wrong"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_edges_could_not_show_is_refused(
    client: httpx.Client, document: dict[str, str], wrong: tuple[str, str]
) -> None:
    answer = client.put("/certificates/shop", json=document)

    problem(answer, "invalid", wrong)
    assert "PRIVATE" not in answer.text.replace("PRIVATE KEY-----", "") or SHOP.key not in answer.text


@pytest.mark.parametrize("private", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())])
def test_every_kind_of_key_that_is_common_is_taken_without_a_warning(client: httpx.Client, private: Any) -> None:
    answer = put(client, "shop", issue("shop.test", by=ca(), private=private))

    assert (answer.status_code, answer.headers["config-warnings"]) == (201, "0")


def test_a_whole_chain_is_taken_and_a_key_in_its_old_form(client: httpx.Client, service: Service) -> None:
    old = written(DEEP.private, form=serialization.PrivateFormat.TraditionalOpenSSL)
    assert old.startswith("-----BEGIN EC PRIVATE KEY-----")
    client.put("/certificates/deep", json={"certFile": DEEP.chain + "\n", "keyFile": old}).raise_for_status()

    assert service.configuration()["tls"]["certificates"] == [{"certFile": DEEP.chain, "keyFile": old}]


def test_what_browsers_do_not_take_is_warned_of(client: httpx.Client) -> None:
    for name, issued in {
        "short": issue("short.test", private=rsa.generate_private_key(65537, 1024)),  # noqa: S505  # that is what is warned of
        "odd": issue("odd.test", private=ed25519.Ed25519PrivateKey.generate()),
        "nameless": issue(),
    }.items():
        answer = put(client, name, issued)
        assert answer.status_code == 201, answer.text
        assert "certFile: " in answer.headers["config-warning"]


def test_one_that_lacks_the_certificate_of_its_signer_is_warned_of(client: httpx.Client) -> None:
    whole = issue("whole.test", by=ca(), signer_at="http://ca.test/ca.crt")
    answer = put(client, "alone", replace(whole, chain=whole.pem))
    assert "certFile: it lacks the certificate of Test CA, which signed it" in answer.headers["config-warning"]
    assert "config-warning" not in put(client, "alone", whole).headers


@pytest.mark.parametrize(
    ("days", "conflict"),
    [
        ((-90, -1), "expired-certificate"),
        ((-80, 10), "expiring-certificate"),
        ((-5, 1), "expiring-certificate"),
        ((1, 90), "early-certificate"),
    ],
)
def test_one_that_is_not_good_now_or_not_for_long_is_told_of(
    client: httpx.Client, days: tuple[int, int], conflict: str
) -> None:
    answer = put(client, "old", issue("old.test", by=ca(), days=days))

    assert answer.status_code == 201
    assert "the certificate old " in answer.headers["config-warning"]
    assert conflicts(client) == [(conflict, ["old"])]


def test_one_that_has_a_short_life_is_not_told_of_for_most_of_it(client: httpx.Client) -> None:
    put(client, "short", issue("short.test", by=ca(), days=(-1, 5))).raise_for_status()

    assert conflicts(client) == []


def test_two_for_the_same_name_are_told_of_with_the_one_that_edges_show(client: httpx.Client) -> None:
    put(client, "a", issue("shop.test", by=ca())).raise_for_status()
    same = put(client, "b", issue("shop.test", by=ca()))
    assert "edges show a" in same.headers["config-warning"]
    client.delete("/certificates/b").raise_for_status()
    more = put(client, "b", issue("shop.test", "www.shop.test", by=ca()))
    assert "edges show b" in more.headers["config-warning"]
    assert conflicts(client) == [("shared-name", ["b", "a"])]


def test_a_wildcard_beside_a_name_is_not_told_of(client: httpx.Client) -> None:
    put(client, "wild", issue("*.shop.test", by=ca())).raise_for_status()
    put(client, "exact", issue("www.shop.test", by=ca())).raise_for_status()

    assert conflicts(client) == []


def test_its_key_is_shown_nowhere(client: httpx.Client) -> None:
    put(client, "shop", SHOP).raise_for_status()
    put(client, "shop", BLOG).raise_for_status()
    last = client.delete("/certificates/shop")
    secret = {line for issued in (SHOP, BLOG) for line in issued.key.splitlines()[1:-1]}
    number = revision(last) - 1
    for path in (
        "/export",
        "/audit",
        f"/revisions/{number}",
        f"/revisions/{number}/configuration",
        f"/revisions/{number}/difference",
        f"/revisions/{number - 1}/configuration",
    ):
        text = client.get(path).raise_for_status().text
        assert not [line for line in secret if line in text], path
