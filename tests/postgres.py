"""A real PostgreSQL to test with: a cluster of its own, on a socket, from the programs that Debian installs."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import URL, make_url

from provider.database import connecting
from provider.database.locations import SERVER_DRIVER, Location
from provider.security.secrets import hashed
from tests.forwarding import Forwarder
from tests.programs import required
from tests.running import TOKEN, TOKEN_ID, wait_until

_TEMPLATE = "migrated"
_OLDEST = 15
_USER = "postgres"
_SOCKET = ".s.PGSQL.5432"


def find_programs() -> Path | None:
    """Find the folder of the programs of the newest PostgreSQL that is old or new enough; None without one."""
    found = [
        (int(version[1]), folder)
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if (version := re.fullmatch(r"(\d+)", folder.parent.name)) and (folder / "initdb").exists()
    ]
    usual = shutil.which("initdb")
    newest = max((each for each in found if each[0] >= _OLDEST), default=None)
    if newest is not None:
        return newest[1]
    return None if usual is None else Path(usual).parent


@dataclass
class Postgres:
    """A cluster that runs, with a database that the migrations made, to be copied."""

    programs: Path
    folder: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off", *self.options]
        command = [
            str(self.programs / "postgres"),
            "-D",
            str(self.folder / "data"),
            *(f"--{each}" for each in settings),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **as_owner())
        wait_until(self.is_up, "PostgreSQL takes connections")

    def is_up(self) -> bool:
        """Tell whether it takes connections."""
        try:
            psycopg.connect(self.conninfo("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Kill its first process as `kill -9` does: the others end by themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=60)

    def stop(self) -> None:
        """Stop it without waiting for those who are connected."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(3)  # SIGQUIT: at once
            self.process.wait(timeout=60)

    def conninfo(self, name: str) -> str:
        """Say how psycopg connects to a database."""
        return f"host={self.folder} user={_USER} dbname={name}"

    def run(self, statement: str, name: str = "postgres") -> None:
        """Run a statement by itself."""
        with psycopg.connect(self.conninfo(name), autocommit=True) as connection:
            connection.execute(statement.encode())

    def location(self, name: str) -> Location:
        """Say where a database is."""
        query = {"host": str(self.folder)}
        url = URL.create(SERVER_DRIVER, username=_USER, database=name, query=query)
        return Location(url=url.render_as_string(), key_file=self.folder.parent / f"{self.folder.name}.key")

    def empty(self) -> Location:
        """Make a database in which there is nothing."""
        name = f"empty{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.location(name)

    def migrated(self) -> Location:
        """Make a database as the migrations make it, with the tests' token."""
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self.location(name)

    def cut(self, name: str) -> None:
        """End all connections to a database."""
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608  # our own name


class Wire(Forwarder):
    """A way of its own to a server, for one service, that can be cut without anybody being told."""

    def __init__(self, folder: Path) -> None:
        self._target = str(folder / _SOCKET)
        self._folder = Path(tempfile.mkdtemp(prefix="wire-", dir="/tmp"))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._folder / _SOCKET))
        listener.listen(128)
        super().__init__(listener)

    def to(self, location: Location) -> Location:
        """Say where a database is, by this way."""
        url = make_url(location.url).update_query_dict({"host": str(self._folder)})
        return replace(location, url=url.render_as_string(hide_password=False))

    def connect(self) -> socket.socket | None:
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self._target)
        except OSError:
            server.close()
            return None
        return server

    def close(self) -> None:
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def running_postgres(*options: str) -> Iterator[Postgres]:
    """Run a cluster that is made for this alone. Its folder is one that its owner may enter."""
    programs = required(find_programs(), "postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # the path of a socket has to be short
    made = Postgres(programs, folder, options)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        initialise = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", _USER, "-A", "trust", "--no-sync"]
        initialise += ["--locale=C.UTF-8", "--encoding=UTF8"]
        subprocess.run(initialise, check=True, capture_output=True, **as_owner())
        made.start()
        made.run(f"CREATE DATABASE {_TEMPLATE}")
        location = made.location(_TEMPLATE)
        connecting.migrate(location, lambda _line: None)
        with psycopg.connect(made.conninfo(_TEMPLATE)) as connection:
            connection.execute(
                "INSERT INTO token (id, name, secret_hash, scopes, created) VALUES (%s, %s, %s, %s, %s)",
                (TOKEN_ID, "tests", hashed(TOKEN), '["admin"]', "2026-01-01T00:00:00.000+00:00"),
            )
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
        made.location("x").keys_path.unlink(missing_ok=True)


def as_owner() -> dict[str, Any]:
    """Return what lets a program run as somebody who may run PostgreSQL: root may not."""
    if os.geteuid() != 0:
        return {}
    return {"user": _USER, "group": _USER, "extra_groups": []}


@contextmanager
def pooler(postgres: Postgres, mode: str) -> Iterator[Callable[[Location], Location]]:
    """Run a PgBouncer in front of a server. Gives what says where a database is by this way."""
    program = required(shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin"), "pgbouncer")
    place, port = Path(tempfile.mkdtemp(prefix="bouncer-", dir="/tmp")), 6432  # the port of a socket in its own folder
    settings = {
        "listen_port": port,
        "unix_socket_dir": place,
        "auth_type": "any",
        "pool_mode": mode,
        "logfile": place / "log",
    }
    lines = [f"[databases]\n* = host={postgres.folder} user=postgres\n[pgbouncer]"]
    (place / "bouncer.ini").write_text("\n".join([*lines, *(f"{name} = {value}" for name, value in settings.items())]))
    owner = as_owner()
    if owner:
        shutil.chown(place, owner["user"])
    process = subprocess.Popen([program, "-q", str(place / "bouncer.ini")], **owner)
    try:
        wait_until((place / f".s.PGSQL.{port}").exists, "PgBouncer takes connections")
        query = {"host": str(place), "port": str(port)}
        yield lambda location: replace(
            location, url=make_url(location.url).update_query_dict(query).render_as_string(hide_password=False)
        )
    finally:
        process.terminate()
        process.wait(timeout=60)
        shutil.rmtree(place)
