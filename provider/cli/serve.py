"""`serve`."""

from typing import Annotated

import typer

from provider import logs
from provider.app import create_app
from provider.cli.ports import Port
from provider.database import schema
from provider.errors import SettingsError
from provider.server import Server
from provider.settings import Settings, read_settings

HostOption = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Address to listen on, instead of PROVIDER_HOST.")
]
PortOption = Annotated[int | None, typer.Option(metavar="NUMBER", help="Port to listen on, instead of PROVIDER_PORT.")]


def serve(host: HostOption = None, port: PortOption = None) -> None:
    """Serve the REST API and the configuration that Traefik polls.

    The database has to be at this version's schema: see `migrate`. The
    settings are environment variables, PROVIDER_DATABASE_URL and others.
    With PROVIDER_FALLBACK_FILE set, that file is made if there is none.

    Examples:
      wayshub-provider serve
      wayshub-provider serve --port 9000
    """
    settings = with_address(read_settings(), host, port)
    Port(settings.host, settings.port, "--port").release()  # if it is taken, say so before anything starts
    schema.check_current(settings.database_path)
    logs.configure(settings.log_level, settings.log_format)
    Server(create_app(settings), settings).run()


def with_address(settings: Settings, host: str | None, port: int | None) -> Settings:
    """Return the settings with what the command line says instead. Raises `SettingsError`."""
    given = {"host": host, "port": port}
    changed = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    if not 0 <= changed.port <= 65535:
        raise SettingsError(f"--port {changed.port}: a port is a number from 0 to 65535")
    return changed
