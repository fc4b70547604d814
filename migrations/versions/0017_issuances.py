"""certificates that wayshub-provider gets for domains"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issuance",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("issuer", sa.String(2048), nullable=False),
        sa.Column("chain", sa.String(), nullable=True),
        sa.Column("key", sa.JSON(), nullable=True),
        sa.Column("renews", sa.String(32), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.String(32), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_issuance")),
    )


def downgrade() -> None:
    """Take them away: a version before this one gets none."""
    op.drop_table("issuance")
