"""The command as a process of its own: what it starts with, terminals, pipes, signals and exit statuses."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from provider.version import VERSION
from tests.cli.running import DEADLINE_SECONDS, PROGRAM, Run, run_forked, run_process, terminal, variables
from tests.running import Service, answers, free_port, wait_until

HEAVY = {"fastapi", "sqlalchemy", "sqlmodel", "uvicorn", "alembic", "provider.api", "provider.app", "provider.web"}
RARE = {
    *("alembic", "mako"),  # migrations
    *("httpx", "httpcore", "requests"),  # requests to others
    *("cryptography", "acme", "josepy", "lexicon", "dns"),  # certificates
    *("psycopg", "sqlalchemy.dialects.postgresql"),  # PostgreSQL
    *("jinja2", "babel"),  # pages
    *("bcrypt", "re2", "rich", "yaml", "tomli"),  # a few fields of a few objects, the command line, files
}
"""What is loaded when something needs it."""


def test_what_speaks_rest_starts_without_the_server() -> None:
    """Importing FastAPI and SQLAlchemy would take three times as long as all the rest."""
    loaded = modules("provider.cli.program")
    assert "provider.cli.client" in loaded
    assert not HEAVY & loaded


def test_a_container_can_be_told_to_stop_before_anything_of_the_command_line_is_loaded() -> None:
    """Loading it takes a second on a small machine, in which the first process of a container would not listen."""
    loaded = modules("provider.cli")
    assert {name for name in loaded if name.startswith("provider")} == {"provider", "provider.cli"}
    assert "typer" not in loaded


def test_a_service_has_not_loaded_what_it_may_never_need() -> None:
    """Together it would take as much memory as all the rest."""
    loaded = modules("provider.cli.serve", "provider.cli.serve.create_app(provider.cli.serve.read_settings())")
    assert "provider.edges.readback" in loaded
    assert not RARE & loaded


def modules(name: str, then: str = "") -> set[str]:
    """Return the modules that are loaded with one, and by what is done then."""
    code = f"import sys, json, {name}; {then}\njson.dump(sorted(sys.modules), sys.stdout)"
    return set(json.loads(subprocess.check_output([sys.executable, "-c", code], text=True)))


@pytest.mark.usefixtures("exposed")
def test_the_module_does_what_the_program_does(service: Service) -> None:
    environment = variables(PROVIDER_URL=service.url)
    program = run_process("server", "list", "wayshub", env=environment).check().out
    command = [sys.executable, "-m", "provider", "server", "list", "wayshub"]
    assert subprocess.check_output(command, env=environment, text=True) == program
    assert subprocess.check_output([sys.executable, "-m", "provider", "--version"], text=True).strip().endswith(VERSION)


def test_an_expected_error_is_one_line_and_exit_status_1() -> None:
    told = run_process("status", env=variables(PROVIDER_PORT=str(free_port()))).error()
    assert "`wayshub-provider up`" in told


@pytest.mark.usefixtures("exposed")
def test_a_terminal_is_asked_before_anything_is_removed(service: Service, client: httpx.Client) -> None:
    with terminal("service", "remove", "wayshub", "--cascade", url=service.url) as asked:
        asked.read_until("Remove service wayshub with router wayshub? [y/N] ")
        asked.type("\n")
        asked.read_until("wayshub-provider: nothing was changed")
        assert asked.wait() == 1
    assert client.get("/services/wayshub").status_code == 200
    with terminal("domain", "remove", "alvin.xyz", "--cascade", url=service.url) as asked:
        asked.read_until("Remove domain alvin.xyz with router wayshub? [y/N] ")
        asked.type("y\n")
        assert asked.wait() == 0
    assert client.get("/domains/alvin.xyz").status_code == 404


@pytest.mark.usefixtures("exposed")
def test_ctrl_c_at_the_question_ends_quietly_with_130(service: Service, client: httpx.Client) -> None:
    with terminal("router", "remove", "wayshub", url=service.url) as asked:
        asked.read_until("[y/N] ")
        asked.process.send_signal(signal.SIGINT)
        assert asked.wait() == 130
    assert "Traceback" not in asked.seen
    assert client.get("/routers/wayshub").status_code == 200


@pytest.mark.usefixtures("exposed")
def test_a_terminal_gets_colour_and_whole_names(service: Service, client: httpx.Client) -> None:
    name = "very-long-name-of-a-server-that-does-not-fit-into-this-terminal"
    client.put(f"/services/wayshub/servers/{name}", json={"url": "http://127.0.0.1:3009"}).raise_for_status()
    with terminal("server", "list", "wayshub", url=service.url) as shown:
        lines = shown.read_all().splitlines()
        assert shown.wait() == 0
    assert lines[0].startswith("\x1b[1mName")
    assert "…" not in shown.seen
    names = "".join(line.split(" ")[0] for line in lines[1:])
    assert names == f"ab{name}"


@pytest.mark.usefixtures("exposed")
def test_a_pipe_that_is_closed_early_is_no_error_of_its_own(service: Service) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [PROGRAM, "domain", "list"], env=variables(PROVIDER_URL=service.url), stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    _out, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert err == b""


def test_text_that_the_locale_cannot_write_is_escaped(service: Service, client: httpx.Client) -> None:
    client.post("/domains", json={"name": "münchen.example", "description": "日本"}).raise_for_status()
    environment = variables(PROVIDER_URL=service.url, PYTHONIOENCODING="latin-1")
    table = run_process("domain", "list", env=environment, encoding="latin-1").check().out
    assert table.splitlines()[1] == "münchen.example  \\u65e5\\u672c"
    listed = run_process("domain", "list", "-o", "json", env=environment).check().out
    assert [(each["name"], each["description"]) for each in json.loads(listed)] == [("münchen.example", "日本")]


def test_migrate_makes_the_database_that_serve_serves(tmp_path: Path) -> None:
    port = str(free_port())
    environment = variables(PROVIDER_DATABASE_URL=f"sqlite:///{tmp_path}/var/provider.db", PROVIDER_PORT=port)
    out = run_process("migrate", env=environment).check().out
    assert out.endswith(f"The database {tmp_path}/var/provider.db is up to date.\n")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "serve"], env=environment, stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the service is ready")
            made = run_forked("token", "create", "me", "--scope", "read", env=environment).check().out
            environment["PROVIDER_TOKEN"] = made.splitlines()[-1]
            assert run_forked("status", env=environment).check().out.startswith(f"http://127.0.0.1:{port} is ready.")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=DEADLINE_SECONDS) == 130
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_where_nobody_can_listen_serve_says_so_in_one_line(run: Run) -> None:
    assert run("serve", "--port", "70000").error().startswith("--port 70000: a port is a number ")
    assert run("serve", "--host", "192.0.2.1").error().startswith("this machine does not have the address 192.0.2.1: ")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run("serve", "--port", str(port)).error()
    assert told.startswith(f"port {port} of 127.0.0.1 is taken: ")
    assert told.endswith(" with --port")


def test_what_cannot_be_set_or_made_is_one_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROVIDER_DATABASE_URL", f"sqlite:///{tmp_path}/provider.db")
    assert "run `wayshub-provider migrate`" in run("serve", "--port", "0").error()
    monkeypatch.setenv("PROVIDER_DATABASE_URL", f"sqlite:///{tmp_path}/file/provider.db")
    assert f"{tmp_path}/file" in run("migrate").error()
    monkeypatch.setenv("PROVIDER_LOG_LEVEL", "loud")
    assert run("serve").error().startswith("PROVIDER_LOG_LEVEL: ")
