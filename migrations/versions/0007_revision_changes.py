"""the changes of each revision, object by object"""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REVISIONS = sa.table("revision", sa.column("number", sa.Integer()), sa.column("changes", sa.String()))
CHANGES = sa.table(
    "revision_change",
    sa.column("revision", sa.Integer()),
    sa.column("position", sa.Integer()),
    sa.column("kind", sa.String()),
    sa.column("name", sa.String()),
    sa.column("before", sa.String()),
    sa.column("after", sa.String()),
)


def upgrade() -> None:
    op.create_table(
        "revision_change",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["revision"], ["revision.number"], name=op.f("fk_revision_change_revision_revision"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("revision", "position", name=op.f("pk_revision_change")),
    )
    for number in _numbers():
        # One after the other: each of them can be large.
        changes = op.get_bind().execute(sa.select(REVISIONS.c.changes).where(REVISIONS.c.number == number)).scalar_one()
        rows = [
            {
                "revision": number,
                "position": position,
                "kind": change["kind"],
                "name": change["name"],
                "before": _written(change["before"]),
                "after": _written(change["after"]),
            }
            for position, change in enumerate(json.loads(changes))
        ]
        if rows:
            op.get_bind().execute(sa.insert(CHANGES), rows)
    op.create_index(op.f("ix_revision_change_kind_name_revision"), "revision_change", ["kind", "name", "revision"])
    op.drop_column("revision", "changes")
    op.add_column("revision", sa.Column("words", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("revision", "words")
    op.add_column("revision", sa.Column("changes", sa.JSON(), nullable=False, server_default="[]"))
    for number in _numbers():
        kept = sa.select(CHANGES).where(CHANGES.c.revision == number).order_by(CHANGES.c.position)
        changes = [
            {"kind": row.kind, "name": row.name, "before": _read(row.before), "after": _read(row.after)}
            for row in op.get_bind().execute(kept)
        ]
        written = sa.update(REVISIONS).where(REVISIONS.c.number == number).values(changes=json.dumps(changes))
        op.get_bind().execute(written)
    with op.batch_alter_table("revision") as altered:
        altered.alter_column("changes", existing_type=sa.JSON(), existing_nullable=False, server_default=None)
    op.drop_table("revision_change")


def _numbers() -> Sequence[int]:
    return op.get_bind().execute(sa.select(REVISIONS.c.number).order_by(REVISIONS.c.number)).scalars().all()


def _written(item: object) -> str | None:
    return None if item is None else json.dumps(item)


def _read(text: str | None) -> object:
    return None if text is None else json.loads(text)
