"""TLS with clients, and what Traefik records: what routers ask for acts on real requests."""

import gzip
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.e2e.acting import Recorder, Running, Servers, acting, acts, pool, routed
from tests.running import wait_until


@pytest.fixture(scope="module")
def collector() -> Iterator[Recorder]:
    """Give who collects traces."""
    with Servers() as servers:
        yield servers.http("collector")[0]


@pytest.fixture(scope="module")
def edge(collector: Recorder, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("tls")

    def adapt(static: dict[str, Any]) -> None:
        static["accessLog"] = {"filePath": str(folder / "access.log")}
        static["metrics"]["prometheus"]["addRoutersLabels"] = True
        static["tracing"] = {"otlp": {"http": {"endpoint": f"{collector.url}/v1/traces"}}}

    with acting(folder, migrated, adapt=adapt) as made:
        yield made


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as made:
        yield made


def trusting() -> ssl.SSLContext:
    """Return a client's TLS that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def shake_hands(edge: Running, name: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Speak TLS with Traefik, and ask for something, so that a refusal of a certificate shows. Raises `OSError`."""
    url = httpx.URL(edge.traefik.web)
    plain = socket.create_connection((url.host, url.port or 0), timeout=60)
    made = context.wrap_socket(plain, server_hostname=f"{name}.test")
    made.sendall(f"GET / HTTP/1.1\r\nHost: {name}.test\r\n\r\n".encode())
    return made


def answers(edge: Running, name: str, context: ssl.SSLContext | None = None) -> bool:
    """Tell whether a router answers by TLS, in place of breaking the connection off."""
    try:
        with shake_hands(edge, name, context or trusting()) as made:
            return made.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def with_options(name: str, **options: Any) -> dict[str, Any]:
    return {"tlsOptions": {name: options}, "routers": routed(name, service="app", tls={"options": name})}


def test_a_router_with_tls_answers_by_tls_alone(edge: Running, servers: Servers) -> None:
    (app,) = servers.http("app")
    edge.apply({"services": {"app": pool(app)}, "routers": routed("app", tls={})})
    assert answers(edge, "app")
    assert edge.get("app").status_code == 404
    with shake_hands(edge, "app", trusting()) as made:
        assert b"TRAEFIK DEFAULT CERT" in (made.getpeercert(binary_form=True) or b"")


@acts(
    "tls.options.*.{minVersion,maxVersion,cipherSuites,curvePreferences,alpnProtocols,disableSessionTickets}",
    "http.routers.*.tls.options",
)
def test_clients_speak_the_versions_and_suites_that_the_options_say(edge: Running, servers: Servers) -> None:
    (app,) = servers.http("app")
    suite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    options = [
        with_options("modern", minVersion="VersionTLS13"),
        with_options("classic", maxVersion="VersionTLS12", cipherSuites=[suite], disableSessionTickets=True),
        with_options("one-protocol", alpnProtocols=["http/1.1"], curvePreferences=["X25519"]),
    ]
    declared: dict[str, Any] = {"services": {"app": pool(app)}, "tlsOptions": {}, "routers": {}}
    for each in options:
        for section, members in each.items():
            declared[section] |= members
    edge.apply(declared)
    old, new = trusting(), trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    assert [answers(edge, "modern", context) for context in (old, new)] == [False, True]
    assert [answers(edge, "classic", context) for context in (old, new)] == [True, False]
    with shake_hands(edge, "classic", old) as made:
        cipher = made.cipher()
        assert cipher is not None
        assert cipher[0] == "ECDHE-RSA-AES128-GCM-SHA256"
        assert made.session is not None
        assert not made.session.has_ticket
    offering = trusting()
    offering.set_alpn_protocols(["h2", "http/1.1"])
    with shake_hands(edge, "one-protocol", offering) as made:
        assert made.selected_alpn_protocol() == "http/1.1"
    curves = trusting()
    curves.set_ecdh_curve("secp384r1")
    assert not answers(edge, "one-protocol", curves)


@acts("tls.options.*.clientAuth.{caFiles,clientAuthType}")
def test_clients_show_a_certificate_where_the_options_want_one(edge: Running, servers: Servers, tmp_path: Path) -> None:
    (app,) = servers.http("app")
    ca, stranger = trustme.CA(), trustme.CA()
    trusted = ca.cert_pem.bytes().decode()
    wanted = {"clientAuth": {"clientAuthType": "RequireAndVerifyClientCert", "caFiles": [trusted]}}
    declared = with_options("members", **wanted)
    edge.apply({**declared, "services": {"app": pool(app)}})
    found = []
    for number, issuer in enumerate((None, stranger, ca)):
        context = trusting()
        if issuer is not None:
            file = tmp_path / f"{number}.pem"
            issuer.issue_cert("alvin@alvin.xyz").private_key_and_cert_chain_pem.write_to_path(str(file))
            context.load_cert_chain(file)
        found.append(answers(edge, "members", context))
    assert found == [False, False, True]


@acts("tls.options.*.sniStrict")
def test_a_name_without_a_certificate_is_refused_where_the_options_are_strict(edge: Running, servers: Servers) -> None:
    (app,) = servers.http("app")
    edge.apply({**with_options("strict", sniStrict=True), "services": {"app": pool(app)}})
    assert not answers(edge, "strict")


def test_options_named_default_hold_where_a_router_names_none(edge: Running, servers: Servers) -> None:
    (app,) = servers.http("app")
    options = {"default": {"minVersion": "VersionTLS13"}}
    edge.apply({"tlsOptions": options, "services": {"app": pool(app)}, "routers": routed("app", tls={})})
    old = trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert not answers(edge, "app", old)
    assert answers(edge, "app")


@acts("http.routers.*.observability.{accessLogs,metrics}")
def test_what_is_recorded_of_requests_is_what_the_router_says(edge: Running, servers: Servers) -> None:
    (app,) = servers.http("app")
    silent = {"accessLogs": False, "metrics": False, "tracing": False, "traceVerbosity": "detailed"}
    routers = {
        **routed("silent", service="app", observability=silent),
        **routed("told", service="app", observability={"accessLogs": True, "metrics": True}),
    }
    edge.apply({"services": {"app": pool(app)}, "routers": routers})
    for name in ("silent", "told"):
        edge.get(name).raise_for_status()
    log = edge.place.log.parent.parent / "access.log"
    wait_until(lambda: "told@http" in log.read_text(), "a request is logged")
    assert "silent@http" not in log.read_text()
    metrics = httpx.get(f"{edge.traefik.api}/metrics").text
    assert 'router="told@http"' in metrics
    assert 'router="silent@http"' not in metrics


@acts("http.routers.*.observability.{tracing,traceVerbosity}")
def test_requests_are_traced_as_the_router_says(edge: Running, collector: Recorder, servers: Servers) -> None:
    (app,) = servers.http("app")
    routers = {
        name: routed(name, service="app", observability=observability)[name]
        for name, observability in {
            "untraced": {"tracing": False},
            "minimal": {"tracing": True},
            "detailed": {"tracing": True, "traceVerbosity": "detailed"},
        }.items()
    }
    edge.apply({"services": {"app": pool(app)}, "routers": routers})
    for name in routers:
        edge.get(name).raise_for_status()

    def traced() -> bytes:
        return b"".join(gzip.decompress(each.body) for each in collector.asked)

    wait_until(lambda: b"detailed.test" in traced() and b"minimal.test" in traced(), "requests are traced")
    assert b"untraced.test" not in traced()
    # Only detailed traces have what Traefik does inside, with the names of routers.
    assert (b"detailed@http" in traced(), b"minimal@http" in traced()) == (True, False)
