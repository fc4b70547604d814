"""the parts of a document that an edge rejected"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An edge that rejected a document is found to do so again.
    op.drop_table("quarantine")
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


def downgrade() -> None:
    op.drop_table("quarantine")
    op.create_table(
        "quarantine",
        sa.Column("edge", sa.String(63), nullable=False),
        sa.Column("rejected_digest", sa.String(12), nullable=False),
        sa.Column("accepted_revision", sa.Integer(), nullable=False),
        sa.Column("accepted_digest", sa.String(12), nullable=False),
        sa.Column("accepted_content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("edge", name=op.f("pk_quarantine")),
    )
