"""accounts at CAs that speak ACME, and orders"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acme_account",
        sa.Column("directory", sa.String(2048), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("contact", sa.String(320), nullable=False),
        sa.Column("eab_kid", sa.String(1024), nullable=True),
        sa.Column("eab_key", sa.JSON(), nullable=True),
        sa.Column("terms", sa.String(2048), nullable=True),
        sa.Column("accepted_by", sa.String(255), nullable=False),
        sa.Column("accepted", sa.String(32), nullable=False),
        sa.Column("key", sa.JSON(), nullable=True),
        sa.Column("url", sa.String(2048), nullable=True),
        sa.Column("challenge", sa.String(10), nullable=False),
        sa.Column("dns_provider", sa.String(63), nullable=True),
        sa.Column("dns_credentials", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("directory", name=op.f("pk_acme_account")),
    )
    op.create_table(
        "acme_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("directory", sa.String(2048), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("key", sa.JSON(), nullable=True),
        sa.Column("url", sa.String(2048), nullable=True),
        sa.Column("ended", sa.String(32), nullable=True),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acme_order")),
    )
    op.create_index(op.f("ix_acme_order_name"), "acme_order", ["name"])


def downgrade() -> None:
    """Take them away: a version before this one orders nothing."""
    op.drop_table("acme_order")
    op.drop_table("acme_account")
