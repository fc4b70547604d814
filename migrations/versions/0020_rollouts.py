"""rollouts: traffic that moves from one service to another, step by step"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rollout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(63), nullable=False),
        sa.Column("target", sa.String(63), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("hold", sa.String(30), nullable=False),
        sa.Column("mirror", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("running", "paused", "finished", "back", name="state", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("message", sa.String(500), nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32), nullable=True),
        sa.Column("ended_by", sa.String(255), nullable=True),
        sa.Column("why", sa.JSON(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout")),
    )
    op.create_index(op.f("ix_rollout_service"), "rollout", ["service"])


def downgrade() -> None:
    """Take them away: a version before this one serves each service as it is, so all traffic is back."""
    op.drop_table("rollout")
