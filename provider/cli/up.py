"""`up`."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvloop

from provider import logs
from provider.cli import streams
from provider.cli.ca import find_authority
from provider.cli.links import make_first_link
from provider.cli.paths import beside, shown
from provider.cli.progress import Progress
from provider.cli.running.binding import check_binding
from provider.cli.running.keys import Keys, make_keys
from provider.cli.running.ports import Port
from provider.cli.running.stack import Setup, Stack
from provider.cli.running.traefik import (
    API,
    LOOPBACK,
    SECURE,
    WEB,
    configuration_path,
    edge_name,
    find_traefik,
    read_static_configuration,
    write_configuration,
)
from provider.cli.serve import HostOption, InsecureOption, PortOption, claimed, service_url, with_address
from provider.database import schema
from provider.database.claims import claim_content
from provider.edges import fallback
from provider.errors import SettingsError
from provider.settings import Settings, read_settings

DemoOption = Annotated[
    bool, typer.Option("--demo", help="On an empty database, expose three sample servers as wayshub.localhost.")
]
WebPortOption = Annotated[
    int, typer.Option(metavar="NUMBER", min=0, max=65535, help="Port of Traefik's entry point for browsers.")
]
SecurePortOption = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        min=0,
        max=65535,
        help="Port of Traefik's entry point for HTTPS.",
        show_default="8443, or any free port if that is taken",
    ),
]
EdgeHostOption = Annotated[
    str,
    typer.Option(metavar="ADDRESS", help="Address on which Traefik's entry points for browsers listen. 0.0.0.0: all."),
]
APIPortOption = Annotated[
    int, typer.Option(metavar="NUMBER", min=0, max=65535, help="Port of Traefik's API and dashboard.")
]
TraefikOption = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Path of the Traefik program, instead of PROVIDER_TRAEFIK.")
]

_SECURE_PORT: Final = 8443
_PRIVATE: Final = 0o077
"""What a file or a folder is not allowed that is made here, or by Traefik: there are requests in logs, say."""


def up(
    demo: DemoOption = False,
    host: HostOption = None,
    port: PortOption = None,
    web_port: WebPortOption = 8080,
    secure_port: SecurePortOption = None,
    api_port: APIPortOption = 8081,
    edge_host: EdgeHostOption = LOOPBACK,
    traefik: TraefikOption = None,
    allow_insecure: InsecureOption = False,
) -> None:
    """Migrate the database, serve, and run a Traefik.

    Migrates the database, starts the service and a Traefik that polls it, and
    keeps both running until Ctrl-C. It runs the Traefik that you name, else
    the one on the PATH, else the one in the package `wayshub-provider[edge]`.
    Port 0 means any free port.

    At its first start it creates a local CA, for this machine only, which signs
    certificates for names below .localhost and .test. The command `ca` tells
    you how to trust it.
    The service reads back from Traefik's API what it runs. It keeps the last
    configuration that Traefik accepted in a file next to the database, so that
    Traefik still has routes if it starts while the service is down. Traefik
    gets a new token at each start, in a file that only you can read.

    Examples:
      wayshub-provider up --demo
      wayshub-provider up --port 9000 --web-port 9080 --api-port 9081
      PROVIDER_TRAEFIK=/opt/traefik/traefik wayshub-provider up
    """
    streams.need_no_output()
    os.umask(_PRIVATE)
    settings = _fit(with_address(read_settings(), host, port, allow_insecure=allow_insecure))
    program = find_traefik(traefik or settings.traefik, "--traefik" if traefik else "PROVIDER_TRAEFIK")
    with Progress() as progress, ExitStack() as reserved:
        service = reserved.enter_context(Port(settings.host, settings.port, "--port"))
        points = {
            WEB: reserved.enter_context(Port(edge_host, web_port, "--web-port")),
            SECURE: reserved.enter_context(usual_or_any(edge_host, secure_port, _SECURE_PORT)),
            API: reserved.enter_context(Port(LOOPBACK, api_port, "--api-port")),
        }
        numbers = {name: reserved_port.number for name, reserved_port in points.items()}
        settings = settings.model_copy(update={"port": service.number})
        url = service_url(settings)
        fallback_file = settings.fallback_file or beside(settings.database_path, "fallback.yml")
        static = read_static_configuration(url, numbers, fallback_file.absolute(), edge_host)
        settings = _with_edge(settings, edge_name(static), numbers, fallback_file)
        try:
            with suppress(OSError):  # which the migration tells
                settings.database_path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not settings.database_path.exists()
            reserved.enter_context(claimed(settings, fallback_file, traefik=configuration_path(settings.database_path)))
            _prepare(settings, fallback_file, progress)
            if is_new:
                reserved.enter_context(claim_content(settings.database_path, "the database"))
            link = make_first_link(settings.location, settings.public_url or url)
            keys = _hand_out(settings, static)
            for reserved_port in points.values():
                reserved_port.release()
            _run(Setup(settings, service, url, program, static, demo, keys.service, link), progress)
        except KeyboardInterrupt:  # before the stack takes the signals: nothing runs yet
            raise typer.Exit from None


def _fit(settings: Settings) -> Settings:
    """Return settings with which `up` can serve. Raises `SettingsError` for others."""
    if settings.tls_certificate is not None:
        raise SettingsError("`up` has no TLS: run `serve` instead, and Traefik separately")
    if settings.location.file is None:
        raise SettingsError("`up` needs an SQLite file: for PostgreSQL run `serve`, and Traefik separately")
    return settings


def usual_or_any(host: str, number: int | None, usual: int) -> Port:
    """Reserve the port for HTTPS: who named none (`number` is None) needs none in particular."""
    if number is not None:
        return Port(host, number, "--secure-port")
    try:
        return Port(host, usual, "--secure-port")
    except SettingsError:
        return Port(host, 0, "--secure-port")


def _with_edge(settings: Settings, name: str, ports: Mapping[str, int], fallback_file: Path) -> Settings:
    """Return the settings for a service that reads this edge back, besides those that it was told to."""
    urls = settings.traefik_api_urls | {name: f"http://{LOOPBACK}:{ports[API]}"}
    told = ",".join(f"{edge}={url}" for edge, url in urls.items())
    usual = {} if "secure_port" in settings.model_fields_set else {"secure_port": ports[SECURE]}
    made = {"traefik_api": told, "fallback_file": fallback_file, "local_authority": find_authority(settings).folder}
    made["edge_url"] = settings.edge_url or service_url(settings)
    return settings.model_copy(update={**made, **usual})


def _prepare(settings: Settings, fallback_file: Path, progress: Progress) -> None:
    """Bring in order what the service and Traefik find at their start, and say what is dangerous."""
    _migrate(settings, progress)
    for warning in check_binding(settings):
        progress.say(warning)
    try:  # Traefik looks for it once
        fallback.prepare(fallback_file, is_private=True)
    except OSError as error:
        raise SettingsError(fallback.trouble_with(fallback_file, error)) from None


def _hand_out(settings: Settings, static: dict[str, Any]) -> Keys:
    """Make the keys, and write what Traefik reads at its start, with its own: before anything runs that needs it."""
    keys = make_keys(settings.location, edge_name(static))
    static["providers"]["http"]["headers"] = {"Authorization": f"Bearer {keys.edge}"}
    write_configuration(settings.database_path, static)
    return keys


def _migrate(settings: Settings, progress: Progress) -> None:
    path = settings.database_path
    progress.doing(f"Migrating the database {shown(path)}")
    schema.migrate(path, say=progress.say, key_file=settings.secret_key_file)
    progress.done(f"The database {shown(path)} is up to date")


def _run(plan: Setup, progress: Progress) -> None:
    # Among the lines of `up` a person looks for what went wrong; who wants to see more says so.
    given = "log_level" in plan.settings.model_fields_set
    logs.configure(plan.settings.log_level if given else "warning", plan.settings.log_format)

    async def run() -> None:
        await Stack(plan, progress).run()
        # Everything has stopped, as it was asked to. What is left is Python's: it would wait for threads that wait for
        # a locked database, and take all modules apart, for 0.6 s and, on a busy machine, for five.
        sys.stdout.flush()
        os._exit(0)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
