"""`serve`."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from provider import logs
from provider.app import create_app
from provider.cli import streams
from provider.cli.links import make_first_link
from provider.cli.output import note
from provider.cli.running.binding import check_binding
from provider.cli.running.ports import Port
from provider.database import locks
from provider.database.claims import claim, claim_content
from provider.database.connecting import check_current
from provider.environment import find_url
from provider.errors import SettingsError, Unavailable
from provider.server import HttpServer
from provider.settings import Settings, read_settings

HostOption = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Address to listen on, instead of PROVIDER_HOST.")
]
InsecureOption = Annotated[
    bool,
    typer.Option("--allow-insecure", help="Listen beyond loopback even without accounts, TLS or a trusted proxy."),
]
PortOption = Annotated[int | None, typer.Option(metavar="NUMBER", help="Port to listen on, instead of PROVIDER_PORT.")]


def serve(host: HostOption = None, port: PortOption = None, allow_insecure: InsecureOption = False) -> None:
    """Serve the REST API and the configuration that Traefik polls.

    Run `migrate` first. Settings are environment variables, such as
    PROVIDER_DATABASE_URL. If the file in PROVIDER_FALLBACK_FILE does not exist,
    it is created. Only one service at a time can use an SQLite file or a
    fallback file.

    While no admin can log in, each start prints a one-time link for setting
    the first password. The service listens beyond loopback only if an admin
    can log in, and TLS or a trusted proxy protects the connection.

    Examples:
      wayshub-provider serve
      wayshub-provider serve --port 9000
    """
    streams.need_no_output()
    settings = with_address(read_settings(), host, port, allow_insecure=allow_insecure)
    Port(settings.host, settings.port, "--port").release()  # if it is taken, say so before anything starts
    if settings.certificate is not None:
        settings.certificate.load()
    with claimed(settings, settings.fallback_file):
        check_current(settings.location)
        for warning in check_binding(settings):
            note(warning)
        try:
            for line in make_first_link(settings.location, settings.public_url or service_url(settings)):
                typer.echo(line)
        except Unavailable as error:  # polls are served all the same
            note(f"the link for the first login could not be created: {error}")
        sys.stdout.flush()
        logs.configure(settings.log_level, settings.log_format)
        HttpServer(create_app(settings), settings).run()


@contextmanager
def claimed(settings: Settings, fallback_file: Path | None, *, traefik: Path | None = None) -> Iterator[None]:
    """Have all that a start writes: the database, the fallback file, and the static configuration of `up`'s Traefik.

    Raises `Unavailable`, with who has it, before anything is changed.
    """
    path, url = settings.location.file, service_url(settings)
    with ExitStack() as claims:
        if path is not None:  # any number of services share a server
            claims.enter_context(claim(path, "the database", url))
            if path.exists():
                claims.enter_context(claim_content(path, "the database"))
            claims.enter_context(locks.sharing(path))
        if fallback_file is not None:
            claims.enter_context(claim(fallback_file.absolute(), "the fallback file", url))
        if traefik is not None:
            claims.enter_context(claim(traefik, "Traefik's static configuration", url))
        yield


def service_url(settings: Settings) -> str:
    """Return where the service is, as it is asked from this machine."""
    places = {"PROVIDER_HOST": settings.host, "PROVIDER_PORT": str(settings.port)}
    return find_url(places | ({"PROVIDER_TLS_CERTIFICATE": "set"} if settings.tls_certificate else {}))


def with_address(settings: Settings, host: str | None, port: int | None, *, allow_insecure: bool = False) -> Settings:
    """Return the settings with what the command line says instead. Raises `SettingsError`."""
    given = {"host": host.strip("[]") if host else host, "port": port, "allow_insecure": allow_insecure or None}
    changed = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    if not 0 <= changed.port <= 65535:
        raise SettingsError(f"--port {changed.port}: a port is a number from 0 to 65535")
    return changed
