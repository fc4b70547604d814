"""The help of every command: one line that says what it does, and examples that work."""

import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.core import TyperGroup
from typer.main import get_command

from provider.cli import late
from provider.cli.commands import LATE_GROUPS, LATE_IN_GROUPS, app
from provider.cli.starting import LATE
from provider.nouns import NOUNS
from provider.nouns.certificate import Certificate
from provider.version import VERSION
from tests.cli.running import Run
from tests.running import let_wait

ROOT: Any = get_command(app)
STARTERS = (*LATE, *LATE_GROUPS)
"""Commands whose examples start something, or work on a database: they are read here, and not run."""

LATE_ONES = [(None, name, summary) for name, summary in LATE.items()] + [
    (group, name, summary)
    for group, commands in [(group, commands) for group, (_help, commands) in LATE_GROUPS.items()]
    + [*LATE_IN_GROUPS.items()]
    for name, summary in commands.items()
]


def commands(group: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All commands that are no groups, with what is typed for each."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def examples(text: str) -> list[list[str]]:
    """The arguments of the examples in a help, without the program and the variables before it."""
    written = r" +(?:[A-Z_]+=\S+ |.*\| *)*wayshub-provider ([^|]*)"
    found = [re.match(written, line) for line in text.splitlines()]
    return [shlex.split(command[1]) for command in found if command]


CHANGING = {"expose", "adopt", "hand-back", "add", "set", "remove", "start", "pause", "resume", "back", "finish"}
VERBS = ("list", "show", "add", "set", "remove")
PATHS = [path for path, _command in commands()]
EXAMPLES = [
    example for path, command in commands() if path[0] not in STARTERS for example in examples(command.help or "")
]


def test_the_tree_of_commands_is_that_of_the_design() -> None:
    http = ("domain", "service", "server", "middleware", "router", "servers-transport", "tls-option", "certificate")
    tcp = ("tcp-router", "tcp-service", "tcp-middleware", "tcp-servers-transport")
    nouns = {(noun, verb) for noun in (*http, *tcp, "udp-router", "udp-service") for verb in VERBS}
    nouns |= {("domain", "retry"), ("server", "drain")}
    nouns |= {("edge", verb) for verb in ("list", "show", "lift", "configure")}
    nouns |= {("revision", verb) for verb in ("list", "show", "undo")}
    nouns |= {("rollout", verb) for verb in ("start", "show", "list", "pause", "resume", "back", "finish")}
    nouns |= {("user", verb) for verb in ("add", "list", "set", "remove", "password")}
    nouns |= {("secrets", "rotate")}
    nouns |= {("lease", "show"), ("lease", "end")}
    nouns |= {("acme", verb) for verb in ("show", "choose", "leave")}
    nouns |= {("token", verb) for verb in ("create", "list", "revoke")}
    single = {
        "up",
        "serve",
        "migrate",
        "backup",
        "restore",
        "copy",
        "ca",
        "expose",
        "status",
        "audit",
        "explain",
        "check",
    }
    single |= {"adopt", "hand-back", "register", "confirm"}
    single |= {"plan", "apply", "import", "lint", "export", "schema", "rollback"}
    assert set(PATHS) == {(name,) for name in single} | nouns


def test_every_command_that_writes_can_wait_for_the_edges_and_no_other() -> None:
    waiting = {path for path, command in commands() if "wait" in {option.name for option in command.params}}
    writing = {path for path in PATHS if path[-1] in {*CHANGING, "lift", "retry", "drain", "end"}}
    assert waiting == {path for path in writing if path[0] != "user"}


def test_every_command_that_changes_the_state_takes_the_same_options() -> None:
    for name in ("dry_run", "confirm", "confirm_within", "message"):
        taking = {path for path, command in commands() if name in {option.name for option in command.params}}
        taking |= {(late_one,) for late_one in LATE if name in inspect.signature(late.find(None, late_one)).parameters}
        taking |= {
            (group, late_one)
            for group, late_ones in LATE_IN_GROUPS.items()
            for late_one in late_ones
            if name in inspect.signature(late.find(group, late_one)).parameters
        }
        writing = {path for path in PATHS if path[-1] in {*CHANGING, "drain", "apply", "import", "rollback", "undo"}}
        writing |= {("lease", "end")} if name == "message" else set()
        assert taking == {path for path in writing if path[0] != "user"}, name


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_a_summary_and_examples(run: Run, path: tuple[str, ...]) -> None:
    shown = run(*path, "--help").check().out
    usage, _empty, summary = shown.splitlines()[:3]
    assert usage.startswith(f"Usage: wayshub-provider {' '.join(path)} [OPTIONS]")
    assert summary.endswith((".", ":")) or len(summary) > 60
    assert run(*path, "-h").check().out == shown
    found = examples(shown)
    assert found
    for example in found:
        assert tuple(example[: len(path)]) == path


def test_lists_of_commands_cut_no_summary(run: Run) -> None:
    for group in ("", "middleware", "domain", "service", "server", "router", "edge", "revision", "user", "token"):
        assert "..." not in run(*group.split(), "--help").check().out.partition("\nCommands:")[2]


@pytest.mark.parametrize(("group", "name", "summary"), LATE_ONES)
def test_a_command_that_is_imported_late_is_listed_with_its_own_summary(
    group: str | None, name: str, summary: str
) -> None:
    assert (late.find(group, name).__doc__ or "").partition("\n")[0] == summary


WITHOUT_END = {"up", "serve", "register"}
"""Commands that run until they are stopped."""


@pytest.mark.parametrize(("group", "name", "_summary"), LATE_ONES)
def test_a_command_that_ends_answers_in_json_too(group: str | None, name: str, _summary: str) -> None:
    has_output = "output" in inspect.signature(late.find(group, name)).parameters
    assert has_output is (name not in WITHOUT_END | {"schema"})  # a schema is JSON anyway


@pytest.fixture
def refused(client: httpx.Client) -> None:
    """Something that was refused, for the audit."""
    reader = client.post("/tokens", json={"name": "reader", "scopes": ["read"]}).raise_for_status().json()
    answer = client.put("/domains/b.test", json={}, headers={"Authorization": f"Bearer {reader['token']}"})
    assert answer.status_code == 403


@pytest.fixture
def declared(
    client: httpx.Client,
    exposed: None,  # noqa: ARG001  # its service is changed
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The objects of the examples that follow from declarations, of nouns of which the application has none.

    And the files that they name, in the folder in which they run.
    """
    monkeypatch.chdir(tmp_path)
    for key in ("cert", "key"):
        (tmp_path / f"{key}.pem").write_text(str(Certificate.example[f"{key}File"]))
    for passes in (False, True):  # revisions that name the service
        client.patch("/services/wayshub", json={"passHostHeader": passes}).raise_for_status()
    for noun in NOUNS.values():
        if noun.kind not in {"domain", "service", "server", "router"}:
            client.post(f"/{noun.plural}", json=dict(noun.example)).raise_for_status()
    for name in ("next", "catalog", "catalog-next"):
        client.post("/services", json={"name": name}).raise_for_status()
        client.post(f"/services/{name}/servers", json={"name": "a", "url": "http://10.0.0.1"}).raise_for_status()
    client.post(
        "/routers", json={"name": "catalog", "rule": "Host(`catalog.test`)", "service": "catalog"}
    ).raise_for_status()
    rollout = {"to": "catalog-next", "withoutHealthCheck": True}
    client.post("/services/catalog/rollout", json=rollout).raise_for_status()
    for name in ("store", "blog"):
        router = {"name": name, "rule": f"Host(`{name}.test`)", "service": "wayshub", "entryPoints": ["web"]}
        other = {"router": f"{name}@docker", "rank": 17}
        client.post("/routers", json={**router, "beside": other}).raise_for_status()
    client.patch(
        "/tcpRouters/db", json={"entryPoints": ["other"], "beside": {"router": "db@docker", "rank": -1}}
    ).raise_for_status()


@pytest.mark.usefixtures("exposed", "refused", "declared")
@pytest.mark.parametrize("example", EXAMPLES, ids=" ".join)
def test_every_example_works(cli: Run, client: httpx.Client, example: list[str]) -> None:
    if example[:2] == ["domain", "retry"]:
        let_wait(client, example[2])
    if "--pending" in example:
        client.put("/domains/pending.test", json={}, params={"confirmWithin": "1h"}).raise_for_status()
    if "--for" in example:
        client.patch("/services/wayshub", json={"sticky": {"cookie": {"name": "wayshub"}}}).raise_for_status()
    check(cli, example)


_NOBODY = "No Traefik is connected"
_AMISS = ("no valid entryPoint", "Traefik's default certificate", "was not seen live on every edge:", _NOBODY)
"""What is told of examples: some listen on entry points that no edge of the tests has, or have no certificate."""


def check(cli: Run, example: list[str]) -> None:
    """Run an example. One that waits says in its status that no Traefik is connected."""
    result = cli(*example)
    if "--wait" in example and result.status:
        assert result.status == 3, result
        assert any(each in result.out + result.err for each in _AMISS), result
    elif example[0] == "hand-back" and result.status:  # an edge is known still, of another test
        assert all("@docker any more" in line for line in result.err.split("; ")), result
    else:
        assert result.status in ({0, 2} if example[0] == "check" else {0}), result
        assert [line for line in result.err.splitlines() if not any(each in line for each in _AMISS)] == []


def test_the_first_examples_work_one_after_the_other(cli: Run) -> None:
    first, *others = examples(cli("--help").check().out)
    assert first == ["up", "--demo"]
    for example in others:
        check(cli, example)


@pytest.mark.parametrize(("group", "name", "_summary"), LATE_ONES)
def test_the_examples_of_commands_that_start_something_can_be_read(
    run: Run, group: str | None, name: str, _summary: str
) -> None:
    path = [name] if group is None else [group, name]
    with ROOT.make_context("wayshub-provider", list(path)) as root:
        for example in examples(run(*path, "--help").check().out):
            if example[: len(path)] != path:  # of another command, with this one
                continue
            command, parent = ROOT, root
            for word in path[:-1]:
                command = command.commands[word]
                parent = command.make_context(word, [name], parent)
            command.commands[name].make_context(name, example[len(path) :], parent)


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").check().out == f"wayshub-provider {VERSION}\n"
