"""plan editions: what a plan asks for hangs on an edition; groups, check settings, interview exemption

Revision: 0076, after 0075; 2026-11-25 22:55:00
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0076'
down_revision = "0075"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
FOLLOWS = 'draft_edition IS NULL OR draft_edition = edition + 1'
# table -> the columns that were unique, with the plan, before there were editions
UNIQUE = {
    'plan_level': ('level_id',),
    'plan_offering': ('specialty_id', 'title_id'),
    'review_standard': ('name',),
    'attachment_slot': ('code',),
}


def is_sqlite():
    return op.get_bind().dialect.name == 'sqlite'


def keys(on):
    """SQLite makes such tables anew; with keys enforced, dropping the old one would delete what hangs on it."""
    if is_sqlite():
        with op.get_context().autocommit_block():
            op.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def name_of(table, columns):
    return f"uq_{table}_{'_'.join(columns)}"


def upgrade():
    keys(on=False)
    op.create_table(
        'standard_group',
        sa.Column('section_id', KEY, nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('minimum', sa.Integer(), nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint('minimum >= 1', name=op.f('ck_standard_group_minimum_positive')),
        sa.ForeignKeyConstraint(['section_id'], ['standard_section.id'], name=op.f('fk_standard_group_section_id_standard_section'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_standard_group')),
        sa.UniqueConstraint('section_id', 'name', name=op.f('uq_standard_group_section_id_name')),
    )
    op.create_table(
        'plan_check',
        sa.Column('plan_id', KEY, nullable=False),
        sa.Column('edition', sa.Integer(), nullable=False),
        sa.Column('rule', sa.String(length=32), nullable=False),
        sa.Column('level', sa.String(length=32), nullable=False),
        sa.Column('parameters', JSON, nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("level IN ('block', 'warn', 'off')", name=op.f('ck_plan_check_level_known')),
        sa.ForeignKeyConstraint(['plan_id'], ['review_plan.id'], name=op.f('fk_plan_check_plan_id_review_plan'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_check')),
        sa.UniqueConstraint('plan_id', 'edition', 'rule', name=op.f('uq_plan_check_plan_id_edition_rule')),
    )
    for table, columns in UNIQUE.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column('edition', sa.Integer(), nullable=False, server_default='1'))
            batch.drop_constraint(name_of(table, ('plan_id', *columns)), type_='unique')
            batch.create_unique_constraint(op.f(name_of(table, ('plan_id', 'edition', *columns))), ['plan_id', 'edition', *columns])
    with op.batch_alter_table('standard_item') as batch:
        batch.add_column(sa.Column('group_id', KEY, nullable=True))
        batch.create_foreign_key(op.f('fk_standard_item_group_id_standard_group'), 'standard_group', ['group_id'], ['id'])
    op.create_index(op.f('ix_standard_item_group_id'), 'standard_item', ['group_id'], unique=False)
    op.add_column('attachment_slot', sa.Column('hint', sa.String(length=300), nullable=False, server_default=''))
    op.add_column('review_plan', sa.Column('allows_exemption', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('review_plan', sa.Column('exemption_note', sa.String(length=300), nullable=False, server_default=''))
    op.add_column('review_plan', sa.Column('revision_reason', sa.String(length=300), nullable=False, server_default=''))
    op.add_column('review_plan', sa.Column('edition', sa.Integer(), nullable=False, server_default='1'))
    if is_sqlite():
        op.execute(f"ALTER TABLE review_plan ADD COLUMN draft_edition INTEGER CONSTRAINT ck_review_plan_draft_edition_follows CHECK ({FOLLOWS})")
    else:
        op.add_column('review_plan', sa.Column('draft_edition', sa.Integer(), nullable=True))
        op.create_check_constraint(op.f('ck_review_plan_draft_edition_follows'), 'review_plan', FOLLOWS)
    op.create_index('ix_review_plan_state_opens_on', 'review_plan', ['state', 'opens_on', 'id'], unique=False)
    op.add_column('application', sa.Column('plan_edition', sa.Integer(), nullable=False, server_default='1'))
    keys(on=True)


def downgrade():
    """Only while every plan is in its first edition: later ones have no place in the old tables."""
    keys(on=False)
    op.drop_column('application', 'plan_edition')
    op.drop_index('ix_review_plan_state_opens_on', table_name='review_plan')
    if not is_sqlite():
        op.drop_constraint(op.f('ck_review_plan_draft_edition_follows'), 'review_plan', type_='check')
    for column in ('draft_edition', 'edition', 'revision_reason', 'exemption_note', 'allows_exemption'):
        op.drop_column('review_plan', column)
    op.drop_index(op.f('ix_standard_item_group_id'), table_name='standard_item')
    with op.batch_alter_table('standard_item') as batch:
        batch.drop_constraint(op.f('fk_standard_item_group_id_standard_group'), type_='foreignkey')
        batch.drop_column('group_id')
    op.drop_column('attachment_slot', 'hint')
    for table, columns in reversed(UNIQUE.items()):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(name_of(table, ('plan_id', 'edition', *columns)), type_='unique')
            batch.create_unique_constraint(op.f(name_of(table, ('plan_id', *columns))), ['plan_id', *columns])
            batch.drop_column('edition')
    op.drop_table('plan_check')
    op.drop_table('standard_group')
    keys(on=True)
