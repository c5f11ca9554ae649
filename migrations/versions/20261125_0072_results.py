"""results

Revision: 0072, after 0071; 2026-11-25
"""

from alembic import op
import sqlalchemy as sa

from sqlalchemy import Text

import models.base
import models.encrypted

revision = '0072'
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('publicity',
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('convener_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint('ends_on > starts_on', name=op.f('ck_publicity_days_in_order')),
    sa.ForeignKeyConstraint(['convener_id'], ['organization.id'], name=op.f('fk_publicity_convener_id_organization')),
    sa.ForeignKeyConstraint(['plan_id'], ['review_plan.id'], name=op.f('fk_publicity_plan_id_review_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_publicity'))
    )
    op.create_index('ix_publicity_plan_id', 'publicity', ['plan_id', 'id'], unique=False)
    op.create_table('review_result',
    sa.Column('application_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('convener_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('members', sa.Integer(), nullable=False),
    sa.Column('present', sa.Integer(), nullable=False),
    sa.Column('agree', sa.Integer(), nullable=False),
    sa.Column('against', sa.Integer(), nullable=False),
    sa.Column('abstain', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=32), nullable=False),
    sa.Column('met_on', sa.Date(), nullable=False),
    sa.Column('group_opinion', sa.Text(), nullable=False),
    sa.Column('publicity_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('objection', sa.Text(), nullable=False),
    sa.Column('objection_state', sa.String(length=32), nullable=False),
    sa.Column('objection_reply', sa.Text(), nullable=False),
    sa.Column('approval_no', sa.String(length=60), nullable=False),
    sa.Column('ordered_at', models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint("(approval_no = '') = (ordered_at IS NULL)", name=op.f('ck_review_result_ordered_with_number')),
    sa.CheckConstraint("(outcome = 'passed') = (agree * 3 >= present * 2)", name=op.f('ck_review_result_two_thirds')),
    sa.CheckConstraint("approval_no = '' OR (publicity_id IS NOT NULL AND objection_state IN ('none', 'rejected'))", name=op.f('ck_review_result_approved_after_publicity')),
    sa.CheckConstraint("objection_state IN ('none', 'open', 'rejected', 'upheld')", name=op.f('ck_review_result_objection_state_known')),
    sa.CheckConstraint("outcome IN ('passed', 'failed')", name=op.f('ck_review_result_outcome_known')),
    sa.CheckConstraint("publicity_id IS NULL OR outcome = 'passed'", name=op.f('ck_review_result_passed_when_publicized')),
    sa.CheckConstraint('agree >= 0 AND against >= 0 AND abstain >= 0 AND agree + against + abstain = present', name=op.f('ck_review_result_votes_add_up')),
    sa.CheckConstraint('members >= 1 AND present <= members AND present * 2 >= members', name=op.f('ck_review_result_quorum')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_review_result_application_id_application')),
    sa.ForeignKeyConstraint(['convener_id'], ['organization.id'], name=op.f('fk_review_result_convener_id_organization')),
    sa.ForeignKeyConstraint(['plan_id'], ['review_plan.id'], name=op.f('fk_review_result_plan_id_review_plan')),
    sa.ForeignKeyConstraint(['publicity_id'], ['publicity.id'], name=op.f('fk_review_result_publicity_id_publicity')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_result')),
    sa.UniqueConstraint('application_id', name=op.f('uq_review_result_application_id'))
    )
    op.create_index('ix_review_result_plan_id', 'review_result', ['plan_id', 'id'], unique=False)


def downgrade():
    op.drop_index('ix_review_result_plan_id', table_name='review_result')
    op.drop_table('review_result')
    op.drop_index('ix_publicity_plan_id', table_name='publicity')
    op.drop_table('publicity')
