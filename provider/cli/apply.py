"""`apply`."""

from provider.cli.client import Answer, Client, Query
from provider.cli.files.documents import read
from provider.cli.options import IfMatchOption, YesOption, writes
from provider.cli.output import Output
from provider.cli.plan import FileArgument, PruneLabelOption, PruneOption, ask, telling
from provider.cli.proposals import Proposal


@writes
def apply(
    client: Client,
    output: Output,
    file: FileArgument,
    prune: PruneOption = False,
    prune_label: PruneLabelOption = None,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Apply a file to the state, all or nothing.

    Shows the plan first, and asks on a terminal unless --yes is given;
    elsewhere it needs --yes. What the file does not have stays, unless --prune
    or --prune-label is given. Who changes something between the plan and the
    answer is not overwritten: what they did is told, and the plan is shown
    again. With --if-match, and the ETag that `plan` printed, it is refused then.

    Examples:
      wayshub-provider apply state.yml
      wayshub-provider apply state.yml --prune --yes --wait 30
      wayshub-provider apply video.yml --prune-label team=video --yes
    """
    with telling(output) as progress:
        progress.doing(f"Reading {file}")
        wanted = read(file)

    def bring(tag: str | None, query: Query) -> Answer:
        return ask(client, wanted, prune=prune, prune_label=prune_label, query=query, if_match=tag)

    Proposal(client, output, bring, "apply", "Apply this?", "Applied").run(if_match, yes=yes)
