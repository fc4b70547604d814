"""What servers learn of a client's certificate: each field of `passTLSClientCert`."""

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import httpx
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.certs import Issued, issue
from tests.e2e.acting import Recorder, Running, Servers, acting, acts, pool, routed

NAMES: Final = {
    "country": ("C", NameOID.COUNTRY_NAME, "ID"),
    "province": ("ST", NameOID.STATE_OR_PROVINCE_NAME, "Jakarta"),
    "locality": ("L", NameOID.LOCALITY_NAME, "Menteng"),
    "organization": ("O", NameOID.ORGANIZATION_NAME, "Ways"),
    "organizationalUnit": ("OU", NameOID.ORGANIZATIONAL_UNIT_NAME, "Hub"),
    "commonName": ("CN", NameOID.COMMON_NAME, "alvin"),
    "serialNumber": ("SN", NameOID.SERIAL_NUMBER, "42"),
    "domainComponent": ("DC", NameOID.DOMAIN_COMPONENT, "xyz"),
}
"""By field: how it is called in the header, what it is in a certificate, and one of it."""
ISSUER: Final = [field for field in NAMES if field != "organizationalUnit"]
PLAIN: Final = ("notAfter", "notBefore", "sans", "serialNumber")
MIDDLEWARES: Final[dict[str, Any]] = {
    "pem": {"pem": True},
    **{f"subject-{field}".lower(): {"info": {"subject": {field: True}}} for field in NAMES},
    **{f"issuer-{field}".lower(): {"info": {"issuer": {field: True}}} for field in ISSUER},
    **{f"info-{field}".lower(): {"info": {field: True}} for field in PLAIN},
}


def named(end: str) -> x509.Name:
    texts = {oid: text if oid is NameOID.COUNTRY_NAME else text + end for _short, oid, text in NAMES.values()}
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in texts.items()])


@pytest.fixture(scope="module")
def shown() -> Issued:
    """The client's certificate."""
    ca = issue(subject=named("-ca"), is_ca=True)
    return issue("alvin.test", "10.0.0.1", by=ca, subject=named(""))


@pytest.fixture(scope="module")
def app() -> Iterator[Recorder]:
    with Servers() as servers:
        yield servers.http("app")[0]


@pytest.fixture(scope="module")
def edge(app: Recorder, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with acting(tmp_path_factory.mktemp("clients"), migrated) as made:
        tls = {"options": "asking"}
        declared = {
            "tlsOptions": {"asking": {"clientAuth": {"clientAuthType": "RequestClientCert"}}},
            "middlewares": {name: {"passTLSClientCert": given} for name, given in MIDDLEWARES.items()},
            "services": {"app": pool(app)},
            "routers": {name: routed(name, service="app", middlewares=[name], tls=tls)[name] for name in MIDDLEWARES},
        }
        made.apply(declared)
        yield made


@pytest.fixture(scope="module")
def client(shown: Issued, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    file = tmp_path_factory.mktemp("client") / "client.pem"
    file.write_text(f"{shown.key}\n{shown.pem}\n")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(file)
    with httpx.Client(verify=context, trust_env=False, timeout=60) as made:
        yield made


def told(edge: Running, app: Recorder, client: httpx.Client, name: str) -> dict[str, str]:
    """Return the headers in which a server learns of the certificate."""
    host = f"{name}.test".lower()
    url = edge.traefik.web.replace("http:", "https:")
    client.get(url, headers={"Host": host}, extensions={"sni_hostname": host}).raise_for_status()
    start = "x-forwarded-tls-client-cert"
    return {key.removeprefix(start): value for key, value in app.asked[-1].headers.items() if key.startswith(start)}


@acts("http.middlewares.*.passTLSClientCert.pem")
def test_servers_get_the_certificate_itself(edge: Running, app: Recorder, client: httpx.Client, shown: Issued) -> None:
    found = told(edge, app, client, "pem")
    assert found.keys() == {""}
    der = base64.b64decode(unquote(found[""]).partition(",")[0])
    assert x509.load_der_x509_certificate(der) == shown.certificate


@acts(*(f"http.middlewares.*.passTLSClientCert.info.subject.{field}" for field in NAMES))
@acts(*(f"http.middlewares.*.passTLSClientCert.info.issuer.{field}" for field in ISSUER))
@pytest.mark.parametrize(
    ("whose", "field"),
    [*(("subject", field) for field in NAMES), *(("issuer", field) for field in ISSUER)],
)
def test_servers_learn_the_chosen_name_and_no_other(
    edge: Running, app: Recorder, client: httpx.Client, whose: str, field: str
) -> None:
    short, _oid, text = NAMES[field]
    text += "-ca" if whose == "issuer" and field != "country" else ""
    found = told(edge, app, client, f"{whose}-{field}")
    assert {key: unquote(value) for key, value in found.items()} == {"-info": f'{whose.title()}="{short}={text}"'}


@acts(*(f"http.middlewares.*.passTLSClientCert.info.{field}" for field in PLAIN))
@pytest.mark.parametrize("field", PLAIN)
def test_servers_learn_when_the_certificate_is_good_and_for_whom(
    edge: Running, app: Recorder, client: httpx.Client, shown: Issued, field: str
) -> None:
    certificate = shown.certificate
    expected = {
        "notAfter": f'NA="{certificate.not_valid_after_utc.timestamp():.0f}"',
        "notBefore": f'NB="{certificate.not_valid_before_utc.timestamp():.0f}"',
        "sans": 'SAN="alvin.test,10.0.0.1"',
        "serialNumber": f'SerialNumber="{certificate.serial_number}"',
    }
    assert unquote(told(edge, app, client, f"info-{field}")["-info"]) == expected[field]
