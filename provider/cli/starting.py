"""The program without the commands that nobody has asked for: those that are imported when they are."""

import os
from typing import Annotated, Final

import typer

from provider.cli import late
from provider.cli.options import read_help
from provider.cli.output import note
from provider.cli.usage import CommandTree
from provider.environment import find_doubts
from provider.version import VERSION

LATE: Final = {
    "up": "Migrate the database, serve, and run a Traefik.",
    "serve": "Serve the REST API and the configuration that Traefik polls.",
    "migrate": "Create the database, or upgrade its schema to this version.",
    "plan": "Show what `apply` would change, without changing anything.",
    "apply": "Apply a file to the state, all or nothing.",
    "import": "Import Traefik's files, labels, or what a running Traefik has.",
    "lint": "Check Traefik's files and labels, without any service running.",
    "rollback": "Roll back to the state of a revision, as a new revision.",
    "confirm": "Confirm a change made with --confirm-within, so that it stays.",
    "export": "Print the whole state, as a file for `apply`.",
    "schema": "Print the JSON Schema of the files for `apply`, for editors.",
    "backup": "Copy the database to a file and verify the copy.",
    "restore": "Replace the database with a backup.",
    "copy": "Copy everything to an empty SQLite or PostgreSQL database.",
    "register": "Run a server, and register it for as long as it runs.",
    "ca": "Print the local CA's certificate, and how to trust it.",
}
"""The commands that are imported when they are asked for, with the first lines of their help."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wayshub-provider {VERSION}")
        raise typer.Exit


def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Control a Traefik edge: its domains, routers, services and servers.

    Examples:
      wayshub-provider up --demo
      wayshub-provider expose alvin.xyz http://127.0.0.1:3000=3 http://127.0.0.1:3001
      wayshub-provider status
      wayshub-provider server set alvin 3000 --state drain

    Each command has its own help: wayshub-provider server set --help
    """
    for doubt in find_doubts(os.environ):
        note(f"Warning: {doubt}" if doubt.endswith("?") else f"Warning: {doubt}.")


def new_app() -> typer.Typer:
    """Make the program with these commands alone: a service would hold the others for as long as it runs."""
    app = typer.Typer(
        cls=CommandTree,
        no_args_is_help=True,
        rich_markup_mode=None,  # plain help: the panels of the other modes cut the options' names on 80 columns
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help=read_help(root))(root)
    late.add(app, LATE)
    return app
