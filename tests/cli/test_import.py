"""`import`: what Traefik's files say, and what it runs, is shown as a plan, and taken over."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.running import Result, Run, answering
from tests.running import Service

YAML = """\
http:
  routers:
    My_Shop: {rule: 'Host(`shop.test`) && PathPrefix(`/x`)', service: shop, entryPoints: [web]}
    admin:
      rule: Host(`shop.test`)
      service: shop
      middlewares: [login]
  services:
    shop: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3000', weight: 3}, {url: 'http://127.0.0.1:3001'}]}}
  middlewares:
    login: {basicAuth: {users: ['a:b']}}
"""
TOML = """\
[http.routers.shop]
rule = "Host(`shop.test`)"
service = "shop"
[[http.services.shop.loadBalancer.servers]]
url = "http://127.0.0.1:3000"
"""
JSON = json.dumps(
    {
        "http": {
            "routers": {"shop": {"rule": "Host(`shop.test`)", "service": "shop", "entryPoints": ["web"]}},
            "services": {"shop": {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:3000"}]}}},
        }
    }
)
SHOWN = """\
Left out (2) Why Where
router admin its middleware login (basicAuth) is left out {file}:7:7
middleware login Traefik expects a hash here and does not know this one: it would let nobody in {file}:11:25

Name there    Name here
router My_Shop  my-shop

Taken over: 0 of 1 middleware, 1 service, 1 of 2 routers.

+ domain shop.test
+ service shop
    strategy: wrr
+ server shop/127-0-0-1-3000
    url: http://127.0.0.1:3000
    weight: 3
    state: ready
+ server shop/127-0-0-1-3001
    url: http://127.0.0.1:3001
    weight: 1
    state: ready
+ router my-shop
    pathPrefix: /x
    domains: shop.test
    service: shop
    entryPoints: web
"""


REFUSED = "Traefik refuses these files, and serves none of them: correct them, or add --salvage"
UNKNOWN = "import what Traefik runs, with --from-api, or add --salvage to leave such files out"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file as Traefik's file provider reads it."""
    path = tmp_path / "dynamic.yml"
    path.write_text(YAML)
    return path


