"""Files that Traefik's files name: those with certificates, their keys, and users."""

import os
import stat
from pathlib import Path
from typing import Any, Final

from provider.imports import certificates, users
from provider.imports.contents import ELSEWHERE, MISSING_FILE, Contents, FileContent

_LONGEST: Final = 1024 * 1024
_UNREADABLE: Final = "file.unreadable"


def read(document: Any) -> Contents:
    """Read the files that the certificates and the middlewares of a document name, as far as they can be read.

    A path that does not begin with `/` counts from the working directory, as in Traefik.
    """
    return {
        name: _content(name)
        for name in dict.fromkeys([*certificates.named_files(document), *users.named_files(document)])
    }


def _content(name: str) -> FileContent:
    try:
        return _read(Path(name))
    except (FileNotFoundError, NotADirectoryError):
        folder = Path(name).parent
        if not folder.is_dir():
            return FileContent(problem="there is no such file here, and no such folder", code=ELSEWHERE)
        if folder == Path("/"):  # each machine has one, and a container what is mounted there
            return FileContent(problem="there is no such file here", code=ELSEWHERE)
        return FileContent(problem="there is no such file", code=MISSING_FILE)
    except PermissionError:
        return FileContent(problem="you may not read this file", code=ELSEWHERE)
    except (OSError, ValueError) as error:  # a path with NUL is a value that is wrong
        told = getattr(error, "strerror", None) or "this is not a path"
        return FileContent(problem=f"this file cannot be read here: {told}", code=_UNREADABLE)


def _read(path: Path) -> FileContent:
    # Whoever opens a pipe waits for who writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return FileContent(problem="this is not a file", code=_UNREADABLE)
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        return FileContent(problem="this file is longer than 1 MiB", code=_UNREADABLE)
    return FileContent(content.decode("utf-8", "replace"))
