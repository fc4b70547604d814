"""messages that say why something was changed"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("revision", "audit")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("message", sa.String(500), nullable=False, server_default=""))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as altered:
            altered.drop_column("message")
