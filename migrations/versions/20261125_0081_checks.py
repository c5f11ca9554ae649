"""what the checks look at: validity of committees, kinds of integrity records, clarity of pictures, exemption from the interview

Revision: 0081, after 0080; 2026-11-25
"""

import sqlalchemy as sa
from alembic import op

revision = '0081'
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('committee', sa.Column('valid_from', sa.Date(), nullable=True))
    op.add_column('committee', sa.Column('valid_until', sa.Date(), nullable=True))
    op.add_column('stored_file', sa.Column('long_edge', sa.Integer(), nullable=True))
    op.add_column('stored_file', sa.Column('sharpness', sa.Integer(), nullable=True))
    op.add_column('application', sa.Column('exemption_reason', sa.Text(), nullable=False, server_default=''))
    with op.batch_alter_table('integrity_record') as table:
        table.add_column(sa.Column('kind', sa.String(length=32), nullable=False, server_default='integrity'))
        table.create_check_constraint(op.f('ck_integrity_record_kind_known'), "kind IN ('integrity', 'discipline')")


def downgrade():
    with op.batch_alter_table('integrity_record') as table:
        table.drop_constraint(op.f('ck_integrity_record_kind_known'), type_='check')
        table.drop_column('kind')
    op.drop_column('application', 'exemption_reason')
    op.drop_column('stored_file', 'sharpness')
    op.drop_column('stored_file', 'long_edge')
    op.drop_column('committee', 'valid_until')
    op.drop_column('committee', 'valid_from')
