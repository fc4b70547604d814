"""challenges of CAs, for any service on the database to answer"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acme_challenge",
        sa.Column("token", sa.String(255), nullable=False),
        sa.Column("content", sa.String(1024), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_acme_challenge")),
    )


def downgrade() -> None:
    """Take them away: what a CA asks for then fails, and is tried again."""
    op.drop_table("acme_challenge")
