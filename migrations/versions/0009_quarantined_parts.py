"""the parts of a document that an edge rejected

What was in quarantine before was a whole document: it stays so, until the next change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEPT = "edge, rejected_digest, accepted_revision, accepted_digest, accepted_content"
REJECTED = "coalesce((SELECT max(number) FROM revision WHERE digest = rejected_digest), accepted_revision)"


def upgrade() -> None:
    op.rename_table("quarantine", "former")
    op.create_table(
        "quarantine",
        sa.Column("edge", sa.String(63), nullable=False),
        sa.Column("rejected_revision", sa.Integer(), nullable=False),
        sa.Column("rejected_digest", sa.String(12), nullable=False),
        sa.Column("accepted_revision", sa.Integer(), nullable=False),
        sa.Column("accepted_digest", sa.String(12), nullable=False),
        sa.Column("accepted_content", sa.LargeBinary(), nullable=False),
        sa.Column("held", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("edge", name=op.f("pk_quarantine")),
    )
    op.execute(
        f"INSERT INTO quarantine ({KEPT}, rejected_revision, held) "  # noqa: S608  # ours
        f"SELECT {KEPT}, {REJECTED}, CAST('{{}}' AS BLOB) FROM former"
    )
    op.drop_table("former")


def downgrade() -> None:
    op.rename_table("quarantine", "latter")
    op.create_table(
        "quarantine",
        sa.Column("edge", sa.String(63), nullable=False),
        sa.Column("rejected_digest", sa.String(12), nullable=False),
        sa.Column("accepted_revision", sa.Integer(), nullable=False),
        sa.Column("accepted_digest", sa.String(12), nullable=False),
        sa.Column("accepted_content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("edge", name=op.f("pk_quarantine")),
    )
    # An earlier version knows whole documents alone.
    op.execute(
        f"INSERT INTO quarantine ({KEPT}) SELECT {KEPT} FROM latter WHERE length(accepted_content) > 0"  # noqa: S608
    )
    op.drop_table("latter")
