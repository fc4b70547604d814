"""services that middlewares refer to, for error pages"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "middleware_service",
        sa.Column("middleware", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["middleware"], ["middleware.name"], name="fk_middleware_service_middleware_middleware", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["service"], ["service.name"], name="fk_middleware_service_service_service", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("middleware", "position", name="pk_middleware_service"),
    )
    op.create_index("ix_middleware_service_service", "middleware_service", ["service"])


def downgrade() -> None:
    op.drop_table("middleware_service")
