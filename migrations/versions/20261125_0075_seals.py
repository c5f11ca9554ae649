"""seals

Revision: 0075, after 0074; 2026-11-26
"""

from alembic import op
import sqlalchemy as sa

from sqlalchemy import Text

import models.base
import models.encrypted

revision = '0075'
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('seal',
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('p12', models.encrypted.EncryptedLongText(), nullable=False),
    sa.Column('picture', models.encrypted.EncryptedLongText(), nullable=False),
    sa.Column('certificate', sa.LargeBinary(), nullable=False),
    sa.Column('valid_until', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_seal_organization_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seal'))
    )
    op.create_index(op.f('ix_seal_organization_id'), 'seal', ['organization_id'], unique=False)
    op.create_index('uq_seal_one_enabled', 'seal', ['organization_id'], unique=True, sqlite_where=sa.text('enabled'), postgresql_where=sa.text('enabled'))


def downgrade():
    op.drop_index('uq_seal_one_enabled', table_name='seal', sqlite_where=sa.text('enabled'), postgresql_where=sa.text('enabled'))
    op.drop_index(op.f('ix_seal_organization_id'), table_name='seal')
    op.drop_table('seal')
