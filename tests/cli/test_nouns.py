"""Each noun is listed, shown, added, set and removed, with tables for people and JSON for programs."""

import json
from typing import Any

import httpx
import pytest

from tests.cli.running import Run

pytestmark = pytest.mark.usefixtures("exposed")

PATHS = {
    ("domain",): "/domains",
    ("router",): "/routers",
    ("service",): "/services",
    ("server", "wayshub"): "/services/wayshub/servers",
}
FIRST = {
    ("domain",): "alvin.xyz",
    ("router",): "wayshub",
    ("service",): "wayshub",
    ("server", "wayshub"): "a",
}


def command(noun: tuple[str, ...], verb: str) -> tuple[str, ...]:
    return (noun[0], verb, *noun[1:])


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def stored(client: httpx.Client, path: str) -> dict[str, Any]:
    item: dict[str, Any] = client.get(path).raise_for_status().json()
    return item


@pytest.mark.parametrize("noun", PATHS)
def test_json_is_what_rest_answers(cli: Run, client: httpx.Client, noun: tuple[str, ...]) -> None:
    listed = cli(*command(noun, "list"), "-o", "json").check().out
    assert json.loads(listed) == stored(client, PATHS[noun])["items"]
    shown = cli(*command(noun, "show"), FIRST[noun], "--output", "json").check().out
    assert json.loads(shown) == stored(client, f"{PATHS[noun]}/{FIRST[noun]}")


def test_lists_are_tables_with_what_matters_in_their_columns(cli: Run) -> None:
    head, a, b = cli("server", "list", "wayshub").check().out.splitlines()
    assert cells(head) == ["Name", "URL", "Weight", "State", "Share", "Health"]
    unknown = "unknown: the service has no health check"
    assert cells(a) == ["a", "http://127.0.0.1:3000", "3", "ready", "75 %", unknown]
    assert cells(b) == ["b", "http://127.0.0.1:3001", "1", "ready", "25 %", unknown]
    head, router = cli("router", "list").check().out.splitlines()
    assert cells(head) == ["Name", "Domains", "Path prefix", "Service", "Entry points", "Priority"]
    assert cells(router) == ["wayshub", "alvin.xyz", "none", "wayshub", "by its domains", "by rule"]
    head, service = cli("service", "list").check().out.splitlines()
    assert cells(head) == ["Name", "Health check", "Sticky", "Availability", "Strategy", "Host header"]
    assert cells(service) == ["wayshub", "none", "none", "2 of 2 servers take requests", "wrr", "the client's"]
    cli("domain", "set", "alvin.xyz", "--description", "The class's [bold]own[/bold] name").check()
    head, domain = cli("domain", "list").check().out.splitlines()
    assert cells(head) == ["Name", "Description"]
    assert cells(domain) == ["alvin.xyz", "The class's [bold]own[/bold] name"]


def test_what_few_have_is_a_column_where_one_has_it(cli: Run) -> None:
    cli("router", "add", "hooks", "--rule", "Path(`/hooks`)", "--service", "wayshub", "--disabled").check()
    head, hooks, router = cli("router", "list").check().out.splitlines()
    assert cells(head) == ["Name", "Domains", "Path prefix", "Service", "Rule", "Entry points", "Priority", "Enabled"]
    rest = ["by its domains", "by rule"]
    assert cells(hooks) == ["hooks", "none", "none", "wayshub", "Path(`/hooks`)", *rest, "no"]
    assert cells(router) == ["wayshub", "alvin.xyz", "none", "wayshub", "none", *rest, "yes"]


def test_tables_are_as_wide_as_their_content_where_there_is_no_terminal(cli: Run, client: httpx.Client) -> None:
    name = ".".join(["very-long-label-of-a-host-name"] * 7)
    description = "word " * 190 + "end"
    client.post("/domains", json={"name": name, "description": description}).raise_for_status()
    assert f"{name}  {description}\n" in cli("domain", "list").check().out
    assert "\x1b" not in cli("domain", "list").out


def test_an_empty_list_says_what_to_do_and_leaves_standard_output_empty(cli: Run, client: httpx.Client) -> None:
    client.delete("/routers/wayshub").raise_for_status()
    listed = cli("router", "list")
    assert (listed.status, listed.out) == (0, "")
    assert "no routers yet: add one with `wayshub-provider router add`" in listed.err
    assert cli("router", "list", "-o", "json").check().out == "[]\n"
    found = cli("service", "list", "-q", "nothing like it")
    assert (found.status, found.out, found.err) == (0, "", "no service has 'nothing like it' in it\n")


def test_a_query_narrows_a_list_and_a_limit_ends_it(cli: Run) -> None:
    for name in ("api", "api-2", "shop"):
        cli("service", "add", name).check()
    names = [item["name"] for item in json.loads(cli("service", "list", "-q", "API", "-o", "json").check().out)]
    assert names == ["api", "api-2"]
    names = [item["name"] for item in json.loads(cli("service", "list", "--limit", "3", "-o", "json").check().out)]
    assert names == ["api", "api-2", "shop"]
    assert "this has to be at least 1" in cli("service", "list", "--limit", "0").usage_error()


