"""What is in files that a document names, read by whoever has a disk. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MISSING_FILE: Final = "file.missing"
ELSEWHERE: Final = "file.elsewhere"
"""The codes where a file is not there, and where Traefik may have it all the same: not even its folder is here."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """What is in a file that a document names; where it cannot be read, why, in words, with a code."""

    text: str = ""
    problem: str = ""
    code: str = ""


Contents = Mapping[str, FileContent]
"""Files by their names in a document. What is not among them is the text itself."""
