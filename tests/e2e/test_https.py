"""Domains served over HTTPS: the plain entry point redirects, the secure one answers, and one router stays one."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.acting import Running, Servers, acting, pool
from tests.e2e.edge import place
from tests.running import free_port, http_client, running_service, wait_until

STORED = {"from": "stored"}


@pytest.fixture(scope="module")
def secure_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def edge(migrated: Path, tmp_path_factory: pytest.TempPathFactory, secure_port: int) -> Iterator[Running]:
    def adapt(static: dict[str, Any]) -> None:
        static["entryPoints"]["websecure"]["address"] = f"127.0.0.1:{secure_port}"
        static["entryPoints"]["sealed"] = {"address": f"127.0.0.1:{free_port()}", "http": {"tls": {}}}
        leading = {"redirections": {"entryPoint": {"to": "websecure", "priority": 50}}}
        static["entryPoints"]["leading"] = {"address": f"127.0.0.1:{free_port()}", "http": leading}

    with acting(tmp_path_factory.mktemp("https"), migrated, adapt=adapt, secure_port=secure_port) as made:
        yield made


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as made:
        yield made


def over_https(host: str, port: int, path: str = "/", **options: Any) -> httpx.Response:
    """Ask the secure entry point for a host, by SNI and by name."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with httpx.Client(verify=trusting, trust_env=False, timeout=60) as asking:
        extensions = {"sni_hostname": host}
        return asking.get(f"https://127.0.0.1:{port}{path}", headers={"Host": host}, extensions=extensions, **options)


def state(servers: Servers, domains: dict[str, Any], **router: Any) -> dict[str, Any]:
    (first,) = servers.http("first")
    names = [domain for domain in domains if domain != "unused.test"]
    return {
        "domains": domains,
        "services": {"app": pool(first)},
        "routers": {"app": {"domains": names, "service": "app", **router}},
    }


def test_a_domain_is_served_over_https_and_http_leads_there(edge: Running, servers: Servers, secure_port: int) -> None:
    edge.apply(state(servers, {"a.test": {"tls": STORED}}))
    assert over_https("a.test", secure_port).text == "first"
    moved = edge.get("a", "/x?y=1")
    assert (moved.status_code, moved.headers["location"]) == (301, f"https://a.test:{secure_port}/x?y=1")
    kept = edge.get("a", "/x", method="POST", content=b"form")
    assert (kept.status_code, kept.headers["location"]) == (308, f"https://a.test:{secure_port}/x")
    # Here it is one router, whatever Traefik has of it; and what is asked of it is explained as it is.
    shown = edge.client.get("/routers").json()["items"]
    assert [(each["name"], each["entryPoints"], each["tls"]) for each in shown] == [("app", None, None)]
    assert set(edge.traefik.objects("routers")) == {"app", "app.redirect"}
    told = {
        url: edge.client.get("/explain", params={"url": url}).json() for url in ("http://a.test/x", "https://a.test/x")
    }
    assert [(each["router"], len(each["steps"])) for each in told.values()] == [("app", 1), ("app", 0)]


def test_who_is_said_to_take_a_request_does_with_and_without_tls_and_where_entry_points_add_it(
    edge: Running, servers: Servers
) -> None:
    plain, secure, above = servers.http("plain", "secure", "above")
    points = ["web", "websecure", "sealed"]
    whole: dict[str, Any] = {"rule": "PathPrefix(`/`)", "entryPoints": points}
    edge.apply(
        {
            "services": {"plain": pool(plain), "secure": pool(secure), "above": pool(above)},
            "routers": {
                "plain": {**whole, "service": "plain", "priority": 2},
                "secure": {**whole, "service": "secure", "priority": 1, "tls": {}},
                "above": {"rule": "Path(`/above`)", "priority": 3, "service": "above", "entryPoints": points},
            },
        }
    )
    addresses = edge.client.get("/edges/default").json()["entryPoints"]

    def answers(url: str, point: str) -> str | None:
        host, _slash, path = url.partition("://")[2].partition("/")
        port = int(addresses[point].rpartition(":")[2])
        if url.startswith("https"):
            answer = over_https(host, port, f"/{path}")
        else:
            answer = httpx.get(f"http://127.0.0.1:{port}/{path}", headers={"Host": host}, trust_env=False)
        return answer.text if answer.status_code == 200 else None

    def told(url: str, point: str) -> str | None:
        found: str | None = edge.client.get("/explain", params={"url": url, "entryPoint": point}).json()["router"]
        return found

    # What the entry points add is read apart from the rest, and told once it is known.
    wait_until(lambda: told("http://a.test/", "sealed") is None, "the TLS of the entry points is known")
    asked = [
        (f"{scheme}://a.test/{path}", point)
        for scheme in ("http", "https")
        for path in ("", "above")
        for point in points
    ]
    real = {each: answers(*each) for each in asked}
    assert {each: told(*each) for each in asked} == real
    assert set(real.values()) == {None, "plain", "secure", "above"}