def test_a_list_has_all_pages(cli: Run, client: httpx.Client) -> None:
    servers = [{"url": f"http://10.0.{index // 250}.{index % 250 + 1}:80"} for index in range(1000)]
    client.post("/expose", json={"domain": "many.example", "servers": servers}).raise_for_status()
    cli("server", "add", "many", "zz", "http://10.1.0.1:80").check()
    listed = json.loads(cli("server", "list", "many", "-o", "json").check().out)
    assert [item["name"] for item in listed] == sorted({item["name"] for item in listed})
    assert len(listed) == 1001


def test_a_service_is_shown_with_its_servers_and_how_it_shares(cli: Run) -> None:
    cli("service", "set", "wayshub", "--health-check", "/health", "--sticky-cookie", "w").check()
    lines = [cells(line) for line in cli("service", "show", "wayshub").check().out.splitlines()]
    assert ["Health check", "/health every 5s, timeout 2s"] in lines
    assert ["Sticky", "cookie w"] in lines
    assert ["Availability", "2 of 2 servers take requests"] in lines
    assert ["a", "http://127.0.0.1:3000", "3", "ready", "75 %"] in [line[:5] for line in lines]
    cli("service", "add", "empty").check()
    empty = cli("service", "show", "empty").check().out
    assert "It has no servers: requests get 503." in empty
    assert "Warning: no router points to the service empty" in empty


def test_domains_are_added_changed_and_removed(cli: Run, client: httpx.Client) -> None:
    added = cli("domain", "add", "*.münchen.example", "--description", "Beer").check().out
    assert added.startswith("Added domain *.münchen.example (revision ")
    path = "/domains/*.xn--mnchen-3ya.example"
    plain: dict[str, Any] = {"tls": None, "redirectToHttps": True, "labels": {}}
    assert stored(client, path) == {"name": "*.münchen.example", "description": "Beer", **plain}
    assert "*.münchen.example" in cli("domain", "show", "*.xn--mnchen-3ya.example").check().out
    cli("domain", "set", "*.münchen.example", "--description", "").check()
    assert not stored(client, path)["description"]
    assert cli("domain", "remove", "*.münchen.example").check().out.startswith("Removed domain *.münchen.example")
    assert client.get(path).status_code == 404


def test_servers_are_added_changed_and_removed(cli: Run, client: httpx.Client) -> None:
    path = "/services/wayshub/servers/c"
    cli("server", "add", "wayshub", "c", "http://127.0.0.1:3002/", "--weight", "4", "--state", "maint").check()
    wanted = {"name": "c", "url": "http://127.0.0.1:3002", "weight": 4, "state": "maint", "share": 0.0}
    assert wanted.items() <= stored(client, path).items()
    answer = cli("server", "set", "wayshub", "c", "--state", "ready", "-o", "json").check().out
    assert json.loads(answer) == stored(client, path)
    assert (wanted | {"state": "ready", "share": 0.5}).items() <= stored(client, path).items()
    said = cli("server", "set", "wayshub", "c", "http://127.0.0.1:3003", "--weight", "8").check().out
    assert said.startswith("Changed server wayshub/c (revision ")
    assert stored(client, path)["url"] == "http://127.0.0.1:3003"
    assert cli("server", "remove", "wayshub", "c", "-o", "json").check().out == ""
    assert client.get(path).status_code == 404


def test_services_are_added_changed_and_removed(cli: Run, client: httpx.Client) -> None:
    options = ("--strategy", "p2c", "--health-check-interval", "10s", "--health-check-timeout", "1s")
    cli("service", "add", "api", *options, "--sticky-cookie", "s", "--no-pass-host-header").check()
    api = {
        "name": "api",
        "strategy": "p2c",
        "healthCheck": {"path": "/", "interval": "10s", "timeout": "1s"},
        "sticky": {"cookie": {"name": "s"}},
        "passHostHeader": False,
    }
    assert api.items() <= stored(client, "/services/api").items()
    cli("service", "set", "api", "--health-check", "/health", "--pass-host-header").check()
    api |= {"healthCheck": {"path": "/health", "interval": "10s", "timeout": "1s"}, "passHostHeader": True}
    assert api.items() <= stored(client, "/services/api").items()
    cli("service", "set", "api", "--no-health-check", "--no-sticky-cookie", "--strategy", "wrr").check()
    api |= {"healthCheck": None, "sticky": None, "strategy": "wrr"}
    assert api.items() <= stored(client, "/services/api").items()
    cli("service", "remove", "api").check()
    assert client.get("/services/api").status_code == 404


