"""the list of plans is read from one index

Revision: 0132, after 0131; 2026-11-26
"""

from alembic import op

revision = "0135"
down_revision = "0134"
branch_labels = None
depends_on = None

COLUMNS = ['opens_on', 'id', 'state', 'closes_on', 'year', 'plan_type', 'committee_id', 'region_code', 'edition', 'name']


def upgrade():
    op.create_index('ix_review_plan_listed', 'review_plan', COLUMNS, unique=False)
    op.drop_index('ix_review_plan_opens_on', table_name='review_plan')


def downgrade():
    op.create_index('ix_review_plan_opens_on', 'review_plan', ['opens_on', 'id'], unique=False)
    op.drop_index('ix_review_plan_listed', table_name='review_plan')
