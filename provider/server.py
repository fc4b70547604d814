"""Uvicorn, with what is needed of it here: bounded connections, and the release of all who wait at the end."""

import asyncio
import logging
import resource
import socket
import sys
from contextlib import nullcontext
from functools import partial
from typing import cast

import uvicorn

from provider import systemd
from provider.app import Application
from provider.connections import BoundedProtocol
from provider.database import locks
from provider.guests import Guests
from provider.logs import Sparing
from provider.settings import Settings

_KEEP_ALIVE_SECONDS = 75
_SHUTDOWN_SECONDS = 3
_MOST_FILES = 10_000
_SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter from the polls, each time that one of them needs it."""
_LOOK_SECONDS = 1.0

logger = logging.getLogger(__name__)


class HttpServer(uvicorn.Server):
    """A server that lets go of those who wait before it waits for its connections to end."""

    def __init__(self, app: Application, settings: Settings) -> None:
        self._app = app
        self._database_file = settings.location.file
        self._looking: asyncio.Task[None] | None = None
        guests, refused = Guests(_allow_many_files()), Sparing(logger)
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=cast(
                "type[asyncio.Protocol]", partial(BoundedProtocol, guests=guests, refused=refused, refusal=app.refusal)
            ),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
            proxy_headers=False,  # the application reads more of them
            backlog=4096,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        super().__init__(config)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until asked to stop, and let nobody replace the database meanwhile. Raises `Unavailable`."""
        with nullcontext() if self._database_file is None else locks.sharing(self._database_file):
            await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and look after the connections from then on."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        if self._app.plane.certificate is not None and self.config.ssl is not None:
            self._app.plane.certificate.attach(self.config.ssl)
        await super().startup(sockets)
        self._looking = asyncio.create_task(self._look_after())
        if self.started:
            systemd.notify(systemd.READY)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Release the held polls and who listens, then stop."""
        systemd.notify(systemd.STOPPING)
        self._app.plane.release()
        if self._looking is not None:
            self._looking.cancel()
        await super().shutdown(sockets)

    async def _look_after(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for connection in list(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.look_after(loop.time())


def _allow_many_files() -> int:
    """Ask for as many connections as the system allows, since each edge keeps one. Returns how many files there are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _MOST_FILES if soft == resource.RLIM_INFINITY else soft
