"""first tables: domains, services, servers, routers and revisions"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA application_id = 0x77617973")
    op.create_table(
        "domain",
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("shown", sa.String(253), nullable=False),
        sa.Column("description", sa.String(1000), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_domain")),
    )
    op.create_table(
        "service",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column(
            "strategy",
            sa.Enum("wrr", "p2c", "hrw", "leasttime", name="strategy", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("pass_host_header", sa.Boolean(), nullable=False),
        sa.Column("health_check", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("sticky", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_service")),
    )
    op.create_table(
        "server",
        sa.Column("service", sa.String(63), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("url", sa.String(300), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("ready", "drain", "maint", name="state", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.CheckConstraint("weight BETWEEN 1 AND 1000", name=op.f("ck_server_weight")),
        sa.ForeignKeyConstraint(
            ["service"], ["service.name"], name=op.f("fk_server_service_service"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service", "name", name=op.f("pk_server")),
    )
    op.create_table(
        "router",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("service", sa.String(63), nullable=False),
        sa.Column("path_prefix", sa.String(255), nullable=True),
        sa.Column("entry_points", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service"], ["service.name"], name=op.f("fk_router_service_service"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_router")),
    )
    op.create_index(op.f("ix_router_service"), "router", ["service"])
    op.create_table(
        "router_domain",
        sa.Column("router", sa.String(63), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.ForeignKeyConstraint(
            ["router"], ["router.name"], name=op.f("fk_router_domain_router_router"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["domain"], ["domain.name"], name=op.f("fk_router_domain_domain_domain"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("router", "position", name=op.f("pk_router_domain")),
    )
    op.create_index(op.f("ix_router_domain_domain"), "router_domain", ["domain"])
    op.create_table(
        "revision",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("time", sa.String(32), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_revision")),
    )


def downgrade() -> None:
    op.drop_table("revision")
    op.drop_table("router_domain")
    op.drop_table("router")
    op.drop_table("server")
    op.drop_table("service")
    op.drop_table("domain")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA application_id = 0")
