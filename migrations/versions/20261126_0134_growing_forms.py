"""forms that grow by seals

Revision: 0115, after 0081; 2026-11-26
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0134"
down_revision = "0133"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
NAME = 'ck_document_made_with_file'


def upgrade():
    with op.batch_alter_table('document', table_kwargs={'sqlite_autoincrement': True}) as batch:
        batch.add_column(sa.Column('marks', JSON, nullable=False, server_default='[]'))
        batch.drop_constraint(op.f(NAME), type_='check')
        batch.create_check_constraint(op.f(NAME), "state <> 'made' OR file_id IS NOT NULL")
    with op.batch_alter_table('document', table_kwargs={'sqlite_autoincrement': True}) as batch:
        batch.alter_column('marks', existing_type=JSON, existing_nullable=False, server_default=None)


def downgrade():
    op.execute("UPDATE document SET file_id = NULL WHERE state <> 'made'")
    with op.batch_alter_table('document', table_kwargs={'sqlite_autoincrement': True}) as batch:
        batch.drop_constraint(op.f(NAME), type_='check')
        batch.create_check_constraint(op.f(NAME), "(state = 'made') = (file_id IS NOT NULL)")
        batch.drop_column('marks')
