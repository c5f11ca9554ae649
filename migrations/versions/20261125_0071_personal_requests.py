"""personal requests

Revision: 0071, after 0070; 2026-11-25
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy import Text

import models.base
import models.encrypted

revision = '0071'
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('personal_request',
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('employer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('title_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('specialty_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('certificate_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('issued_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('data', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('education', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('corrections', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=False),
    sa.Column('snapshot', sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql'), nullable=True),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('submitted_at', models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_at', models.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint("(kind = 'recognition') = (title_id IS NOT NULL)", name=op.f('ck_personal_request_title_when_recognition')),
    sa.CheckConstraint("(state = 'approved') = (issued_id IS NOT NULL)", name=op.f('ck_personal_request_certificate_when_approved')),
    sa.CheckConstraint("kind = 'reissue' OR certificate_id IS NULL", name=op.f('ck_personal_request_certificate_when_reissue')),
    sa.CheckConstraint("kind IN ('recognition', 'reissue')", name=op.f('ck_personal_request_kind_known')),
    sa.CheckConstraint("state = 'editing' OR snapshot IS NOT NULL OR submitted_at IS NOT NULL", name=op.f('ck_personal_request_snapshot_when_sent')),
    sa.CheckConstraint("state IN ('editing', 'reviewing', 'returned', 'terminated', 'approved')", name=op.f('ck_personal_request_state_known')),
    sa.CheckConstraint('(title_id IS NULL) = (specialty_id IS NULL)', name=op.f('ck_personal_request_specialty_with_title')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_personal_request_certificate_id_certificate')),
    sa.ForeignKeyConstraint(['employer_id'], ['organization.id'], name=op.f('fk_personal_request_employer_id_organization')),
    sa.ForeignKeyConstraint(['issued_id'], ['certificate.id'], name=op.f('fk_personal_request_issued_id_certificate')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_personal_request_person_id_person')),
    sa.ForeignKeyConstraint(['specialty_id'], ['specialty.id'], name=op.f('fk_personal_request_specialty_id_specialty')),
    sa.ForeignKeyConstraint(['title_id'], ['title.id'], name=op.f('fk_personal_request_title_id_title')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_personal_request')),
    sa.UniqueConstraint('issued_id', name=op.f('uq_personal_request_issued_id')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_personal_request_employer_id', 'personal_request', ['employer_id', 'state', 'id'], unique=False)
    op.create_index('ix_personal_request_person_id', 'personal_request', ['person_id', 'kind', 'id'], unique=False)
    op.create_index('uq_personal_request_one_running', 'personal_request', ['certificate_id'], unique=True, sqlite_where=sa.text("certificate_id IS NOT NULL AND state IN ('editing', 'reviewing', 'returned')"), postgresql_where=sa.text("certificate_id IS NOT NULL AND state IN ('editing', 'reviewing', 'returned')"))
    with op.batch_alter_table('certificate') as batch:
        batch.add_column(sa.Column('original_number', sa.String(length=60), nullable=False, server_default=''))
        batch.add_column(sa.Column('replaces_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch.add_column(sa.Column('revoked_on', sa.Date(), nullable=True))
        batch.add_column(sa.Column('revoked_reason', sa.String(length=300), nullable=False, server_default=''))
    op.execute("UPDATE certificate SET revoked_on = issued_on WHERE state = 'revoked'")
    with op.batch_alter_table('certificate') as batch:
        batch.alter_column('original_number', existing_type=sa.String(length=60), existing_nullable=False, server_default=None)
        batch.alter_column('revoked_reason', existing_type=sa.String(length=300), existing_nullable=False, server_default=None)
        batch.create_unique_constraint(op.f('uq_certificate_replaces_id'), ['replaces_id'])
        batch.create_foreign_key(op.f('fk_certificate_replaces_id_certificate'), 'certificate', ['replaces_id'], ['id'])
        batch.create_check_constraint(op.f('ck_certificate_revoked_with_day'), "(state = 'revoked') = (revoked_on IS NOT NULL)")


def downgrade():
    op.drop_index('uq_personal_request_one_running', table_name='personal_request', sqlite_where=sa.text("certificate_id IS NOT NULL AND state IN ('editing', 'reviewing', 'returned')"), postgresql_where=sa.text("certificate_id IS NOT NULL AND state IN ('editing', 'reviewing', 'returned')"))
    op.drop_index('ix_personal_request_person_id', table_name='personal_request')
    op.drop_index('ix_personal_request_employer_id', table_name='personal_request')
    op.drop_table('personal_request')
    with op.batch_alter_table('certificate') as batch:
        batch.drop_constraint(op.f('ck_certificate_revoked_with_day'), type_='check')
        batch.drop_constraint(op.f('fk_certificate_replaces_id_certificate'), type_='foreignkey')
        batch.drop_constraint(op.f('uq_certificate_replaces_id'), type_='unique')
        batch.drop_column('revoked_reason')
        batch.drop_column('revoked_on')
        batch.drop_column('replaces_id')
        batch.drop_column('original_number')
