"""servers that are kept out of their pools, remembered across restarts

They are observed, and so no part of the desired state.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_out",
        sa.Column("edge", sa.String(63), nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("edge", "service", "url", name=op.f("pk_kept_out")),
    )


def downgrade() -> None:
    """Forget them: Traefik finds out anew which servers are down."""
    op.drop_table("kept_out")
