"""forms of 申报形式: 破格审批表 and 转评申报表

Revision: 0080, after 0079; 2026-11-25
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0080'
down_revision = "0079"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')


def upgrade():
    op.create_table(
        'route_form',
        sa.Column('route', sa.String(length=32), nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('note', sa.String(length=300), nullable=False),
        sa.Column('fields', JSON, nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("route IN ('regular', 'exceptional', 'transfer')", name=op.f('ck_route_form_route_known')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_route_form')),
        sa.UniqueConstraint('route', name=op.f('uq_route_form_route')),
    )
    op.add_column('application', sa.Column('route_values', JSON, nullable=False, server_default='{}'))


def downgrade():
    op.drop_column('application', 'route_values')
    op.drop_table('route_form')
