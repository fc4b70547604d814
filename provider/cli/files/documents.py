"""Files that hold a state, in YAML or JSON: read from disks, and written."""

import os
import re
import stat
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import Any, Final

import yaml

from provider.cli.files import binaries
from provider.cli.output import escaped
from provider.documents import CORE, TAG, DocumentError, File, Position, parse

LONGEST_BYTES: Final = 32 * 1024 * 1024
STANDARD_INPUT: Final = "-"

_DUMPER: Final[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read(path: str) -> File:
    """Read a file, or standard input for `-`. Raises `DocumentError`, and `OSError` for what cannot be opened."""
    return parse(*load(path))


def load(path: str) -> tuple[str, str]:
    """Return how a file is called, or standard input for `-`, and its text. Raises as `read` does."""
    name = "standard input" if path == STANDARD_INPUT else path
    content = sys.stdin.buffer.read(LONGEST_BYTES + 1) if path == STANDARD_INPUT else _read_bytes(Path(path))
    if len(content) > LONGEST_BYTES:
        raise DocumentError(f"{name} is longer than {LONGEST_BYTES // (1024 * 1024)} MiB")
    # YAML may be in UTF-16, as some editors write it; TOML may not.
    is_wide = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) and not name.lower().endswith(".toml")
    try:
        return name, content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if (told := binaries.recognise(name, content)) is not None:
            raise DocumentError.at(name, None, f"this is {told}") from None
        found = DocumentError(f"{name} is not UTF-8, at byte {error.start}")
        before = content[: error.start]
        found.place = Position(before.count(b"\n") + 1, error.start - before.rfind(b"\n"), name)
        found.problem = "this is not UTF-8"
        raise found from None


def write(document: Any) -> str:
    """Write a document as YAML. A file that is read again gives the same."""
    if not document:
        return "{}\n"
    written: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    # What moves a terminal's cursor, or turns its letters round, stands in quotes only, where it can be escaped.
    return escaped(written, pairs=False)


class _Dumper(_DUMPER):  # type: ignore[misc]  # the fast one, where it is there
    """Puts texts into quotes that YAML 1.1 or YAML's core schema would take for something else."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write everything where it stands."""
        return True


def _write_text(dumper: Any, text: str) -> Any:
    style = None if text.isascii() or text.isprintable() else '"'
    return dumper.represent_scalar(f"{TAG}str", text, style=style)


_Dumper.add_representer(str, _write_text)
for _kind, _pattern, _first in CORE:
    _Dumper.add_implicit_resolver(TAG + _kind, re.compile(rf"^(?:{_pattern})$", re.ASCII), _first)


def _read_bytes(path: Path) -> bytes:
    # Whoever opens a pipe waits for who writes into it. One that a shell makes, for `<(…)`, has that already.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode) and path.resolve().exists():
            raise DocumentError(f"{path} is a pipe, not a file: send it to standard input and write - instead")
        os.set_blocking(file.fileno(), True)
        return file.read(LONGEST_BYTES + 1)
