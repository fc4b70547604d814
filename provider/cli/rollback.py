"""`rollback`."""

from typing import Annotated, Final, Literal

import typer

from provider.cli.client import Answer, Client, Query, path
from provider.cli.options import IfMatchOption, YesOption, writes
from provider.cli.output import Output
from provider.cli.proposals import Proposal

TIMEOUT_SECONDS: Final = 600.0
"""A state of 10,000 routers takes seconds, and on a busy machine a minute."""

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the revision to go back to.")]
KindOption = Annotated[
    Literal["domain", "service", "server", "router"] | None,
    typer.Option(help="Only one object: its kind. A service comes with its servers."),
]
NameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only one object: its name; a server's is SERVICE/SERVER.")
]


@writes
def rollback(
    client: Client,
    output: Output,
    number: NumberArgument,
    kind: KindOption = None,
    name: NameOption = None,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Roll back to the state of a revision, as a new revision.

    That is the state after it; `revision undo` takes back what one revision
    did. Shows the plan first, and asks on a terminal unless --yes is given;
    elsewhere it needs --yes. What was not there then goes. With --kind and
    --name, only one object is restored. `revision list` shows the numbers.

    Examples:
      wayshub-provider rollback 7
      wayshub-provider rollback 7 --dry-run
      wayshub-provider rollback 7 --yes --message "the release was bad" --wait 30
      wayshub-provider rollback 7 --kind router --name wayshub --yes
    """
    if (kind is None) != (name is None):
        raise typer.BadParameter("one object is named by --kind and --name together")
    named: Query = {} if kind is None or name is None else {"kind": kind, "name": name}

    def ask(tag: str | None, query: Query) -> Answer:
        where = path("revisions", str(number), "rollback")
        return client.post(where, None, query={**named, **query}, if_match=tag, timeout_seconds=TIMEOUT_SECONDS)

    Proposal(client, output, ask, "rollback", "Roll back?", "Rolled back").run(if_match, yes=yes)
