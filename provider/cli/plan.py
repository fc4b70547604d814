"""`plan`."""

import gc
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from provider.cli import differences
from provider.cli.client import Client, Parameters, path
from provider.cli.files.documents import read
from provider.cli.options import reads
from provider.cli.output import Output
from provider.cli.progress import Progress
from provider.cli.replies import Reply
from provider.documents import File
from provider.errors import FieldError, ProviderError

DIFFERS: Final = 2
"""The exit status of a plan that is not empty."""

_MOST_ERRORS: Final = 20
_TIMEOUT_SECONDS: Final = 600.0
"""A state of 10,000 routers takes seconds, and on a busy machine a minute."""

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="The state, as YAML or JSON; `-` is standard input.", show_default=False)
]
PruneOption = Annotated[bool, typer.Option("--prune", help="Remove everything that is not in the file.")]
PruneLabelOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="Remove what has this label and is not in the file. Repeat it to require several.",
    ),
]


@reads
def plan(
    client: Client, output: Output, file: FileArgument, prune: PruneOption = False, prune_label: PruneLabelOption = None
) -> None:
    """Show what `apply` would change, without changing anything.

    Lists what would be created, changed (field by field) and removed, and how
    traffic would shift. Exits with 0 if nothing would change, 2 if something
    would, and 1 if the file is wrong.

    Examples:
      wayshub-provider plan state.yml
      wayshub-provider plan state.yml --prune -o json
      wayshub-provider plan video.yml --prune-label team=video
      cat state.yml | wayshub-provider plan -
    """
    with telling(output) as progress:
        progress.doing(f"Reading {file}")
        wanted = read(file)
        progress.doing("Planning")
        answer = ask(client, wanted, prune=prune, prune_label=prune_label, query={"dryRun": "true"})
    difference = answer.item["difference"]
    if output.is_json:
        output.document(answer.item)
    else:
        differences.tell(output, difference)
        differences.tell_warnings(output, answer.item)
        output.line(f"Plan: {differences.count(difference, done=False)} (at revision {answer.item['revision']}).")
        if not differences.is_empty(difference):
            tag = answer.etag.strip('"')
            output.line(f"To apply it only if nothing else has changed: --if-match {tag}")
    if not differences.is_empty(difference):
        raise typer.Exit(DIFFERS)


def telling(output: Output) -> Progress:
    """Return the means to say what is being done, to a person at a terminal and to nobody else.

    Large files are read and large answers come from here on: Python looks for no more garbage in them.
    """
    gc.disable()  # the process ends before it pays
    return Progress(quiet=output.is_json or not sys.stdout.isatty())


def ask(
    client: Client,
    file: File,
    *,
    prune: bool,
    prune_label: Sequence[str] | None,
    query: Parameters,
    if_match: str | None = None,
) -> Reply:
    """Let the service bring its state in step with a file, or tell what that would do.

    Raises `ProviderError` that names file, line and column of what is wrong in it.
    """
    if prune:
        query = {**query, "prune": "true"}
    if prune_label:
        query = {**query, "pruneLabel": prune_label}
    document = file.document if file.document is not None else {}
    try:
        return client.post(path("apply"), document, query=query, if_match=if_match, timeout_seconds=_TIMEOUT_SECONDS)
    except ProviderError as error:
        if not any(field.place == "body" for field in error.fields):
            raise
        raise ProviderError(_places(file, error.fields)) from None


def _places(file: File, fields: Sequence[FieldError]) -> str:
    told = []
    for field in fields[:_MOST_ERRORS]:
        named = f"{field.pointer.lstrip('/')}: " if field.pointer else ""
        told.append(f"{file.place(field.pointer)}: {named}{field.detail}")
    if len(fields) > _MOST_ERRORS:
        told.append(f"and {len(fields) - _MOST_ERRORS} more")
    return "; ".join(told)
