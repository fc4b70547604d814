"""`apply`."""

from provider.cli.client import Client, Parameters
from provider.cli.files.documents import read
from provider.cli.options import IfMatchOption, YesOption, writes
from provider.cli.output import Output
from provider.cli.plan import FileArgument, PruneLabelOption, PruneOption, ask, telling
from provider.cli.proposals import ProposedCommand
from provider.cli.replies import Reply


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

    Shows the plan and asks before it changes anything; without a terminal it
    needs --yes. Objects that are not in the file stay, unless you pass --prune
    or --prune-label. If somebody changes something while you read the plan,
    you see their change and a new plan. To be refused in that case, pass
    --if-match with the ETag that `plan` printed.

    Examples:
      wayshub-provider apply state.yml
      wayshub-provider apply state.yml --prune --yes --wait 30
      wayshub-provider apply video.yml --prune-label team=video --yes
    """
    with telling(output) as progress:
        progress.doing(f"Reading {file}")
        wanted = read(file)

    def bring(tag: str | None, query: Parameters) -> Reply:
        return ask(client, wanted, prune=prune, prune_label=prune_label, query=query, if_match=tag)

    ProposedCommand(client, output, bring, "apply", "Apply this?", "Applied").run(if_match, yes=yes)
