"""The stack that `up` runs: the service, Traefik and the sample servers, started and stopped together."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from provider.app import create_app
from provider.cli.client import Client
from provider.cli.progress import Progress
from provider.cli.replies import Item
from provider.cli.running import demo
from provider.cli.running.ports import Port
from provider.cli.running.traefik import Traefik
from provider.cli.running.waiting import wait_for
from provider.cli.running.welcome import WelcomeUrls, shown_command, welcome
from provider.errors import ProviderError
from provider.server import HttpServer
from provider.settings import Settings

T = TypeVar("T")

_PATIENCE_SECONDS: Final = 20.0
_REST_TIMEOUT_SECONDS: Final = 10.0
# Together they are below 5 s: longer than that, and people believe that Ctrl-C was not seen.
_TRAEFIK_STOPS_SECONDS: Final = 2.0
_SERVICE_STOPS_SECONDS: Final = 1.5
_SAMPLES_STOP_SECONDS: Final = 0.5
_RUNNING: Final = {"live", "degraded"}
"""States of an edge that runs the document: which of its routers Traefik disabled, and why, is in the log."""

_KILLED: Final = 130
"""The exit status that shells know for a program that Ctrl-C ended."""


class ServiceFailed(ProviderError):
    """The service ended without being asked to."""

    code = "service-failed"
    title = "The service failed"


@dataclass(frozen=True, slots=True)
class Setup:
    """What to run: the service with its settings on a reserved port, a Traefik, and perhaps the demo.

    `url` is where the service can be reached from here, `static` is Traefik's static configuration, `token` is
    for what `up` itself asks of the service, and `first_link` are lines to tell while nobody can log in.
    """

    settings: Settings
    port: Port
    url: str
    program: Path
    static: dict[str, Any]
    demo: bool
    token: str = field(repr=False)
    first_link: Sequence[str] = field(repr=False)


class OwnService:
    """The service, in the event loop of this process."""

    def __init__(self, plan: Setup) -> None:
        self._app = create_app(plan.settings)
        self._app.plane.fallback.is_private = True
        self._server = _StartingServer(self._app, plan.settings)
        self._plan = plan

    async def run(self) -> None:
        """Serve until asked to stop. Raises `ServiceFailed` when it ends before."""
        try:
            await self._server.serve(sockets=self._plan.port.sockets)
        except SystemExit as error:  # Uvicorn's way to say that it cannot start
            raise ServiceFailed("the service did not start: see the lines above") from error
        if not self._server.should_exit:
            raise ServiceFailed("the service stopped unexpectedly")

    async def ask(self, question: Callable[[Client], T]) -> T:
        """Ask it something through REST, as its users do. Raises what the client raises."""

        def asked() -> T:
            with Client(self._plan.url, self._plan.token, _REST_TIMEOUT_SECONDS) as client:
                return question(client)

        return await asyncio.to_thread(asked)

    async def wait_until_ready(self) -> None:
        """Wait until it has a document to serve."""
        await wait_for(lambda: self._find(Client.ready))

    async def wait_for_edge(self, name: str) -> None:
        """Wait until an edge was seen to run the document."""

        async def is_running() -> bool:
            edge = await self._find(lambda client: client.get_edge(name))
            return edge is not None and edge["state"] in _RUNNING

        await wait_for(is_running)

    async def _find(self, question: Callable[[Client], Item]) -> Item | None:
        try:
            return await self.ask(question)
        except ProviderError:
            return None

    def release_polls(self) -> None:
        """Answer all polls at once, from now on."""
        self._app.plane.release()

    def stop(self) -> None:
        self._server.should_exit = True


class _StartingServer(HttpServer):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: the stack stops the service in its turn."""
        yield


