"""The units, run by a systemd of their own with the commands of the documentation.

It has a copy of this machine's files that is thrown away, and processes, a network and control groups of its own.
"""

import os
import re
import secrets
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.programs import required
from tests.running import ROOT, traefik_command, wait_until

PAGE: Final = (ROOT / "docs" / "systemd.md").read_text()
SYSTEMD: Final = Path("/lib/systemd/systemd")
GROUPS: Final = Path("/sys/fs/cgroup")
HOST: Final = "toko.test"
FOUND: Final = ("PYTHONPATH=/opt/wayshub:/opt/packages", "LD_LIBRARY_PATH=/opt/python/lib")

BOOT: Final = r"""
mount --make-rprivate /
mount -t tmpfs none "$PLACE" && cd "$PLACE" && mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root && cd root
mount -t proc proc proc && mount --rbind /sys sys
mount -t tmpfs -o mode=755 none run && mount -t tmpfs -o mode=1777 none tmp && mount -t tmpfs -o mode=755 none dev
for each in null zero full random urandom tty; do touch dev/$each; mount --bind /dev/$each dev/$each; done
ln -s /proc/self/fd dev/fd && ln -s pts/ptmx dev/ptmx && mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 none dev/pts
rm -rf etc/systemd/system/*.wants && : > etc/machine-id
ip link set lo up
# What the wheel would bring, where every user finds it.
mkdir -p opt/python opt/packages opt/wayshub
mount --bind "$PYTHON" opt/python && mount --bind "$PACKAGES" opt/packages && mount --bind "$CHECKOUT" opt/wayshub
printf '#!/bin/sh\n%s exec /opt/python/bin/%s -m provider "$@"\n' "$FOUND" "$PROGRAM" > usr/local/bin/wayshub-provider
chmod 755 usr/local/bin/wayshub-provider
rm -f usr/local/bin/traefik && touch usr/local/bin/traefik && mount --bind "$TRAEFIK" usr/local/bin/traefik
mkdir -p mnt/machine && pivot_root . mnt/machine && umount --lazy /mnt/machine
exec env --ignore-environment container=other PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=basic.target
"""


@dataclass
class Machine:
    """What a systemd runs on, with the id of its process."""

    systemd: int

    def _started(self, *command: str) -> subprocess.Popen[str]:
        inside = ["nsenter", f"--target={self.systemd}", "--all", "--root", "env", "--chdir=/opt/wayshub"]
        return subprocess.Popen([*inside, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, command: str) -> str:
        """Run a command of the page, as root. Returns what it prints."""
        command = command.replace("sudo -u wayshub ", "setpriv --reuid=wayshub --regid=wayshub --clear-groups env ")
        running = self._started(*shlex.split(command.removeprefix("sudo ")))
        said, _none = running.communicate(timeout=240)
        assert running.returncode == 0, f"{command}: {said}{self.say('journalctl', '--lines=60')}"
        return said

    def say(self, *command: str) -> str:
        """Run a command, and return what it prints, whatever becomes of it."""
        said: str = self._started(*command).communicate(timeout=60)[0]
        return said

    def visit(self) -> str:
        """Return what Traefik's port for visitors answers, or why it does not."""
        asked = (
            f"import urllib.request as u; print(u.urlopen(u.Request('http://127.0.0.1', None, {{'Host': '{HOST}'}}))"
        )
        return self.say(*python("-c", f"{asked}.read().decode())")).strip()


def python(*arguments: str) -> list[str]:
    return ["env", *FOUND, f"/opt/python/bin/{program()}", *arguments]


def program() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


@contextmanager
def grouped(name: str) -> Iterator[list[Path]]:
    """Give control groups of its own, one of each hierarchy, and remove them with those that are made in them."""
    roots = [GROUPS] if (GROUPS / "cgroup.procs").exists() else [each.parent for each in GROUPS.glob("*/cgroup.procs")]
    made = [each / name for each in roots]
    for each in made:
        each.mkdir()
    try:
        yield made
    finally:
        for each in made:
            below = sorted((path for path in each.rglob("*") if path.is_dir()), reverse=True)
            wait_until(lambda paths=[*below, each]: removed(paths), f"{each} is removed")  # type: ignore[misc]  # bound now


def removed(paths: list[Path]) -> bool:
    """Remove control groups. Where a process still ends in one, tell so."""
    for path in paths:
        with suppress(OSError):
            path.rmdir()
    return not any(path.exists() for path in paths)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    required(SYSTEMD if SYSTEMD.exists() else None, "systemd")
    if os.geteuid() != 0:
        pytest.skip("only root can run a systemd of its own")
    variables = {
        "PLACE": str(tmp_path),
        "PYTHON": sys.base_prefix,
        "PROGRAM": program(),
        "FOUND": " ".join(FOUND),
        "PACKAGES": sysconfig.get_path("purelib"),
        "CHECKOUT": str(ROOT),
        "TRAEFIK": str(Path(traefik_command()).resolve()),
    }
    with grouped(f"units-{secrets.token_hex(4)}") as groups:
        entering = "; ".join(f"echo $$ > {each}/cgroup.procs 2>/dev/null || :" for each in groups)
        namespaces = "--mount --pid --fork --cgroup --net --uts --ipc --kill-child"
        process = subprocess.Popen(
            ["bash", "-c", f'{entering}; exec unshare {namespaces} bash -ec "$BOOT"'],
            env=os.environ | variables | {"BOOT": BOOT},
        )
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            first = wait_until(children.read_text, "there is a first process").split()[0]
            wait_until(lambda: Path(f"/proc/{first}/comm").read_text() == "systemd\n", "systemd has begun")
            made = Machine(int(first))
            up = "active\n"
            wait_until(lambda: made.say("systemctl", "is-active", "basic.target") == up, "systemd is up", 120)
            yield made
        finally:
            process.kill()
            process.wait(timeout=60)


@pytest.mark.soak
def test_the_commands_of_the_page_lead_to_an_edge_that_goes_on_without_the_service(machine: Machine) -> None:
    _uv, _pipx, create, token, _upgrade = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    said = [machine.run(command) for command in create.splitlines()]
    assert "/password?link=" in said[-1]
    machine.run("systemctl is-active wayshub-provider traefik")
    secret = machine.run(token.strip()).split()[-1]
    machine.run(shlex.join(["systemd-run", "--unit=sample", *python("-m", "provider.sample", "a", "--port", "9101")]))
    exposing = f"wayshub-provider expose {HOST} http://127.0.0.1:9101"
    assert "Live on every edge" in machine.run(f"env PROVIDER_TOKEN={secret} {exposing}")
    assert machine.visit() == "sample server a"
    traefik = machine.run("systemctl show --property=MainPID --value traefik").strip()
    assert machine.run(f"nsenter --target={traefik} --mount ls /var/lib").split() == ["wayshub-edge"]
    machine.run("systemctl stop wayshub-provider")
    assert machine.run("systemctl show --property=Result --value wayshub-provider") == "success\n"
    machine.run("systemctl is-active traefik")
    assert machine.visit() == "sample server a"
    machine.run("systemctl mask --runtime wayshub-provider")
    machine.run("systemctl restart traefik")
    wait_until(lambda: machine.visit() == "sample server a", "the fallback serves")
