"""search terms of people and units; `flask release` fills them

Revision: 0070, after 0062; 2026-11-25
"""

from alembic import op
import sqlalchemy as sa

import models.base

revision = "0070"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "search_term",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("term", sa.String(length=18), nullable=False),
        sa.Column("owner_id", models.base.Key, nullable=False),
        sa.PrimaryKeyConstraint("kind", "term", "owner_id", name="pk_search_term"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_term_owner", "search_term", ["kind", "owner_id"], unique=False)
    op.create_index("ix_employment_organization_id_id", "employment", ["organization_id", "id"], unique=False)


def downgrade():
    op.drop_index("ix_employment_organization_id_id", table_name="employment")
    op.drop_index("ix_search_term_owner", table_name="search_term")
    op.drop_table("search_term")
