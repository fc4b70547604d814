"""`plan`, `apply`, `export` and `schema`: a file is shown, asked for, and done, all or nothing."""

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import yaml

from provider import declarations
from provider.cli.files import documents
from tests.cli.running import Result, Run, run_forked, terminal, variables
from tests.running import ROOT, Service

STATE = """\
# What the video team runs
routers:
  shop: {domains: [shop.example], service: shop}
services:
  shop:
    labels: {team: video}
    servers:
      a: {url: 'http://127.0.0.1:3000', weight: 3}
      b: {url: 'http://127.0.0.1:3001'}
domains:
  shop.example: {labels: {team: video}}
"""
PLANNED = """\
+ domain shop.example
    labels: team video
+ service shop
    strategy: wrr
    labels: team video
+ server shop/a
    url: http://127.0.0.1:3000
    weight: 3
    state: ready
+ server shop/b
    url: http://127.0.0.1:3001
    weight: 1
    state: ready
+ router shop
    domains: shop.example
    service: shop

Share of the traffic  Before  After
shop/a                        75 %
shop/b                        25 %
shop.example: a 0 % → 75 %, b 0 % → 25 %
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a state."""
    path = tmp_path / "state.yml"
    path.write_text(STATE)
    return path


@pytest.fixture
def applied(cli: Run, file: Path) -> Path:
    """The same file, applied."""
    cli("apply", str(file), "--yes").check()
    return file


def whole(client: httpx.Client) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/export").raise_for_status().json()
    return document


def tag(client: httpx.Client) -> str:
    text: str = client.get("/export").headers["ETag"]
    return text.strip('"')


def changed(file: Path, *pairs: tuple[str, str]) -> str:
    text = file.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return str(file)


def lines(result: Result) -> list[str]:
    return result.out.splitlines()


# plan


def test_a_plan_shows_each_object_and_the_traffic_and_does_nothing(cli: Run, client: httpx.Client, file: Path) -> None:
    planned = cli("plan", str(file))
    assert (planned.status, planned.err) == (2, "")
    number = client.get("/export").headers["Config-Revision"]
    assert planned.out == PLANNED + (
        f"Plan: 5 to create (at revision {number}).\n"
        f"To apply it only if nothing else has changed: --if-match {tag(client)}\n"
    )
    assert whole(client) == {}


def test_a_plan_of_what_is_there_exits_with_0(cli: Run, client: httpx.Client, applied: Path) -> None:
    number = client.get("/export").headers["Config-Revision"]
    assert cli("plan", str(applied)).check().out == f"Plan: nothing to do (at revision {number}).\n"
    assert json.loads(cli("plan", str(applied), "-o", "json").check().out)["difference"]["objects"] == []


def test_what_changes_is_shown_field_by_field_and_what_goes_with_its_traffic(
    cli: Run, client: httpx.Client, applied: Path
) -> None:
    client.post("/services", json={"name": "old"}).raise_for_status()
    path = changed(applied, ("      b: {url: 'http://127.0.0.1:3001'}\n", ""), ("weight: 3", "weight: 5"))
    planned = cli("plan", path, "--prune")
    assert planned.status == 2
    assert lines(planned)[:8] == [
        "~ server shop/a",
        "    weight: 3 → 5",
        "- server shop/b",
        "- service old",
        "",
        "Share of the traffic  Before  After",
        "shop/a                75 %    100 %",
        "shop/b                25 %",
    ]
    assert "shop.example: 25 % of the traffic moves from b to a" in planned.out
    assert "Plan: 1 to change, 2 to remove (at revision " in planned.out
    assert "Plan: 1 to change (at revision " in cli("plan", path).out


