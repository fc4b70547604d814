"""Real parts to test with: a service on Uvicorn, a Traefik, servers that answer with their name."""

import contextlib
import itertools
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest
import yaml

from provider import configuration
from provider.app import Application, create_app
from provider.configuration import Document
from provider.database import schema
from provider.database.locations import Location
from provider.database.tables import TABLES
from provider.edges import fallback
from provider.parts import Parts
from provider.security.secrets import hashed
from provider.server import HttpServer
from provider.settings import Settings
from tests.forking import Forked

ROOT = Path(__file__).parent.parent
DEADLINE_SECONDS = 60.0
"""Nothing takes so long that works, even where other tests take most of the machine."""
SOAK = os.environ.get("SOAK") == "1"

TOKEN_ID = "tests000"
TOKEN = f"wsp_{TOKEN_ID}_" + "t" * 43
"""The token that the migrated database has."""

AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}

T = TypeVar("T")


def cases(part: int, full: int) -> int:
    """Return how many cases to run: a part of them in each run of the tests, all of them in `make soak`."""
    return full if SOAK else part


def wait_until(condition: Callable[[], T], what: str, seconds: float = DEADLINE_SECONDS) -> T:
    """Call `condition` until it is true, and return what it gave. Fails after a deadline.

    The longer it takes, the more rarely it asks: most conditions are requests, which take time from what is waited for.
    """
    begun, pause = time.monotonic(), threading.Event()
    while True:
        found = condition()
        if found:
            return found
        waited = time.monotonic() - begun
        if waited > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        pause.wait(min(max(0.02, 0.1 * waited), 0.3))


_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def http_client(base_url: str = "", **options: Any) -> httpx.Client:
    """Make a client for plain HTTP, which may do all. One for TLS takes 20 ms to read the certificates of the world."""
    headers = AUTHORIZED | options.pop("headers", {})
    return httpx.Client(base_url=base_url, verify=_NO_TLS, headers=headers, **{"timeout": 60, **options})


def fetch(url: str, **options: Any) -> httpx.Response:
    """GET, on a connection of its own."""
    headers = AUTHORIZED | options.pop("headers", {})
    return httpx.get(url, verify=_NO_TLS, headers=headers, **{"timeout": 60, **options})


_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = range(10_000 + _WORKER, 32_000, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
"""Below those that the system gives to connections, and each worker has its own: what is chosen is used later."""

_ports = itertools.cycle(random.Random(os.getpid()).sample(_PORTS, len(_PORTS)))


def free_port() -> int:
    """Return a port on which nothing listens, another one each time."""
    while True:
        with socket.socket() as listener, contextlib.suppress(OSError):
            port = next(_ports)
            listener.bind(("127.0.0.1", port))
            return port


def migrated_copy(folder: Path) -> Path:
    """Make a database by the real migrations, with one token, which may do all."""
    path = folder / "migrated.db"
    schema.migrate(path)
    give_token(path)
    return path


def give_token(path: Path, identifier: str = TOKEN_ID) -> None:
    """Put a token that may do all into a database: by default the one that the tests send."""
    with closing(sqlite3.connect(path)) as connection:
        kept = (identifier, "tests", hashed(TOKEN), '["admin"]', "2026-01-01T00:00:00.000+00:00")
        connection.execute("INSERT INTO token (id, name, secret_hash, scopes, created) VALUES (?, ?, ?, ?, ?)", kept)
        connection.commit()


# The service


@dataclass
class Service:
    """A running service. `url` has no slash at the end."""

    url: str
    location: Location
    server: HttpServer

    @property
    def database(self) -> Path:
        """The file of its database. What a test does with the file itself is tested on SQLite alone."""
        if self.location.file is None:
            pytest.skip("this is about the SQLite file itself")
        return self.location.path

    def digest(self) -> str:
        digest: str = fetch(f"{self.url}/readyz").raise_for_status().json()["digest"]
        return digest

    def edges(self) -> set[str]:
        """The names of the edges that have polled it."""
        return {edge.name for edge in self.server._app.plane.edges.known}

    def configuration(self) -> dict[str, Any]:
        document: dict[str, Any] = fetch(f"{self.url}/traefik/configuration").raise_for_status().json()
        return document


@contextmanager
def running_service(
    folder: Path,
    migrated: Path | None,
    *,
    name: str = "provider.db",
    assemble: Callable[[Parts], Document] = configuration.assemble,
    prepare: Callable[[Application], None] = lambda _app: None,
    location: Location | None = None,
    **settings: Any,
) -> Iterator[Service]:
    """Run a service in a thread, on a copy of a migrated database (or on none), or at a `location`.

    `prepare` may add to the application before it starts.
    """
    path = folder / name
    if migrated is not None and not path.exists():
        shutil.copy(migrated, path)
    port = settings.pop("port", None) or free_port()
    if location is not None and location.file is None:
        settings |= {"database_url": location.url, "secret_key_file": location.key_file}
    made = Settings(**{"database_url": f"sqlite:///{path}", "port": port, **settings})
    app = create_app(made, assemble)
    prepare(app)
    server = HttpServer(app, made)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive(), "the service starts")
    assert thread.is_alive(), "the service ended at its start"
    try:
        yield Service(f"http://127.0.0.1:{port}", made.location, server)
    finally:
        server.should_exit = True
        thread.join(timeout=60)
        assert not thread.is_alive(), "the service did not stop"


