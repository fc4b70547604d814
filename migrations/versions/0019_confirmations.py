"""changes that roll themselves back unless they are confirmed"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirmation",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.String(32), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "confirmed",
                "rolledBack",
                "undone",
                name="state",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("ended", sa.String(32), nullable=True),
        sa.Column("ended_by", sa.String(200), nullable=True),
        sa.Column("ended_in", sa.Integer(), nullable=True),
        sa.Column("left", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["revision.number"],
            name=op.f("fk_confirmation_revision_revision"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_confirmation")),
    )


def downgrade() -> None:
    """Take them away: before this, changes stay until somebody takes them back."""
    op.drop_table("confirmation")
