"""certificates"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("default", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("name", name="pk_certificate"),
    )


def downgrade() -> None:
    """Take them away: a version before this one serves none."""
    op.drop_table("certificate")
