"""`rollout`: traffic that moves from one service to another, step by step."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from provider.cli import outcome
from provider.cli.client import Client, path
from provider.cli.completion import complete_names
from provider.cli.options import LimitOption, QueryOption, given, reads, writes
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import Collection, Columns, field, list_all
from provider.cli.times import ago
from provider.errors import ProviderError
from provider.late import Late
from provider.nouns import Service

if TYPE_CHECKING:
    from provider.cli import progress as showing
else:
    showing = Late("provider.cli.progress")

_START: Final = "start"
_ACTIVE: Final = {"running", "paused"}
_PAUSE_SECONDS: Final = 1.0
_MINUTE: Final = 60


class _RolloutGroup(TyperGroup):
    """A group of commands in which the name of a service alone starts a rollout."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args[0] in self.commands else [_START, *args])


app = typer.Typer(
    name="rollout",
    cls=_RolloutGroup,
    no_args_is_help=True,
    help="Rollouts: traffic that moves from one service to another. `rollout SERVICE --to NEW` starts one.",
)

ServiceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SERVICE",
        help="The service that the traffic moves away from.",
        autocompletion=complete_names(Service),
    ),
]
ToServiceOption = Annotated[
    str,
    typer.Option(
        metavar="SERVICE", help="The new service, which gets the traffic.", autocompletion=complete_names(Service)
    ),
]
StepsOption = Annotated[
    str | None,
    typer.Option(
        metavar="PERCENTAGES",
        help="Percentages of the requests that the new service gets, one for each step, rising to 100.",
        show_default="5,25,50,100",
    ),
]
HoldOption = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION",
        help="Minimum time for each step, such as 30s or 5m.",
        show_default="2m",
    ),
]
MirrorOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100,
        metavar="PERCENT",
        help="First send the new service copies of this percentage of requests, for as long as a step.",
        show_default="no copies",
    ),
]
UncheckedOption = Annotated[
    bool, typer.Option("--without-health-check", help="Start even if the new servers have no health check.")
]
WatchOption = Annotated[bool, typer.Option("--watch", "-w", help="Show the progress until it ends.")]
ActiveOption = Annotated[bool, typer.Option("--active", help="Only those that have not ended.")]


COLUMNS: Final[Columns] = {
    "Service": field("service"),
    "To": field("to"),
    "State": field("state"),
    "Percent": field("percent"),
    "Since": lambda rollout: ago(rollout["ended"] or rollout["since"]),
    "By": field("author"),
    "Detail": field("detail"),
}
ROLLOUTS: Final = Collection("rollout", path("rollouts"), COLUMNS)
FACTS: Final[Columns] = {
    "Service": field("service"),
    "To": field("to"),
    "State": field("state"),
    "Detail": field("detail"),
    "Percent": field("percent"),
    "Steps": lambda rollout: f"{', '.join(map(str, rollout['steps']))} %, {rollout['hold']} each",
    "Copies first": lambda rollout: f"{rollout['mirror']} %" if rollout["mirror"] else "none",
    "Next step": lambda rollout: rollout["next"] or "none planned",
    "Started": lambda rollout: f"{ago(rollout['started'])} by {rollout['author']}",
    "Ended": lambda rollout: ago(rollout["ended"]) if rollout["ended"] else "not yet",
    "Revision": lambda rollout: rollout["revision"] or "none",
    "Message": lambda rollout: rollout["message"] or "none",
}


@app.command()
@writes
def start(
    client: Client,
    output: Output,
    service: ServiceArgument,
    to: ToServiceOption,
    steps: StepsOption = None,
    hold: HoldOption = None,
    mirror: MirrorOption = None,
    without_health_check: UncheckedOption = False,
) -> None:
    """Move the traffic of a service to a new one, step by step.

    `rollout SERVICE --to NEW` is short for this. Edges first check the health
    of the new servers. Then these get a part of the requests, and more with
    each step. As soon as one of them fails its health check, or an edge
    rejects or disables part of the rollout, it rolls back: all traffic
    returns at once. At the end, one revision makes everything that refers to
    the service refer to the new one; `revision undo` undoes all of it.

    Each step lasts at least three times the interval plus timeout of the
    health check, and longer while a server is down.

    Examples:
      wayshub-provider rollout start wayshub --to next --without-health-check
      wayshub-provider rollout start wayshub --to next --steps 10,50,100 --hold 5m --without-health-check
      wayshub-provider rollout start wayshub --to next --mirror 10 --without-health-check --message "Version 2"
    """
    wanted = given(
        to=to,
        steps=None if steps is None else _read_steps(steps),
        hold=hold,
        mirror=mirror,
        withoutHealthCheck=without_health_check or None,
    )
    answer = client.post(_path(service), wanted)
    outcome.tell(client, output, answer, f"Started the rollout of {service} to {to}")


