"""what is wished of a CA's certificates, and whether it has the contact

Whether the CA of an account has its contact is not known: it is told once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_COLUMNS = ("told_contact", "problem", "profile", "preferred_chain", "roots")


def upgrade() -> None:
    with op.batch_alter_table("acme_account") as table:
        table.add_column(sa.Column("told_contact", sa.String(320), nullable=True))
        table.add_column(sa.Column("problem", sa.JSON(), nullable=True))
        table.add_column(sa.Column("profile", sa.String(64), nullable=True))
        table.add_column(sa.Column("preferred_chain", sa.String(255), nullable=True))
        table.add_column(sa.Column("roots", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Order what the CA usually signs."""
    with op.batch_alter_table("acme_account") as table:
        for column in _COLUMNS:
            table.drop_column(column)
