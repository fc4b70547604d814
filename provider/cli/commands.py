"""The tree of commands."""

import os
from functools import partial
from typing import Annotated, Final

import typer

from provider.cli import edge, late, lease, revision, rollout
from provider.cli.adopt import adopt, hand_back
from provider.cli.audit import audit
from provider.cli.check import check
from provider.cli.explain import explain
from provider.cli.expose import expose
from provider.cli.nouns.commands import about, group
from provider.cli.nouns.words import kebab
from provider.cli.objects import EXTRAS
from provider.cli.options import read_help
from provider.cli.output import note
from provider.cli.status import status
from provider.cli.usage import CommandTree
from provider.environment import find_doubts
from provider.nouns import NOUNS
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

LATE_GROUPS: Final = {
    "user": (
        "Accounts for people. Works on the database directly, even if you are locked out.",
        {
            "add": "Add an account and print a one-time link to set its password.",
            "list": "List accounts.",
            "set": "Change the role of an account.",
            "remove": "Remove an account and end its sessions.",
            "password": "Set an account's password, or print a one-time link to set it.",
        },
    ),
    "secrets": (
        "Secrets in the database. Works on the database directly.",
        {"rotate": "Encrypt all secrets with a new key."},
    ),
    "acme": (
        "The CA to order certificates from.",
        {
            "show": "Show the CA, and who accepted its terms.",
            "choose": "Choose the CA to order certificates from, for domains with --tls-from acme.",
            "leave": "Stop ordering certificates. Existing ones stay until they expire.",
        },
    ),
    "token": (
        "Tokens for programs. Works on the database directly, even before a service runs.",
        {
            "create": "Create a token and print it, this one time.",
            "list": "List tokens, without their secrets.",
            "revoke": "Revoke a token.",
        },
    ),
}
"""The same for groups of commands: the help of each, and its commands."""

LATE_IN_GROUPS: Final = {
    "revision": {"undo": "Undo a revision and keep later changes."},
    "edge": {"configure": "Copy Traefik's configuration, with a token for polling."},
}
"""The same for single commands of groups whose others are imported at once."""

app = typer.Typer(
    cls=CommandTree,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: the panels of the other modes cut the options' names on 80 columns
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


late.add(app, LATE)
app.command()(expose)
app.command()(adopt)
app.command("hand-back")(hand_back)
app.command()(status)
app.command()(audit)
app.command()(explain)
app.command()(check)
for _noun in NOUNS.values():
    late.add_made(app, kebab(_noun.kind), *about(_noun), partial(group, _noun, EXTRAS.get(_noun.kind)))
for _module in (edge, lease, revision, rollout):
    app.add_typer(_module.app)
for _module in (edge, revision):
    late.add(_module.app, LATE_IN_GROUPS[str(_module.app.info.name)])
for _name, (_summary, _commands) in LATE_GROUPS.items():
    late.add_group(app, _name, _summary, _commands)


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


app.callback(help=read_help(root))(root)