_NOUNS = " UNION ALL ".join(f"SELECT 1 FROM {each.table.name}" for each in TABLES.values())  # noqa: S608  # names of our own
_OBJECTS = f"SELECT EXISTS ({_NOUNS})"  # names of our own
_OTHER_TOKENS = f"SELECT id FROM token WHERE id != '{TOKEN_ID}'"  # noqa: S608  # our own name
_PENDING = "SELECT revision FROM confirmation WHERE state = 'pending'"

NOTHING: dict[str, Any] = {}
"""The declaration of a state in which there is nothing, as it is written."""


def _connected(location: Location) -> Any:
    return (
        psycopg.connect(location.url.replace("+psycopg", ""))
        if location.file is None
        else sqlite3.connect(location.file)
    )


def empty(service: Service) -> None:
    """Remove all that is in a service but the tests' token, through its API; what there is, its database tells."""
    with closing(_connected(service.location)) as connection:
        ((has_objects,),) = connection.execute(_OBJECTS).fetchall()
        tokens = [token for (token,) in connection.execute(_OTHER_TOKENS).fetchall()]
        pending = [number for (number,) in connection.execute(_PENDING).fetchall()]
        has_ca = bool(connection.execute("SELECT 1 FROM acme_account").fetchall())
    if has_objects or tokens or pending or has_ca:
        with http_client(f"{service.url}/api/v1") as client:
            for number in pending:  # nothing is rolled back while another test runs
                client.post(f"/revisions/{number}/confirm").raise_for_status()
            if has_objects:
                remove_all(client)
            if has_ca:
                client.delete("/acme").raise_for_status()
            for token in tokens:
                client.delete(f"/tokens/{token}").raise_for_status()


def remove_all(client: httpx.Client) -> None:
    """Remove all objects in one change, however many they are."""
    answer = client.post("/apply", json=NOTHING, params={"prune": True})
    if answer.status_code == 409:
        confirmed = {"prune": True, "confirm": answer.json()["confirm"]}
        answer = client.post("/apply", json=NOTHING, params=confirmed)
    answer.raise_for_status()


Process = subprocess.Popen[bytes] | Forked


@contextmanager
def service_process(folder: Path, **environment: str) -> Iterator[tuple[Process, str]]:
    """Run `serve` as a process of its own, that a test may kill. Gives the process and the service's URL.

    `folder` has the database, `provider.db`. The process is ready when it is given. It is a fork of one that has read
    its modules; `fresh_service_process` is none.
    """
    variables = _serving(folder, environment)
    yield from _running(Forked(["serve"], env=variables, cwd=folder), variables["PROVIDER_PORT"])


