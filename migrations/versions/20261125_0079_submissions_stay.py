"""submissions are never changed or deleted

Revision: 0079, after 0078; 2026-11-25
"""

from alembic import op

revision = '0079'
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade():
    """What reviewers saw of a submission stays, whoever asks: triggers on both databases."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("""
            CREATE FUNCTION refuse_submission_change() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'a submission is never changed'; END $$
        """)
        op.execute(
            'CREATE TRIGGER submission_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON submission '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_submission_change()'
        )
    else:
        for verb in ('UPDATE', 'DELETE'):
            op.execute(
                f'CREATE TRIGGER submission_no_{verb.lower()} BEFORE {verb} ON submission '
                "BEGIN SELECT RAISE(ABORT, 'a submission is never changed'); END"
            )


def downgrade():
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER submission_stays ON submission')
        op.execute('DROP FUNCTION refuse_submission_change()')
    else:
        for verb in ('update', 'delete'):
            op.execute(f'DROP TRIGGER submission_no_{verb}')
