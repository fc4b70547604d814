"""What Alembic runs, from the command line and from `wayshub-provider migrate` alike."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Literal

from alembic import context
from alembic.runtime.migration import MigrationInfo
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlmodel import AutoString

from provider import models
from provider.database import tables
from provider.database.locations import Location
from provider.database.schema import inspect, migrating
from provider.database.sealing import SealingKeys
from provider.errors import ProviderError
from provider.settings import read_settings

METADATA = models.Revision.metadata
assert set(tables.STATE) <= set(METADATA.tables.values())  # noqa: S101  # those of the nouns are declared, too


def render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write SQLModel's string type as SQLAlchemy's, which needs no import of SQLModel."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    return False


def changes_schema(path: Path) -> bool:
    """Tell an upgrade or a downgrade that has something to do from the commands that only look."""
    try:
        destination = context.get_revision_argument()
    except KeyError:
        return False
    return destination != inspect(path).version


def begin(location: Location, say: Callable[[str], None]) -> AbstractContextManager[Connection]:
    """Begin the one transaction of all migrations, with a copy of a file."""
    if location.file is None:
        return import_module("provider.database.server_schema").migrating(location)  # type: ignore[no-any-return]
    copies = context.config.attributes.get("copies", True) and changes_schema(location.file)
    return migrating(location.file, copies=copies, say=say)


def is_first(step: MigrationInfo) -> bool:
    """Tell a migration of an empty database."""
    return step.is_upgrade and not step.down_revision_ids


def run() -> None:
    location: Location = context.config.attributes.get("location") or read_settings().location
    say: Callable[[str], None] = context.config.attributes.get("say", context.config.print_stdout)
    context.config.attributes["keys"] = SealingKeys(location.keys_path)
    steps: list[MigrationInfo] = []

    def tell(step: MigrationInfo) -> None:
        steps.append(step)
        if not step.is_upgrade:
            say(f"went back from {step.up_revision_id}")
        elif not is_first(steps[0]):  # who starts anew needs no list of what it was before
            made = step.up_revision
            assert isinstance(made, Script)  # noqa: S101  # for the type checker
            say(f"migrated to {made.revision}: {made.doc}")

    with begin(location, say) as connection:
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            render_as_batch=True,
            render_item=render,
            on_version_apply=lambda step, **_: tell(step),
        )
        context.run_migrations()
        if steps and is_first(steps[0]):
            say(f"created the tables of version {steps[-1].up_revision_id}")


def run_offline() -> None:
    context.configure(dialect_name="sqlite", target_metadata=METADATA, render_as_batch=True, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    try:
        run()
    except ProviderError as error:
        raise CommandError(error.detail) from error
