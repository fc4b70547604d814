"""`expose` makes a whole application, and tells how to try it; `status` tells what there is."""

import io
import json
import re
import shlex
import sys
from typing import Any

import httpx
import pytest

from tests.cli.running import Run
from tests.running import Service, Traefik, fetch, named_servers


def try_line(out: str) -> list[str]:
    [line] = [line for line in out.splitlines() if line.startswith("Try it: ")]
    return shlex.split(line.removeprefix("Try it: "))


def edges(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/edges").raise_for_status().json()["items"]
    return found


def test_it_makes_domain_router_service_and_servers_and_prints_them(cli: Run, client: httpx.Client) -> None:
    out = cli("expose", "alvin.xyz", "http://127.0.0.1:3000=3", "http://127.0.0.1:3001").check().out
    lines = [line.split() for line in out.splitlines()]
    assert ["Domain", "alvin.xyz"] in lines
    assert ["Router", "alvin:", "alvin.xyz", "on", "web"] in lines
    assert ["Service", "alvin"] in lines
    assert ["3000", "http://127.0.0.1:3000", "3", "ready", "75", "%"] in lines
    assert ["3001", "http://127.0.0.1:3001", "1", "ready", "25", "%"] in lines
    assert try_line(out)[:3] == ["curl", "-H", "Host: alvin.xyz"]
    assert client.get("/routers/alvin").json()["domains"] == ["alvin.xyz"]


def test_the_traffic_flows_after_it(cli: Run, service: Service, traefik: Traefik) -> None:
    with named_servers("a", "b") as (a, b):
        servers = (f"{a.url}=3", f"b={b.url}")
        out = cli("expose", "belajar.example", *servers, "--entry-point-url", traefik.web).check().out
        traefik.wait_for(service)
        _curl, _header, host, url = try_line(out)
        answers = [fetch(url, headers={"Host": host.removeprefix("Host: ")}).text for _ in range(8)]
        assert sorted(answers) == ["a"] * 6 + ["b"] * 2


def test_json_is_what_rest_answers(cli: Run, client: httpx.Client) -> None:
    made = json.loads(cli("expose", "alvin.xyz", "a=http://127.0.0.1:3000=3", "-o", "json").check().out)
    assert made["name"] == "alvin"
    assert made["router"] == client.get("/routers/alvin").json()
    assert made["servers"] == client.get("/services/alvin/servers").json()["items"]


def test_every_option_arrives(cli: Run, client: httpx.Client) -> None:
    check = ("--health-check", "/health", "--health-check-interval", "9s", "--health-check-timeout", "3s")
    cli("expose", "alvin.xyz", "a=http://h:1=7", "--name", "shop", "--path-prefix", "/shop", *check).check()
    assert client.get("/routers/shop").json()["pathPrefix"] == "/shop"
    assert client.get("/services/shop").json()["healthCheck"] == {"path": "/health", "interval": "9s", "timeout": "3s"}
    assert client.get("/services/shop/servers/a").json()["weight"] == 7


@pytest.mark.parametrize(
    ("domain", "options", "host", "url"),
    [
        ("alvin.xyz", (), "alvin.xyz", "http://127.0.0.1:8080/"),
        ("*.alvin.xyz", (), "www.alvin.xyz", "http://127.0.0.1:8080/"),
        ("*.Bücher.example", (), "www.xn--bcher-kva.example", "http://127.0.0.1:8080/"),
        ("alvin.xyz", ("--path-prefix", "/it's"), "alvin.xyz", "http://127.0.0.1:8080/it's"),
        ("alvin.xyz", ("--entry-point-url", "http://edge:80/"), "alvin.xyz", "http://edge:80/"),
    ],
)
def test_the_line_to_try_it_can_be_pasted_into_a_shell(
    cli: Run, client: httpx.Client, domain: str, options: tuple[str, ...], host: str, url: str
) -> None:
    out = cli("expose", domain, "http://127.0.0.1:3000", "--name", "shop", *options).check().out
    *told, asked = try_line(out)
    assert told == ["curl", "-H", f"Host: {host}"]
    is_known = bool(options[:1] == ("--entry-point-url",) or any(edge["entryPoints"] for edge in edges(client)))
    assert ("port 8080 is a guess" in out) is not is_known
    assert re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:8080", asked) == url  # an edge of another test may be known


@pytest.mark.parametrize("server", ["http://h:1=x", "a=b=http://h:1=1", "http://h:1=", "http://h:1=1.5", "=1=2=3"])
def test_a_server_that_is_not_one_is_a_usage_error(cli: Run, server: str) -> None:
    assert cli("expose", "alvin.xyz", server).usage_error().endswith("is not a server: write [NAME=]URL[=WEIGHT]")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("alvin.xyz", "ftp://h:1"), "servers/0/url: 'ftp://h:1' does not begin with http://, https:// or h2c://"),
        (
            ("alvin.xyz", "http://h:1", "http://h:2=0"),
            "servers/1/weight: a weight of 0 is not allowed: drain the server",
        ),
        (("alvin.xyz", "A=http://h:1"), "servers/0/name: 'A' is not a name"),
        (("alvin..xyz", "http://h:1"), "domain: 'alvin..xyz' is not a host name"),
        (("alvin.xyz", "http://h:1", "--path-prefix", "x"), "pathPrefix: 'x' is not a path prefix"),
        (("alvin.xyz", "http://h:1", "--health-check-timeout", "9s"), "healthCheck/timeout: the timeout is longer"),
    ],
)
def test_what_the_service_refuses_is_one_line_that_names_the_field(
    cli: Run, client: httpx.Client, arguments: tuple[str, ...], told: str
) -> None:
    assert told in cli("expose", *arguments).error()
    assert client.get("/domains").json()["items"] == []


