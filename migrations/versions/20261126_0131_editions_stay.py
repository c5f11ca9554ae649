"""what hangs on a published edition of a plan is never changed

Revision: 0129, after 0128; 2026-11-26
"""

from alembic import op

revision = "0131"
down_revision = "0130"
branch_labels = None
depends_on = None

# SQLite rebuilds a table to change its constraints: a migration that does so with one of these drops the triggers before and makes them again.
PLAN = "review_plan AS p WHERE p.published_at IS NOT NULL AND"
STANDARD = "review_plan AS p JOIN review_standard AS s ON s.plan_id = p.id AND s.edition <= p.edition WHERE p.published_at IS NOT NULL AND"
SECTION = STANDARD.replace(' WHERE', ' JOIN standard_section AS c ON c.standard_id = s.id WHERE')
SLOT = STANDARD.replace('review_standard', 'attachment_slot')
# table -> what its row hangs on, when that is in force or was
PARTS = {
    **{
        table: f"{PLAN} p.id = {{row}}.plan_id AND p.edition >= {{row}}.edition"
        for table in ('plan_level', 'plan_offering', 'plan_form', 'plan_check', 'review_standard', 'attachment_slot')
    },
    'standard_section': f"{STANDARD} s.id = {{row}}.standard_id",
    'standard_group': f"{SECTION} c.id = {{row}}.section_id",
    'standard_item': f"{SECTION} c.id = {{row}}.section_id",
    'attachment': f"{SLOT} {{row}}.subject_type = 'plan_slot' AND s.id = {{row}}.subject_id",
}
REFUSED = 'what a published edition of a plan asks for is never changed'
FIXED = (
    'year', 'name', 'committee_id', 'convener_id', 'region_code', 'plan_type', 'routes', 'needs_interview', 'allows_exemption',
    'exemption_note', 'published_at',
)
PLAN_REFUSED = 'this of a published plan is never changed'
VERBS = {'insert': ('NEW',), 'update': ('OLD', 'NEW'), 'delete': ('OLD',)}


def in_force(table, row):
    return f"EXISTS (SELECT 1 FROM {PARTS[table].format(row=row)})"


def plan_changes(differs):
    """The name, the way in and so on are fixed at publication; editions go up; nothing leads back to a draft."""
    fixed = ' OR '.join(f'NEW.{column} {differs} OLD.{column}' for column in FIXED)
    return f"NEW.state = 'draft' OR NEW.edition < OLD.edition OR {fixed}"


def upgrade():
    if op.get_bind().dialect.name == 'postgresql':
        on_postgresql()
    else:
        on_sqlite()


def on_sqlite():
    for table in PARTS:
        for verb, rows in VERBS.items():
            when = ' OR '.join(in_force(table, row) for row in rows)
            op.execute(f"CREATE TRIGGER {table}_stays_on_{verb} BEFORE {verb.upper()} ON {table} WHEN {when} "
                       f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END")
    op.execute(f"CREATE TRIGGER review_plan_stays_on_update BEFORE UPDATE ON review_plan "
               f"WHEN OLD.published_at IS NOT NULL AND ({plan_changes('IS NOT')}) BEGIN SELECT RAISE(ABORT, '{PLAN_REFUSED}'); END")
    op.execute(f"CREATE TRIGGER review_plan_stays_on_delete BEFORE DELETE ON review_plan "
               f"WHEN OLD.published_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{PLAN_REFUSED}'); END")


def on_postgresql():
    for table in PARTS:
        op.execute(f"""
            CREATE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP <> 'INSERT' THEN
                    IF {in_force(table, 'OLD')} THEN RAISE EXCEPTION '{REFUSED}'; END IF;
                END IF;
                IF TG_OP <> 'DELETE' THEN
                    IF {in_force(table, 'NEW')} THEN RAISE EXCEPTION '{REFUSED}'; END IF;
                    RETURN NEW;
                END IF;
                RETURN OLD;
            END $$
        """)
        op.execute(f"CREATE TRIGGER {table}_stays BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_{table}()")
    op.execute(f"""
        CREATE FUNCTION keep_review_plan() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.published_at IS NULL THEN
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            END IF;
            IF TG_OP = 'DELETE' THEN RAISE EXCEPTION '{PLAN_REFUSED}'; END IF;
            IF {plan_changes('IS DISTINCT FROM')} THEN RAISE EXCEPTION '{PLAN_REFUSED}'; END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("CREATE TRIGGER review_plan_stays BEFORE UPDATE OR DELETE ON review_plan FOR EACH ROW EXECUTE FUNCTION keep_review_plan()")


def downgrade():
    tables = (*PARTS, 'review_plan')
    if op.get_bind().dialect.name == 'postgresql':
        for table in tables:
            op.execute(f'DROP TRIGGER {table}_stays ON {table}')
            op.execute(f'DROP FUNCTION keep_{table}()')
        return
    for table in tables:
        for verb in VERBS:
            op.execute(f'DROP TRIGGER IF EXISTS {table}_stays_on_{verb}')
