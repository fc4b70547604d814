"""`import`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from provider import declarations, imports
from provider.cli.client import Client, Parameters, Reply, path
from provider.cli.files import containers, sources
from provider.cli.files.documents import File
from provider.cli.options import IfMatchOption, YesOption, writes
from provider.cli.output import Output
from provider.cli.plan import ask, telling
from provider.cli.proposals import ProposedCommand
from provider.declarations import Declaration
from provider.imports import Imported, ImportOutcome
from provider.values import Refusal, check_entry_point

_HEADINGS: Final = {
    ImportOutcome.LEFT_OUT: "Left out",
    ImportOutcome.CHANGED: "Imported with changes",
    ImportOutcome.RECOGNISED: "Nothing to import",
}

SourceArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help="Traefik's dynamic configuration, as YAML, TOML or JSON; a Compose file with labels of "
        "Traefik, or what `docker inspect` prints; `-` is standard input; a URL is that of a running Traefik's API.",
        show_default=False,
    ),
]
FromAPIOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Import what a running Traefik's API reports, instead of a file."),
]
EntryPointOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Entry point of routers that name none. Repeat it for several.",
        show_default=", ".join(imports.DEFAULT_ENTRY_POINTS),
    ),
]
EnvFileOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Variables of a Compose file, instead of those in .env beside it.",
        show_default=False,
    ),
]


@writes
def import_(
    client: Client,
    output: Output,
    file: SourceArgument = None,
    from_api: FromAPIOption = None,
    entry_point: EntryPointOption = None,
    env_file: EnvFileOption = None,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Import Traefik's files, labels, or what a Traefik runs.

    Imports routers, services, middlewares, servers transports and TLS options,
    those of TCP and UDP too. As with `apply`, you see a plan and are asked
    first, and objects that exist only here stay. What is not supported yet is
    listed with the reason; a router that would behave differently without it
    is skipped. Names that are not allowed here are changed, and listed.

    Examples:
      wayshub-provider import dynamic.yml --dry-run
      wayshub-provider import dynamic.toml --yes --wait 30
      wayshub-provider import compose.yml --env-file prod.env --dry-run
      wayshub-provider import --from-api http://127.0.0.1:8081
      wayshub-provider import http://127.0.0.1:8081 -o json --dry-run
    """
    source, is_api = _source(file, from_api)
    with telling(output) as progress:
        progress.doing(f"Reading {source}")
        read, running = sources.read_api(source) if is_api else (sources.read_file(source), None)
        read, origin = (None if is_api else containers.find(read, env_file)) or (read, None)
        found = imports.read(read.document, running, _entry_points(entry_point), origin)
        current = declarations.read(client.get(path("export")).item)
    wanted = _declared(read, found, imports.keeping(found.declaration, current))
    if not output.is_json:
        _tell(output, read, found, is_api=is_api)

    def bring(tag: str | None, query: Parameters) -> Reply:
        return ask(client, wanted, prune=False, prune_label=None, query=query, if_match=tag)

    told = _told(read, found)
    ProposedCommand(client, output, bring, "import", "Import this?", "Imported", told).run(if_match, yes=yes)


def _source(file: str | None, from_api: str | None) -> tuple[str, bool]:
    """Return the file or the URL, and whether it is that of an API. Raises a usage error."""
    if (file is None) == (from_api is None):
        raise typer.BadParameter("give either a file, or Traefik's API with --from-api")
    source = file if file is not None else str(from_api)
    return source, from_api is not None or sources.is_url(source)


def _entry_points(given: Sequence[str] | None) -> Sequence[str]:
    for name in given or ():
        try:
            check_entry_point(name)
        except Refusal as error:
            raise typer.BadParameter(error.detail, param_hint="--entry-point") from None
    return given or imports.DEFAULT_ENTRY_POINTS


def _declared(source: File, found: Imported, declared: Declaration) -> File:
    """Return the declaration as a file for `apply`, whose parts stand where they came from."""
    places = {where: source.places[origin] for where, origin in found.origins.items() if origin in source.places}
    return File(source.name, declarations.write(declared, has_secrets=True), places)


def _told(source: File, found: Imported) -> dict[str, Any]:
    """Return what programs are told of it."""
    findings = [asdict(finding) | {"place": source.place(finding.place)} for finding in found.findings]
    return {"import": {"findings": findings, "renamed": [asdict(renamed) for renamed in found.renamed]}}


def _tell(output: Output, source: File, found: Imported, *, is_api: bool) -> None:
    for outcome, heading in _HEADINGS.items():
        listed = [finding for finding in found.findings if finding.outcome is outcome]
        if listed:
            rows = [(f"{each.kind} {each.name}", each.reason, source.place(each.place)) for each in listed]
            output.table([f"{heading} ({len(listed):,})", "Why", "Where"], rows)
            output.line()
    if found.renamed:
        output.table(["Name there", "Name here"], [(f"{each.kind} {each.given}", each.name) for each in found.renamed])
        output.line()
    if is_api:
        output.line(f"Traefik's API does not report {imports.NOT_TOLD}: look for them in its files.")