def test_an_entry_point_that_redirects_by_itself_is_known_and_comes_before_routers_below_it(
    edge: Running, servers: Servers
) -> None:
    (first,) = servers.http("first")
    given = {"service": "app", "entryPoints": ["leading"]}
    low, high = {"rule": "PathPrefix(`/`)", "priority": 49}, {"rule": "Path(`/high`)", "priority": 51}
    edge.apply({"services": {"app": pool(first)}, "routers": {"low": given | low, "high": given | high}})
    port = edge.client.get("/edges/default").json()["entryPoints"]["leading"].rpartition(":")[2]

    def told(path: str) -> str | None:
        query = {"url": f"http://a.test{path}", "entryPoint": "leading"}
        found: str | None = edge.client.get("/explain", params=query).json()["router"]
        return found

    def status(path: str) -> int:
        address = f"http://127.0.0.1:{port}{path}"
        return httpx.get(address, headers={"Host": "a.test"}, trust_env=False).status_code

    wait_until(lambda: told("/") != "low", "what the entry points do by themselves is known")
    assert [(told(path), status(path)) for path in ("/", "/high")] == [
        ("leading-to-websecure@internal", 301),
        ("high", 200),
    ]
    warned = [each["objects"][0]["name"] for each in edge.client.get("/conflicts").json()["items"]]
    assert warned == ["low"]


def test_a_domain_without_a_redirect_is_served_both_ways(edge: Running, servers: Servers, secure_port: int) -> None:
    edge.apply(state(servers, {"a.test": {"tls": STORED, "redirectToHttps": False}}))
    assert over_https("a.test", secure_port).text == "first"
    assert edge.get("a").text == "first"


def test_domains_of_one_router_are_served_each_in_its_way(edge: Running, servers: Servers, secure_port: int) -> None:
    domains = {
        "a.test": {"tls": STORED},
        "b.test": {},
        "*.c.test": {"tls": STORED},
        "d.test": {"tls": {"from": "stored", "options": "strict"}},
    }
    declared = state(servers, domains) | {"tlsOptions": {"strict": {"minVersion": "VersionTLS13"}}}
    edge.apply(declared)
    for host in ("a.test", "www.c.test", "d.test"):
        assert over_https(host, secure_port).text == "first", host
        assert edge.get(host.removesuffix(".test")).status_code == 301, host
    assert edge.get("b").text == "first"
    assert over_https("b.test", secure_port).status_code == 404
    options = {name: each.get("tls", {}).get("options") for name, each in edge.traefik.objects("routers").items()}
    assert [name for name, found in options.items() if found == "strict"] == ["app.secure2"]


def test_a_change_of_the_domain_alone_reaches_its_routers(edge: Running, servers: Servers, secure_port: int) -> None:
    edge.apply(state(servers, {"a.test": {}}, pathPrefix="/app"))
    assert edge.get("a", "/app").text == "first"
    changed = edge.client.patch("/domains/a.test", json={"tls": STORED}, headers={"Prefer": "wait=30"})
    assert (changed.status_code, changed.headers["preference-applied"]) == (200, "wait")
    assert over_https("a.test", secure_port, "/app").text == "first"
    assert edge.get("a", "/app").headers["location"] == f"https://a.test:{secure_port}/app"
    edge.client.patch("/domains/a.test", json={"tls": None}, headers={"Prefer": "wait=30"}).raise_for_status()
    assert edge.get("a", "/app").text == "first"
    assert set(edge.traefik.objects("routers")) == {"app"}