def test_only_what_has_the_label_is_pruned(cli: Run, client: httpx.Client, applied: Path) -> None:
    client.post("/domains", json={"name": "other.example"}).raise_for_status()
    applied.write_text("routers: {shop: {pathPrefix: /, service: shop}}\nservices: {shop: {}}\n")
    planned = cli("plan", str(applied), "--prune-label", "team=video")
    assert [line for line in lines(planned) if line[:2] in {"- ", "+ ", "~ "}] == [
        "~ service shop",
        "~ router shop",
        "- domain shop.example",
    ]
    wrong = cli("plan", str(applied), "--prune-label", "video").error()
    assert wrong == "pruneLabel/0: 'video' is not a label: write KEY=VALUE"


def test_a_plan_that_takes_much_away_says_the_number(cli: Run, applied: Path) -> None:
    path = changed(
        applied,
        ("weight: 3", "state: drain"),
        ("b: {url: 'http://127.0.0.1:3001'", "b: {url: 'http://b', state: maint"),
    )
    planned = cli("plan", path)
    assert planned.status == 2
    assert "ALARM: service shop has traffic and would lose its last ready server\n" in planned.out
    assert "To do it anyway, add --confirm 2\n" in planned.out


@pytest.mark.parametrize("arguments", [(), ("--purne",), ("state.yml", "more")])
def test_a_plan_that_is_called_wrongly_exits_with_1_for_2_would_be_an_answer(
    run: Run, arguments: tuple[str, ...]
) -> None:
    wrong = run("plan", *arguments)
    assert (wrong.status, wrong.out) == (1, "")
    assert wrong.err.startswith("Usage: wayshub-provider plan [OPTIONS] ")


# What is wrong in a file


@pytest.mark.parametrize("verb", ["plan", "apply"])
@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ([("weight: 3", "weight: 0")], "8:41: services/shop/servers/a/weight: "),
        ([("weight: 3", "wieght: 3")], "8:41: services/shop/servers/a/wieght: "),
        ([("service: shop}", "service: shpo}")], "3:35: routers/shop/service: there is no service shpo: add it first"),
        ([("[shop.example]", "[a.b.shop]")], "3:20: routers/shop/domains/0: there is no domain a.b.shop: add it first"),
        (
            [("domains:\n", "domain:\n")],
            "10:1: domain: there is no such part: the parts are domains, ",
        ),
        ([("      b: ", "      a: ")], "9:7: the key a is given twice"),
        ([("weight: 3}", "weight: 3")], "9:8: a comma or the closing brace } is missing here"),
        ([("weight: 3", "weight: 99999999999999999999")], "8:49: this number is too large"),
    ],
)
def test_an_error_names_line_and_column(
    cli: Run, client: httpx.Client, file: Path, verb: str, pairs: list[tuple[str, str]], told: str
) -> None:
    path = changed(file, *pairs)
    options = ["--yes"] if verb == "apply" else []
    error = cli(verb, path, *options).error()
    assert error.startswith(f"{path}:{told}"), error
    assert whole(client) == {}


def test_in_json_it_does_too(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"services": {\n  "shop": {"servers": {\n    "\\ud83d\\ude00": {"url": "http://a"}}}}}')
    assert cli("plan", str(file)).error().startswith(f"{file}:3:5: services/shop/servers/\N{GRINNING FACE}: ")
    file.write_text('{"services": {\n  "shop": {},}}')
    assert cli("plan", str(file)).error().startswith(f"{file}:2:")


def test_all_that_is_wrong_is_told_at_once(cli: Run, file: Path) -> None:
    path = changed(
        file, ("weight: 3", "weight: x"), ("shop: {domains: [shop.example]", "shop: {domains: [shop..example]")
    )
    error = cli("plan", path).error()
    assert f"{path}:8:41: services/shop/servers/a/weight: " in error
    assert f"; {path}:3:20: routers/shop/domains/0: " in error


def test_a_file_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    assert "No such file or directory" in run("plan", str(tmp_path / "none.yml")).error()
    assert "Is a directory" in run("apply", str(tmp_path), "--yes").error()


# apply


