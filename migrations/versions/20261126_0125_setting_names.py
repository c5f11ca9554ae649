"""what screens call the keys of a setting's value

Revision: 0125, after 0110; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

revision = "0125"
down_revision = "0110"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("setting", sa.Column("names", sa.JSON(), nullable=False, server_default="{}"))


def downgrade():
    op.drop_column("setting", "names")
