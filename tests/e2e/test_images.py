"""The images and the Compose files, built and run by a Docker engine with the commands of the documentation.

Where no engine answers there is nothing to run them with: `tests/test_containers.py` reads them in any case.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.running import ROOT, answers, fetch, free_port, wait_until

PAGE: Final = (ROOT / "docs" / "containers.md").read_text()
SENT: Final = (
    *("Dockerfile", ".dockerignore", "compose.yaml", "compose.postgresql.yaml", "pyproject.toml", "requirements.lock"),
    *("README.md", "LICENSE", "traefik", "migrations", "provider"),
)
BUILD_SECONDS: Final = 1800
OLDEST_COMPOSE: Final = (2, 23)


def commands(heading: str, number: int = 0) -> list[str]:
    """The commands of a block below a heading of the page."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    blocks: list[str] = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return blocks[number].splitlines()


@dataclass
class Checkout:
    """A copy of what the images are made of, whose images, containers and networks have names of their own."""

    folder: Path
    name: str
    ports: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, seconds: float = 600) -> str:
        """Run a command of the page, and return what it prints."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.own(command)],
            cwd=self.folder,
            env=os.environ | self.ports,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def own(self, text: str) -> str:
        """Name images, networks and the project as nobody else does.

        Compose takes any service's name for one of the project where a variable names that: so the file does.
        """
        text = re.sub(r"^name: wayshub$", f"name: {self.name}", text, flags=re.MULTILINE)
        text = re.sub(r"(--tag |image: )wayshub-provider", rf"\1{self.name}", text)
        return re.sub(r"wayshub-apps", f"{self.name}-apps", text)

    def url(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    def get(self, host: str) -> httpx.Response:
        """Request something from Traefik."""
        return fetch(self.url("HTTP_PORT"), headers={"Host": host})


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    if not has_engine():
        pytest.skip("no Docker engine with Compose answers")
    made = Checkout(tmp_path_factory.mktemp("checkout"), f"wayshub-{secrets.token_hex(4)}")
    for name in SENT:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, made.folder / name)
    for name in ("compose.yaml", "compose.postgresql.yaml"):
        path = made.folder / name
        path.write_text(made.own(path.read_text()))
    made.ports = {name: str(free_port()) for name in ("HTTP_PORT", "HTTPS_PORT", "CONSOLE_PORT", "CONSOLE_PORT_2")}
    for command in commands("The images"):
        made.run(command, BUILD_SECONDS)
    yield made
    made.run(f"docker image rm --force {made.name} {made.name}:edge")


def has_engine() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = [["docker", "info"], ["docker", "compose", "version", "--short"]]
    done = [subprocess.run(each, capture_output=True, text=True, timeout=60, check=False) for each in asked]
    version = re.match(r"v?(\d+)\.(\d+)", done[1].stdout)
    return done[0].returncode == 0 and version is not None and tuple(map(int, version.groups())) >= OLDEST_COMPOSE


@contextmanager
def composed(checkout: Checkout, compose: str) -> Iterator[None]:
    try:
        yield
    finally:
        checkout.run(f"{compose} --profile demo down --volumes --timeout 20")


def wait_for_answer(checkout: Checkout, host: str, text: str) -> None:
    def answered() -> bool:
        try:
            return text in checkout.get(host).text
        except httpx.TransportError:  # the port is published before Traefik listens
            return False

    wait_until(answered, f"{host} answers {text}", seconds=120)


def log_in(checkout: Checkout, logs: str, port: str) -> None:
    """See that the link in the log of the service on this port leads to the form for the first password."""
    wait_until(lambda: answers(f"{checkout.url(port)}/readyz"), "the service is ready", seconds=120)
    page = httpx.get(re.findall(rf"{checkout.url(port)}/password\?link=\S+", checkout.run(logs))[-1], timeout=60)
    assert page.status_code == 200
    assert 'name="password"' in page.text


@pytest.mark.parametrize("target", ["service", "edge"])
def test_an_image_runs_read_only_and_is_healthy_and_ends_at_once(checkout: Checkout, target: str) -> None:
    image, port = {"service": (checkout.name, 8000), "edge": (f"{checkout.name}:edge", 8080)}[target]
    inspected = json.loads(checkout.run(f"docker image inspect {image}"))[0]["Config"]
    assert inspected["User"] == "10001:10001"
    *others, run = [command for command in commands("The images", 1) if ("edge" in command) is (target == "edge")]
    volume = f"{checkout.name}-{target}"

    def own(command: str) -> str:
        named = re.sub(
            r"wayshub-provider(:edge)?(?= |$)", image, command.replace("volume state", f"volume {volume}"), count=1
        )
        return re.sub(r"--publish \S+:(\d+)", r"--publish 127.0.0.1::\1", named)

    try:
        for command in others:
            checkout.run(own(command).replace("docker run", "docker run --rm"))
        checkout.run(own(run).replace("docker run", f"docker run --detach --health-interval 2s --name {volume}"))

        def health() -> str:
            return checkout.run(f"docker inspect --format '{{{{.State.Health.Status}}}}' {volume}").strip()

        wait_until(lambda: health() == "healthy", "the container is healthy", seconds=120)
        published = checkout.run(f"docker port {volume} {port}").splitlines()[0].rpartition(":")[2]
        path, status = ("healthz", 200) if target == "service" else ("nothing", 404)
        wait_until(lambda: answers(f"http://127.0.0.1:{published}/{path}", status), "it answers")
        checkout.run(f"docker stop {volume}")
        ended = checkout.run(f"docker inspect --format '{{{{.State.ExitCode}}}}' {volume}").strip()
        assert ended in {"0", "143"}, "it was killed"
    finally:
        checkout.run(f"docker rm --force {volume}")
        checkout.run(f"docker volume rm {volume}")


def test_two_commands_lead_to_a_balanced_demo_and_an_upgrade_fails_no_request(checkout: Checkout) -> None:
    up, logs = commands("Everything with Compose")
    with composed(checkout, "docker compose"):
        checkout.run(up)
        log_in(checkout, logs, "CONSOLE_PORT")
        wait_for_answer(checkout, "wayshub.localhost", "sample server")
        wait_until(
            lambda: (
                {checkout.get("wayshub.localhost").text.strip() for _ in range(12)}
                == {f"sample server {name}" for name in "abc"}
            ),
            "all three take part",
        )
        token, expose = commands("Everything with Compose", 1)
        secret = checkout.run(token).split()[-1]
        checkout.run(expose.replace("wsp_…", secret).replace("http://shop:3000", "http://a:9101"))
        wait_for_answer(checkout, "shop.example", "sample server a")

        ended, failed = threading.Event(), list[str]()

        def visit() -> None:
            while not ended.is_set():
                try:
                    answer = checkout.get("shop.example")
                    failed.extend([] if answer.status_code == 200 else [answer.text])
                except httpx.TransportError as error:
                    failed.append(repr(error))
                ended.wait(0.05)

        visitor = threading.Thread(target=visit)
        visitor.start()
        try:
            with (checkout.folder / "provider" / "__init__.py").open("a") as module:
                module.write("# another version\n")
            before = checkout.run("docker compose images --quiet provider")
            for command in commands("Upgrades"):
                checkout.run(command, BUILD_SECONDS)
            assert checkout.run("docker compose images --quiet provider") != before
            changed = expose.replace("wsp_…", secret).replace("http://shop:3000", "http://b:9101")
            checkout.run(changed.replace("shop.example", "new.example"))
            wait_for_answer(checkout, "new.example", "sample server b")
        finally:
            ended.set()
            visitor.join(timeout=120)
        assert failed == []
        stop, back = commands("Upgrades", 1)
        checkout.run(stop)
        assert "0018" in checkout.run(back)
        checkout.run("docker compose up --detach")
        backup, *copies = commands("Backups")
        checkout.run(backup)
        checkout.run(copies[0])
        assert (checkout.folder / "monday.db").read_bytes().startswith(b"SQLite format 3\0")


def test_two_services_on_postgresql_take_over_from_each_other(checkout: Checkout) -> None:
    *preparing, up, logs = commands("PostgreSQL and two services")
    compose = up.partition(" up ")[0]
    with composed(checkout, compose):
        for command in (*preparing, up):
            checkout.run(command)
        log_in(checkout, logs, "CONSOLE_PORT_2")  # the newest one
        checkout.run(f"{compose} --profile demo up --detach")
        wait_for_answer(checkout, "wayshub.localhost", "sample server")
        checkout.run(f"{compose} kill provider")
        token, expose = (each.replace("docker compose", compose) for each in commands("Everything with Compose", 1))
        secret = checkout.run(token.replace("exec provider", "exec provider-2")).split()[-1]
        exposing = expose.replace("wsp_…", secret).replace("http://shop:3000", "http://a:9101")
        checkout.run(exposing.replace(" provider wayshub", " provider-2 wayshub"))
        wait_for_answer(checkout, "shop.example", "sample server a")
        checkout.run(up)
        first, second = (f"{checkout.url(port)}/readyz" for port in ("CONSOLE_PORT", "CONSOLE_PORT_2"))
        wait_until(lambda: answers(first) and answers(second), "both are ready", seconds=120)
        wait_until(lambda: fetch(first).json()["digest"] == fetch(second).json()["digest"], "both serve the same")
