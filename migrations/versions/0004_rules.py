"""rules of routers, in Traefik's language"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("router", sa.Column("rule", sa.String(10_000), nullable=True))


def downgrade() -> None:
    # Without its rule such a router would have nothing to match, and the document would not hold.
    op.execute("DELETE FROM router WHERE rule IS NOT NULL")
    with op.batch_alter_table("router") as router:
        router.drop_column("rule")
