"""middlewares, and the routers and chains that use them"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "middleware",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("name", name="pk_middleware"),
    )
    for owner, member in (("middleware", "member"), ("router", "middleware")):
        table = f"{owner}_middleware"
        op.create_table(
            table,
            sa.Column(owner, sa.String(), nullable=False),
            sa.Column("position", sa.Integer(), nullable=False),
            sa.Column(member, sa.String(), nullable=False),
            sa.ForeignKeyConstraint([owner], [f"{owner}.name"], name=f"fk_{table}_{owner}_{owner}", ondelete="CASCADE"),
            sa.ForeignKeyConstraint(
                [member], ["middleware.name"], name=f"fk_{table}_{member}_middleware", ondelete="RESTRICT"
            ),
            sa.PrimaryKeyConstraint(owner, "position", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_{member}", table, [member])


def downgrade() -> None:
    """Take them away: a version before this one cannot hold them, and serves the routers without."""
    op.drop_table("router_middleware")
    op.drop_table("middleware_middleware")
    op.drop_table("middleware")
    bind = op.get_bind()
    router = sa.table("router", sa.column("name", sa.String()), sa.column("fields", sa.JSON()))
    for name, fields in bind.execute(sa.select(router.c.name, router.c.fields)).all():
        if "middlewares" in fields:
            left = {key: value for key, value in fields.items() if key != "middlewares"}
            bind.execute(sa.update(router).where(router.c.name == name).values(fields=left))
