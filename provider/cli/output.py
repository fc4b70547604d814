"""Output: tables and lines for people, JSON for programs."""

import json
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import typer

from provider.late import Late

if TYPE_CHECKING:
    from rich import console as consoles
    from rich import table as tables
    from rich import text as texts

    from provider.nouns import certificate as certificates
else:
    certificates = Late("provider.nouns.certificate")
    consoles, tables, texts = Late("rich.console"), Late("rich.table"), Late("rich.text")

_PIPED_WIDTH: Final = 100_000
"""Columns where there is no terminal: as wide as the content, so that nothing is cut or broken."""


_UNSURE: Final = re.compile(r"[^\n -~]")
"""What may not be printable."""


class Format(StrEnum):
    """How a command answers."""

    TABLE = "table"
    JSON = "json"


class Output:
    """Where a command's answer goes: standard output, in one of the formats.

    `is_pending` says that the answer was: kept, but not live on every edge. `is_trial` says that nothing is kept.
    """

    def __init__(self, chosen: Format) -> None:
        self.is_json = chosen is Format.JSON
        self.is_pending = False
        self.is_trial = False

    def document(self, document: Any) -> None:
        """Print what REST answered, for programs."""
        encoding = (sys.stdout.encoding or "").lower().replace("-", "")
        typer.echo(escaped(json.dumps(document, indent=2, ensure_ascii=encoding != "utf8")))

    def told(self, document: Any, text: str) -> None:
        """Tell programs a document, and people a line."""
        if self.is_json:
            self.document(document)
        else:
            self.line(text)

    def beside(self, text: str) -> None:
        """Print one line that is no part of the answer: for programs, on standard error."""
        if self.is_json:
            note(text)
        else:
            self.line(text)

    def line(self, text: str = "") -> None:
        """Print one line for people, which is never broken, so that it can be copied."""
        typer.echo(printable(text))

    def marked(self, text: str, color: str) -> None:
        """Print one line for people in a color, where the terminal has colors."""
        typer.secho(printable(text), fg=color)

    def alarm(self, text: str) -> None:
        """Print one line for people that must not be overlooked."""
        typer.secho(f"ALARM: {printable(text)}", fg=typer.colors.RED, bold=True)

    def caution(self, text: str) -> None:
        """Print one line for people that is no error, and that they may want to do something about."""
        typer.secho(f"Warning: {printable(text)}", fg=typer.colors.YELLOW)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        table = _grid(show_header=True)
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(texts.Text(words(cell)) for cell in row))
        self._print(table)

    def facts(self, facts: Iterable[tuple[str, object]]) -> None:
        """Print names and values, one below the other."""
        table = _grid(show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(name, texts.Text(words(value)))
        self._print(table)

    def _print(self, table: "tables.Table") -> None:
        width = None if sys.stdout.isatty() else _PIPED_WIDTH
        console = consoles.Console(file=sys.stdout, width=width, highlight=False)
        with console.capture() as printed:
            console.print(table)
        typer.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def note(text: str) -> None:
    """Print one line on standard error: what a person should know, and a program should not read."""
    with suppress(OSError):  # a full disk, or a pipe that nobody reads: there is nobody to tell
        typer.echo(printable(text), err=True)


_EMPTY: Final[Collection[Any]] = (None, "", [], {})


def words(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ("; " if any(isinstance(item, dict) for item in value) else ", ").join(map(words, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{printable(name)} {words(each)}" for name, each in value.items() if each not in _EMPTY)
    text = str(value)
    return printable(certificates.told(text) if "-----BEGIN" in text else text)


def printable(text: str) -> str:
    """Keep a text on one line, and a terminal from obeying it."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else " " if character.isspace() else ascii(character)[1:-1]
        for character in text
    )


def escaped(text: str, *, pairs: bool = True) -> str:
    """Write what a terminal would obey in texts of JSON as its escapes; without pairs, in quoted texts of YAML."""
    return _UNSURE.sub(lambda found: _as_escape(found[0], pairs=pairs), text)


def _as_escape(character: str, *, pairs: bool) -> str:
    if character.isprintable():
        return character
    number = ord(character)
    if number < 0x10000:
        return f"\\u{number:04x}"
    if not pairs:
        return f"\\U{number:08x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


def _grid(*, show_header: bool) -> "tables.Table":
    return tables.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=show_header, header_style="bold")
