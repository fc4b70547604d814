"""Certificates that a real Traefik shows: by name, by default, and what is told of them is what it does."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from provider import certificates
from tests.certs import Issued, ca, issue
from tests.e2e.acting import Running, acting, acts, routed
from tests.e2e.test_tls import shake_hands, trusting


@pytest.fixture(scope="module")
def edge(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("certificates"), migrated) as made:
        yield made


def shown(edge: Running, name: str) -> int:
    """Return the serial number of the certificate that a client gets for NAME.test."""
    with shake_hands(edge, name, trusting()) as made:
        return x509.load_der_x509_certificate(made.getpeercert(binary_form=True) or b"").serial_number


def declared(held: Mapping[str, Issued], default: str = "", *, on: str = "app") -> dict[str, Any]:
    """Return certificates with a router that speaks TLS."""
    described = {name: {**each.pair, "default": name == default} for name, each in held.items()}
    return {"certificates": described, "services": {"app": {}}, "routers": routed(on, service="app", tls={})}


@acts("tls.certificates[].{certFile,keyFile}", "tls.stores.*.defaultCertificate.{certFile,keyFile}")
def test_a_name_gets_its_certificate_and_any_other_the_default_one(edge: Running) -> None:
    held = {
        "a": issue("a.test", by=ca()),
        "wild": issue("*.b.test", by=ca()),
        "rest": issue("rest.test", by=ca()),
    }
    edge.apply(declared(held, default="rest"))

    assert shown(edge, "a") == held["a"].certificate.serial_number
    assert shown(edge, "x.b") == held["wild"].certificate.serial_number
    assert shown(edge, "rest") == held["rest"].certificate.serial_number
    assert shown(edge, "unknown") == held["rest"].certificate.serial_number


def test_a_replaced_certificate_is_shown_at_once_and_trusted_with_its_chain(edge: Running, tmp_path: Path) -> None:
    middle = issue(common="Middle", by=ca(), is_ca=True)
    before, after = issue("a.test", by=ca()), issue("a.test", by=middle)
    edge.apply(declared({"a": before}))
    assert shown(edge, "a") == before.certificate.serial_number

    edge.apply(declared({"a": after}))

    assert shown(edge, "a") == after.certificate.serial_number
    root = tmp_path / "ca.pem"
    root.write_text(ca().pem)
    with shake_hands(edge, "a", ssl.create_default_context(cafile=str(root))):
        pass


def test_strict_options_know_the_default_certificate_by_its_names(edge: Running) -> None:
    held = {"rest": issue("rest.test", by=ca())}
    state = declared(held, default="rest", on="rest")
    state["tlsOptions"] = {"default": {"sniStrict": True}}
    edge.apply(state)

    assert shown(edge, "rest") == held["rest"].certificate.serial_number
    with pytest.raises(ssl.SSLError, match="unrecognized name"):
        shown(edge, "unknown")


@pytest.mark.parametrize(
    "held",
    [
        {"a": issue("x.test", by=ca()), "b": issue("x.test", by=ca())},
        {"b": issue("x.test", "y.test", by=ca()), "a": issue("x.test", by=ca())},
        {"a": issue("x.test", "y.test", by=ca()), "b": issue("x.test", by=ca())},
        {"a": issue("x.test", "*.x.test", by=ca()), "b": issue("x.test", by=ca())},
        {"wild": issue("*.w.test", by=ca()), "exact": issue("x.w.test", by=ca())},
        {"wild": issue("*.w.test", by=ca()), "exact": issue("x.w.test", "*.a.test", by=ca())},
        {"wild": issue("*.w.test", common="zzz.test", by=ca()), "exact": issue("x.w.test", common="aaa.test", by=ca())},
        {"a": issue("y.test", common="x.test", by=ca()), "b": issue("x.test", by=ca())},
        {"a": issue("X.test", by=ca()), "b": issue("x.test", "Y.test", by=ca())},
    ],
    ids=range(9),
)
def test_of_several_for_a_name_the_one_is_shown_that_is_said_to_be(edge: Running, held: dict[str, Issued]) -> None:
    names = ("x", "y", "x.x", "x.w", "y.w", "x.a")
    known = {name: certificates.read(each.chain) for name, each in sorted(held.items())}
    said = {name: certificates.find_served(known, f"{name}.test") for name in names}
    edge.apply(declared(held))

    numbers = {each.certificate.serial_number: name for name, each in held.items()}
    assert {name: numbers.get(shown(edge, name)) for name in names} == said
