"""Paths, as people see them."""

from pathlib import Path


def shown(path: Path) -> str:
    """Return a path as one would type it here: relative, where it lies below the working directory."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