def test_it_is_applied_in_one_revision_and_shown_before(cli: Run, client: httpx.Client, file: Path) -> None:
    number = int(client.get("/export").headers["Config-Revision"])
    done = cli("apply", str(file), "--yes").check()
    assert done.out.startswith(PLANNED)
    assert lines(done)[-2:] == [
        f"Plan: 5 to create (at revision {number}).",
        f"Applied: 5 created (revision {number + 1}).",
    ]
    assert whole(client) == yaml.safe_load(STATE)
    again = cli("apply", str(file), "--yes").check()
    assert again.out == f"Plan: nothing to do (at revision {number + 1}).\n"


def test_json_is_one_document_with_what_was_done(cli: Run, file: Path) -> None:
    done = json.loads(cli("apply", str(file), "--yes", "-o", "json").check().out)
    assert [one["action"] for one in done["difference"]["objects"]] == ["create"] * 5
    assert json.loads(cli("apply", str(file), "--yes", "-o", "json").check().out)["revision"] == done["revision"]


def test_where_nobody_can_be_asked_it_needs_yes(cli: Run, client: httpx.Client, file: Path) -> None:
    refused = cli("apply", str(file))
    assert refused.status == 2
    assert "without a terminal, apply needs --yes" in refused.err
    assert whole(client) == {}


def test_a_dry_run_of_apply_is_a_plan_that_needs_no_yes(cli: Run, client: httpx.Client, file: Path) -> None:
    assert cli("apply", str(file), "--dry-run").check().out.startswith(PLANNED)
    assert json.loads(cli("apply", str(file), "--dry-run", "-o", "json").check().out)["difference"]["objects"]
    assert whole(client) == {}


def test_standard_input_is_a_file_too(service: Service, client: httpx.Client) -> None:
    environment = variables(PROVIDER_URL=service.url)
    assert run_forked("plan", "-", env=environment, input=STATE).status == 2
    run_forked("apply", "-", "--yes", env=environment, input=STATE).check()
    exported = run_forked("export", env=environment).check().out
    assert yaml.safe_load(exported) == yaml.safe_load(STATE) == whole(client)
    assert run_forked("plan", "-", "--prune", env=environment, input=exported).status == 0
    wrong = run_forked("plan", "-", env=environment, input="services: [\n").error()
    assert wrong.startswith("standard input:2:1: ")


def test_a_terminal_is_asked(service: Service, client: httpx.Client, file: Path) -> None:
    with terminal("apply", str(file), url=service.url) as asked:
        asked.read_until("Apply this? [y/N] ")
        assert "+ router shop" in asked.seen
        asked.type("n\n")
        asked.read_until("wayshub-provider: nothing was changed")
        assert asked.wait() == 1
    assert whole(client) == {}
    with terminal("apply", str(file), url=service.url) as asked:
        asked.read_until("Apply this? [y/N] ")
        asked.type("y\n")
        asked.read_until("Applied: 5 created")
        for doing in ("Reading", "Planning …", "Changing the state …"):
            assert doing in asked.seen
        assert asked.wait() == 0
    assert whole(client) == yaml.safe_load(STATE)


# What takes much away

DRAINED = [("weight: 3", "state: drain"), ("'http://127.0.0.1:3001'", "'http://127.0.0.1:3001', state: maint")]


def test_what_takes_much_away_is_confirmed_with_its_number(cli: Run, client: httpx.Client, applied: Path) -> None:
    path = changed(applied, *DRAINED)
    for options in ([], ["--confirm", "3"]):
        refused = cli("apply", path, "--yes", *options)
        assert refused.status == 1
        assert refused.err == (
            "wayshub-provider: service shop has traffic and would lose its last ready server: "
            "to do it anyway, add --confirm 2\n"
        )
    assert whole(client) == yaml.safe_load(STATE)
    assert "Applied: 2 changed" in cli("apply", path, "--yes", "--confirm", "2").check().out


