"""`revision undo`."""

from typing import Annotated

import typer

from provider.cli.client import Client, Parameters, path
from provider.cli.options import IfMatchOption, YesOption, writes
from provider.cli.output import Output
from provider.cli.proposals import ProposedCommand
from provider.cli.replies import Reply
from provider.cli.rollback import TIMEOUT_SECONDS, KindOption, ObjectNameOption

UndoneArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the revision to undo.")]
CascadeOption = Annotated[bool, typer.Option("--cascade", help="Remove what depends on it, too.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Restore the old values of everything that has changed since.")
]
TakeBackOption = Annotated[
    list[str] | None,
    typer.Option(metavar="POINTER", help="Restore the old value of this field, such as /router/NAME/priority."),
]
KeepOption = Annotated[
    list[str] | None, typer.Option(metavar="POINTER", help="Keep the current value of this field; `true` for all.")
]


@writes
def undo(
    client: Client,
    output: Output,
    number: UndoneArgument,
    kind: KindOption = None,
    name: ObjectNameOption = None,
    force: ForceOption = False,
    take_back: TakeBackOption = None,
    keep: KeepOption = None,
    cascade: CascadeOption = False,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Undo a revision and keep later changes.

    Shows the plan and asks first; without a terminal it needs --yes. What the
    revision removed comes back, what it created is removed. If something has
    changed since, it names that and does nothing: pass --force to restore all
    old values, or choose with --take-back and --keep.

    Examples:
      wayshub-provider revision undo 7
      wayshub-provider revision undo 7 --dry-run
      wayshub-provider revision undo 7 --yes --force
      wayshub-provider revision undo 7 --keep /router/wayshub/priority --yes
      wayshub-provider revision undo 7 --kind router --name wayshub --yes
    """
    if (kind is None) != (name is None):
        raise typer.BadParameter("to choose one object, give both --kind and --name")
    chosen: dict[str, str | list[str]] = {
        "force": ["true"] if force else list(take_back or ()),
        "keep": list(keep or ()),
    }
    if kind is not None and name is not None:
        chosen |= {"kind": kind, "name": name}
    if cascade:
        chosen["cascade"] = "true"

    def ask(tag: str | None, query: Parameters) -> Reply:
        where = path("revisions", str(number), "undo")
        return client.post(where, None, query={**chosen, **query}, if_match=tag, timeout_seconds=TIMEOUT_SECONDS)

    ProposedCommand(client, output, ask, "undo", "Undo this?", "Undone").run(if_match, yes=yes)
