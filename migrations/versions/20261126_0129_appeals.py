"""appeals, and the day on which a result is announced

Revision: 0121, after 0120; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0129"
down_revision = "0128"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
RESULT = sa.text("application_id IS NOT NULL AND state <> 'withdrawn'")
RECORD = sa.text("record_id IS NOT NULL AND state <> 'withdrawn'")


def upgrade():
    op.add_column('review_result', sa.Column('announced_on', sa.Date(), nullable=True))
    op.execute("UPDATE review_result SET announced_on = (SELECT starts_on FROM publicity WHERE publicity.id = publicity_id) "
               "WHERE publicity_id IS NOT NULL")
    with op.batch_alter_table('review_result') as table:
        table.create_check_constraint(
            op.f('ck_review_result_announced_when_publicized'), "publicity_id IS NULL OR announced_on IS NOT NULL")
    op.create_table(
        'appeal',
        sa.Column('ground', sa.String(length=32), nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('organization_id', KEY, nullable=False),
        sa.Column('application_id', KEY, nullable=True),
        sa.Column('record_id', KEY, nullable=True),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('state', sa.String(length=32), nullable=False),
        sa.Column('answer', sa.Text(), nullable=False),
        sa.Column('decided_at', models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("ground IN ('result', 'integrity')", name=op.f('ck_appeal_ground_known')),
        sa.CheckConstraint("state IN ('reviewing', 'upheld', 'rejected', 'withdrawn')", name=op.f('ck_appeal_state_known')),
        sa.CheckConstraint("(ground = 'result') = (application_id IS NOT NULL)", name=op.f('ck_appeal_application_when_result')),
        sa.CheckConstraint("(ground = 'integrity') = (record_id IS NOT NULL)", name=op.f('ck_appeal_record_when_integrity')),
        sa.CheckConstraint("(state IN ('upheld', 'rejected')) = (decided_at IS NOT NULL)", name=op.f('ck_appeal_decided_with_time')),
        sa.CheckConstraint("decided_at IS NULL OR answer <> ''", name=op.f('ck_appeal_decided_with_answer')),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_appeal_person_id_person')),
        sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_appeal_organization_id_organization')),
        sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_appeal_application_id_application')),
        sa.ForeignKeyConstraint(['record_id'], ['integrity_record.id'], name=op.f('fk_appeal_record_id_integrity_record')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_appeal')),
        sqlite_autoincrement=True,
    )
    op.create_index('uq_appeal_one_of_result', 'appeal', ['application_id'], unique=True, sqlite_where=RESULT, postgresql_where=RESULT)
    op.create_index('uq_appeal_one_of_record', 'appeal', ['record_id'], unique=True, sqlite_where=RECORD, postgresql_where=RECORD)
    op.create_index('ix_appeal_person_id', 'appeal', ['person_id', 'id'], unique=False)
    op.create_index('ix_appeal_organization_id', 'appeal', ['organization_id', 'id'], unique=False)


def downgrade():
    op.drop_table('appeal')
    with op.batch_alter_table('review_result') as table:
        table.drop_constraint(op.f('ck_review_result_announced_when_publicized'), type_='check')
        table.drop_column('announced_on')
