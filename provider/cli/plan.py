"""`plan`."""

from typing import Annotated, Final

import typer

from provider.cli import differences
from provider.cli.client import Answer, Client, path
from provider.cli.documents import File, read
from provider.cli.options import reads
from provider.cli.output import Output
from provider.errors import FieldError, ProviderError

DIFFERS: Final = 2
"""The exit status of a plan that is not empty."""

_MOST_ERRORS: Final = 20

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="The state, as YAML or JSON; `-` is standard input.", show_default=False)
]
PruneOption = Annotated[bool, typer.Option("--prune", help="Remove what the file does not have.")]


@reads
def plan(client: Client, output: Output, file: FileArgument, prune: PruneOption = False) -> None:
    """Show what `apply` would do, and do nothing.

    What would be created, changed field by field, and removed, and how the
    traffic would move. Exits with 0 where nothing would change, with 2 where
    something would, and with 1 where the file is wrong.

    Examples:
      wayshub-provider plan state.yml
      wayshub-provider plan state.yml --prune -o json
      cat state.yml | wayshub-provider plan -
    """
    answer = ask(client, read(file), prune=prune, dry_run=True)
    difference = answer.item["difference"]
    if output.is_json:
        output.document(answer.item)
    else:
        differences.tell(output, difference)
        output.line(f"Plan: {differences.count(difference, done=False)} (at revision {answer.item['revision']}).")
    if not differences.is_empty(difference):
        raise typer.Exit(DIFFERS)


def ask(client: Client, file: File, *, prune: bool, dry_run: bool, if_match: str | None = None) -> Answer:
    """Let the service bring its state in step with a file, or tell what that would do.

    Raises `ProviderError` that names file, line and column of what is wrong.
    """
    query = {"prune": "true"} if prune else {}
    if dry_run:
        query["dryRun"] = "true"
    try:
        return client.post(path("apply"), file.document or {}, query=query, if_match=if_match)
    except ProviderError as error:
        if not error.fields:
            raise
        raise ProviderError(_places(file, error.fields)) from None


def _places(file: File, fields: tuple[FieldError, ...]) -> str:
    told = [f"{file.place(field.pointer)}: {_name(field)}{field.detail}" for field in fields[:_MOST_ERRORS]]
    if len(fields) > _MOST_ERRORS:
        told.append(f"and {len(fields) - _MOST_ERRORS} more")
    return "; ".join(told)


def _name(field: FieldError) -> str:
    return f"{field.pointer.lstrip('/')}: " if field.pointer else ""
