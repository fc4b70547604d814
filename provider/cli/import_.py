"""`import`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

import typer

from provider import declarations, imports
from provider.cli import imported
from provider.cli.client import Client, Parameters, path
from provider.cli.files import sources
from provider.cli.options import IfMatchOption, YesOption, writes
from provider.cli.output import Output
from provider.cli.plan import ask, telling
from provider.cli.proposals import ProposedCommand
from provider.cli.replies import Reply
from provider.declarations import Declaration
from provider.documents import DocumentError, File
from provider.imports import Imported, Provenance, Running
from provider.imports.files import Effect, Environment, FileFinding, Folder
from provider.values import Refusal, check_entry_point

_STOPPING: Final = (Effect.REFUSED, Effect.UNKNOWN)
_UNTOLD: Final = {"member.same"}
"""What makes no difference: only programs are told."""

_FILE_HEADINGS: Final = {
    Effect.REFUSED: "Traefik refuses the files",
    Effect.UNKNOWN: "Only Traefik knows",
    Effect.ASSUMED: "Assumed",
    Effect.IGNORED: "Ignored by Traefik",
    Effect.LEFT_OUT: "Certificates left out",
}

PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH",
        help="Files or folders of Traefik's dynamic configuration (YAML, TOML or JSON), Compose files "
        "with Traefik's labels, the output of `docker inspect`, Traefik's acme.json, or the folder /etc/letsencrypt; "
        "`-` is standard input; a URL is the API of a running Traefik.",
        show_default=False,
    ),
]
FromAPIOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Import what a running Traefik's API reports, instead of files."),
]
EnvFileOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="Variables that templates or a Compose file ask for, one NAME=VALUE per line. Repeat it for several "
        "files.",
    ),
]
EnvOption = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="One such variable. Repeat it for several.")
]
PortsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=PORT",
        help="Port of a container whose labels do not name it and whose image exposes it, such as web=8080. Repeat it "
        "for several.",
    ),
]
SalvageOption = Annotated[
    bool,
    typer.Option(
        "--salvage", help="Import what can be read from files that Traefik refuses, although it serves none of them."
    ),
]
BesideOption = Annotated[
    bool,
    typer.Option(
        "--beside",
        help="With --from-api: create routers that stand beside those of other providers, and take none of their "
        "requests until you `adopt` them.",
    ),
]
WithServicesOption = Annotated[
    bool,
    typer.Option(
        "--with-services",
        help="With --beside: also take over services and middlewares. Otherwise, routers refer to those of the "
        "other provider, such as shop@docker.",
    ),
]
EntryPointOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Entry point of routers that name none. Repeat it for several.",
        show_default="web, or websecure with TLS",
    ),
]


@dataclass(frozen=True, slots=True)
class ImportSource:
    """What is imported: a document with its places, and what Traefik makes of the files that it came from."""

    file: File
    folder: Folder | None = None
    origin: Provenance | None = None

    @property
    def findings(self) -> Sequence[FileFinding]:
        """What Traefik makes of the files."""
        return self.folder.findings if self.folder else ()

    def told(self) -> list[dict[str, Any]]:
        """Return that as programs are told."""
        told = [asdict(finding) | {"place": finding.place} for finding in self.findings]
        return [{**each, **each.pop("at")} for each in told]

    def tell_files(self, output: Output) -> None:
        """Tell people what Traefik makes of the files. One thing that stops it all is told as the error that it is."""
        stopping = [each for each in self.findings if each.effect in _STOPPING]
        for effect, heading in _FILE_HEADINGS.items():
            listed = [each for each in self.findings if each.effect is effect and each.code not in _UNTOLD]
            if output.is_json or not listed or (stopping == listed and len(listed) == 1):
                continue
            output.table([f"{heading} ({len(listed):,})", "Where"], [(each.detail, each.place) for each in listed])
            output.line()

    def check(self, output: Output, *, salvage: bool) -> None:
        """Stop at files that Traefik refuses, or of which nobody else knows what they say. Raises `DocumentError`."""
        stopping = [each for each in self.findings if each.effect in _STOPPING]
        if not stopping or salvage:
            return
        if output.is_json:
            output.document({"import": {"counts": {}, "files": self.told(), "findings": [], "renamed": []}})
        raise DocumentError(self._why(stopping))

    def _why(self, stopping: Sequence[FileFinding]) -> str:
        folder = self.folder
        if folder is not None and folder.missing and not folder.is_refused:
            names = ", ".join(sorted(folder.missing))
            return f"the files use variables that have no value: {names}; give them with --env-file or --env"
        first = f"{stopping[0].place}: {stopping[0].detail}" if len(stopping) == 1 else ""
        if folder is not None and folder.is_refused:
            why = "Traefik refuses these files, and serves none of them: correct them, or add --salvage"
        else:
            why = "import what Traefik runs, with --from-api, or add --salvage to leave such files out"
        return f"{first}: {why}" if first else why


@writes
def import_(
    client: Client,
    output: Output,
    paths: PathsArgument = None,
    from_api: FromAPIOption = None,
    env_file: EnvFileOption = None,
    env: EnvOption = None,
    port: PortsOption = None,
    salvage: SalvageOption = False,
    beside: BesideOption = False,
    with_services: WithServicesOption = False,
    entry_point: EntryPointOption = None,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Import Traefik's files, labels, or what a running Traefik has.

    Imports routers, services, middlewares and servers transports for HTTP, TCP
    and UDP, TLS options and certificates. Several files and folders are read
    together, as Traefik reads a directory, and `{{ env "NAME" }}` in them is
    filled in. As with `apply`, you see a plan and are asked first, and objects
    that exist only here stay. What is not supported yet is listed with the
    reason; a router that would behave differently without it is skipped.
    Nothing is imported from files that Traefik refuses, because it serves none
    of them. Names that are not allowed here are changed, and listed.

    Examples:
      wayshub-provider import dynamic.yml --dry-run
      wayshub-provider import conf.d --env-file traefik.env --yes
      wayshub-provider import dynamic.toml --yes --wait 30
      wayshub-provider import compose.yml --env-file prod.env --dry-run
      wayshub-provider import --from-api http://127.0.0.1:8081
      wayshub-provider import http://127.0.0.1:8081 -o json --dry-run
      wayshub-provider import --from-api http://127.0.0.1:8081 --beside --yes
      wayshub-provider import --from-api http://127.0.0.1:8081 --beside --with-services
    """
    given, is_api = _sources(paths, from_api)
    if beside and not is_api:
        raise typer.BadParameter("--beside needs a running Traefik: give its API with --from-api")
    if with_services and not beside:
        raise typer.BadParameter("services are always taken over: --with-services only goes with --beside")
    with telling(output) as progress:
        progress.doing(f"Reading {', '.join(given)}")
        source = (
            ImportSource(sources.read_api(given[0]))
            if is_api
            else _files(given, env_file or (), sources.read_variables(env or ()), sources.read_ports(port or ()))
        )
    source.tell_files(output)
    source.check(output, salvage=salvage)
    with telling(output) as progress:
        progress.doing("Comparing")
        current = declarations.read(client.get(path("export")).item)
        running = Running(current if beside else None, with_services=with_services) if is_api else None
        found = imports.read(source.file.document, running, _entry_points(entry_point), source.origin)
    wanted = _declared(source.file, found, imports.keeping(found.declaration, current))
    if not output.is_json:
        imported.tell(output, source.file, found, is_api=is_api)

    def bring(tag: str | None, query: Parameters) -> Reply:
        return ask(client, wanted, prune=False, prune_label=None, query=query, if_match=tag)

    told = imported.told(source.file, found, source.told())
    ProposedCommand(client, output, bring, "import", "Import this?", "Imported", told).run(if_match, yes=yes)


