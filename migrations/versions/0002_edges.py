"""edges that have polled, and what they rejected"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edge",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("first_seen", sa.String(32), nullable=False),
        sa.Column("last_seen", sa.String(32), nullable=False),
        sa.Column("address", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_edge")),
    )
    op.create_table(
        "quarantine",
        sa.Column("edge", sa.String(63), nullable=False),
        sa.Column("rejected_digest", sa.String(12), nullable=False),
        sa.Column("accepted_revision", sa.Integer(), nullable=False),
        sa.Column("accepted_digest", sa.String(12), nullable=False),
        sa.Column("accepted_content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("edge", name=op.f("pk_quarantine")),
    )


def downgrade() -> None:
    op.drop_table("quarantine")
    op.drop_table("edge")
