"""achievements: what makes two the same, imports from Excel, remarks at fields

Revision: 0063, after 0062
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy import Text

import models.base
import models.encrypted

revision = '0074'
down_revision = "0073"
branch_labels = None
depends_on = None

# Of the kinds that were loaded before this column; new installations read them from the reference files.
DUPLICATE_KEYS = {
    'education': [{'scheme': 'certificate', 'fields': ['diploma_no']}, {'scheme': 'certificate', 'fields': ['degree_no']}],
    'continuing_education': [{'scheme': 'certificate', 'fields': ['cert_no']}],
    'award': [{'scheme': 'certificate', 'fields': ['cert_no']}],
    'paper': [{'scheme': 'doi', 'fields': ['doi']}, {'scheme': 'issn_title', 'fields': ['issn', 'title']}],
    'book': [{'scheme': 'isbn', 'fields': ['isbn']}],
    'patent': [{'scheme': 'patent', 'fields': ['ip_no']}],
}


def upgrade():
    op.create_table('achievement_import',
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('mode', sa.String(length=32), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('checked', sa.Integer(), nullable=False),
    sa.Column('good', sa.Integer(), nullable=False),
    sa.Column('incomplete', sa.Integer(), nullable=False),
    sa.Column('wrong', sa.Integer(), nullable=False),
    sa.Column('imported', sa.Integer(), nullable=False),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint("state IN ('checking', 'ready', 'importing', 'done', 'failed')", name=op.f('ck_achievement_import_state_known')),
    sa.CheckConstraint('checked <= total AND imported <= total', name=op.f('ck_achievement_import_within_total')),
    sa.ForeignKeyConstraint(['kind_id'], ['achievement_kind.id'], name=op.f('fk_achievement_import_kind_id_achievement_kind')),
    sa.ForeignKeyConstraint(['kind_version_id'], ['achievement_kind_version.id'], name=op.f('fk_achievement_import_kind_version_id_achievement_kind_version')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_achievement_import_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_achievement_import'))
    )
    op.create_index('ix_achievement_import_person_id', 'achievement_import', ['person_id', 'id'], unique=False)
    op.create_table('achievement_import_row',
    sa.Column('import_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('cells', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('verdict', sa.String(length=32), nullable=False),
    sa.Column('errors', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('achievement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint("verdict IN ('', 'good', 'incomplete', 'wrong')", name=op.f('ck_achievement_import_row_verdict_known')),
    sa.ForeignKeyConstraint(['import_id'], ['achievement_import.id'], name=op.f('fk_achievement_import_row_import_id_achievement_import'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_achievement_import_row')),
    sa.UniqueConstraint('import_id', 'number', name=op.f('uq_achievement_import_row_import_id_number'))
    )
    op.create_table('achievement_key',
    sa.Column('achievement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('is_submitted', sa.Boolean(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['achievement_id'], ['achievement.id'], name=op.f('fk_achievement_key_achievement_id_achievement'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_achievement_key_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_achievement_key')),
    sa.UniqueConstraint('achievement_id', 'key', name=op.f('uq_achievement_key_achievement_id_key'))
    )
    op.create_index('ix_achievement_key_key', 'achievement_key', ['key', 'person_id'], unique=False)
    op.create_index('uq_achievement_key_submitted', 'achievement_key', ['person_id', 'key'], unique=True, sqlite_where=sa.text('is_submitted'), postgresql_where=sa.text('is_submitted'))
    op.create_table('achievement_remark',
    sa.Column('achievement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('task_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('field_key', sa.String(length=40), nullable=False),
    sa.Column('text', sa.String(length=500), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['achievement_id'], ['achievement.id'], name=op.f('fk_achievement_remark_achievement_id_achievement'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_achievement_remark_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_achievement_remark')),
    sa.UniqueConstraint('achievement_id', 'field_key', name=op.f('uq_achievement_remark_achievement_id_field_key'))
    )
    op.add_column('achievement_kind', sa.Column('duplicate_keys', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False, server_default=sa.text("'[]'")))
    for code, keys in DUPLICATE_KEYS.items():
        op.execute(sa.text("UPDATE achievement_kind SET duplicate_keys = :keys WHERE code = :code").bindparams(
            sa.bindparam('keys', keys, type_=postgresql.JSONB() if op.get_bind().dialect.name == 'postgresql' else sa.JSON()), code=code))


def downgrade():
    op.drop_column('achievement_kind', 'duplicate_keys')
    op.drop_table('achievement_remark')
    op.drop_index('uq_achievement_key_submitted', table_name='achievement_key', sqlite_where=sa.text('is_submitted'), postgresql_where=sa.text('is_submitted'))
    op.drop_index('ix_achievement_key_key', table_name='achievement_key')
    op.drop_table('achievement_key')
    op.drop_table('achievement_import_row')
    op.drop_index('ix_achievement_import_person_id', table_name='achievement_import')
    op.drop_table('achievement_import')
