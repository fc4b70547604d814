"""Uvicorn, with what the polls need of it: the connection of a request, and their release at the end."""

import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from provider.app import Application
from provider.edges import CONNECTION, Connection
from provider.settings import Settings

_KEEP_ALIVE_SECONDS = 75
_SHUTDOWN_SECONDS = 3


class ConnectionProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen when Uvicorn is imported
    """HTTP that tells each request on which TCP connection it came."""

    def __init__(self, *arguments: Any, app_state: dict[str, Any], **options: Any) -> None:
        super().__init__(*arguments, app_state=app_state | {CONNECTION: Connection()}, **options)


class Server(uvicorn.Server):
    """A server that lets go of the held polls before it waits for its connections to end."""

    def __init__(self, app: Application, settings: Settings) -> None:
        self._app = app
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=ConnectionProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=4096,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Release the held polls, then stop."""
        self._app.polls.close()
        await super().shutdown(sockets)
