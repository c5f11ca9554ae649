"""how many achievements of each kind and state a unit has: kept by triggers, so that no page counts them

Revision: 0095, after 0081; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

revision = "0132"
down_revision = "0131"
branch_labels = None
depends_on = None

COUNTED = "{row}.organization_id IS NOT NULL AND {row}.state <> 'draft'"

ADD_TO = """
CREATE FUNCTION add_to_achievement_counter(unit bigint, kind bigint, in_state varchar, delta bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF delta < 0 THEN
        UPDATE achievement_counter SET n = n + delta WHERE organization_id = unit AND kind_id = kind AND state = in_state;
    ELSE
        INSERT INTO achievement_counter (organization_id, kind_id, state, n) VALUES (unit, kind, in_state, delta)
        ON CONFLICT (organization_id, kind_id, state) DO UPDATE SET n = achievement_counter.n + excluded.n;
    END IF;
END $$
"""
# Rows are changed in the order of their key, so that two deciders never wait for each other in a ring.
MOVED = """PERFORM add_to_achievement_counter(organization_id, kind_id, state, delta) FROM (
            SELECT organization_id, kind_id, state, sum(delta) AS delta FROM ({rows}) AS moved
            WHERE organization_id IS NOT NULL AND state <> 'draft'
            GROUP BY organization_id, kind_id, state HAVING sum(delta) <> 0 ORDER BY organization_id, kind_id, state
        ) AS change;"""
GONE = "SELECT organization_id, kind_id, state, -1 AS delta FROM gone"
COME = "SELECT organization_id, kind_id, state, 1 AS delta FROM come"
COUNT = f"""
CREATE FUNCTION count_achievements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        {MOVED.format(rows=f"{GONE} UNION ALL {COME}")}
    ELSIF TG_OP = 'INSERT' THEN
        {MOVED.format(rows=COME)}
    ELSE
        {MOVED.format(rows=GONE)}
    END IF;
    RETURN NULL;
END $$
"""
TRIGGERS = {  # verb -> its transition tables
    'INSERT': 'NEW TABLE AS come', 'UPDATE': 'OLD TABLE AS gone NEW TABLE AS come', 'DELETE': 'OLD TABLE AS gone',
}
SUBTRACT = """UPDATE achievement_counter SET n = n - 1
    WHERE organization_id = OLD.organization_id AND kind_id = OLD.kind_id AND state = OLD.state AND OLD.state <> 'draft';"""
ADD = """INSERT INTO achievement_counter (organization_id, kind_id, state, n)
    SELECT NEW.organization_id, NEW.kind_id, NEW.state, 1 WHERE NEW.organization_id IS NOT NULL AND NEW.state <> 'draft'
    ON CONFLICT (organization_id, kind_id, state) DO UPDATE SET n = n + 1;"""


def upgrade():
    op.create_table(
        'achievement_counter',
        sa.Column('organization_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('kind_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('state', sa.String(length=32), nullable=False),
        sa.Column('n', sa.Integer(), nullable=False),
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.CheckConstraint("state IN ('reviewing', 'approved', 'returned', 'terminated')", name=op.f('ck_achievement_counter_state_known')),
        sa.CheckConstraint('n >= 0', name=op.f('ck_achievement_counter_not_negative')),
        sa.ForeignKeyConstraint(
            ['organization_id'], ['organization.id'], name=op.f('fk_achievement_counter_organization_id_organization'),
            ondelete='CASCADE',
        ),
        sa.ForeignKeyConstraint(
            ['kind_id'], ['achievement_kind.id'], name=op.f('fk_achievement_counter_kind_id_achievement_kind'), ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_achievement_counter')),
        sa.UniqueConstraint('organization_id', 'kind_id', 'state', name='uq_achievement_counter_key'),
    )
    op.execute(
        'INSERT INTO achievement_counter (organization_id, kind_id, state, n) '
        'SELECT organization_id, kind_id, state, count(*) FROM achievement '
        f'WHERE {COUNTED.format(row="achievement")} GROUP BY organization_id, kind_id, state'
    )
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(ADD_TO)
        op.execute(COUNT)
        for verb, tables in TRIGGERS.items():
            op.execute(
                f'CREATE TRIGGER achievement_counted_{verb.lower()} AFTER {verb} ON achievement REFERENCING {tables} '
                'FOR EACH STATEMENT EXECUTE FUNCTION count_achievements()'
            )
        return
    moved = 'OLD.organization_id IS NOT NEW.organization_id OR OLD.kind_id <> NEW.kind_id OR OLD.state <> NEW.state'
    for verb, when, body in (
        ('INSERT', '', ADD), ('UPDATE', f'WHEN {moved} ', f'{SUBTRACT} {ADD}'), ('DELETE', '', SUBTRACT),
    ):
        op.execute(f'CREATE TRIGGER achievement_counted_{verb.lower()} AFTER {verb} ON achievement {when}BEGIN {body} END')


def downgrade():
    postgresql = op.get_bind().dialect.name == 'postgresql'
    for verb in TRIGGERS:
        op.execute(f'DROP TRIGGER achievement_counted_{verb.lower()}' + (' ON achievement' if postgresql else ''))
    if postgresql:
        op.execute('DROP FUNCTION count_achievements()')
        op.execute('DROP FUNCTION add_to_achievement_counter(bigint, bigint, varchar, bigint)')
    op.drop_table('achievement_counter')