def test_on_a_terminal_its_number_is_typed(service: Service, client: httpx.Client, applied: Path) -> None:
    path = changed(applied, *DRAINED)
    for typed in ("y", "3", ""):
        with terminal("apply", path, url=service.url) as asked:
            asked.read_until("Type 2 to apply this: ")
            asked.type(f"{typed}\n")
            asked.read_until("wayshub-provider: nothing was changed")
            assert asked.wait() == 1
    assert whole(client) == yaml.safe_load(STATE)
    with terminal("apply", path, url=service.url) as asked:
        asked.read_until("Type 2 to apply this: ")
        asked.type("2\n")
        asked.read_until("Applied: 2 changed")
        assert asked.wait() == 0


@pytest.mark.usefixtures("exposed")
def test_the_other_commands_are_braked_and_confirmed_alike(cli: Run, client: httpx.Client) -> None:
    cli("server", "set", "wayshub", "a", "--state", "drain").check()
    told = cli("server", "set", "wayshub", "b", "--state", "drain").error()
    assert told.endswith(
        "service wayshub has traffic and would lose its last ready server: to do it anyway, add --confirm 1"
    )
    tried = cli("server", "remove", "wayshub", "b", "--yes", "--dry-run").check().out
    assert "ALARM: service wayshub has traffic and would lose its last ready server" in tried
    assert client.get("/services/wayshub/servers/b").status_code == 200
    cli("server", "remove", "wayshub", "b", "--yes", "--confirm", "1").check()


# Two people


def test_who_applies_an_old_plan_is_shown_the_new_one_and_what_the_other_did(
    cli: Run, client: httpx.Client, applied: Path
) -> None:
    path = changed(applied, ("weight: 3", "weight: 7"))
    seen = cli("plan", path)
    old = lines(seen)[-1].rpartition(" ")[2]
    client.patch("/services/shop/servers/a", json={"weight": 5}).raise_for_status()
    late = cli("apply", path, "--yes", "--if-match", old)
    assert late.status == 1
    number = int(client.get("/export").headers["Config-Revision"])
    told, revision, error = late.err.splitlines()
    assert told == "Others have made changes since that plan, so nothing was done:"
    assert revision == f"  revision {number} by tests: server shop/a: weight 3 → 5"
    assert error.startswith("wayshub-provider: ")
    assert "    weight: 5 → 7" in late.out
    assert client.get("/services/shop/servers/a").json()["weight"] == 5
    cli("apply", path, "--yes", "--if-match", tag(client)).check()
    assert client.get("/services/shop/servers/a").json()["weight"] == 7


def test_what_another_does_while_one_is_asked_is_told_and_asked_again(
    service: Service, client: httpx.Client, applied: Path
) -> None:
    path = changed(applied, ("weight: 3", "weight: 7"))
    with terminal("apply", path, url=service.url) as asked:
        asked.read_until("Apply this? [y/N] ")
        client.patch("/services/shop/servers/a", json={"weight": 5}).raise_for_status()
        asked.type("y\n")
        asked.read_until("Others have made changes since that plan:")
        asked.read_until("weight: 5 → 7")
        assert "by tests: server shop/a: weight 3 → 5" in " ".join(asked.seen.split())
        assert client.get("/services/shop/servers/a").json()["weight"] == 5
        asked.type("y\n")
        asked.read_until("Applied: 1 changed")
        assert asked.wait() == 0
    assert client.get("/services/shop/servers/a").json()["weight"] == 7


# export, schema


def test_an_export_is_yaml_for_people_and_json_for_programs(cli: Run, client: httpx.Client, applied: Path) -> None:
    exported = cli("export").check().out
    assert exported.splitlines()[:3] == ["domains:", "  shop.example:", "    labels:"]
    assert json.loads(cli("export", "-o", "json").check().out) == yaml.safe_load(exported) == whole(client)
    applied.write_text("{}")
    cli("apply", str(applied), "--prune", "--yes").check()
    assert cli("export").check().out == "{}\n"


