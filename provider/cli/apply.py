"""`apply`."""

import sys

from provider.cli import differences, liveness
from provider.cli.client import Client
from provider.cli.documents import File, read
from provider.cli.options import YesOption, confirm, writes
from provider.cli.output import Output
from provider.cli.plan import FileArgument, PruneOption, ask
from provider.cli.progress import Progress
from provider.errors import PreconditionFailed


@writes
def apply(
    client: Client, output: Output, file: FileArgument, prune: PruneOption = False, yes: YesOption = False
) -> None:
    """Bring the state in step with a file, all or nothing.

    Shows the plan first, and asks on a terminal unless --yes is given. What
    the file does not have stays, unless --prune is given. Who changes
    something between the plan and the answer is not overwritten: the plan is
    shown again, with that.

    Examples:
      wayshub-provider apply state.yml --yes
      wayshub-provider apply state.yml --prune --yes --wait 30
    """
    read_file = read(file)
    while not _apply(client, output, read_file, prune=prune, yes=yes):
        output.line("Somebody has changed something since that plan. This is the plan now:")


def _apply(client: Client, output: Output, file: File, *, prune: bool, yes: bool) -> bool:
    """Plan, ask and apply. Returns whether it was done: if not, the state has changed meanwhile."""
    progress = Progress()
    if sys.stdout.isatty() and not output.is_json:
        progress.doing("Planning")
    try:
        planned = ask(client, file, prune=prune, dry_run=True)
    finally:
        progress.close()
    difference = planned.item["difference"]
    if not output.is_json:
        differences.tell(output, difference)
        output.line(f"Plan: {differences.count(difference, done=False)}.")
    if differences.is_empty(difference):
        if output.is_json:
            output.document(planned.item)
        return True
    confirm("Apply this?", yes=yes)
    try:
        answer = ask(client, file, prune=prune, dry_run=False, if_match=planned.etag)
    except PreconditionFailed:
        return False
    if output.is_json:
        output.document(answer.item)
    else:
        done = differences.count(answer.item["difference"], done=True)
        output.line(f"Applied: {done} (revision {answer.revision}).")
    liveness.tell(client, output, answer)
    return True
