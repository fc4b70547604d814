"""Behind a proxy: who is asked for what, by which scheme, and whose pages are the service's own."""

import asyncio
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.types import Receive, Scope, Send

from provider.addresses import read_networks
from provider.api.proxies import Proxies
from tests.people import add_account, bearer, log_in, nobody, session_cookie
from tests.running import TOKEN, Service, answers, free_port, running_service, traefik_command, wait_until

SECURE = "__Host-provider_session"
PLAIN = "provider_session"
PROXY = "127.0.0.9"


@pytest.fixture(scope="module")
def proxied(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service behind the proxies at 127.0.0.9 and in 10.20.0.0/16."""
    folder, hosts = tmp_path_factory.mktemp("proxied"), "console.example"
    with running_service(folder, migrated, trusted_proxies=f"{PROXY},10.20.0.0/16", allowed_hosts=hosts) as made:
        add_account(made.database, "desk")
        yield made


@pytest.fixture(scope="module")
def public(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose public URL is set, behind a proxy at 127.0.0.9 that passes nothing on."""
    folder, url = tmp_path_factory.mktemp("public"), "https://console.example:8443"
    with running_service(folder, migrated, trusted_proxies=PROXY, public_url=url) as made:
        add_account(made.database, "desk")
        yield made


@contextmanager
def client_at(service: Service, address: str, **headers: str) -> Iterator[httpx.Client]:
    with nobody(service, transport=httpx.HTTPTransport(local_address=address)) as client:
        client.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        yield client


def logged_in(service: Service, address: str, **headers: str) -> str:
    """The name of the session's cookie, without the port, after the login form was sent as a page's own."""
    with client_at(service, address, **headers) as client:
        return session_cookie(log_in(client, "desk"))[0].rpartition("_")[0]


@pytest.mark.parametrize("proto", ["https", "HTTPS", "https,http", "https, http", "wss", "Https , https"])
def test_the_scheme_is_that_of_the_outermost_proxy_in_any_case(proxied: Service, proto: str) -> None:
    assert logged_in(proxied, PROXY, X_Forwarded_Proto=proto) == SECURE
    assert logged_in(proxied, "127.0.0.10", X_Forwarded_Proto=proto) == PLAIN, "nobody else is believed"


def test_a_scheme_that_is_none_is_told_once(proxied: Service, caplog: pytest.LogCaptureFixture) -> None:
    for _time in range(3):
        assert logged_in(proxied, PROXY, X_Forwarded_Proto="on") == PLAIN
    told = [record.getMessage() for record in caplog.records if "a trusted proxy" in record.getMessage()]
    assert len(told) == 1
    assert "neither http nor https" in told[0]
    assert told[0].isprintable()


def test_a_proxy_that_does_not_say_that_it_was_asked_by_https_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def passed(scope: Scope, _receive: Receive, _send: Send) -> None:
        assert scope["scheme"] == "http"

    async def ask(proxies: Proxies) -> None:
        for _time in range(3):
            headers = [(b"host", b"console.example"), (b"origin", b"https://console.example")]
            scope = {"type": "http", "client": (PROXY, 1), "scheme": "http", "headers": headers}
            await proxies(scope, nothing, nothing)

    async def nothing(*_message: object) -> Any:
        raise AssertionError

    asyncio.run(ask(Proxies(passed, read_networks(PROXY))))
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert told[0].endswith("so cookies are not Secure: let it send X-Forwarded-Proto")


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"X_Forwarded_Host": "console.example"}, "https://console.example"),
        ({"X_Forwarded_Host": "console.example:8443"}, "https://console.example:8443"),
        ({"X_Forwarded_Host": "console.example, inner.example:81"}, "https://console.example"),
        ({"X_Forwarded_Host": "console.example", "X_Forwarded_Port": "8443"}, "https://console.example:8443"),
        ({"X_Forwarded_Host": "console.example", "X_Forwarded_Port": "8443"}, "https://console.example"),
        ({"Host": "console.example", "X_Forwarded_Port": "8443,80"}, "https://console.example:8443"),
        ({"Host": "console.example", "X_Forwarded_Port": "x"}, "https://console.example"),
        ({"Forwarded": "for=203.0.113.7;host=console.example;proto=https"}, "https://console.example"),
        ({"Forwarded": 'For="[2001:db8::1]:4711"; Host="console.example:8443"'}, "https://console.example:8443"),
        (
            {"Forwarded": "host=evil.example, for=1.2.3.4;host=console.example, for=10.20.0.3;host=inner"},
            "http://console.example",
        ),
    ],
)
def test_the_host_that_a_trusted_proxy_was_asked_for_counts(
    proxied: Service, headers: dict[str, str], origin: str
) -> None:
    own = {"Origin": origin, "Sec_Fetch_Site": "same-origin"}
    with client_at(proxied, PROXY, **headers, **own) as client:
        assert log_in(client, "desk").status_code == 303
    if "Host" not in headers:
        with client_at(proxied, "127.0.0.10", **headers, **own) as client:
            assert log_in(client, "desk").status_code == 403, "nobody else is believed"