def test_the_schema_is_that_of_the_service_and_needs_none(run: Run, client: httpx.Client) -> None:
    printed = json.loads(run("schema").check().out)
    assert printed == declarations.schema() == client.get("/schema").json()


def test_the_example_of_the_documentation_fits_the_schema_and_is_applied(cli: Run, client: httpx.Client) -> None:
    example = ROOT / "docs" / "state.yml"
    read = documents.read(str(example)).document
    jsonschema_rs.validator_for(declarations.schema()).validate(read)
    assert "Applied: 8 created" in cli("apply", str(example), "--yes").check().out
    assert "Plan: nothing to do" in cli("plan", str(example), "--prune").check().out
    assert whole(client)["services"]["shop"] == read["services"]["shop"]


# Labels and trials of the other commands


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize(
    ("noun", "name", "path"),
    [
        (("domain",), "alvin.xyz", "/domains/alvin.xyz"),
        (("service",), "wayshub", "/services/wayshub"),
        (("server", "wayshub"), "a", "/services/wayshub/servers/a"),
        (("router",), "wayshub", "/routers/wayshub"),
    ],
)
def test_labels_are_set_taken_away_and_looked_for(
    cli: Run, client: httpx.Client, noun: tuple[str, ...], name: str, path: str
) -> None:
    def named(*labels: str) -> list[str]:
        options = [option for label in labels for option in ("--label", label)]
        listed = cli(noun[0], "list", *noun[1:], *options, "-o", "json").check()
        return [item["name"] for item in json.loads(listed.out)]

    cli(noun[0], "set", *noun[1:], name, "--label", "team=video", "--label", "stage=test").check()
    assert client.get(path).json()["labels"] == {"stage": "test", "team": "video"}
    assert named("team=video") == named("team=video", "stage=test") == [name]
    cli(noun[0], "set", *noun[1:], name, "--no-label", "stage").check()
    assert client.get(path).json()["labels"] == {"team": "video"}
    assert named("team=video", "stage=test") == []
    assert "team=video" in cli(noun[0], "show", *noun[1:], name).check().out
    both = cli(noun[0], "set", *noun[1:], name, "--label", "a=b", "--no-label", "a").usage_error()
    assert "the label a cannot be both set and removed" in both
    assert "'a' is not a label: write KEY=VALUE" in cli(noun[0], "set", *noun[1:], name, "--label", "a").usage_error()


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("domain add new.example", "+ domain new.example"),
        ("domain set alvin.xyz --description x", "    description: none → x"),
        ("domain remove alvin.xyz --cascade --yes", "- domain alvin.xyz"),
        ("service set wayshub --strategy p2c", "    strategy: wrr → p2c"),
        ("server add wayshub c http://127.0.0.1:3002", "alvin.xyz: 20 % of the traffic moves from a and b to c"),
        ("server set wayshub a --weight 1", "alvin.xyz: 25 % of the traffic moves from a to b"),
        ("server remove wayshub b --yes", "alvin.xyz: 25 % of the traffic moves from b to a"),
        ("router set wayshub --disabled", "    enabled: yes → no"),
        ("router remove wayshub --yes", "- router wayshub"),
        ("expose new.example http://127.0.0.1:3009", "new.example: server 127-0-0-1-3009 gets all of its traffic"),
    ],
)
def test_a_dry_run_tells_what_a_command_would_do_and_keeps_nothing(
    cli: Run, client: httpx.Client, command: str, told: str
) -> None:
    before = client.get("/export")
    tried = cli(*command.split(), "--dry-run").check()
    assert told in lines(tried)
    assert lines(tried)[-1].startswith("Dry run, nothing changed: 1 to ") or command.startswith(
        ("expose", "domain remove")
    )
    assert lines(tried)[-1].endswith(f"(at revision {before.headers['Config-Revision']}).")
    difference = json.loads(cli(*command.split(), "--dry-run", "-o", "json").check().out)["difference"]
    assert difference["objects"]
    after = client.get("/export")
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])