def _sources(paths: Sequence[str] | None, from_api: str | None) -> tuple[Sequence[str], bool]:
    """Return files or one URL, and whether it is that of an API. Raises a usage error."""
    if bool(paths) == (from_api is not None):
        raise typer.BadParameter("give either files, or Traefik's API with --from-api")
    if paths and any(map(sources.is_url, paths)):
        if len(paths) > 1:
            raise typer.BadParameter("give the API of one Traefik, and no files with it")
        return paths, True
    return paths or [str(from_api)], from_api is not None


def _files(
    paths: Sequence[str], env_files: Sequence[str], given: Environment, ports: Mapping[str, int]
) -> ImportSource:
    """Read files: containers with labels, and what Traefik's file provider reads."""
    gathered = sources.read_paths(paths, env_files, given, ports)
    whole, read = gathered.whole, gathered.folder.files
    name = read[0].name if len(read) == gathered.count == 1 else "these files"
    return ImportSource(File(name, whole.document, whole.places), gathered.folder, origin=whole.provenance)


def _entry_points(given: Sequence[str] | None) -> Sequence[str]:
    for name in given or ():
        try:
            check_entry_point(name)
        except Refusal as error:
            raise typer.BadParameter(error.detail, param_hint="--entry-point") from None
    return given or ()


def _declared(source: File, found: Imported, declared: Declaration) -> File:
    """Return the declaration as a file for `apply`, whose parts stand where they came from."""
    places = {where: source.places[origin] for where, origin in found.origins.items() if origin in source.places}
    return File(source.name, declarations.write(declared, has_secrets=True), places)