@contextmanager
def fresh_service_process(folder: Path, **environment: str) -> Iterator[tuple[Process, str]]:
    """Do the same with a process that shares no memory with others: for those who measure it."""
    variables = _serving(folder, environment)
    process = subprocess.Popen([sys.executable, "-m", "provider", "serve"], env=variables, cwd=folder)
    yield from _running(process, variables["PROVIDER_PORT"])


def _serving(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    return os.environ | {
        "PROVIDER_DATABASE_URL": f"sqlite:///{folder / 'provider.db'}",
        "PROVIDER_PORT": str(free_port()),
        **environment,
    }


def _running(process: Process, port: str) -> Iterator[tuple[Process, str]]:
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(f"{url}/readyz"), "the service is ready", seconds=60)
        yield process, url
    finally:
        process.terminate()  # nothing, where the test has killed it
        try:
            process.wait(timeout=60)
        finally:
            process.kill()


def answers(url: str, status: int = 200) -> bool:
    try:
        return fetch(url, timeout=10).status_code == status
    except httpx.TransportError:
        return False


# Traefik


@dataclass
class Traefik:
    """A running Traefik: `web` and `other` are its entry points, `api` is its own API."""

    web: str
    other: str
    api: str
    process: subprocess.Popen[bytes]
    log: Path

    def digest(self) -> str | None:
        """The document that it runs, by the beacon."""
        try:
            answer = fetch(f"{self.api}/api/http/middlewares/provider.beacon@http", timeout=60)
        except httpx.TransportError:
            return None
        if answer.status_code != 200:
            return None
        digest: str = answer.json()["headers"]["customResponseHeaders"]["X-Config-Digest"]
        return digest

    def wait_for_digest(self, digest: str) -> None:
        wait_until(lambda: self.digest() == digest, f"Traefik runs the document {digest}, not {self.digest()}")

    def wait_for(self, service: Service) -> None:
        """Wait until it runs the service's current document."""
        self.wait_for_digest(service.digest())

    def objects(self, kind: str) -> dict[str, dict[str, Any]]:
        """Its routers or services that came from the HTTP provider, by name."""
        items = fetch(f"{self.api}/api/http/{kind}", params={"per_page": 100_000}).raise_for_status().json()
        return {item["name"].removesuffix("@http"): item for item in items if item["provider"] == "http"}

    def reloads(self) -> int:
        """How many documents it has taken."""
        metrics = fetch(f"{self.api}/metrics").raise_for_status().text
        counted = re.search(r"^traefik_config_reloads_total (\S+)$", metrics, re.MULTILINE)
        return int(float(counted[1])) if counted else 0

    def get(self, host: str, path: str = "/", **options: Any) -> httpx.Response:
        return fetch(self.web + path, headers={"Host": host}, timeout=60, **options)


def traefik_command() -> str:
    found = (
        os.environ.get("PROVIDER_TRAEFIK") or shutil.which("traefik") or str(Path(sys.executable).with_name("traefik"))
    )
    assert Path(found).exists(), "no Traefik: install the extra `edge`"
    return found


def static_configuration(
    service_url: str, web_port: int, other_port: int, api_port: int, *, query: str, fallback_file: Path
) -> dict[str, Any]:
    """The project's static configuration: for other ports and files, with one more entry point and with metrics."""
    static: dict[str, Any] = yaml.safe_load((ROOT / "traefik" / "traefik.yml").read_text())
    static["entryPoints"]["web"]["address"] = f"127.0.0.1:{web_port}"
    static["entryPoints"]["websecure"]["address"] = f"127.0.0.1:{free_port()}"
    static["entryPoints"]["other"] = {"address": f"127.0.0.1:{other_port}"}
    static["entryPoints"]["traefik"]["address"] = f"127.0.0.1:{api_port}"
    static["metrics"] = {"prometheus": {}}
    http = static["providers"]["http"]
    http["endpoint"] = f"{service_url}{httpx.URL(http['endpoint']).path}?{query}"
    http["headers"] = dict(AUTHORIZED)
    static["providers"]["file"]["filename"] = str(fallback_file)
    return static


