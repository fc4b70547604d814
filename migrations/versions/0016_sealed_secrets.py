"""secrets are encrypted in the database"""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from provider.database.sealing import SealedJson
from provider.database.tables import TABLES
from provider.nouns.registry import hidden

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

Write = Callable[[str, dict[str, Any]], str]


def upgrade() -> None:
    """Seal what there is. What was there before is overwritten, and left in no free page."""
    op.get_bind().exec_driver_sql("PRAGMA secure_delete = ON")
    sealing = SealedJson(context.config.attributes["keys"])
    rewrite(json.loads, lambda kind, document: sealing.write(hidden(kind, document)))


def downgrade() -> None:
    """Open it: a version before this one reads no sealed secrets."""
    sealing = SealedJson(context.config.attributes["keys"])
    rewrite(sealing.read, lambda _kind, document: json.dumps(document))


def rewrite(read: Callable[[str], Any], write: Write) -> None:
    """Write all objects anew that may have secrets, and what revisions changed of them."""
    tables = sa.inspect(op.get_bind()).get_table_names()
    secret = {kind: place.table.name for kind, place in TABLES.items() if place.noun.has_secrets()}
    for kind, table in secret.items():
        if table in tables:
            rewrite_table(table, f"'{kind}'", ("fields",), read, write)
    kinds = ", ".join(f"'{kind}'" for kind in secret)
    rewrite_table("revision_change", "kind", ("before", "after"), read, write, f"WHERE kind IN ({kinds})")


def rewrite_table(
    table: str, kind: str, columns: tuple[str, ...], read: Callable[[str], Any], write: Write, where: str = ""
) -> None:
    bind = op.get_bind()
    query = f"SELECT rowid, {kind}, {', '.join(columns)} FROM {table} {where}"  # noqa: S608  # names of our own
    for row, named, *texts in bind.exec_driver_sql(query).all():
        found = [text if text is None else write(named, read(text)) for text in texts]
        if found != texts:
            values = ", ".join(f"{column} = ?" for column in columns)
            bind.exec_driver_sql(f"UPDATE {table} SET {values} WHERE rowid = ?", (*found, row))  # noqa: S608
