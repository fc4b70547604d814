"""What `up` hands over to Traefik, and to nobody else: no secret is on a command line, or in another's environment."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from tests.running import fetch, free_port, wait_until

READY = "Ctrl-C stops everything."
GIVEN = "wsp_givenxxx_" + "g" * 43
"""A token that somebody has in the environment of the shell that runs `up`."""


@dataclass
class Up:
    process: subprocess.Popen[bytes]
    folder: Path
    url: str
    api: str

    @property
    def static(self) -> dict[str, object]:
        read: dict[str, object] = yaml.safe_load((self.folder / "var" / "provider.traefik.yml").read_text())
        return read


@contextmanager
def running(folder: Path) -> Iterator[Up]:
    ports = [str(free_port()) for _ in range(3)]
    options = [text for pair in zip(("--port", "--web-port", "--api-port"), ports, strict=True) for text in pair]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PROVIDER_")}
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "provider", "up", "--demo", *options],
            cwd=folder,
            env=variables | {"PROVIDER_TOKEN": GIVEN},
            stdout=out,
            stderr=subprocess.STDOUT,
            umask=0o022,
        )
        try:
            wait_until(lambda: READY in (folder / "out").read_text(), "all runs", 60)
            yield Up(process, folder, f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[2]}")
        finally:
            process.terminate()
            process.wait(timeout=60)


def descendants(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (entry / "stat").exists():
            fields = read(entry / "stat").rpartition(b")")[2].split()
            if fields and int(fields[1]) == parent:
                found += [int(entry.name), *descendants(int(entry.name))]
    return found


def read(file: Path) -> bytes:
    """Read a file of a process, which may end meanwhile."""
    try:
        return file.read_bytes()
    except (ProcessLookupError, FileNotFoundError, PermissionError):
        return b""


def edge_token(up: Up) -> str:
    found = re.search(
        r"Bearer (wsp_[a-z0-9]{8}_[A-Za-z0-9_-]{43})", (up.folder / "var" / "provider.traefik.yml").read_text()
    )
    assert found
    return found[1]


def poll(up: Up, token: str, edge: str = "default") -> int:
    url = f"{up.url}/traefik/configuration"
    return fetch(url, params={"edge": edge}, headers={"Authorization": f"Bearer {token}"}).status_code


def test_traefik_gets_its_token_in_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        token, folder = edge_token(up), tmp_path / "var"
        link = (folder / "provider.first-login.txt").read_text().strip()
        made = {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
        assert {folder / f"provider.{end}" for end in ("db", "traefik.log", "fallback.yml")} <= made.keys()
        assert made == {path: 0o700 if path.is_dir() else 0o600 for path in made}
        assert link in (tmp_path / "out").read_text()
        assert (poll(up, token), poll(up, token, "other")) == (200, 403)
        for path in ("/api/v1/domains", "/metrics", "/api/v1/tokens"):
            assert fetch(up.url + path, headers={"Authorization": f"Bearer {token}"}).status_code == 403
        children = descendants(up.process.pid)
        assert [pid for pid in children if b"traefik" in read(Path(f"/proc/{pid}/cmdline"))]
        secrets = [token[-43:], GIVEN, link.rpartition("=")[2], "Bearer"]
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                command = read(entry / "cmdline")
                assert not [secret for secret in secrets[:3] if secret.encode() in command], command
        for pid in children:
            environment = read(Path(f"/proc/{pid}/environ"))
            assert environment
            assert not [secret for secret in secrets if secret.encode() in environment]
        for text in ((folder / "provider.traefik.log").read_text(), (folder / "provider.fallback.yml").read_text()):
            assert not [secret for secret in secrets if secret in text]
        printed = (tmp_path / "out").read_text()
        assert token[-43:] not in printed
        assert GIVEN not in printed
        for path in ("/api/rawdata", "/api/overview", "/api/entrypoints", "/api/version", "/api/http/middlewares"):
            assert token[-43:] not in httpx.get(up.api + path).text
    with running(tmp_path) as up:
        assert edge_token(up) != token, "each start has another"
        assert (poll(up, edge_token(up)), poll(up, token)) == (200, 401)
        assert (tmp_path / "var" / "provider.first-login.txt").read_text().strip() != link
