"""A real CA that speaks ACME: Debian's pebble, with a name server that says what a test wants."""

import json
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.certs import issue
from tests.programs import required
from tests.running import answers, free_port, wait_until

LONG_SECONDS = 5 * 365 * 86_400


@dataclass
class Pebble:
    """A CA that looks for files at `http_port` of every address, and its name server, which answers 127.0.0.1.

    It follows redirects to `https_port`.
    """

    folder: Path
    http_port: int
    https_port: int
    port: int
    dns_port: int
    dns_management: str
    dns_server: str = ""
    other_roots: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def directory(self) -> str:
        return f"https://localhost:{self.port}/dir"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def log(self) -> str:
        return (self.folder / "pebble.log").read_text()

    @property
    def settings(self) -> dict[str, Any]:
        """What a service needs to order there."""
        return {
            "acme_ca_file": self.ca_file,
            "acme_nameservers": self.dns_server or f"127.0.0.1:{self.dns_port}",
            "acme_http_port": self.http_port,
        }

    def orders(self) -> int:
        """How many orders were made."""
        return len(re.findall(r"Added order \"[^\"]*\" to the db", self.log))

    def issued(self) -> list[str]:
        """The serial numbers of all certificates that it signed, in hexadecimal digits."""
        return re.findall(r"Issued certificate serial (\S+) for order", self.log)

    def points(self, name: str, *addresses: str) -> None:
        """Let a name have these addresses."""
        self.tell("clear-a", {"host": f"{name}."})
        self.tell("add-a", {"host": f"{name}.", "addresses": addresses})

    def tell(self, what: str, content: Mapping[str, Any]) -> None:
        """Tell the name server something."""
        httpx.post(f"{self.dns_management}/{what}", json=dict(content), timeout=60).raise_for_status()

    def start(self) -> None:
        """Start the CA: it knows nothing of what was before."""
        with (self.folder / "pebble.log").open("ab") as output:
            self.process = subprocess.Popen(
                ["pebble", "-config", "pebble.json", "-dnsserver", self.settings["acme_nameservers"]],
                cwd=self.folder,
                env=os.environ
                | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"}
                | {"PEBBLE_ALTERNATE_ROOTS": str(self.other_roots)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: _answers(self), "pebble answers")

    def stop(self) -> None:
        """End the CA."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=60)
            self.process = None


def _answers(ca: Pebble) -> bool:
    try:
        return (
            httpx.get(ca.directory, verify=ssl.create_default_context(cafile=ca.ca_file), timeout=10).status_code == 200
        )
    except httpx.TransportError:
        return False


@contextmanager
def running(
    folder: Path,
    life_seconds: int = LONG_SECONDS,
    http_port: int | None = None,
    https_port: int | None = None,
    bound: Mapping[str, str] | None = None,
    own_days: tuple[float, float] = (-1, 90),
    dns_server: str = "",
    other_roots: int = 0,
) -> Iterator[Pebble]:
    """Run a CA, whose certificates are good for so long.

    With `bound` it wants external accounts: their keys, in URL-safe Base64, by their IDs. `own_days` are those from
    and until when its own certificate is good; `dns_server` is asked in place of its own name server. Chains lead to so
    many `other_roots` as well.
    """
    required(shutil.which("pebble"), "pebble")
    folder.mkdir(parents=True, exist_ok=True)
    ports = http_port or free_port(), https_port or free_port()
    made = Pebble(folder, *ports, free_port(), free_port(), f"http://127.0.0.1:{free_port()}", dns_server, other_roots)
    root = issue(common=f"CA of {folder}"[-60:], is_ca=True, days=own_days)
    leaf = issue("localhost", by=root, days=own_days)
    made.ca_file.write_text(root.chain)
    (folder / "own.pem").write_text(leaf.chain)
    (folder / "own.key").write_text(leaf.key)
    configuration = {
        "listenAddress": f"127.0.0.1:{made.port}",
        "managementListenAddress": f"127.0.0.1:{free_port()}",
        "certificate": "own.pem",
        "privateKey": "own.key",
        "httpPort": made.http_port,
        "tlsPort": made.https_port,
        "certificateValidityPeriod": life_seconds,
        "externalAccountBindingRequired": bound is not None,
        "externalAccountMACKeys": dict(bound or {}),
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))
    dns = [
        "pebble-challtestsrv",
        *("-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", f"127.0.0.1:{made.dns_port}"),
        *("-http01", "", "-https01", "", "-tlsalpn01", "", "-management", made.dns_management.removeprefix("http://")),
    ]
    with (folder / "dns.log").open("wb") as output:
        names = subprocess.Popen(dns, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: answers(made.dns_management, 404), "the name server answers")
        made.start()
        yield made
    finally:
        made.stop()
        names.kill()
        names.wait(timeout=60)


def hook(ca: Pebble) -> Path:
    """Return a program that sets TXT records at the name server."""
    path = ca.folder / "hook"
    path.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        f'add) curl -sf -d "{{\\"host\\":\\"$2.\\",\\"value\\":\\"$3\\"}}" {ca.dns_management}/set-txt;;\n'
        f'remove) curl -sf -d "{{\\"host\\":\\"$2.\\"}}" {ca.dns_management}/clear-txt;;\n'
        "esac\n"
    )
    path.chmod(0o755)
    return path
