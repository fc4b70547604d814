"""`user`: accounts of people. Works on the database itself, for who is locked out."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from provider.cli import direct
from provider.cli.links import link
from provider.cli.options import OutputOption, YesOption, confirm
from provider.cli.output import Format, Output
from provider.cli.passwords import ask
from provider.cli.tables import Columns, field, print_list
from provider.cli.times import ago
from provider.models import Account, Role
from provider.security import passwords, people
from provider.store import accounts

AccountArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")]
RoleOption = Annotated[
    Role,
    typer.Option(
        "--role",
        help="viewer: see everything. operator: also change the configuration. admin: also accounts and tokens.",
    ),
]
LinkOption = Annotated[bool, typer.Option("--link", help="Print a one-time link instead, valid for a day.")]

COLUMNS: Final[Columns] = {
    "Name": field("name"),
    "Role": field("role"),
    "Password": lambda account: "set" if account["hasPassword"] else "not set yet",
    "Created": lambda account: ago(account["created"]),
    "Logged in": lambda account: f"in {account['sessions']} browsers" if account["sessions"] else "no",
}


def add(name: AccountArgument, role: RoleOption, output: OutputOption = Format.TABLE) -> None:
    """Add an account and print a one-time link to set its password.

    The last line is only the link. It works once, within a day.

    Examples:
      wayshub-provider user add ops --role operator
    """
    now = datetime.now(UTC)
    with direct.writing() as session:
        account = people.add(session, direct.actor(), name, role, now)
        secret = people.invite(session, direct.actor(), name, now)
        made = _shown(account, 0)
    shown = Output(output)
    if shown.is_json:
        shown.document({**made, "link": link(secret)})
        return
    shown.line(
        f"Added account {name}, as {role}. Whoever opens this link can set its password. It works once, within a day:"
    )
    shown.line(link(secret))


def list_users(output: OutputOption = Format.TABLE) -> None:
    """List accounts.

    Examples:
      wayshub-provider user list
      wayshub-provider user list -o json
    """
    with direct.reading() as session:
        sessions = [row.account for row in accounts.list_sessions(session)]
        listed = [_shown(account, sessions.count(account.name)) for account in accounts.list_all(session)]
    advice = "there is no account yet: add one with `wayshub-provider user add NAME --role admin`"
    print_list(Output(output), COLUMNS, listed, advice)


def set_user(name: AccountArgument, role: RoleOption, output: OutputOption = Format.TABLE) -> None:
    """Change the role of an account.

    Examples:
      wayshub-provider user set ops --role admin
    """
    with direct.writing() as session:
        people.set_role(session, direct.actor(), name, role)
    Output(output).told({"name": name, "role": role.value}, f"Account {name} is now {role}.")


def remove(name: AccountArgument, yes: YesOption = False, output: OutputOption = Format.TABLE) -> None:
    """Remove an account and end its sessions.

    Examples:
      wayshub-provider user remove ops --yes
    """
    confirm(f"Remove account {name}?", yes=yes)
    with direct.writing() as session:
        people.remove(session, direct.actor(), name)
    Output(output).told({"removed": name}, f"Removed account {name}.")


def password(name: AccountArgument, one_time_link: LinkOption = False, output: OutputOption = Format.TABLE) -> None:
    """Set an account's password, or print a one-time link to set it.

    Asks for the password; without a terminal, it reads the first line of
    standard input. Ends all sessions of the account, and lifts any delay after
    failed logins.

    Examples:
      wayshub-provider user password ops
      wayshub-provider user password ops --link
    """
    if one_time_link:
        with direct.writing() as session:
            secret = people.invite(session, direct.actor(), name, datetime.now(UTC))
        Output(output).told({"name": name, "link": link(secret)}, link(secret))
        return
    with direct.reading() as session:
        accounts.get(session, name)
    hashed = passwords.hashed(people.check_password(ask(name), name))
    with direct.writing() as session:
        people.set_password(session, direct.actor(), name, hashed)
    done = f"The password of account {name} is set, and its sessions are ended."
    Output(output).told({"name": name, "hasPassword": True}, done)


def _shown(account: Account, sessions: int) -> dict[str, Any]:
    return {
        "name": account.name,
        "role": account.role.value,
        "hasPassword": account.password_hash is not None,
        "created": account.created,
        "sessions": sessions,
    }


COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "add": add,
    "list": list_users,
    "set": set_user,
    "remove": remove,
    "password": password,
}