@contextmanager
def running_traefik(
    folder: Path,
    service_url: str,
    *,
    api_port: int | None = None,
    query: str = "edge=default&wait=5",
    program: Path | None = None,
) -> Iterator[Traefik]:
    """Run a Traefik that polls a service, on free ports, with the project's static configuration.

    `query` is that of its polls, and `program` another Traefik than the one of the tests. Its fallback file is
    `fallback.yml` in the folder, without routes unless it was there before.
    """
    ports = [free_port(), free_port(), api_port or free_port()]
    fallback_file = folder / "fallback.yml"
    fallback.prepare(fallback_file)
    file = folder / "traefik.yml"
    static = static_configuration(service_url, *ports, query=query, fallback_file=fallback_file)
    file.write_text(yaml.safe_dump(static))
    log = folder / "traefik.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program or traefik_command(), f"--configFile={file}"], stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
        web, other, api = (f"http://127.0.0.1:{port}" for port in ports)
        made = Traefik(web, other, api, process, log)
        try:
            wait_until(lambda: answers(f"{made.api}/api/version"), "Traefik answers")
            yield made
        finally:
            process.kill()  # told to stop, it would first wait for its poll to be answered
            process.wait(timeout=60)


# Servers behind it


class NamedServer(ThreadingHTTPServer):
    """An HTTP server that answers every request with its name, and counts them.

    Tests that need another answer derive from it, and override `answer`.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.name = name
        self.count = 0
        self._lock = threading.Lock()
        super().__init__((host, port), _NamedHandler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def counted(self) -> None:
        with self._lock:
            self.count += 1

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        """Return the status and the text that answer a request."""
        return 200, self.name

    def sent(self, path: str) -> Mapping[str, str]:
        """Return what stands in the head of an answer besides its length."""
        return {}


class Echo(NamedServer):
    """Answers with the path that it was asked for."""

    def answer(self, path: str, headers: Message) -> tuple[int, str]:
        return 200, path


@contextmanager
def echoing() -> Iterator[Echo]:
    """Run a server that answers with the path that it was asked for."""
    server = Echo("echo")
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _NamedHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, or each request waits 40 ms for a delayed acknowledgement

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, NamedServer)
        server.counted()
        status, text = server.answer(self.path, self.headers)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in server.sent(self.path).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


S = TypeVar("S", bound=NamedServer)


@contextmanager
def running_servers(*servers: S) -> Iterator[Sequence[S]]:
    """Give servers that are running, and stop them in the end."""
    try:
        yield servers
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@contextmanager
def named_servers(*names: str) -> Iterator[Sequence[NamedServer]]:
    """Run servers that answer with their names."""
    with running_servers(*map(NamedServer, names)) as servers:
        yield servers


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def let_wait(client: httpx.Client, domain: str) -> None:
    """Let a domain want a certificate of a CA that nobody reaches, and wait until it is only tried again later."""
    dns = {"provider": "cloudflare", "options": {"auth_token": "token"}}
    chosen = {"directory": "https://127.0.0.1:1/directory", "challenge": "dns-01", "dns": dns, "termsAccepted": True}
    client.put("/acme", json=chosen).raise_for_status()
    client.put(f"/domains/{domain}", json={"tls": {"from": "acme"}}).raise_for_status()

    def is_waiting() -> bool:
        return bool(client.get(f"/domains/{domain}").json()["issuance"]["state"] == "waiting")

    wait_until(is_waiting, f"the order for {domain} failed")
