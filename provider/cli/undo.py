"""`revision undo`."""

from typing import Annotated

import typer

from provider.cli.client import Answer, Client, Query, path
from provider.cli.options import IfMatchOption, YesOption, writes
from provider.cli.output import Output
from provider.cli.proposals import Proposal
from provider.cli.rollback import TIMEOUT_SECONDS, KindOption, NameOption

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the revision to undo.")]
CascadeOption = Annotated[bool, typer.Option("--cascade", help="Take along what depends on it.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Take the older values of all that was changed since.")]
TakeBackOption = Annotated[
    list[str] | None,
    typer.Option(metavar="POINTER", help="Take the older value of this, such as /router/NAME/priority."),
]
KeepOption = Annotated[
    list[str] | None, typer.Option(metavar="POINTER", help="Leave this as it is now; `true` for all.")
]


@writes
def undo(
    client: Client,
    output: Output,
    number: NumberArgument,
    kind: KindOption = None,
    name: NameOption = None,
    force: ForceOption = False,
    take_back: TakeBackOption = None,
    keep: KeepOption = None,
    cascade: CascadeOption = False,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Undo a revision, and keep later changes.

    Shows the plan first, and asks on a terminal unless --yes is given;
    elsewhere it needs --yes. What it removed comes back, what it made goes.
    What was changed since is named and nothing is done, until --force takes
    all older values, or --take-back and --keep choose one by one.

    Examples:
      wayshub-provider revision undo 7
      wayshub-provider revision undo 7 --dry-run
      wayshub-provider revision undo 7 --yes --force
      wayshub-provider revision undo 7 --keep /router/wayshub/priority --yes
      wayshub-provider revision undo 7 --kind router --name wayshub --yes
    """
    if (kind is None) != (name is None):
        raise typer.BadParameter("one object is named by --kind and --name together")
    chosen: dict[str, str | list[str]] = {
        "force": ["true"] if force else list(take_back or ()),
        "keep": list(keep or ()),
    }
    if kind is not None and name is not None:
        chosen |= {"kind": kind, "name": name}
    if cascade:
        chosen["cascade"] = "true"

    def ask(tag: str | None, query: Query) -> Answer:
        where = path("revisions", str(number), "undo")
        return client.post(where, None, query={**chosen, **query}, if_match=tag, timeout_seconds=TIMEOUT_SECONDS)

    Proposal(client, output, ask, "undo", "Undo this?", "Undone").run(if_match, yes=yes)
