"""labels, for finding and pruning objects"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("domain", "service", "server", "router")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as altered:
            altered.drop_column("labels")