def test_routers_are_added_changed_and_removed(cli: Run, client: httpx.Client) -> None:
    cli("domain", "add", "belajar.example").check()
    options = ("--domain", "belajar.example", "--domain", "alvin.xyz", "--path-prefix", "/api", "--disabled")
    ports = ("--entry-point", "web", "--entry-point", "websecure", "--priority", "7")
    cli("router", "add", "api", "--service", "wayshub", *options, *ports).check()
    api: dict[str, Any] = {
        "name": "api",
        "domains": ["belajar.example", "alvin.xyz"],
        "pathPrefix": "/api",
        "rule": None,
        "service": "wayshub",
        "middlewares": [],
        "entryPoints": ["web", "websecure"],
        "priority": 7,
        "tls": None,
        "observability": None,
        "enabled": False,
        "labels": {},
    }
    assert stored(client, "/routers/api") == api
    cli("router", "set", "api", "--enabled", "--no-priority", "--no-path-prefix", "--entry-point", "web").check()
    api |= {"enabled": True, "priority": None, "pathPrefix": None, "entryPoints": ["web"]}
    assert stored(client, "/routers/api") == api
    cli("router", "set", "api", "--no-domain", "--path-prefix", "/api").check()
    assert stored(client, "/routers/api") == api | {"domains": [], "pathPrefix": "/api"}
    cli("router", "remove", "api").check()
    assert client.get("/routers/api").status_code == 404


def test_a_rule_takes_the_place_of_domains_and_path_prefix_and_they_that_of_a_rule(
    cli: Run, client: httpx.Client
) -> None:
    rule = "Host(`alvin.xyz`) && Method(`POST`)"
    cli("router", "add", "upload", "--service", "wayshub", "--rule", rule).check()
    assert rule in cli("router", "show", "upload").check().out
    cli("router", "set", "upload", "--path-prefix", "/upload", "--domain", "alvin.xyz").check()
    shown = stored(client, "/routers/upload")
    assert (shown["rule"], shown["pathPrefix"], shown["domains"]) == (None, "/upload", ["alvin.xyz"])
    cli("router", "set", "upload", "--rule", rule).check()
    shown = stored(client, "/routers/upload")
    assert (shown["rule"], shown["pathPrefix"], shown["domains"]) == (rule, None, [])
    told = cli("router", "set", "upload", "--rule", "Host(`a`) && Pathh(`/`)").error()
    assert told == "rule: at character 14: there is no matcher Pathh: did you mean Path?"


@pytest.mark.parametrize(
    ("noun", "name", "fields"),
    [
        (("domain",), "new.example", ("--description", "New")),
        (("service",), "new", ("--strategy", "hrw")),
        (("server", "wayshub"), "new", ("http://127.0.0.1:3009",)),
        (("router",), "new", ("--service", "wayshub", "--path-prefix", "/new")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_set_with_create_can_be_repeated(cli: Run, noun: tuple[str, ...], name: str, fields: tuple[str, ...]) -> None:
    assert cli(*command(noun, "set"), name, *fields).error().startswith("there is no ")
    assert cli(*command(noun, "set"), name, *fields, "--create").check().out.startswith("Added ")
    shown = cli(*command(noun, "show"), name).check().out
    assert cli(*command(noun, "set"), name, *fields, "--create").check().out.startswith("Changed ")
    assert cli(*command(noun, "show"), name).check().out == shown


def test_set_with_create_keeps_what_is_not_given(cli: Run, client: httpx.Client) -> None:
    cli("server", "set", "wayshub", "a", "http://127.0.0.1:3009", "--create").check()
    assert stored(client, "/services/wayshub/servers/a")["weight"] == 3


@pytest.mark.parametrize("noun", PATHS)
def test_a_change_can_be_bound_to_what_was_shown(cli: Run, client: httpx.Client, noun: tuple[str, ...]) -> None:
    path = f"{PATHS[noun]}/{FIRST[noun]}"
    change = {
        "domain": ("--description", "x"),
        "router": ("--priority", "9"),
        "service": ("--strategy", "p2c"),
        "server": ("--weight", "9"),
    }[noun[0]]
    tag = cli(*command(noun, "show"), FIRST[noun], "--etag").check().out.strip()
    assert f'"{tag}"' == client.get(path).headers["ETag"]
    assert ["ETag", tag] in [cells(line) for line in cli(*command(noun, "show"), FIRST[noun]).check().out.splitlines()]
    cli(*command(noun, "set"), FIRST[noun], *change, "--if-match", tag).check()
    for verb, options in (("set", change), ("remove", ())):
        told = cli(*command(noun, verb), FIRST[noun], *options, "--if-match", f'"{tag}"').error()
        assert told.startswith('If-Match: the object is at "')
        assert f'now, not at "{tag}"' in told


def test_what_is_in_use_is_removed_with_cascade_only(cli: Run, client: httpx.Client) -> None:
    for noun, name in (("domain", "alvin.xyz"), ("service", "wayshub")):
        told = cli(noun, "remove", name).error()
        assert told == f"{noun} {name} is used by router wayshub: remove them first, or together with --cascade"
        assert "--cascade needs --yes" in cli(noun, "remove", name, "--cascade").usage_error()
    cli("service", "remove", "wayshub", "--cascade", "--yes").check()
    assert stored(client, "/routers")["items"] == stored(client, "/services")["items"] == []
    cli("domain", "remove", "alvin.xyz").check()
    assert stored(client, "/domains")["items"] == []
