"""the parts of a document that an edge rejected

What was in quarantine before was a whole document: it stays so, until the next change.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = sa.Table(
    "quarantine",
    sa.MetaData(),
    sa.Column("edge", sa.String(63), nullable=False),
    sa.Column("rejected_digest", sa.String(12), nullable=False),
    sa.Column("accepted_revision", sa.Integer(), nullable=False),
    sa.Column("accepted_digest", sa.String(12), nullable=False),
    sa.Column("accepted_content", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("edge", name="pk_quarantine"),
)
AFTER = sa.Table(
    "quarantine",
    sa.MetaData(),
    sa.Column("edge", sa.String(63), nullable=False),
    sa.Column("rejected_revision", sa.Integer(), nullable=False),
    sa.Column("rejected_digest", sa.String(12), nullable=False),
    sa.Column("accepted_revision", sa.Integer(), nullable=False),
    sa.Column("accepted_digest", sa.String(12), nullable=False),
    sa.Column("accepted_content", sa.LargeBinary(), nullable=False),
    sa.Column("held", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("edge", name="pk_quarantine"),
)
REVISION = sa.table("revision", sa.column("number", sa.Integer()), sa.column("digest", sa.String()))

Rows = list[dict[str, Any]]


def upgrade() -> None:
    rows = taken(BEFORE)
    for row in rows:
        newest = sa.select(sa.func.max(REVISION.c.number)).where(REVISION.c.digest == row["rejected_digest"])
        row["rejected_revision"] = op.get_bind().execute(newest).scalar() or row["accepted_revision"]
        row["held"] = b"{}"
    put(AFTER, rows)


def downgrade() -> None:
    # An earlier version knows whole documents alone.
    rows = [row for row in taken(AFTER) if row["accepted_content"]]
    put(BEFORE, [{column.name: row[column.name] for column in BEFORE.c} for row in rows])


def taken(table: sa.Table) -> Rows:
    """Return all rows of a table, and drop it."""
    rows = [dict(row) for row in op.get_bind().execute(sa.select(table)).mappings()]
    table.drop(op.get_bind())
    return rows


def put(table: sa.Table, rows: Rows) -> None:
    """Make a table, with these rows."""
    table.create(op.get_bind())
    if rows:
        op.get_bind().execute(sa.insert(table), rows)
