"""What is shown as a plan before it is done: to apply a file, and to go back to a revision."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import typer

from provider.cli import differences, liveness
from provider.cli.client import Client, Parameters
from provider.cli.options import can_ask, confirm
from provider.cli.output import Output, note, printable
from provider.cli.plan import telling
from provider.cli.replies import Item, Reply
from provider.errors import PreconditionFailed, ProviderError

Ask = Callable[[str | None, Parameters], Reply]
"""Asks the service to do it: only at this tag of the whole, and with these parameters of any write."""

_TRIED: Final[Parameters] = {"dryRun": "true"}


@dataclass(frozen=True, slots=True)
class ProposedCommand:
    """Something that `command` does. `done` begins the line that says so; `told` is what programs get besides."""

    client: Client
    output: Output
    ask: Ask
    command: str
    question: str
    done: str
    told: Item = field(default_factory=dict)

    def run(self, if_match: str | None, *, yes: bool) -> None:
        """Show the plan, ask, and do it; where others were faster, show the plan again."""
        planned = self._plan(if_match)
        while not differences.is_empty(planned.item["difference"]) and not self.output.is_trial:
            confirmed = self._confirm(planned, yes=yes)
            try:
                self._do(planned, confirmed)
            except PreconditionFailed as late:
                note("Others have made changes since that plan:")
                _tell_late(late)
                planned = self._plan(if_match)
            else:
                break

    def _plan(self, if_match: str | None) -> Reply:
        """Ask what it would do, and show that."""
        with telling(self.output) as progress:
            progress.doing("Planning")
            try:
                planned = self.ask(if_match, _TRIED)
            except PreconditionFailed as late:
                progress.close()
                note("Others have made changes since that plan, so nothing was done:")
                _tell_late(late)
                self._show(self.ask(None, _TRIED))
                raise
        self._show(planned)
        return planned

    def _confirm(self, planned: Reply, *, yes: bool) -> int | None:
        """Ask whether to do it. Returns the number that was typed to confirm it, if that is needed."""
        brake = planned.item["difference"]["brake"]
        if brake and not yes and can_ask() and not self.client.is_confirmed:
            typer.echo(printable(f"Type {brake['confirm']} to {self.command} this: "), nl=False, err=True)
            if sys.stdin.readline().strip() != str(brake["confirm"]):
                raise ProviderError("nothing was changed")
            return int(brake["confirm"])
        confirm(self.question, yes=yes, needs_yes=self.command)
        return None

    def _do(self, planned: Reply, confirmed: int | None) -> None:
        """Do it, if the state is still the one that was planned against. Raises `PreconditionFailed`, and `Brake`."""
        with telling(self.output) as progress:
            progress.doing("Changing the state")
            answer = self.ask(planned.etag, {} if confirmed is None else {"confirm": confirmed})
        if self.output.is_json:
            self.output.document(answer.item | self.told)
        else:
            counted = differences.count(answer.item["difference"], done=True)
            self.output.line(f"{self.done}: {counted} (revision {answer.revision}).")
        liveness.tell(self.client, self.output, answer)

    def _show(self, planned: Reply) -> None:
        difference = planned.item["difference"]
        if self.output.is_json:
            if self.output.is_trial or differences.is_empty(difference):
                self.output.document(planned.item | self.told)
            return
        differences.tell(self.output, difference)
        differences.tell_warnings(self.output, planned.item)
        self.output.line(f"Plan: {differences.count(difference, done=False)} (at revision {planned.revision}).")


def _tell_late(late: PreconditionFailed) -> None:
    for revision in reversed(late.since):
        note(f"  revision {revision.number} by {revision.author}: {revision.summary}")
