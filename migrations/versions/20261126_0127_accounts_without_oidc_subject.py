"""accounts no longer have a column for one subject of single sign-on: account_identity holds them, of every provider

Revision: 0090, after 0081; 2026-11-26
"""

from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0127"
down_revision = "0126"
branch_labels = None
depends_on = None


@contextmanager
def _rebuilding():
    """SQLite rebuilds the table under its name, and half of the database points at it: its keys are checked afterwards."""
    if op.get_bind().dialect.name != "sqlite":
        yield
        return
    with op.get_context().autocommit_block():
        op.execute("PRAGMA foreign_keys=OFF")
    yield
    if op.get_bind().execute(sa.text("PRAGMA foreign_key_check")).first():
        raise RuntimeError("rows point at accounts that are gone")
    with op.get_context().autocommit_block():
        op.execute("PRAGMA foreign_keys=ON")


def upgrade():
    with _rebuilding(), op.batch_alter_table("ab_user") as table:
        table.drop_constraint(op.f("uq_ab_user_oidc_subject"), type_="unique")
        table.drop_column("oidc_subject")


def downgrade():
    with _rebuilding(), op.batch_alter_table("ab_user") as table:
        table.add_column(sa.Column("oidc_subject", sa.String(length=255), nullable=True))
        table.create_unique_constraint(op.f("uq_ab_user_oidc_subject"), ["oidc_subject"])
