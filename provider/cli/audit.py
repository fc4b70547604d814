"""`audit`."""

from typing import Annotated, Final, Literal

import typer

from provider.cli.client import Client, path
from provider.cli.options import QueryOption, given, reads
from provider.cli.output import Output
from provider.cli.tables import Columns, field, print_list
from provider.cli.times import ago

ActorOption = Annotated[str | None, typer.Option(metavar="NAME", help="Only what this account, token or user did.")]
ActionOption = Annotated[str | None, typer.Option(metavar="ACTION", help="Only this kind, such as state.change.")]
OutcomeOption = Annotated[
    Literal["accepted", "refused"] | None, typer.Option(help="Only accepted or only refused actions.")
]
RevisionOption = Annotated[int | None, typer.Option(min=1, metavar="NUMBER", help="Only what created this revision.")]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only from this time on, such as 2026-01-31T12:00:00Z.")
]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="Only before this time.")]
EntriesOption = Annotated[int, typer.Option(min=1, metavar="NUMBER", help="How many to list at most.")]

COLUMNS: Final[Columns] = {
    "When": lambda entry: ago(entry["time"]),
    "Who": field("actor"),
    "With": lambda entry: entry["credential"] or "nothing",
    "From": lambda entry: entry["address"] or "this machine",
    "Revision": lambda entry: entry["revision"] or "",
    "What": field("words"),
    "Why": field("message"),
}


@reads
def audit(
    client: Client,
    output: Output,
    query: QueryOption = "",
    actor: ActorOption = None,
    action: ActionOption = None,
    outcome: OutcomeOption = None,
    revision: RevisionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: EntriesOption = 50,
) -> None:
    """Show who did what, newest first.

    Lists every change: who made it, with which token or session, from where
    and in which request. Refused attempts are listed too. --query searches
    the descriptions and messages. -o json adds what changed: the first 20
    objects before and after, and changeCount.

    Examples:
      wayshub-provider audit
      wayshub-provider audit --outcome refused --limit 10
      wayshub-provider audit --action state.change -q wayshub -o json
    """
    wanted = given(actor=actor, action=action, outcome=outcome, revision=revision, since=since, until=until)
    entries = list(client.items(path("audit"), query, limit, wanted))
    print_list(output, COLUMNS, entries, "no audit entry matches")
