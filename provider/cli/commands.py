"""The tree of commands."""

from functools import partial
from typing import Final

from provider.cli import edge, late, lease, revision, rollout
from provider.cli.adopt import adopt, hand_back
from provider.cli.audit import audit
from provider.cli.check import check
from provider.cli.explain import explain
from provider.cli.expose import expose
from provider.cli.nouns.commands import about, group
from provider.cli.nouns.words import kebab
from provider.cli.objects import EXTRAS
from provider.cli.starting import new_app
from provider.cli.status import status
from provider.nouns import NOUNS

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
            "create": "Create a token and print it once.",
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

app = new_app()
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