def test_what_a_router_says_itself_takes_precedence(edge: Running, servers: Servers, secure_port: int) -> None:
    edge.apply(state(servers, {"a.test": {"tls": STORED}}, entryPoints=["web"]))
    assert edge.get("a").text == "first"
    edge.apply(state(servers, {"a.test": {}}, tls={}))
    assert over_https("a.test", secure_port).text == "first"
    assert edge.get("a").status_code == 404


def test_a_wildcard_of_a_resolver_is_named_to_it(edge: Running, servers: Servers) -> None:
    resolver = {"from": "resolver", "certResolver": "LE_dns"}
    edge.apply(state(servers, {"a.test": {"tls": resolver}, "*.b.test": {"tls": resolver}}))
    found = edge.traefik.objects("routers")
    names = [{"main": "a.test"}, {"main": "*.b.test"}]
    for name in ("app", "app.wildcards"):
        assert found[name]["tls"] == {"options": "default", "certResolver": "LE_dns", "domains": names}


def test_an_edge_without_the_secure_entry_point_is_told_before(
    migrated: Path, tmp_path: Path, servers: Servers
) -> None:
    port = free_port()
    with (
        place(tmp_path / "edge", f"http://127.0.0.1:{port}", "edge=default&wait=2") as made,
        running_service(tmp_path, migrated, port=port, traefik_api=made.api) as service,
        http_client(f"{service.url}/api/v1") as client,
    ):
        del made.static["entryPoints"]["websecure"]
        client.post("/apply", json=state(servers, {"a.test": {}})).raise_for_status()
        made.start().wait_for(service)
        wait_until(lambda: client.get("/edges/default").json().get("entryPoints"), "its entry points are known")
        told = client.patch("/domains/a.test", json={"tls": STORED}, params={"dryRun": True})
        assert told.headers["config-warnings"] == "1"
        assert "has no entry point websecure" in told.headers["config-warning"]


def test_an_application_is_exposed_with_https_and_what_protects_it(
    edge: Running, servers: Servers, secure_port: int
) -> None:
    edge.apply({})
    (first,) = servers.http("first")
    wanted = {
        "domain": "shop.test",
        "pathPrefix": "/api",
        "servers": [{"url": first.url}],
        "tls": STORED,
        "redirectWww": True,
        "users": ["alvin:secret"],
        "allow": ["127.0.0.1"],
        "stripPrefix": True,
        "securityHeaders": True,
    }
    made = edge.client.post("/expose", json=wanted, headers={"Prefer": "wait=30"})
    assert made.status_code == 201, made.text
    assert "secret" not in made.text
    assert made.json()["router"]["middlewares"] == ["shop-allow", "shop-password", "shop-headers", "shop-strip"]
    assert edge.get("shop", "/api/x").headers["location"] == f"https://shop.test:{secure_port}/api/x"
    assert over_https("shop.test", secure_port, "/api/x").status_code == 401
    answer = over_https("shop.test", secure_port, "/api/x", auth=("alvin", "secret"))
    assert (answer.text, answer.headers["x-frame-options"], answer.headers["x-content-type-options"]) == (
        *("first", "DENY", "nosniff"),
    )
    assert (first.asked[-1].path, "authorization" in first.asked[-1].headers) == ("/x", False)
    moved = over_https("www.shop.test", secure_port, "/api/x?y=1")
    assert (moved.status_code, moved.headers["location"]) == (301, "https://shop.test/api/x?y=1")
    # From elsewhere nobody comes in; and it all went in one revision.
    edge.client.patch(
        "/middlewares/shop-allow", json={"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}}, headers={"Prefer": "wait=30"}
    ).raise_for_status()
    assert over_https("shop.test", secure_port, "/api/x", auth=("alvin", "secret")).status_code == 403
