"""The versions of the schema, each with the migration that leads to it."""

from functools import cache
from pathlib import Path


def migrations_path() -> Path:
    """Return the folder of the migrations: in an installed package beside the modules, else in the checkout."""
    package = Path(__file__).parent.parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


@cache
def versions() -> list[str]:
    """Return the versions of the schema that this version of the service knows, the newest last.

    Read once: another version may be put in the place of this one while it runs.
    """
    return sorted(file.name.partition("_")[0] for file in (migrations_path() / "versions").glob("*.py"))