class Stack:
    """All parts, from their start to their end."""

    def __init__(self, plan: Setup, progress: Progress) -> None:
        self._plan = plan
        self._progress = progress
        self._service = OwnService(plan)
        self._traefik = Traefik(plan.program, plan.static, plan.settings.database_path, progress.say)
        self._samples = demo.SampleServers(progress.say)
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Start all, and run until a signal says stop, or a part fails. Raises what that part raised."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` leaves it
                loop.add_signal_handler(number, self._signalled)
        self._begin("start", self._start())
        try:
            await self._over
        finally:
            await self._stop()

    async def _start(self) -> None:
        progress, service, traefik = self._progress, self._service, self._traefik
        progress.doing("Starting the service")
        self._begin("service", service.run())
        with self._patience("The service is not ready yet: its database may be in use by another program."):
            await service.wait_until_ready()
        progress.done(f"The service listens on {self._plan.url}")
        exposed = self._plan.demo and await self._start_samples()
        progress.doing("Starting Traefik")
        self._begin("traefik", traefik.keep())
        with self._patience(f"Traefik does not answer yet; its log is {traefik.log_path}"):
            version = await traefik.wait_until_ready()
        progress.doing(f"Waiting until Traefik {version} runs the configuration")
        advice = f"see `{shown_command()} status`, and Traefik's log {traefik.log_path}"
        with self._patience(f"Traefik does not run the configuration yet: {advice}"):
            await service.wait_for_edge(traefik.edge)
        progress.done(
            f"Traefik {version} runs the configuration, and listens on {traefik.web_url} and {traefik.secure_url}"
        )
        secure = ""
        if exposed:
            await self._try_demo()
            secure = await self._try_https()
        progress.close()
        places = WelcomeUrls(self._plan.url, traefik.web_url, traefik.api_url, exposed, secure)
        for line in welcome(places, os.environ, self._plan.first_link):
            progress.say(line)

    async def _start_samples(self) -> bool:
        """Start the sample servers. Returns whether there are any: the demo adds nothing to what others made."""
        self._progress.doing("Starting the sample servers")
        if await self._service.ask(demo.is_empty):
            ports = await self._samples.start(dict(zip(demo.WEIGHTS, demo.PORTS, strict=False)))
            await self._service.ask(lambda client: demo.expose(client, ports))
        else:
            known = await self._service.ask(demo.find_servers)
            ports = await self._samples.start(known)
            await self._service.ask(lambda client: demo.move(client, known, ports))
        if ports:
            listed = ", ".join(f"{name} on {port}" for name, port in ports.items())
            self._progress.done(f"The sample servers are running: {listed}")
        else:
            self._progress.close()
            self._progress.say("The database is not empty, so --demo adds nothing.")
        return bool(ports)

    async def _try_demo(self) -> None:
        self._progress.doing("Waiting for the first answer through Traefik")
        try:
            await asyncio.wait_for(wait_for(lambda: self._traefik.find_page(demo.DOMAIN)), _PATIENCE_SECONDS)
        except TimeoutError:
            self._progress.close()
            self._progress.say(f"{demo.DOMAIN} does not answer yet: check what has changed since the demo was created.")
        else:
            self._progress.done("The sample servers answer through Traefik")

    async def _try_https(self) -> str:
        """Wait until Traefik shows a certificate for the demo, if it is to. Returns where that is."""
        if not await self._service.ask(demo.is_secure):
            return ""
        self._progress.doing("Waiting for the demo's certificate")
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await wait_for(lambda: self._service.ask(demo.is_seen))
                # Traefik shows a certificate before it has made its routers anew, which it begins with.
                await self._service.wait_for_edge(self._traefik.edge)
        except TimeoutError:
            self._progress.close()
            self._progress.say(
                f"{demo.DOMAIN} has no certificate yet: see `{shown_command()} domain show {demo.DOMAIN}`"
            )
            return ""
        self._progress.done("Traefik shows a certificate for the demo, from the local CA")
        port = self._traefik.secure_url.rpartition(":")[2]
        return f"https://{demo.DOMAIN}" + ("" if port == "443" else f":{port}")

    @contextmanager
    def _patience(self, complaint: str) -> Iterator[None]:
        """Say why a person is still waiting, once it has taken long."""
        timer = asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self._progress.say, complaint)
        try:
            yield
        finally:
            timer.cancel()

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._over.done():
            self._over.set_exception(error)

    def _signalled(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
            return
        # Asked for the second time: whoever does so does not want to wait.
        self._traefik.kill()
        self._samples.kill()
        self._progress.close()
        os._exit(_KILLED)

    async def _stop(self) -> None:
        """Stop all parts in order, within 5 s."""
        starting = self._tasks["start"]
        starting.cancel()
        await asyncio.wait({starting})
        self._progress.doing("Stopping")
        # Traefik waits for its poll before it stops, up to 10 s. So the polls are released first.
        self._service.release_polls()
        await self._traefik.stop(_TRAEFIK_STOPS_SECONDS)
        self._service.stop()
        others = set(self._tasks.values()) - {starting}
        if others:
            await asyncio.wait(others, timeout=_SERVICE_STOPS_SECONDS)
        await self._samples.stop(_SAMPLES_STOP_SECONDS)
        self._progress.done("Everything has stopped")