def _read_steps(text: str) -> list[int]:
    try:
        return [int(each.strip().removesuffix("%")) for each in text.split(",")]
    except ValueError:
        raise typer.BadParameter("--steps takes whole numbers separated by commas, such as 5,25,50,100") from None


@app.command()
@reads
def show(client: Client, output: Output, service: ServiceArgument, watch: WatchOption = False) -> None:
    """Show the newest rollout of a service: how far it is, or how it ended.

    With --watch it shows the progress until the rollout ends; exit status 1
    means that it was rolled back.

    Examples:
      wayshub-provider rollout show catalog
      wayshub-provider rollout show catalog -o json
    """
    rollout = client.ask(_path(service), {})
    if watch and not output.is_json:
        rollout = _watch(client, service, rollout)
        if rollout["state"] == "back":
            raise ProviderError(rollout["detail"])
    elif output.is_json:
        output.document(rollout)
    else:
        output.facts((heading, read(rollout)) for heading, read in FACTS.items())


def _watch(client: Client, service: str, rollout: Item) -> Item:
    """Tell in words what happens to a rollout, until it ends. Returns it as it is then."""
    told = ""
    with showing.Progress() as progress:
        while True:
            if rollout["detail"] != told:
                told = rollout["detail"]
                progress.close()
                progress.say(f"{time.strftime('%H:%M:%S')} {told}")
                if rollout["state"] in _ACTIVE:
                    progress.doing(_words_of_next(rollout))
            progress.at(_words_of_next(rollout))
            if rollout["state"] not in _ACTIVE:
                return rollout
            time.sleep(_PAUSE_SECONDS)
            rollout = client.ask(_path(service), {})


def _words_of_next(rollout: Item) -> str:
    if rollout["next"] is None:
        return "Waiting"
    return f"Continues in {_left(rollout['next'])}"


def _left(date: str) -> str:
    seconds = max(0, round((datetime.fromisoformat(date) - datetime.now(UTC)).total_seconds()))
    return f"{seconds // _MINUTE} min {seconds % _MINUTE} s" if seconds >= _MINUTE else f"{seconds} s"


@app.command("list")
@reads
def list_rollouts(
    client: Client, output: Output, query: QueryOption = "", limit: LimitOption = None, active: ActiveOption = False
) -> None:
    """List rollouts, newest first.

    --query searches the names of both services.

    Examples:
      wayshub-provider rollout list
      wayshub-provider rollout list --active
    """
    advice = "no rollout is running" if active else "no rollout yet: start one with `rollout SERVICE --to NEW`"
    list_all(client, output, ROLLOUTS, query, limit, advice, more={"active": "true"} if active else None)


def _add(step: str, done: str, about: str, *examples: str) -> None:
    """Add the command that does one step with a rollout."""

    def steer(client: Client, output: Output, service: ServiceArgument) -> None:
        answer = client.post(_path(service) + path(step), {})
        outcome.tell(client, output, answer, f"{done} of {service}")

    steer.__doc__ = "\n".join(
        [about, "", "Examples:", *(f"  wayshub-provider rollout {step} {each}" for each in examples)]
    )
    app.command(step)(writes(steer))


_add(
    *("pause", "Paused the rollout"),
    "Stay at this step until you resume. If something fails, it still rolls back.",
    "catalog",
)
_add("resume", "Resumed the rollout", "Continue after a pause. The step starts over.", "catalog")
_add(
    *("back", "Rolled back the rollout"),
    "Roll back: all traffic returns at once.",
    *("catalog", "catalog --wait 10"),
)
_add(
    *("finish", "Finished the rollout"),
    "Finish a rollout now: all traffic moves, and one revision makes it permanent.",
    *("catalog", "catalog --dry-run"),
)


def _path(service: str) -> str:
    return path("services", service, "rollout")
