"""Uvicorn, with what the polls need of it: the connection of a request, and the release of all who wait at the end."""

import resource
import socket
import sys
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from provider.app import Application
from provider.database import locks
from provider.edges.pollers import CONNECTION, Connection
from provider.settings import Settings

_KEEP_ALIVE_SECONDS = 75
_SHUTDOWN_SECONDS = 3
_MOST_FILES = 10_000
_SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter from the polls, each time that one of them needs it."""


class ConnectionProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen when Uvicorn is imported
    """HTTP that tells each request on which TCP connection it came, and the connection when it ends."""

    def __init__(self, *arguments: Any, app_state: dict[str, Any], **options: Any) -> None:
        self._connection = Connection()
        super().__init__(*arguments, app_state=app_state | {CONNECTION: self._connection}, **options)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the connection."""
        self._connection.close()
        super().connection_lost(exc)


class Server(uvicorn.Server):
    """A server that lets go of those who wait before it waits for its connections to end."""

    def __init__(self, app: Application, settings: Settings) -> None:
        self._app = app
        self._database_path = settings.database_path
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=ConnectionProtocol,
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
        with locks.sharing(self._database_path):
            await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Ask for as many connections as the system allows, since each edge keeps one, then start."""
        _allow_many_files()
        sys.setswitchinterval(_SWITCH_SECONDS)
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Release the held polls and who listens, then stop."""
        self._app.release()
        await super().shutdown(sockets)


def _allow_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
