"""the single reasons of a return, each optionally at a page

Revision: 0110, after 0081; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0081"
branch_labels = None
depends_on = None


def upgrade():
    key = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table(
        'return_reason',
        sa.Column('task_id', key, nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('page', sa.String(length=32), nullable=False),
        sa.Column('text', sa.String(length=500), nullable=False),
        sa.Column('id', key, autoincrement=True, nullable=False),
        sa.CheckConstraint('position >= 1', name=op.f('ck_return_reason_counted_from_one')),
        sa.CheckConstraint("text <> ''", name=op.f('ck_return_reason_says_something')),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_return_reason_task_id_task')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_return_reason')),
        sa.UniqueConstraint('task_id', 'position', name=op.f('uq_return_reason_task_id_position')),
    )


def downgrade():
    op.drop_table('return_reason')
