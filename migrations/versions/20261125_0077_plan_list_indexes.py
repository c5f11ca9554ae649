"""plan list: plans by their first and their last day

Revision: 0077, after 0076; 2026-11-25 23:42:00
"""

from alembic import op

revision = '0077'
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index('ix_review_plan_state_opens_on', table_name='review_plan')
    op.create_index('ix_review_plan_opens_on', 'review_plan', ['opens_on', 'id'], unique=False)
    op.create_index('ix_review_plan_closes_on', 'review_plan', ['closes_on'], unique=False)


def downgrade():
    op.drop_index('ix_review_plan_closes_on', table_name='review_plan')
    op.drop_index('ix_review_plan_opens_on', table_name='review_plan')
    op.create_index('ix_review_plan_state_opens_on', 'review_plan', ['state', 'opens_on', 'id'], unique=False)
