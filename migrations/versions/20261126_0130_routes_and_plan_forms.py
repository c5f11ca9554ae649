"""绿色通道 as a route, what a route waives, and 专业信息 of a plan

Revision: 0128, after 0127; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0130"
down_revision = "0129"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')
BEFORE = "route IN ('regular', 'exceptional', 'transfer')"
AFTER = "route IN ('regular', 'exceptional', 'transfer', 'green')"


def allow(routes, instead_of):
    """SQLite cannot alter a CHECK. Building the tables anew would lose their other ones, so the stored text is changed (sqlite.org/lang_altertable.html, 7)."""
    for table in ('application', 'route_form'):
        if op.get_bind().dialect.name != 'sqlite':
            op.drop_constraint(op.f(f'ck_{table}_route_known'), table, type_='check')
            op.create_check_constraint(op.f(f'ck_{table}_route_known'), table, routes)
            continue
        run = op.get_bind().exec_driver_sql
        version = run('PRAGMA schema_version').scalar()
        run('PRAGMA writable_schema=ON')
        run("UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?", (instead_of, routes, table))
        run(f'PRAGMA schema_version={version + 1}')
        run('PRAGMA writable_schema=RESET')
        if routes not in run("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar():
            raise RuntimeError(f'the routes of {table} could not be changed')


def upgrade():
    """Published plans get the forms of their series as they are now: from here on these no longer change under them."""
    allow(AFTER, BEFORE)
    op.add_column('route_form', sa.Column('waives', JSON, nullable=False, server_default='[]'))
    op.create_table(
        'plan_form',
        sa.Column('plan_id', KEY, nullable=False),
        sa.Column('edition', sa.Integer(), nullable=False),
        sa.Column('series_id', KEY, nullable=False),
        sa.Column('fields', JSON, nullable=False),
        sa.Column('is_own', sa.Boolean(), nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(['plan_id'], ['review_plan.id'], name=op.f('fk_plan_form_plan_id_review_plan'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['series_id'], ['title_series.id'], name=op.f('fk_plan_form_series_id_title_series')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_form')),
        sa.UniqueConstraint('plan_id', 'edition', 'series_id', name=op.f('uq_plan_form_plan_id_edition_series_id')),
    )
    op.execute("""
        INSERT INTO plan_form (plan_id, edition, series_id, fields, is_own)
        SELECT offered.plan_id, offered.edition, offered.series_id, form.fields, false
        FROM (SELECT DISTINCT plan_id, edition, series_id FROM plan_offering) AS offered
        JOIN review_plan AS p ON p.id = offered.plan_id AND p.state <> 'draft' AND offered.edition <= p.edition
        JOIN series_form AS form ON form.series_id = offered.series_id
    """)


def downgrade():
    """Only while nothing uses 绿色通道 as a route: the old tables have no place for it."""
    op.drop_table('plan_form')
    op.drop_column('route_form', 'waives')
    allow(BEFORE, AFTER)
