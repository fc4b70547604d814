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
    if op.get_bind().dialect.name == "sqlite":
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
    keys = sa.inspect(bind).get_pk_constraint(table)["constrained_columns"]
    written = ", ".join(f"CAST({column} AS TEXT)" for column in columns)
    query = f"SELECT {', '.join(keys)}, {kind}, {written} FROM {table} {where}"  # noqa: S608  # names of our own
    is_row = " AND ".join(f"{key} = :key_{key}" for key in keys)
    json_type = "TEXT" if bind.dialect.name == "sqlite" else "JSON"
    values = ", ".join(f"{column} = CAST(:{column} AS {json_type})" for column in columns)
    for row in bind.execute(sa.text(query)).all():
        key, named, texts = row[: len(keys)], row[len(keys)], row[len(keys) + 1 :]
        found = [text if text is None else write(named, read(text)) for text in texts]
        if found != list(texts):
            told = dict(zip((f"key_{each}" for each in keys), key, strict=True)) | dict(
                zip(columns, found, strict=True)
            )
            bind.execute(sa.text(f"UPDATE {table} SET {values} WHERE {is_row}"), told)  # noqa: S608
