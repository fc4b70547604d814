"""texts without two code points for which Traefik rejects the whole document

They come to what stands for them elsewhere, U+FFFD, which no request has either. Where one was in a rule,
no Traefik took any document: nothing that was served changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = (("router", "rule"), ("domain", "description"))


def upgrade() -> None:
    for table, column in COLUMNS:
        for bad in ("\ufffe", "\uffff"):
            replaced = f"replace({column}, :bad, :good)"
            statement = f"UPDATE {table} SET {column} = {replaced} WHERE {column} <> {replaced}"  # noqa: S608  # ours
            op.get_bind().execute(sa.text(statement), {"bad": bad, "good": "\ufffd"})


def downgrade() -> None:
    """Leave it: what was there before no Traefik takes."""
