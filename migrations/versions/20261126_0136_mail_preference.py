"""how an account wants its notifications by e-mail

Revision: 0136, after 0135; 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

revision = "0136"
down_revision = "0135"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'mail_preference',
        sa.Column('user_id', KEY, nullable=False),
        sa.Column('mode', sa.String(length=32), nullable=False),
        sa.Column('id', KEY, autoincrement=True, nullable=False),
        sa.CheckConstraint("mode IN ('each', 'daily', 'none')", name=op.f('ck_mail_preference_mode_known')),
        sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_mail_preference_user_id_ab_user')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_preference')),
        sa.UniqueConstraint('user_id', name=op.f('uq_mail_preference_user_id')),
    )


def downgrade():
    op.drop_table('mail_preference')
