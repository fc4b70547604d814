"""`rollback`."""

from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from provider.cli.client import Client, Parameters, path
from provider.cli.options import IfMatchOption, YesOption, writes
from provider.cli.output import Output
from provider.cli.proposals import ProposedCommand
from provider.cli.replies import Reply
from provider.nouns import NOUNS

TIMEOUT_SECONDS: Final = 600.0
"""A state of 10,000 routers takes seconds, and on a busy machine a minute."""

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the revision to roll back to.")]
_AnyKind: Any = StrEnum("_AnyKind", {kind: kind for kind in NOUNS})  # type: ignore[misc]  # all nouns, whatever they are
KindOption = Annotated[
    _AnyKind | None,
    typer.Option(
        metavar="KIND",
        help="Kind of the one object to restore, such as router or tcpService. A service includes its servers.",
    ),
]
ObjectNameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Name of the one object, SERVICE/SERVER for a server.")
]


@writes
def rollback(
    client: Client,
    output: Output,
    number: NumberArgument,
    kind: KindOption = None,
    name: ObjectNameOption = None,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Roll back to the state of a revision, as a new revision.

    Restores the state right after that revision; `revision undo` reverts only
    what one revision did. Shows the plan and asks first; without a terminal it
    needs --yes. Anything added since is removed. With --kind and --name, only
    one object is restored. `revision list` shows the numbers.

    Examples:
      wayshub-provider rollback 7
      wayshub-provider rollback 7 --dry-run
      wayshub-provider rollback 7 --yes --message "the release was bad" --wait 30
      wayshub-provider rollback 7 --kind router --name wayshub --yes
    """
    if (kind is None) != (name is None):
        raise typer.BadParameter("to choose one object, give both --kind and --name")
    named: Parameters = {} if kind is None or name is None else {"kind": kind, "name": name}

    def ask(tag: str | None, query: Parameters) -> Reply:
        where = path("revisions", str(number), "rollback")
        return client.post(where, None, query={**named, **query}, if_match=tag, timeout_seconds=TIMEOUT_SECONDS)

    ProposedCommand(client, output, ask, "rollback", "Roll back?", "Rolled back").run(if_match, yes=yes)
