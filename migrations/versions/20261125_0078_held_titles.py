"""held titles and their appointments

Revision: 0078, after 0077; 2026-11-25
"""

import sqlalchemy as sa
from alembic import op

revision = '0078'
down_revision = "0077"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'held_title',
        sa.Column('application_id', KEY, nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('acquisition_code', sa.String(length=20), nullable=False),
        sa.Column('certificate_number', sa.String(length=40), nullable=False),
        sa.Column('employer_name', sa.String(length=100), nullable=False),
        sa.Column('series_name', sa.String(length=40), nullable=False),
        sa.Column('specialty_name', sa.String(length=40), nullable=False),
        sa.Column('title_name', sa.String(length=40), nullable=False),
        sa.Column('level_id', KEY, nullable=False),
        sa.Column('committee_name', sa.String(length=100), nullable=False),
        sa.Column('reviewed_on', sa.Date(), nullable=False),
        sa.Column('issuer_name', sa.String(length=100), nullable=False),
        sa.Column('issued_on', sa.Date(), nullable=False),
        sa.Column('from_elsewhere', sa.Boolean(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint('issued_on >= reviewed_on', name=op.f('ck_held_title_issued_after_review')),
        sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_held_title_application_id_application'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['level_id'], ['title_level.id'], name=op.f('fk_held_title_level_id_title_level')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_held_title')),
        sqlite_autoincrement=True,
    )
    op.create_index('ix_held_title_application_id', 'held_title', ['application_id', 'position'], unique=False)
    op.create_table(
        'appointment',
        sa.Column('held_title_id', KEY, nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('employer_name', sa.String(length=100), nullable=False),
        sa.Column('starts_on', sa.Date(), nullable=False),
        sa.Column('ends_on', sa.Date(), nullable=True),
        sa.Column('to_present', sa.Boolean(), nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint('ends_on IS NULL OR ends_on >= starts_on', name=op.f('ck_appointment_in_order')),
        sa.CheckConstraint('to_present <> (ends_on IS NOT NULL)', name=op.f('ck_appointment_end_or_present')),
        sa.ForeignKeyConstraint(['held_title_id'], ['held_title.id'], name=op.f('fk_appointment_held_title_id_held_title'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_appointment')),
    )
    op.create_index('ix_appointment_held_title_id', 'appointment', ['held_title_id', 'position'], unique=False)


def downgrade():
    op.drop_index('ix_appointment_held_title_id', table_name='appointment')
    op.drop_table('appointment')
    op.drop_index('ix_held_title_application_id', table_name='held_title')
    op.drop_table('held_title')