@pytest.mark.parametrize("host", ["evil.example", "console.example.evil.example", "a b", "", ",console.example"])
def test_a_forwarded_host_is_checked_as_any_other(proxied: Service, host: str) -> None:
    with client_at(proxied, PROXY, X_Forwarded_Host=host, Origin="http://evil.example") as client:
        assert log_in(client, "desk").status_code == 403


def test_forwarded_counts_only_where_nothing_else_is_said(proxied: Service) -> None:
    said = {"X_Forwarded_For": "203.0.113.7", "Forwarded": "for=1.1.1.1;proto=https;host=evil.example"}
    assert logged_in(proxied, PROXY, **said) == PLAIN


@pytest.mark.parametrize(
    "value", ["", ",", ";;", 'for="', "for=;host=;proto=", "=" * 1999, '"' * 999, 'for="\\', "for=x;" * 900, "host==a"]
)
def test_whatever_stands_in_forwarded_is_no_fault(proxied: Service, value: str) -> None:
    with client_at(proxied, PROXY, Forwarded=value) as client:
        assert client.get("/login").status_code in {200, 403}
        assert client.get("/readyz").status_code in {200, 403}


def test_a_refusal_names_both_origins(proxied: Service) -> None:
    with client_at(proxied, "127.0.0.10", Host="localhost:8000", Origin="https://console.example") as client:
        detail = log_in(client, "desk").json()["detail"]
    assert "https://console.example" in detail
    assert "http://localhost:8000" in detail
    assert "PROVIDER_PUBLIC_URL" in detail


def test_with_a_public_url_a_proxy_need_not_pass_anything_on(public: Service) -> None:
    own = {"Origin": "https://console.example:8443", "Sec_Fetch_Site": "same-origin"}
    host = "console.example:8443"
    assert logged_in(public, PROXY, X_Forwarded_Host=host, **own) == SECURE, "without the scheme, as of HAProxy"
    for host in ("provider:8000", "127.0.0.1:8000"):  # as nginx names what it asks, unless told otherwise
        assert logged_in(public, PROXY, Host=host, **own) == SECURE
        with client_at(public, PROXY, Host=host) as client:
            name, value, _attributes = session_cookie(log_in(client, "desk"))
            client.headers["Cookie"] = f"{name}={value}"
            assert "https://console.example:8443/traefik/configuration" in client.get("/connect").text


def test_a_public_url_names_its_own_pages_whoever_passes_them_on(public: Service) -> None:
    own = {"Origin": "https://console.example:8443", "Sec_Fetch_Site": "same-origin"}
    with client_at(public, "127.0.0.10", **own) as client:
        assert log_in(client, "desk").status_code == 303
    for origin in ("https://console.example", "http://console.example:8443", "https://evil.example:8443"):
        with client_at(public, "127.0.0.10", Origin=origin) as client:
            assert log_in(client, "desk").status_code == 403
    with client_at(public, "127.0.0.10", Host="console.example:8443") as client:
        assert client.get("/login").status_code == 200


# A real proxy


