"""integrity records say who recorded them, on what decision, whether they bar, and why they were lifted

Revision: 0120, after 0081; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

revision = "0128"
down_revision = "0127"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
STANDING = sa.text("revoked_on IS NULL AND document <> ''")


def upgrade():
    with op.batch_alter_table('integrity_record') as table:
        table.add_column(sa.Column('category', sa.String(length=20), nullable=False, server_default=''))
        table.add_column(sa.Column('category_name', sa.String(length=120), nullable=False, server_default=''))
        table.add_column(sa.Column('organization_id', KEY, nullable=True))
        table.add_column(sa.Column('recorded_by', KEY, nullable=True))
        table.add_column(sa.Column('decided_on', sa.Date(), nullable=True))
        table.add_column(sa.Column('bars', sa.Boolean(), nullable=False, server_default=sa.true()))
        table.add_column(sa.Column('revoked_reason', sa.String(length=300), nullable=False, server_default=''))
        table.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        table.create_foreign_key(op.f('fk_integrity_record_organization_id_organization'), 'organization', ['organization_id'], ['id'])
        table.create_foreign_key(op.f('fk_integrity_record_recorded_by_ab_user'), 'ab_user', ['recorded_by'], ['id'])
    op.execute("UPDATE integrity_record SET revoked_reason = '—' WHERE revoked_on IS NOT NULL")
    with op.batch_alter_table('integrity_record') as table:
        table.alter_column('version', existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        table.create_check_constraint(op.f('ck_integrity_record_revoked_with_reason'), "(revoked_on IS NULL) = (revoked_reason = '')")
    op.create_index('ix_integrity_record_organization_id', 'integrity_record', ['organization_id', 'id'], unique=False)
    op.create_index('uq_integrity_record_one_standing', 'integrity_record', ['person_id', 'category', 'document'], unique=True,
                    sqlite_where=STANDING, postgresql_where=STANDING)


def downgrade():
    op.drop_index('uq_integrity_record_one_standing', table_name='integrity_record')
    op.drop_index('ix_integrity_record_organization_id', table_name='integrity_record')
    with op.batch_alter_table('integrity_record') as table:
        table.drop_constraint(op.f('ck_integrity_record_revoked_with_reason'), type_='check')
        table.drop_constraint(op.f('fk_integrity_record_recorded_by_ab_user'), type_='foreignkey')
        table.drop_constraint(op.f('fk_integrity_record_organization_id_organization'), type_='foreignkey')
        for name in ('version', 'revoked_reason', 'bars', 'decided_on', 'recorded_by', 'organization_id', 'category_name', 'category'):
            table.drop_column(name)
