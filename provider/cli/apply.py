"""`apply`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import typer

from provider.cli import differences, liveness
from provider.cli.client import Answer, Client, Item
from provider.cli.documents import File, read
from provider.cli.options import IfMatchOption, YesOption, can_ask, confirm, writes
from provider.cli.output import Output, note
from provider.cli.plan import FileArgument, PruneLabelOption, PruneOption, ask, telling
from provider.errors import PreconditionFailed, ProviderError


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
    """Bring the state in step with a file, all or nothing.

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
        job = Job(client, output, read(file), prune, prune_label)
    job.run(if_match, yes=yes)


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is to be applied. `told` is what programs are told besides, `command` the command that does it."""

    client: Client
    output: Output
    file: File
    prune: bool = False
    prune_label: Sequence[str] | None = None
    told: Item = field(default_factory=dict)
    command: str = "apply"

    def run(self, if_match: str | None, *, yes: bool) -> None:
        """Show the plan, ask, and do it; where others were faster, show the plan again."""
        planned = self.plan(if_match)
        while not differences.is_empty(planned.item["difference"]) and not self.output.is_trial:
            confirmed = self.confirm(planned, yes=yes)
            try:
                self.apply(planned, confirmed)
            except PreconditionFailed as late:
                note("Others have changed something since that plan:")
                self.tell_late(late)
                planned = self.plan(if_match)
            else:
                break

    def plan(self, if_match: str | None) -> Answer:
        """Ask what it would do, and show that."""
        with telling(self.output) as progress:
            progress.doing("Planning")
            try:
                planned = self._ask(if_match, is_trial=True)
            except PreconditionFailed as late:
                progress.close()
                note("Others have changed something since that plan, and nothing is applied:")
                self.tell_late(late)
                self._show(self._ask(None, is_trial=True))
                raise
        self._show(planned)
        return planned

    def confirm(self, planned: Answer, *, yes: bool) -> int | None:
        """Ask whether to do it. Returns the number that was typed to confirm it, if that is needed."""
        brake = planned.item["difference"]["brake"]
        if brake and not yes and can_ask() and not self.client.is_confirmed:
            typer.echo(f"Type {brake['confirm']} to apply this: ", nl=False, err=True)
            if sys.stdin.readline().strip() != str(brake["confirm"]):
                raise ProviderError("nothing was changed")
            return int(brake["confirm"])
        confirm("Apply this?", yes=yes, needs_yes=self.command)
        return None

    def apply(self, planned: Answer, confirmed: int | None) -> None:
        """Do it, if the state is still the one that was planned against. Raises `PreconditionFailed`, and `Brake`."""
        with telling(self.output) as progress:
            progress.doing("Applying")
            answer = self._ask(planned.etag, is_trial=False, confirmed=confirmed)
        if self.output.is_json:
            self.output.document(answer.item | self.told)
        else:
            done = differences.count(answer.item["difference"], done=True)
            self.output.line(f"Applied: {done} (revision {answer.revision}).")
        liveness.tell(self.client, self.output, answer)

    def tell_late(self, late: PreconditionFailed) -> None:
        """Say what others did."""
        for revision in reversed(late.since):
            note(f"  revision {revision.number} by {revision.author}: {revision.summary}")

    def _ask(self, if_match: str | None, *, is_trial: bool, confirmed: int | None = None) -> Answer:
        query: dict[str, str | int | Sequence[str]] = {"dryRun": "true"} if is_trial else {}
        if confirmed is not None:
            query["confirm"] = confirmed
        return ask(
            self.client, self.file, prune=self.prune, prune_label=self.prune_label, query=query, if_match=if_match
        )

    def _show(self, planned: Answer) -> None:
        difference = planned.item["difference"]
        if self.output.is_json:
            if self.output.is_trial or differences.is_empty(difference):
                self.output.document(planned.item | self.told)
            return
        differences.tell(self.output, difference)
        self.output.line(f"Plan: {differences.count(difference, done=False)} (at revision {planned.revision}).")
