"""documents

Revision: 0020, after 0002; 2026-11-25
"""

from alembic import op
import sqlalchemy as sa

from sqlalchemy import Text

import models.base
import models.encrypted

revision = '0020'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():

    op.create_table('document',
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('subject_type', sa.String(length=32), nullable=False),
    sa.Column('subject_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('run', sa.Integer(), nullable=False),
    sa.Column('is_draft', sa.Boolean(), nullable=False),
    sa.Column('cache_key', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('error', sa.String(length=300), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint("(state = 'made') = (file_id IS NOT NULL)", name=op.f('ck_document_made_with_file')),
    sa.CheckConstraint("state IN ('waiting', 'made', 'failed')", name=op.f('ck_document_state_known')),
    sa.CheckConstraint('done >= 0 AND done <= total', name=op.f('ck_document_progress_in_bounds')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_document_file_id_stored_file')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_document_organization_id_organization')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_document_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document')),
    sa.UniqueConstraint('kind', 'subject_type', 'subject_id', 'cache_key', name=op.f('uq_document_kind_subject_type_subject_id_cache_key')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_document_file_id', 'document', ['file_id'], unique=False)
    op.create_index('ix_document_subject', 'document', ['subject_type', 'subject_id', 'kind'], unique=False)



def downgrade():

    op.drop_index('ix_document_subject', table_name='document')
    op.drop_index('ix_document_file_id', table_name='document')
    op.drop_table('document')

