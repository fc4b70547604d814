"""Paths, as people see them."""

from pathlib import Path


def shown(path: Path) -> str:
    """Return a path as one would type it here: relative, where it lies below the working directory."""
    here = Path.cwd()
    is_below = here != here.parent and path.is_relative_to(here)  # below the root lies everything
    return str(path.relative_to(here) if is_below else path)


def beside(database_path: Path, what: str) -> Path:
    """Return a file that belongs to a database: beside `provider.db`, `provider.WHAT`.

    Of any other name all of it is kept, as SQLite does for its own files (`provider.sqlite-WHAT`): what belongs to one
    database is never taken for what belongs to another.
    """
    if database_path.suffix == ".db":
        return database_path.with_suffix(f".{what}")
    return database_path.with_name(f"{database_path.name}-{what}")
