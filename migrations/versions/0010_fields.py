"""nouns: columns to search and refer by, and JSON for all other fields

A field that comes or goes changes no table from here on. Going back gives each field its column again.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AT_ONCE = 1000

OLD = sa.MetaData()
DOMAIN = sa.Table(
    "domain",
    OLD,
    sa.Column("name", sa.String(253), nullable=False),
    sa.Column("shown", sa.String(253), nullable=False),
    sa.Column("description", sa.String(1000), nullable=False),
    sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
    sa.PrimaryKeyConstraint("name", name="pk_domain"),
)
SERVICE = sa.Table(
    "service",
    OLD,
    sa.Column("name", sa.String(63), nullable=False),
    sa.Column(
        "strategy",
        sa.Enum(
            "wrr", "p2c", "hrw", "leasttime", name="ck_service_strategy", native_enum=False, create_constraint=True
        ),
        nullable=False,
    ),
    sa.Column("pass_host_header", sa.Boolean(), nullable=False),
    sa.Column("health_check", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("sticky", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
    sa.PrimaryKeyConstraint("name", name="pk_service"),
)
SERVER = sa.Table(
    "server",
    OLD,
    sa.Column("service", sa.String(63), nullable=False),
    sa.Column("name", sa.String(63), nullable=False),
    sa.Column("url", sa.String(300), nullable=False),
    sa.Column("weight", sa.Integer(), nullable=False),
    sa.Column(
        "state",
        sa.Enum("ready", "drain", "maint", name="ck_server_state", native_enum=False, create_constraint=True),
        nullable=False,
    ),
    sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
    sa.CheckConstraint("weight BETWEEN 1 AND 1000", name="ck_server_weight"),
    sa.ForeignKeyConstraint(["service"], ["service.name"], name="fk_server_service_service", ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("service", "name", name="pk_server"),
)
ROUTER = sa.Table(
    "router",
    OLD,
    sa.Column("name", sa.String(63), nullable=False),
    sa.Column("service", sa.String(63), nullable=False),
    sa.Column("path_prefix", sa.String(255), nullable=True),
    sa.Column("entry_points", sa.JSON(), nullable=False),
    sa.Column("priority", sa.Integer(), nullable=True),
    sa.Column("enabled", sa.Boolean(), nullable=False),
    sa.Column("rule", sa.String(2000), nullable=True),
    sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
    sa.ForeignKeyConstraint(["service"], ["service.name"], name="fk_router_service_service", ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("name", name="pk_router"),
    sa.Index("ix_router_service", "service"),
)
ROUTER_DOMAIN = sa.Table(
    "router_domain",
    OLD,
    sa.Column("router", sa.String(63), nullable=False),
    sa.Column("position", sa.Integer(), nullable=False),
    sa.Column("domain", sa.String(253), nullable=False),
    sa.ForeignKeyConstraint(["router"], ["router.name"], name="fk_router_domain_router_router", ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["domain"], ["domain.name"], name="fk_router_domain_domain_domain", ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("router", "position", name="pk_router_domain"),
    sa.Index("ix_router_domain_domain", "domain"),
)

NEW = sa.MetaData()
NEW_DOMAIN = sa.Table(
    "domain",
    NEW,
    sa.Column("name", sa.String(), nullable=False),
    sa.Column("shown", sa.String(), nullable=False),
    sa.Column("description", sa.String(), nullable=False),
    sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"),
    sa.PrimaryKeyConstraint("name", name="pk_domain"),
)
NEW_SERVICE = sa.Table(
    "service",
    NEW,
    sa.Column("name", sa.String(), nullable=False),
    sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"),
    sa.PrimaryKeyConstraint("name", name="pk_service"),
)
NEW_SERVER = sa.Table(
    "server",
    NEW,
    sa.Column("service", sa.String(), nullable=False),
    sa.Column("name", sa.String(), nullable=False),
    sa.Column("url", sa.String(), nullable=False),
    sa.Column("state", sa.String(), nullable=False),
    sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"),
    sa.CheckConstraint("state IN ('ready', 'drain', 'maint')", name="ck_server_state"),
    sa.ForeignKeyConstraint(["service"], ["service.name"], name="fk_server_service_service", ondelete="CASCADE"),
    sa.PrimaryKeyConstraint("service", "name", name="pk_server"),
)
NEW_ROUTER = sa.Table(
    "router",
    NEW,
    sa.Column("name", sa.String(), nullable=False),
    sa.Column("path_prefix", sa.String(), nullable=True),
    sa.Column("rule", sa.String(), nullable=True),
    sa.Column("service", sa.String(), nullable=True),
    sa.Column("enabled", sa.Boolean(), nullable=False),
    sa.Column("labels", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"),
    sa.ForeignKeyConstraint(["service"], ["service.name"], name="fk_router_service_service", ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("name", name="pk_router"),
    sa.Index("ix_router_service", "service"),
)
NEW_ROUTER_DOMAIN = sa.Table(
    "router_domain",
    NEW,
    sa.Column("router", sa.String(), nullable=False),
    sa.Column("position", sa.Integer(), nullable=False),
    sa.Column("domain", sa.String(), nullable=False),
    sa.ForeignKeyConstraint(["router"], ["router.name"], name="fk_router_domain_router_router", ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["domain"], ["domain.name"], name="fk_router_domain_domain_domain", ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("router", "position", name="pk_router_domain"),
    sa.Index("ix_router_domain_domain", "domain"),
)

Rows = dict[str, list[dict[str, Any]]]


def upgrade() -> None:
    kept = _taken(OLD)
    domains: dict[str, list[str]] = {}
    for link in sorted(kept["router_domain"], key=lambda row: (row["router"], row["position"])):
        domains.setdefault(link["router"], []).append(link["domain"])

    def service(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "strategy": row.pop("strategy"),
            "passHostHeader": row.pop("pass_host_header"),
            "healthCheck": row.pop("health_check"),
            "sticky": row.pop("sticky"),
        }

    def router(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "domains": domains.get(row["name"], []),
            "entryPoints": row.pop("entry_points"),
            "priority": row.pop("priority"),
        }

    _with_fields(kept["domain"], lambda _row: {})
    _with_fields(kept["service"], service)
    _with_fields(kept["server"], lambda row: {"weight": row.pop("weight")})
    _with_fields(kept["router"], router)
    _put(NEW, kept)


def downgrade() -> None:
    kept = _taken(NEW)
    for row in kept["domain"]:
        del row["fields"]
    for row in kept["service"]:
        fields = row.pop("fields")
        row |= {"strategy": fields.get("strategy", "wrr"), "pass_host_header": fields.get("passHostHeader", True)}
        row |= {"health_check": fields.get("healthCheck"), "sticky": fields.get("sticky")}
    for row in kept["server"]:
        row["weight"] = row.pop("fields").get("weight", 1)
    for row in kept["router"]:
        fields = row.pop("fields")
        row |= {"entry_points": fields.get("entryPoints", ["web"]), "priority": fields.get("priority")}
    _put(OLD, kept)


def _with_fields(rows: list[dict[str, Any]], fields: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    for row in rows:
        row["fields"] = fields(row)


def _taken(metadata: sa.MetaData) -> Rows:
    """Return all rows of the tables, and drop these."""
    bind = op.get_bind()
    rows = {
        table.name: [dict(row) for row in bind.execute(sa.select(table)).mappings()] for table in metadata.sorted_tables
    }
    for table in reversed(metadata.sorted_tables):
        table.drop(bind)
    return rows


def _put(metadata: sa.MetaData, rows: Rows) -> None:
    bind = op.get_bind()
    for table in metadata.sorted_tables:
        table.create(bind)
        for begin in range(0, len(rows[table.name]), AT_ONCE):
            bind.execute(sa.insert(table), rows[table.name][begin : begin + AT_ONCE])
