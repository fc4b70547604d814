"""`explain` and `check`: why a request goes where it goes, and what is in its way."""

import json

import httpx
import pytest

from tests.cli.running import Run

pytestmark = pytest.mark.usefixtures("exposed")


def test_a_request_is_explained(cli: Run) -> None:
    first, _empty, head, row, _empty, _servers, a, b = cli("explain", "http://alvin.xyz/api").check().out.splitlines()
    assert first == (
        "http://alvin.xyz/api: router wayshub: it matches, and no other router does. It points to the service wayshub."
    )
    assert head.split() == ["Router", "Verdict", "Priority", "Why", "Rule"]
    assert row.startswith("wayshub  takes    25")
    assert a.split() == ["a", "http://127.0.0.1:3000", "75", "%"]
    assert b.split() == ["b", "http://127.0.0.1:3001", "25", "%"]


def test_method_headers_client_and_entry_point_are_asked_for(cli: Run, client: httpx.Client) -> None:
    rule = "Method(`PUT`) && Header(`a`, `b`) && Header(`c`, `d`) && ClientIP(`::1`)"
    router = {"name": "odd", "rule": rule, "service": "wayshub", "entryPoints": ["other"]}
    client.post("/routers", json=router).raise_for_status()
    options = ("--method", "PUT", "-H", "a: b", "--header", "c:d", "--client", "::1", "--entry-point", "other")
    found = json.loads(cli("explain", "http://x.test/", *options, "-o", "json").check().out)
    assert found["router"] == "odd"
    told = cli("explain", "http://alvin.xyz/", *options[2:]).check().out.splitlines()
    assert told[0] == "http://alvin.xyz/: no router on other matches: Traefik answers 404."
    assert "it would match, but listens on web, not on other" in told[3]
    assert "it requires the method PUT, not GET" in cli("explain", "http://x.test/", *options[2:]).check().out
    assert cli("explain", "alvin.xyz").error() == "url: the URL does not begin with http:// or https:// and a host"


def test_check_lists_conflicts_and_tells_by_its_status(cli: Run, client: httpx.Client) -> None:
    assert cli("check").check().out == "No conflicts.\n"
    client.post("/services", json={"name": "unused"}).raise_for_status()
    found = cli("check")
    assert (found.status, found.err) == (2, "")
    assert found.out.splitlines()[1].split("  ")[0] == "unreached-service"
    assert "no router points to the service unused" in found.out
    listed = cli("check", "-o", "json")
    assert listed.status == 2
    assert json.loads(listed.out)["total"] == 1


def test_a_service_made_of_others_has_their_servers(cli: Run, client: httpx.Client) -> None:
    cli("service", "add", "blue").check()
    cli("server", "add", "blue", "a", "http://a.test:80").check()
    client.put("/services/made", json={"weighted": {"services": [{"name": "blue"}, {"name": "old@file"}]}})
    client.put("/routers/made", json={"rule": "Host(`made.test`)", "service": "made"})
    told = cli("explain", "http://made.test").check().out
    assert "blue/a" in told
    assert "old@file may answer too" in told
    assert "503" not in told
    shown = cli("service", "show", "made").check().out
    assert [line.split()[:2] for line in shown.splitlines() if line.startswith(("blue", "old"))] == [
        ["blue", "a"],
        ["old@file", "unknown,"],
    ]
    assert "50 %" in shown


def test_middlewares_say_what_becomes_of_the_request(cli: Run, client: httpx.Client) -> None:
    client.put("/middlewares/add", json={"addPrefix": {"prefix": "/app"}}).raise_for_status()
    client.put("/middlewares/login", json={"basicAuth": {"users": ["alvin:secret"]}}).raise_for_status()
    client.put("/middlewares/both", json={"chain": {"middlewares": ["add", "login"]}}).raise_for_status()
    client.patch("/routers/wayshub", json={"middlewares": ["add"]}).raise_for_status()
    told = cli("explain", "http://alvin.xyz/one").check().out.splitlines()
    assert told[0].endswith("It points to the service wayshub, whose servers get /app/one.")
    assert told[5].split() == ["Middleware", "Request", "Why"]
    assert told[6].split() == ["add", "changes", "the", "path", "/one", "becomes", "/app/one"]
    client.patch("/routers/wayshub", json={"middlewares": ["both"]}).raise_for_status()
    told = cli("explain", "http://alvin.xyz/one").check().out.splitlines()
    assert told[0].endswith("The middleware login answers 401: no server gets the request.")
    assert told[-1].startswith("both/login  ends")
