"""The README is true: its commands run, and its tables say what the code says."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from provider.settings import Settings
from tests.cli.running import forking_program
from tests.running import ROOT, Service, answers, fetch, free_port, wait_until

README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent

# What a `console` block may do: it runs until it is stopped, or needs another program, host or user's rights.
ELSEWHERE = (
    *("git clone ", "cd wayshub-frontend", "npm install", "PORT=", "echo '127.0.0.1 alvin.xyz' | sudo tee"),
    *(
        "PROVIDER_TRAEFIK_API=",
        "traefik --configFile=",
        "wayshub-provider backup /srv/",
        "wayshub-provider restore /srv/",
    ),
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def table(name: str) -> list[list[str]]:
    """The rows of the table behind a `<!-- table: name -->`, without its head; code is without its marks."""
    _before, found, behind = README.partition(f"<!-- table: {name} -->\n")
    assert found, f"the README has no table {name}"
    rows = re.match(r"(?:\|.*\n)+", behind)
    assert rows
    return [[cell.strip().strip("`") for cell in row.split("|")[1:-1]] for row in rows[0].splitlines()[2:]]


@contextmanager
def up(folder: Path) -> Iterator[dict[str, str]]:
    """Run `up --demo` on free ports; give the words of the README that have other values here."""
    port, web_port, api_port = (str(free_port()) for _ in range(3))
    command = [sys.executable, "-m", "provider", "up", "--demo"]
    command += ["--port", port, "--web-port", web_port, "--api-port", api_port]
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
        yield {":8000": f":{port}", ":8080": f":{web_port}", "PROVIDER_PORT": port}
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
        for block in blocks("sh"):
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
            assert run.returncode == 0, f"{block}\n{run.stdout}\n{run.stderr}"
            assert '"status":4' not in run.stdout, f"{block}\n{run.stdout}"
            # What a block exports holds in the next: all are typed in one terminal.
            environment = dict(line.split("=", 1) for line in left.read_text().rstrip("\0").split("\0"))


def test_what_does_not_run_here_needs_another_world() -> None:
    for block in blocks("console"):
        for line in block.splitlines():
            assert line.startswith(ELSEWHERE), line


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z]+)`", README))))
def test_the_makefile_has_each_target_that_is_named(target: str) -> None:
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


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
    commands = re.findall(r"^  ([a-z]+) +(\S.*)$", shown.partition("Commands:")[2], re.MULTILINE)
    assert [tuple(row) for row in table("commands")] == commands


def test_the_table_of_settings_is_that_of_the_code() -> None:
    known = [
        [f"PROVIDER_{name.upper()}", "" if field.default is None else str(field.default), field.description]
        for name, field in Settings.model_fields.items()
    ]
    assert table("settings") == known


def test_the_part_of_the_static_configuration_is_that_of_the_file() -> None:
    (shown,) = blocks("yaml")
    wanted = [line.strip() for line in shown.splitlines()]
    written = [line.split(" #")[0].strip() for line in (ROOT / "traefik" / "traefik.yml").read_text().splitlines()]
    # The token is what `up` adds: it is nobody's to keep in a file of the project.
    assert [line for line in wanted if line not in written] == ["headers:", "Authorization: Bearer wsp_…"]
