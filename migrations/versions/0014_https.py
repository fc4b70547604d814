"""domains served over HTTPS, and routers that follow them

A router that had only the entry point `web`, which stood there by default, names none now: it follows its domains.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = "entryPoints"
WEB = ["web"]
HTTPS = ("tls", "redirectToHttps")

ROWS = (
    sa.table("router", sa.column("name", sa.String()), sa.column("fields", sa.JSON())),
    sa.table(
        "revision_change",
        sa.column("revision", sa.Integer()),
        sa.column("position", sa.Integer()),
        sa.column("kind", sa.String()),
        sa.column("before", sa.JSON(none_as_null=True)),
        sa.column("after", sa.JSON(none_as_null=True)),
    ),
)
"""Where routers stand: as they are, and as they were before and after each revision."""


def upgrade() -> None:
    table = "domain_tls_option"
    op.create_table(
        table,
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tls_option", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["domain"], ["domain.name"], name=f"fk_{table}_domain_domain", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tls_option"], ["tls_option.name"], name=f"fk_{table}_tls_option_tls_option", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("domain", "position", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_tls_option", table, ["tls_option"])
    rewrite(lambda item: {**item, KEY: None} if item.get(KEY) == WEB else item)


def downgrade() -> None:
    """Take it away. A version before this one would serve all domains without TLS: it cannot, while one has it."""
    domain = sa.table("domain", sa.column("name", sa.String()), sa.column("fields", sa.JSON()))
    bind = op.get_bind()
    rows = bind.execute(sa.select(domain.c.name, domain.c.fields)).all()
    if secured := [name for name, fields in rows if fields.get("tls") is not None]:
        raise ValueError(
            f"a version before this one knows no HTTPS of domains: turn it off for {', '.join(secured)} first"
        )
    for name, fields in rows:
        left = {key: value for key, value in fields.items() if key not in HTTPS}
        if left != fields:
            bind.execute(sa.update(domain).where(domain.c.name == name).values(fields=left))
    rewrite(lambda item: {**item, KEY: WEB} if item.get(KEY) is None else item)
    op.drop_table("domain_tls_option")


def rewrite(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change the routers."""
    bind = op.get_bind()
    for table in ROWS:
        columns = [each for each in table.c if isinstance(each.type, sa.JSON)]
        keys = [table.c.revision, table.c.position] if "kind" in table.c else [table.c.name]
        query = sa.select(*keys, *columns)
        if "kind" in table.c:
            query = query.where(table.c.kind == "router")
        for row in bind.execute(query).all():
            found = row[len(keys) :]
            made = [item if item is None else change(item) for item in found]
            if made != list(found):
                is_row = (key == value for key, value in zip(keys, row, strict=False))
                values = {column.name: item for column, item in zip(columns, made, strict=True)}
                bind.execute(sa.update(table).where(*is_row).values(values))
