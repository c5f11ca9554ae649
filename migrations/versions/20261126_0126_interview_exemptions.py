"""requests not to be interviewed are decided by the convener

Revision: 0100, after 0081; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

revision = "0126"
down_revision = "0125"
branch_labels = None
depends_on = None

# Each column brings the CHECK that speaks of it and of the columns before it, so that SQLite need not copy the table.
COLUMNS = (
    ("exemption_state", "VARCHAR(32) NOT NULL DEFAULT 'none'", "exemption_state_known",
     "exemption_state IN ('none', 'asked', 'approved', 'refused')"),
    ("exemption_decided_at", "{time}", "exemption_decided_with_time",
     "(exemption_state IN ('approved', 'refused')) = (exemption_decided_at IS NOT NULL)"),
    ("exemption_opinion", "TEXT NOT NULL DEFAULT ''", "exemption_refused_with_opinion",
     "exemption_state <> 'refused' OR exemption_opinion <> ''"),
)


def upgrade():
    time = 'TIMESTAMP WITH TIME ZONE' if op.get_bind().dialect.name == 'postgresql' else 'DATETIME'
    for name, kind, rule, condition in COLUMNS:
        op.execute(sa.text(
            f'ALTER TABLE application ADD COLUMN {name} {kind.format(time=time)} '
            f'CONSTRAINT ck_application_{rule} CHECK ({condition})'
        ))
    op.execute("UPDATE application SET exemption_state = 'asked' WHERE exemption_reason <> ''")


def downgrade():
    for name, _kind, _rule, _condition in reversed(COLUMNS):
        op.drop_column('application', name)
