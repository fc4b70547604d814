"""everything else that Traefik takes: transports, TLS options, services of services, TCP and UDP"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PLAIN = ("servers_transport", "tls_option", "tcp_servers_transport", "tcp_middleware", "tcp_service", "udp_service")
"""Tables without a column of their own."""

LINKS = (
    ("service", "middleware", "middleware"),
    ("service", "service", "member"),
    ("router", "tls_option", "tls_option"),
    ("tcp_service", "tcp_servers_transport", "tcp_servers_transport"),
    ("tcp_service", "tcp_service", "member"),
    ("tcp_router", "tcp_middleware", "tcp_middleware"),
    ("tcp_router", "tls_option", "tls_option"),
    ("udp_service", "udp_service", "member"),
)
"""Tables of references: whose they are, to what they lead, and the name of the column that says so."""

LATER = {
    "service": ("serversTransport", "passiveHealthCheck", "responseForwarding", "middlewares"),
    "server": ("preservePath",),
    "router": ("tls", "observability"),
}
"""What a version before this one does not know of an object, and serves it without."""

COMPOSED = ("weighted", "mirroring", "failover", "highestRandomWeight")


def columns(*own: sa.Column[str]) -> list[sa.Column[str]]:
    return [
        sa.Column("name", sa.String(), nullable=False),
        *own,
        sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"),
    ]


def create_router(table: str, service: str, *own: sa.Column[str]) -> None:
    op.create_table(
        table,
        *columns(*own, sa.Column("service", sa.String(), nullable=True)),
        sa.ForeignKeyConstraint(
            ["service"], [f"{service}.name"], name=f"fk_{table}_service_{service}", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("name", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_service", table, ["service"])


def create_link(owner: str, target: str, member: str) -> None:
    table = f"{owner}_{target}"
    op.create_table(
        table,
        sa.Column(owner, sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(member, sa.String(), nullable=False),
        sa.ForeignKeyConstraint([owner], [f"{owner}.name"], name=f"fk_{table}_{owner}_{owner}", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            [member], [f"{target}.name"], name=f"fk_{table}_{member}_{target}", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint(owner, "position", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_{member}", table, [member])


def upgrade() -> None:
    for table in PLAIN:
        op.create_table(table, *columns(), sa.PrimaryKeyConstraint("name", name=f"pk_{table}"))
    create_router("tcp_router", "tcp_service", sa.Column("rule", sa.String(), nullable=False))
    create_router("udp_router", "udp_service")
    with op.batch_alter_table("service") as batch:
        batch.add_column(sa.Column("servers_transport", sa.String(), nullable=True))
        name = "fk_service_servers_transport_servers_transport"
        batch.create_foreign_key(name, "servers_transport", ["servers_transport"], ["name"], ondelete="RESTRICT")
    op.create_index("ix_service_servers_transport", "service", ["servers_transport"])
    for link in LINKS:
        create_link(*link)


def downgrade() -> None:
    """Take it away. A version before this one knows no services of services: it cannot go back while there are some."""
    bind = op.get_bind()
    service = sa.table("service", sa.column("name", sa.String()), sa.column("fields", sa.JSON()))
    composed = [
        name
        for name, fields in bind.execute(sa.select(service.c.name, service.c.fields)).all()
        if any(fields.get(key) is not None for key in COMPOSED)
    ]
    if composed:
        raise ValueError(f"a version before this one knows no services of services: remove {', '.join(composed)} first")
    for owner, target, _member in reversed(LINKS):
        op.drop_table(f"{owner}_{target}")
    for table in ("udp_router", "tcp_router"):
        op.drop_table(table)
    op.drop_index("ix_service_servers_transport", "service")
    with op.batch_alter_table("service") as batch:
        batch.drop_column("servers_transport")
    for table in reversed(PLAIN):
        op.drop_table(table)
    for table, keys in LATER.items():
        forget(table, keys)


def forget(name: str, keys: Sequence[str]) -> None:
    """Leave these out of the fields of all objects."""
    bind = op.get_bind()
    named = ["service", "name"] if name == "server" else ["name"]
    table = sa.table(name, *(sa.column(each, sa.String()) for each in named), sa.column("fields", sa.JSON()))
    for *row, fields in bind.execute(sa.select(*(table.c[each] for each in named), table.c.fields)).all():
        left = {key: value for key, value in fields.items() if key not in keys}
        if left != fields:
            found = (table.c[each] == value for each, value in zip(named, row, strict=True))
            bind.execute(sa.update(table).where(*found).values(fields=left))