def spaced(text: str) -> list[str]:
    """Return the lines of a text with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_file_is_shown_as_a_plan_and_taken_over(cli: Run, client: httpx.Client, file: Path) -> None:
    tried = cli("import", str(file), "--dry-run").check().out
    shown = spaced(SHOWN.format(file=file))
    assert spaced(tried)[: len(shown)] == shown
    assert client.get("/routers").json()["items"] == []
    done = cli("import", str(file), "--yes").check().out
    assert spaced(done)[: len(shown)] == shown
    assert done.splitlines()[-1].startswith("Imported: 5 created (revision ")
    kept = client.get("/routers/my-shop").json()
    assert (kept["domains"], kept["pathPrefix"], kept["service"]) == (["shop.test"], "/x", "shop")


def test_to_import_again_changes_nothing_and_keeps_what_others_added(
    cli: Run, client: httpx.Client, file: Path
) -> None:
    cli("import", str(file), "--yes").check()
    client.patch("/domains/shop.test", json={"description": "mine"}).raise_for_status()
    client.patch("/routers/my-shop", json={"labels": {"team": "video"}}).raise_for_status()
    again = cli("import", str(file)).check().out
    assert again.splitlines()[-1].startswith("Plan: nothing to do (at revision ")
    assert client.get("/domains/shop.test").json()["description"] == "mine"


def test_where_nobody_can_be_asked_it_needs_yes(cli: Run, client: httpx.Client, file: Path) -> None:
    result = cli("import", str(file))
    assert result.status == 2
    assert "without a terminal, import needs --yes" in result.err
    assert client.get("/routers").json()["items"] == []


def test_programs_are_told_the_same(cli: Run, file: Path) -> None:
    told = json.loads(cli("import", str(file), "--dry-run", "-o", "json").check().out)
    assert len(told["difference"]["objects"]) == 5
    assert told["import"]["renamed"] == [{"kind": "router", "given": "My_Shop", "name": "my-shop"}]
    admin, login = told["import"]["findings"]
    assert (admin["kind"], admin["name"], admin["outcome"]) == ("router", "admin", "left out")
    assert (admin["pointer"], admin["place"]) == ("/http/routers/admin", f"{file}:7:7")
    assert login["reason"] == "Traefik expects a hash here and does not know this one: it would let nobody in"
    done = json.loads(cli("import", str(file), "--yes", "-o", "json").check().out)
    assert done["import"] == told["import"]


def test_toml_and_json_are_read_and_routers_listen_where_it_is_said(
    cli: Run, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "dynamic.toml").write_text(TOML)
    (tmp_path / "dynamic.json").write_text(JSON)
    shown = cli("import", str(tmp_path / "dynamic.toml"), "--yes", "--entry-point", "web", "--entry-point", "other")
    assert "router shop it names no entry points" in " ".join(shown.check().out.split())
    assert client.get("/routers/shop").json()["entryPoints"] == ["web", "other"]
    shown = cli("import", str(tmp_path / "dynamic.json"), "--yes")
    assert "entryPoints: web, other → web" in shown.check().out
    wrong = cli("import", str(tmp_path / "dynamic.json"), "--entry-point", "We b")
    assert wrong.status == 2
    assert "'We b' is not an entry point's name" in wrong.err


@pytest.mark.parametrize("text", [YAML, TOML, JSON])
def test_standard_input_is_read_in_any_of_the_three(cli: Run, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    told = json.loads(cli("import", "-", "--dry-run", "-o", "json").check().out)
    assert "shop" in [each["name"] for each in told["difference"]["objects"]]


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("a.yml", "http: [}", f"a.yml:1:8: a value is missing here: {REFUSED}"),
        ("a.toml", "[http\n", f"a.toml:1:6: Expected ']' at the end of a table declaration: {REFUSED}"),
        ("a.toml", "a = " + "[" * 9000, f"a.toml:1:25: this is nested deeper than 20 levels: {REFUSED}"),
        ("a.yml", "http:\n  routers: {}\n", f"a.yml:2:3: routers is empty: leave it out, or fill it: {REFUSED}"),
        ("a.yml", "http:\n  x: {{ now }}\n", f"a.yml:2:9: only Traefik knows what now gives: {UNKNOWN}"),
        (
            "a.yml",
            "http:\n  {{ .Part }}: x\n",
            f"a.yml:2:3: there is no field Part here: Traefik gives its files no data: {REFUSED}",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_place(
    cli: Run, tmp_path: Path, name: str, text: str, error: str
) -> None:
    (tmp_path / name).write_text(text)
    assert cli("import", str(tmp_path / name)).error() == str(tmp_path / error)


def test_folders_are_read_as_traefik_reads_them_with_the_variables_that_are_given(
    cli: Run, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    for name, text in {
        "b.yml": 'http:\n  routers: {shop: {rule: "Host(`{{ env "DOMAIN" }}`)", service: shop, entryPoints: web}}\n',
        "more/a.TOML": TOML.partition("[[")[2].join(["[[", ""]),
        "more/notes.txt": "no: [",
        "c.yaml": "# nothing yet\n",
    }.items():
        (tmp_path / name).write_text(text)
    missing = "the files use variables that have no value: DOMAIN; give them with --env-file or --env"
    assert cli("import", str(tmp_path)).error() == missing
    (tmp_path / "d.json").write_text('{"http": {"routers": {"never": {"rule": "Path(`/`)", "service": "shop"}}}}')
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "traefik.env").write_text("# the shop\nexport DOMAIN='shop.test'\n\n")
    done = cli("import", str(tmp_path), "--env-file", str(tmp_path / "traefik.env"), "--yes").check().out
    assert done.splitlines()[-1].startswith("Imported: 4 created (revision ")
    assert client.get("/routers/shop").json()["domains"] == ["shop.test"]
    assert "Traefik reads no .json file in a directory" in done
    assert client.get("/routers/never").status_code == 404
    assert "package.json" not in done
    done = cli("import", str(tmp_path), "--env", "DOMAIN=other.test", "--dry-run").check().out
    assert "domains: shop.test → other.test" in done
    assert "--env takes NAME=VALUE, not DOMAIN" in cli("import", str(tmp_path), "--env", "DOMAIN").error()


def test_of_files_that_traefik_refuses_nothing_is_taken_unless_asked_for(
    cli: Run, client: httpx.Client, file: Path
) -> None:
    (file.parent / "other.yml").write_text("http:\n  routers: {}\ntcp: {}\n")
    result = cli("import", str(file.parent))
    assert (result.status, result.err.strip()) == (1, f"wayshub-provider: {REFUSED}")
    assert spaced(result.out) == [
        "Traefik refuses the files (2) Where",
        f"routers is empty: leave it out, or fill it {file.parent}/other.yml:2:3",
        f"tcp is empty: leave it out, or fill it {file.parent}/other.yml:3:1",
        "",
    ]
    told = json.loads(cli("import", str(file.parent), "-o", "json").out)["import"]
    assert [(each["effect"], each["code"], each["line"]) for each in told["files"]] == [
        ("refused", "field.empty", 2),
        ("refused", "field.empty", 3),
    ]
    cli("import", str(file.parent), "--salvage", "--yes").check()
    assert client.get("/routers/my-shop").json()["service"] == "shop"


def test_what_is_said_of_many_is_said_once(cli: Run, tmp_path: Path) -> None:
    rows = [f"    r{number}: {{rule: 'Path(`/{number}`)', service: away, entryPoints: [web]}}" for number in range(5)]
    (tmp_path / "many.yml").write_text("\n".join(["http:", "  routers:", *rows]))
    told = spaced(cli("import", str(tmp_path / "many.yml"), "--dry-run").check().out)
    assert told[0] == "Imported with changes (5) Why Where"
    assert told[1].startswith(
        "router r0, r1, r2 and 2 more there is no service away in these files: it stays away@file"
    )
    assert told[3] == "Taken over: 5 routers."


def test_what_was_written_for_traefik_2_is_shown_before_and_after(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text(TOML.replace("Host(`shop.test`)", "Host(`a.test`, `b.test`)"))
    told = cli("import", str(path), "--dry-run", "--entry-point", "web").check().out
    assert spaced(told)[3:5] == [
        "For Traefik 2 (1) For Traefik 3 Where",
        f"Host(`a.test`, `b.test`) Host(`a.test`) || Host(`b.test`) {path}:2:1",
    ]
    findings = json.loads(cli("import", str(path), "--dry-run", "-o", "json").check().out)["import"]["findings"]
    (found,) = [each for each in findings if each["outcome"] == "rewritten"]
    assert (found["before"], found["after"]) == ("Host(`a.test`, `b.test`)", "Host(`a.test`) || Host(`b.test`)")


def test_a_service_that_is_there_is_brought_in_step_and_keeps_its_other_servers(
    cli: Run, client: httpx.Client, file: Path
) -> None:
    client.post("/services", json={"name": "shop", "strategy": "p2c"}).raise_for_status()
    client.post("/services/shop/servers", json={"name": "s1", "url": "http://127.0.0.1:1"}).raise_for_status()
    done = cli("import", str(file), "--yes").check().out
    assert "strategy: p2c → wrr" in done
    names = [server["name"] for server in client.get("/services/shop/servers").json()["items"]]
    assert names == ["127-0-0-1-3000", "127-0-0-1-3001", "s1"]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ftp://x", "'ftp://x' is not the URL of Traefik's API: write one such as http://127.0.0.1:8081"),
        ("http://", "'http://' is not the URL of Traefik's API: write one such as http://127.0.0.1:8081"),
        ("http://u:p@x", "leave the user and password out of the URL of Traefik's API: use an address that needs none"),
        (
            "http://127.0.0.1:1",
            "no answer from Traefik's API at http://127.0.0.1:1 ([Errno 111] Connection refused)",
        ),
    ],
)
def test_an_api_that_cannot_be_asked_is_told(cli: Run, url: str, error: str) -> None:
    assert cli("import", "--from-api", url).error() == error


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, "", "/api/rawdata answers 401"),
        (200, "<html>", "/api/rawdata is not JSON"),
        (200, "[1]", "another document"),
        (200, "{}", "another document"),
    ],
)
def test_what_is_no_api_of_traefik_is_told(cli: Run, status: int, body: str, told: str) -> None:
    with answering(status, "application/json", body) as other:
        assert cli("import", f"{other.url}/dashboard/").error() == (
            f"{other.url} is not Traefik's API ({told}): use the entry point on which `api` is enabled"
        )


def test_either_a_file_or_an_api_is_named(cli: Run, service: Service) -> None:
    def why(result: Result) -> str:
        return result.usage_error()

    assert why(cli("import")) == "Invalid value: give either files, or Traefik's API with --from-api"
    assert why(cli("import", "a.yml", "--from-api", service.url)) == why(cli("import"))


def test_what_the_service_refuses_is_told_where_it_stands_in_the_file(
    run: Run, start_service: Callable[..., Service], file: Path
) -> None:
    service = start_service(server_networks="10.0.0.0/8")
    result = run("import", str(file), "--yes", "--url", service.url)
    assert result.status == 1
    assert f"{file}:9:37: services/shop/servers/127-0-0-1-3000/url: " in result.err
    assert f"{file}:9:80: services/shop/servers/127-0-0-1-3001/url: " in result.err
