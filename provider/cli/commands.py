"""The commands."""

from typing import Annotated

import typer

from provider import database, logs
from provider.app import create_app
from provider.errors import SettingsError
from provider.server import Server
from provider.settings import Settings, read_settings

app = typer.Typer(
    help="The control plane of a Traefik edge: domains, routers, services and servers.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

HostOption = Annotated[str | None, typer.Option(help="Address to listen on, instead of PROVIDER_HOST.")]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on, instead of PROVIDER_PORT.")]


@app.command()
def migrate() -> None:
    """Make the database, or bring it to this version's schema; a copy of it is kept beside it.

    Does what `alembic upgrade head` does.
    """
    path = read_settings().database_path
    database.migrate(path, say=typer.echo)
    typer.echo(f"The database {path} is up to date.")


@app.command()
def serve(host: HostOption = None, port: PortOption = None) -> None:
    """Serve the REST API and the configuration that Traefik polls."""
    settings = _with(read_settings(), host, port)
    database.check_current(settings.database_path)
    logs.configure(settings.log_level, settings.log_format)
    Server(create_app(settings), settings).run()


def _with(settings: Settings, host: str | None, port: int | None) -> Settings:
    given = {"host": host, "port": port}
    changed = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    if not 0 <= changed.port <= 65535:
        raise SettingsError(f"--port {changed.port}: a port is a number from 0 to 65535")
    return changed