@pytest.fixture(scope="module")
def traefik(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """A Traefik in front of a service, with and without TLS; it gives the URL of a scheme.

    For `kept.example` it passes the host on, for `other.example` it names the service as it knows it.
    """
    folder, port, ports = tmp_path_factory.mktemp("front"), free_port(), {"http": free_port(), "https": free_port()}
    settings: dict[str, Any] = {"trusted_proxies": "127.0.0.1/32", "allowed_hosts": "kept.example,other.example"}
    routers: dict[str, Any] = {}
    for name in ("kept", "other"):
        rule = {"rule": f"Host(`{name}.example`)", "service": name}
        routers |= {
            name: {**rule, "entryPoints": ["http"]},
            f"{name}-tls": {**rule, "entryPoints": ["https"], "tls": {}},
        }
    server = {"servers": [{"url": f"http://127.0.0.1:{port}"}]}
    services = {name: {"loadBalancer": {**server, "passHostHeader": name == "kept"}} for name in ("kept", "other")}
    (folder / "dynamic.yml").write_text(yaml.safe_dump({"http": {"routers": routers, "services": services}}))
    static = {
        "entryPoints": {name: {"address": f"127.0.0.1:{number}"} for name, number in ports.items()},
        "providers": {"file": {"filename": str(folder / "dynamic.yml")}},
        "ping": {"entryPoint": "http"},
    }
    (folder / "traefik.yml").write_text(yaml.safe_dump(static))
    with running_service(folder, migrated, port=port, **settings) as service:
        add_account(service.database, "desk")
        process = subprocess.Popen([traefik_command(), f"--configFile={folder / 'traefik.yml'}"])
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{ports['http']}/ping"), "Traefik answers")
            yield lambda scheme: f"{scheme}://127.0.0.1:{ports[scheme]}"
        finally:
            process.kill()
            process.wait(timeout=60)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", ["kept.example", "other.example"])
def test_forms_work_and_cookies_are_secure_behind_a_real_traefik(
    traefik: Callable[[str], str], name: str, scheme: str
) -> None:
    url = httpx.URL(traefik(scheme))
    own = {"Host": f"{name}:{url.port}", "Origin": f"{scheme}://{name}:{url.port}", "Sec-Fetch-Site": "same-origin"}
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    with httpx.Client(base_url=url, verify=trust, headers=own, timeout=60) as client:
        wait_until(lambda: client.get("/login").status_code == 200, "Traefik has its routers")
        cookie, _value, attributes = session_cookie(log_in(client, "desk"))
        kind, _underscore, port = cookie.rpartition("_")
        assert port == str(url.port)
        assert (kind, "secure" in attributes) == ((SECURE, True) if scheme == "https" else (PLAIN, False))
        strange = client.post("/login", data={}, headers={"Origin": "https://evil.example"})
        assert strange.status_code == 403


class TestKeys:
    """The configuration has private keys: nobody on the way may read them."""

    def test_an_edge_elsewhere_polls_over_tls(self, proxied: Service) -> None:
        far = {"X_Forwarded_For": "203.0.113.7", **bearer(TOKEN)}
        with client_at(proxied, PROXY, **far, X_Forwarded_Proto="http") as client:
            refused = client.get("/traefik/configuration")
            assert refused.status_code == 403
            assert "poll over TLS" in refused.json()["detail"]
            assert "PRIVATE KEY" not in refused.text
        with client_at(proxied, PROXY, **far, X_Forwarded_Proto="https") as client:
            assert client.get("/traefik/configuration").status_code == 200

    @pytest.mark.parametrize("address", ["127.0.0.1", PROXY])
    def test_an_edge_on_this_machine_or_among_the_proxies_needs_none(self, proxied: Service, address: str) -> None:
        with client_at(proxied, address, **bearer(TOKEN)) as client:
            assert client.get("/traefik/configuration").status_code == 200

    def test_the_operator_may_insist(self, migrated: Path, tmp_path: Path) -> None:
        with running_service(tmp_path, migrated, trusted_proxies=PROXY, allow_insecure=True) as service:
            far = {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "http", **bearer(TOKEN)}
            with client_at(service, PROXY, **far) as client:
                assert client.get("/traefik/configuration").status_code == 200
