"""The tree of commands."""

from typing import Annotated, Final

import typer

from provider import __version__
from provider.cli import domain, edge, router, server, service
from provider.cli.check import check
from provider.cli.explain import explain
from provider.cli.expose import expose
from provider.cli.late import LateCommand
from provider.cli.options import read_help
from provider.cli.status import status

LATE: Final = {
    "up": "Migrate, serve, and run Traefik beside it.",
    "serve": "Serve the REST API and the configuration that Traefik polls.",
    "migrate": "Make the database, or bring it to this version's schema.",
    "backup": "Copy the database into a file, and verify the copy.",
    "restore": "Put a backup in the place of the database.",
}
"""The commands that are imported when they are asked for, with the first lines of their help."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: the panels of the other modes cut the options' names on 80 columns
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _run_later() -> None:
    """Stand for a command that is not imported yet."""


for _name, _summary in LATE.items():
    app.command(_name, help=_summary, cls=LateCommand)(_run_later)
app.command()(expose)
app.command()(status)
app.command()(explain)
app.command()(check)
for _module in (domain, service, server, router, edge):
    app.add_typer(_module.app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wayshub-provider {__version__}")
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
      wayshub-provider server set alvin 127-0-0-1-3000 --state drain

    Every command has a help of its own: wayshub-provider server set --help
    """


app.callback(help=read_help(root))(root)
