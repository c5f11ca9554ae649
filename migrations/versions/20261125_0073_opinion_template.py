"""opinions kept for reuse

Revision: 0040, after 0030
"""

from alembic import op
import sqlalchemy as sa

import models.base

revision = '0073'
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('opinion_template',
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('procedure', sa.String(length=32), nullable=False),
    sa.Column('action', sa.String(length=32), nullable=False),
    sa.Column('text', sa.String(length=500), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("action IN ('approve', 'return', 'terminate')", name=op.f('ck_opinion_template_action_known')),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_opinion_template_user_id_ab_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opinion_template'))
    )
    op.create_index('uq_opinion_template_own', 'opinion_template', ['user_id', 'procedure', 'action', 'text'], unique=True, sqlite_where=sa.text('user_id IS NOT NULL'), postgresql_where=sa.text('user_id IS NOT NULL'))
    op.create_index('uq_opinion_template_public', 'opinion_template', ['procedure', 'action', 'text'], unique=True, sqlite_where=sa.text('user_id IS NULL'), postgresql_where=sa.text('user_id IS NULL'))


def downgrade():
    op.drop_index('uq_opinion_template_public', table_name='opinion_template')
    op.drop_index('uq_opinion_template_own', table_name='opinion_template')
    op.drop_table('opinion_template')
