"""What is written for users is true: commands run, tables say what the code says, links lead somewhere."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import typer
from typer.main import get_command

from provider.cli import late
from provider.cli.commands import app
from provider.environment import SECRETS
from provider.nouns.middlewares import KINDS
from provider.settings import Settings
from tests.cli.running import forking_program
from tests.running import ROOT, Service, answers, fetch, free_port, wait_until
from tests.written import (
    DOCS,
    INDONESIAN,
    PAGES,
    README,
    anchors,
    blocks,
    links,
    name,
    prose,
    spans,
    static_configuration,
    table,
)

BIN = Path(sys.executable).parent

# What a `console` block may do: it runs until it is stopped, or needs another program, host or user's rights.
ELSEWHERE = (
    *("git ", "cd wayshub-frontend", "npm install", "PORT=", "echo '127.0.0.1 alvin.xyz' | sudo tee"),
    *("PROVIDER_TRAEFIK_API=", "traefik --configFile=", "alembic upgrade head", "make "),
    *("wayshub-provider backup /srv/", "wayshub-provider restore /srv/", ".venv/bin/", "PROVIDER_DATABASE_URL="),
    *("createuser ", "createdb ", "pg_dump ", "pg_restore ", "wayshub-provider copy "),
    *("export PROVIDER_", "wayshub-provider serve"),
    *(
        "docker ",
        "sudo ",
        "uv ",
        "wayshub-provider register ",
        "curl -X",
        "wayshub-provider migrate",
        "kubectl ",
        "printf ",
        "head ",
        "mkdir ",
        *("openssl ", "chmod "),
    ),
)
ASKED_WITH = {"PROVIDER_URL", "PROVIDER_TOKEN"}
"""Variables that only the command line reads."""
IN_FILES = {f"PROVIDER_{name}_FILE" for name in SECRETS}

named = pytest.mark.parametrize("page", PAGES, ids=name)


@contextmanager
def up(folder: Path) -> Iterator[dict[str, str]]:
    """Run `up --demo` on free ports; give the words of the README that have other values here."""
    port, web_port, api_port = (str(free_port()) for _ in range(3))
    command = [sys.executable, "-m", "provider", "up", "--demo"]
    command += ["--port", port, "--web-port", web_port, "--secure-port", "0", "--api-port", api_port]
    environment = os.environ | {"PROVIDER_DATABASE_URL": f"sqlite:///{folder / 'var' / 'provider.db'}"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the service is ready")

        def demo() -> bool:
            try:
                answer = httpx.get(f"http://127.0.0.1:{web_port}/", headers={"Host": "wayshub.localhost"}, timeout=60)
            except httpx.TransportError:
                return False
            return answer.status_code == 200

        wait_until(demo, "the demo answers")
        yield {":8000": f":{port}", ":8080": f":{web_port}", ":8081": f":{api_port}", "PROVIDER_PORT": port}
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def test_every_command_for_the_shell_runs(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    programs = forking_program(tmp_path / "bin")
    with up(tmp_path) as words:
        environment = os.environ | {
            "PATH": f"{programs}:{BIN}:{os.environ['PATH']}",
            "PROVIDER_PORT": words.pop("PROVIDER_PORT"),
        }
        del environment["PROVIDER_TOKEN"]  # it tells how to make one
        left = tmp_path / "environment"
        for page in (README, *DOCS):
            for block in blocks(page, "sh"):
                script = block
                for old, new in words.items():
                    script = script.replace(old, new)
                run = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", f"{script}\nenv -0 > {left}"],
                    cwd=tmp_path,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                )
                assert run.returncode == 0, f"{name(page)}\n{block}\n{run.stdout}\n{run.stderr}"
                assert '"status":4' not in run.stdout, f"{name(page)}\n{block}\n{run.stdout}"
                # What a block exports holds in the next: all are typed in one terminal.
                environment = dict(line.split("=", 1) for line in left.read_text().rstrip("\0").split("\0"))


@named
def test_what_does_not_run_here_needs_another_world(page: Path) -> None:
    for block in blocks(page, "console"):
        for line in block.splitlines():
            assert line.startswith(ELSEWHERE), line


@named
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@named
def test_the_makefile_has_each_target_that_is_named(page: Path) -> None:
    targets = set(re.findall(r"^\s*make ([a-z]+)", "\n".join([*spans(page), *blocks(page, "console")]), re.MULTILINE))
    if targets:
        subprocess.run(["make", "--dry-run", *sorted(targets)], cwd=ROOT, check=True, capture_output=True)


def unknown_in(line: str) -> list[str]:
    """Return the words and options of a command line that `wayshub-provider` does not have."""
    words = shlex.split(line.partition(" | ")[0])[1:]
    found, path = get_command(app), list[str]()
    while words and (commands := getattr(found, "commands", {})) and not words[0].startswith("-"):
        word = words.pop(0)
        if word not in commands:
            return [word]
        found = commands[word]
        path.append(word)
    if isinstance(found, late.LateCommand):
        alone = typer.Typer()
        alone.command()(late.find(path[0] if len(path) > 1 else None, path[-1]))
        found = get_command(alone)
    known = {option for each in found.params for option in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}
    return [word for word in words if re.match("--?[a-z]", word) and word not in known]


@named
def test_the_command_line_has_what_is_named_of_it(page: Path) -> None:
    lines = [span for span in spans(page) if span.startswith("wayshub-provider ")]
    lines += [line for line in "\n".join(blocks(page, "console")).splitlines() if line.startswith("wayshub-provider ")]
    assert {line: unknown for line in lines if (unknown := unknown_in(line))} == {}


@named
def test_each_setting_that_is_named_is_one(page: Path) -> None:
    known = {f"PROVIDER_{setting.upper()}" for setting in Settings.model_fields} | ASKED_WITH | IN_FILES
    assert set(re.findall(r"\bPROVIDER_[A-Z_]+[A-Z]", page.read_text())) <= known


@pytest.mark.parametrize(("page", "most"), [(README, 300), (INDONESIAN, 300), (ROOT / "docs" / "architecture.md", 200)])
def test_what_everybody_reads_is_short(page: Path, most: int) -> None:
    assert len(page.read_text().splitlines()) < most


def test_the_readme_leads_to_every_page_of_the_documentation() -> None:
    assert {f"docs/{page.name}" for page in DOCS} <= {link.partition("#")[0] for link in links(README)}


def test_both_readmes_have_the_same_chapters_code_and_links() -> None:
    pages = (README, INDONESIAN)
    depths = [[len(marks) for marks in re.findall(r"^(#+) ", prose(page), re.MULTILINE)] for page in pages]
    assert depths[0] == depths[1]
    code = [re.findall(r"^```.*?^```$", page.read_text(), re.MULTILINE | re.DOTALL) for page in pages]
    assert code[0] == code[1]
    one, other = ({link for link in links(page) if not link.startswith(("README", "#"))} for page in pages)
    assert one == other
    assert [name(other) in links(page) for page, other in zip(pages, reversed(pages), strict=True)] == [True, True]


def test_the_table_of_paths_is_that_of_the_api(service: Service) -> None:
    document = fetch(f"{service.url}/openapi.json").json()
    order = ["get", "post", "put", "patch", "delete"]
    described = {
        path: [method.upper() for method in order if method in operations]
        for path, operations in document["paths"].items()
    }
    assert {path: methods.split(", ") for path, methods in table("rest")} == described


def test_the_table_of_commands_is_that_of_the_help() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "provider", "--help"],
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    listed = shown.partition("\nCommands:")[2]
    commands = re.findall(r"^  ([a-z-]+) +(\S.*)$", listed, re.MULTILINE)
    assert [tuple(row) for row in table("commands")] == commands


def test_the_table_of_settings_is_that_of_the_code() -> None:
    known = [
        [f"PROVIDER_{setting.upper()}", "" if field.default is None else str(field.default), field.description]
        for setting, field in Settings.model_fields.items()
    ]
    assert table("settings") == known


def test_the_part_of_the_static_configuration_is_that_of_the_file() -> None:
    wanted = [line.strip() for line in static_configuration().splitlines()]
    written = [line.split(" #")[0].strip() for line in (ROOT / "traefik" / "traefik.yml").read_text().splitlines()]
    # The token is what `up` adds: it is nobody's to keep in a file of the project.
    assert [line for line in wanted if line not in written] == ["headers:", "Authorization: Bearer wsp_…"]


def test_the_table_of_middlewares_has_every_kind_with_its_words() -> None:
    assert table("middlewares") == [[kind, KINDS[kind].about] for kind in sorted(KINDS)]
