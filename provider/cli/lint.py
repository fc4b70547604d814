"""`lint`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from provider import linting
from provider.cli.files import sources
from provider.cli.import_ import EnvFileOption, EnvOption, PortsOption
from provider.cli.options import read_help
from provider.cli.output import Format, Output
from provider.linting import Consequence, LintFinding, LintLevel
from provider.nouns import versions
from provider.nouns.versions import Version

FOUND: Final = 2
"""The exit status where something was found."""

OLDEST: Final[Version] = (3,)
"""The oldest version of which is known what it reads."""

_COLORS: Final = {
    LintLevel.ERROR: typer.colors.RED,
    LintLevel.WARNING: typer.colors.YELLOW,
    LintLevel.NOTICE: typer.colors.BLUE,
}
_ESCAPES: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_ESCAPES_OF_VALUES: Final = {**_ESCAPES, ":": "%3A", ",": "%2C"}


class LintFormat(StrEnum):
    """In which form findings are told."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def _read_version(text: str | None) -> str | None:
    found = versions.read(text)
    if text is not None and found is None:
        raise typer.BadParameter("this is not a version of Traefik: write one such as 3.4")
    if found is not None and found < OLDEST:
        raise typer.BadParameter("only Traefik 3.0 and newer are known here: write one such as 3.4")
    return text


LintedArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH",
        help="Files or folders of Traefik's dynamic configuration, and Compose files with Traefik's labels; "
        "`-` is standard input.",
        show_default=False,
    ),
]
VersionOption = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        callback=_read_version,
        help="The version of Traefik that reads them, such as 3.4.",
        show_default="the newest",
    ),
]
FormatOption = Annotated[
    LintFormat,
    typer.Option("--output", "-o", help="Lines for people, JSON for programs, or annotations for GitHub's pages."),
]


def lint(
    paths: LintedArgument,
    traefik: VersionOption = None,
    env_file: EnvFileOption = None,
    env: EnvOption = None,
    port: PortsOption = None,
    output: FormatOption = LintFormat.TEXT,
) -> None:
    """Check Traefik's files and labels, without any service running.

    Lists what Traefik would refuse as a whole, disable, decide at random,
    ignore, or accept although it cannot work: where it is, why, and what to do.
    Several files and folders are read together, as Traefik reads a directory.
    Exits with 0 if it finds nothing, 2 if it finds something, and 1 if it
    cannot read the files.

    Examples:
      wayshub-provider lint dynamic.yml
      wayshub-provider lint conf.d compose.yml --traefik 3.4
      wayshub-provider lint conf.d -o github
    """
    given, ports = sources.read_variables(env or ()), sources.read_ports(port or ())
    gathered = sources.read_paths(paths, env_file or (), given, ports)
    version = _version(traefik)
    found = linting.find(gathered.folder, gathered.whole, version)
    printed = Output(Format.JSON if output is LintFormat.JSON else Format.TABLE)
    match output:
        case LintFormat.JSON:
            printed.document({"findings": [_document(each) for each in found], "files": gathered.count})
        case LintFormat.GITHUB:
            for each in found:
                printed.line(_annotation(each))
        case LintFormat.TEXT:
            _tell(printed, found, gathered.count)
    if any(each.counts for each in found):
        raise typer.Exit(FOUND)


def _version(text: str | None) -> Version | None:
    """Return a version; of 3.4 all that came with any 3.4 is known."""
    found = versions.read(text)
    return found[:2] if found is not None and text is not None and text.count(".") == 1 else found


def _tell(output: Output, found: Sequence[LintFinding], files: int) -> None:
    for each in found:
        output.marked(f"{each.place}: {each.consequence.value}: {_sentence(each)} [{each.code}]", _COLORS[each.level])
    counted = Counter(each.consequence for each in found)
    told = ", ".join(f"{counted[each]:,} {each.value}" for each in Consequence if counted[each])
    output.line(f"{files:,} {'file' if files == 1 else 'files'}: {told or 'nothing found'}.")


def _sentence(finding: LintFinding) -> str:
    """Say in a line what is wrong, and what to do."""
    subject = f"{finding.subject}: " if finding.subject else ""
    stop = "" if finding.detail.endswith(("?", "!", ".")) else "."
    return f"{subject}{finding.detail}{stop} To do: {finding.advice}"


def _document(finding: LintFinding) -> dict[str, Any]:
    return {
        "consequence": finding.consequence.value,
        "level": finding.level.value,
        "code": finding.code,
        "subject": finding.subject,
        "detail": finding.detail,
        "why": finding.why,
        "advice": finding.advice,
        **asdict(finding.at),
    }


def _annotation(finding: LintFinding) -> str:
    """Write a finding as GitHub's runners read it from the output of a step."""
    at = finding.at
    where = [("file", at.file)]
    if at.line:
        where += [("line", str(at.line)), ("col", str(at.column))]
    where.append(("title", f"{finding.consequence.value}: {finding.why}"))
    told = ",".join(f"{name}={_escaped(value, _ESCAPES_OF_VALUES)}" for name, value in where)
    return f"::{finding.level.value} {told}::{_escaped(_sentence(finding), _ESCAPES)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)


lint.__doc__ = read_help(lint)
