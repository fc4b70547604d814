"""What Alembic runs, from the command line and from `wayshub-provider migrate` alike."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from alembic import context
from alembic.util import CommandError
from sqlmodel import AutoString

from provider import models
from provider.database import tables
from provider.database.schema import inspect, migrating
from provider.database.sealing import SealingKeys, beside
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


def run() -> None:
    path: Path = context.config.attributes.get("database_path") or read_settings().database_path
    if "database_path" not in context.config.attributes:
        context.config.attributes["key_file"] = read_settings().secret_key_file
    say: Callable[[str], None] = context.config.attributes.get("say", context.config.print_stdout)
    copies = context.config.attributes.get("copies", True) and changes_schema(path)
    context.config.attributes["keys"] = SealingKeys(context.config.attributes.get("key_file") or beside(path))
    with migrating(path, copies=copies, say=say) as connection:
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            render_as_batch=True,
            render_item=render,
            on_version_apply=lambda step, **_: (
                say(f"migrated to {step.up_revision_id}: {step.up_revision.doc}")
                if step.is_upgrade
                else say(f"went back from {step.up_revision_id}")
            ),
        )
        context.run_migrations()


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