@pytest.mark.usefixtures("exposed")
def test_what_is_taken_is_one_line(cli: Run) -> None:
    told = cli("expose", "other.example", "http://h:1", "--name", "wayshub").error()
    assert told == "name: service wayshub already exists: choose another name"
    told = cli("expose", "alvin.xyz", "http://h:1", "--name", "other").error()
    assert told == "domain: alvin.xyz is already exposed by router wayshub"


@pytest.mark.usefixtures("exposed")
def test_status_tells_what_is_served_and_what_there_is(cli: Run, service: Service, client: httpx.Client) -> None:
    client.patch("/routers/wayshub", json={"enabled": False}).raise_for_status()
    client.post("/domains", json={"name": "belajar.example"}).raise_for_status()
    out = cli("status").check().out
    assert out.startswith(f"{service.url} is ready.\n")
    assert "Serves    0 routers, 1 service\n" in out
    assert "Holds     2 domains, 1 router, 1 service\n" in out
    assert f"Digest    {service.digest()}\n" in out
    ready = fetch(f"{service.url}/readyz").json()
    told = json.loads(cli("status", "-o", "json").check().out)
    assert told.items() >= {"url": service.url, **ready}.items()
    assert told["objects"] == {"domains": 2, "routers": 1, "services": 1}


def test_the_line_to_try_an_application_over_https_asks_for_it_by_its_name(cli: Run) -> None:
    given = ("expose", "alvin.xyz", "http://127.0.0.1:3000", "--https", "--entry-point-url", "https://127.0.0.1:8443")
    told = try_line(cli(*given).check().out)
    assert told == ["curl", "-k", "--connect-to", "::127.0.0.1:8443", "https://alvin.xyz:8443/"]


def test_the_switches_arrive_and_the_password_is_read_and_not_shown(
    cli: Run, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("s3cret\n"))
    switches = (
        "--password",
        "alvin",
        "--allow",
        "10.0.0.0/8",
        "--strip-prefix",
        "--security-headers",
        "--redirect-www",
    )
    given = ("expose", "alvin.xyz", "http://127.0.0.1:3000", "--cert-resolver", "letters", "--path-prefix", "/app")
    out = cli(*given, *switches).check().out
    assert "s3cret" not in out
    assert client.get("/domains/www.alvin.xyz").json()["tls"]["certResolver"] == "letters"
    kinds = {
        name: client.get(f"/middlewares/alvin-{name}").json() for name in ("allow", "password", "headers", "strip")
    }
    assert kinds["allow"]["ipAllowList"]["sourceRange"] == ["10.0.0.0/8"]
    assert kinds["strip"]["stripPrefix"]["prefixes"] == ["/app"]
    assert kinds["password"]["basicAuth"]["users"][0].startswith("alvin:")
    assert "redirectRegex" in client.get("/middlewares/alvin-www").json()
