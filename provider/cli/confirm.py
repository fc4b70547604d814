"""`confirm`: keep a change that would be rolled back."""

from typing import Annotated

import typer

from provider.cli.client import Client, path
from provider.cli.options import reads
from provider.cli.output import Output, note
from provider.cli.revision import REVISIONS
from provider.errors import ProviderError

PendingArgument = Annotated[
    int | None,
    typer.Argument(metavar="NUMBER", min=1, help="Number of the revision.", show_default="the newest that is pending"),
]


@reads
def confirm(client: Client, output: Output, number: PendingArgument = None) -> None:
    """Confirm a change made with --confirm-within, so that it stays.

    Without a number, it confirms the newest pending change. To undo a
    change before its time is up, use `revision undo`.

    Examples:
      wayshub-provider confirm
      wayshub-provider confirm 7
    """
    pending = list(client.items(REVISIONS.path, wanted={"pending": "true"}))
    if number is None:
        if not pending:
            raise ProviderError("no change is waiting to be confirmed")
        number = int(pending[0]["number"])
    answer = client.post(REVISIONS.path_of(str(number)) + path("confirm"), None)
    output.told(answer.item, f"Confirmed revision {number}: {answer.item['summary']}")
    for each in pending:
        if each["number"] != number:
            before = each["confirmation"]["before"]
            note(
                f"Revision {each['number']} will still be rolled back at {before}, unless you confirm it: "
                f"{each['summary']}"
            )
