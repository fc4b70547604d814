"""leases of servers"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("server", sa.Column("ttl", sa.String(), nullable=True))
    op.create_table(
        "lapsed_lease",
        sa.Column("service", sa.String(63), nullable=False),
        sa.Column("server", sa.String(63), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("heard", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("service", "server", name=op.f("pk_lapsed_lease")),
    )


def downgrade() -> None:
    """Take them away: a version before this one keeps servers until somebody removes them."""
    op.drop_table("lapsed_lease")
    op.drop_column("server", "ttl")
