"""rosters that a job makes, kept some days for whoever asked

Revision: 0096, after 0128; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0133"
down_revision = "0132"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'export',
        sa.Column('user_id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=True),
        sa.Column('organization_id', KEY, nullable=True),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('params', models.base.Json, nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('language', sa.String(length=20), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('state', sa.String(length=32), nullable=False),
        sa.Column('error', sa.String(length=300), nullable=False),
        sa.Column('done', sa.Integer(), nullable=False),
        sa.Column('total', sa.Integer(), nullable=False),
        sa.Column('file_id', KEY, nullable=True),
        sa.Column('expires_at', models.base.UtcDateTime(), nullable=False),
        sa.Column('created_at', models.base.UtcDateTime(), nullable=False),
        sa.Column('updated_at', models.base.UtcDateTime(), nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'made', 'failed')", name=op.f('ck_export_state_known')),
        sa.CheckConstraint("(state = 'made') = (file_id IS NOT NULL)", name=op.f('ck_export_made_with_file')),
        sa.CheckConstraint('done >= 0 AND done <= total', name=op.f('ck_export_progress_in_bounds')),
        sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_export_file_id_stored_file')),
        sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_export_organization_id_organization')),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_export_person_id_person')),
        sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_export_user_id_ab_user')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_export')),
        sqlite_autoincrement=True,
    )
    op.create_index('ix_export_user_id', 'export', ['user_id', 'id'])
    op.create_index('ix_export_expires_at', 'export', ['expires_at'])
    op.create_index('ix_export_file_id', 'export', ['file_id'])
    op.create_index('uq_export_waiting', 'export', ['user_id', 'digest'], unique=True,
                    sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))


def downgrade():
    op.drop_table('export')
