"""sign-on, sign-in by QR code, notices; what a session knows of its browser

Revision: 0030, after 0020
"""

from alembic import op
import sqlalchemy as sa

import models.base
import models.sign_on

revision = '0030'
down_revision = '0020'
branch_labels = None
depends_on = None

def upgrade():
    op.create_table('notice',
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('issuer', sa.String(length=100), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name=op.f('ck_notice_state_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    op.create_index('ix_notice_shown', 'notice', ['state', 'published_on', 'id'], unique=False)
    op.create_table('account_identity',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('provider', sa.String(length=32), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('linked_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['ab_user.id'], name=op.f('fk_account_identity_account_id_ab_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_identity')),
    sa.UniqueConstraint('account_id', 'provider', name=op.f('uq_account_identity_account_id_provider')),
    sa.UniqueConstraint('provider', 'subject', name=op.f('uq_account_identity_provider_subject'))
    )
    op.create_table('qr_sign_in',
    sa.Column('code_digest', sa.String(length=64), nullable=False),
    sa.Column('browser_digest', sa.String(length=64), nullable=False),
    sa.Column('check_digits', sa.String(length=4), nullable=False),
    sa.Column('user_agent', sa.String(length=300), nullable=False),
    sa.Column('origin', sa.String(length=45), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint("(state IN ('confirmed', 'used')) = (account_id IS NOT NULL)", name=op.f('ck_qr_sign_in_confirmed_by_somebody')),
    sa.CheckConstraint("state IN ('waiting', 'confirmed', 'refused', 'used')", name=op.f('ck_qr_sign_in_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['ab_user.id'], name=op.f('fk_qr_sign_in_account_id_ab_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_qr_sign_in')),
    sa.UniqueConstraint('code_digest', name=op.f('uq_qr_sign_in_code_digest'))
    )
    op.create_index('ix_qr_sign_in_expires_at', 'qr_sign_in', ['expires_at'], unique=False)
    op.create_index('ix_qr_sign_in_origin', 'qr_sign_in', ['origin', 'expires_at'], unique=False)
    op.create_table('sign_on',
    sa.Column('state_digest', sa.String(length=64), nullable=False),
    sa.Column('browser_digest', sa.String(length=64), nullable=False),
    sa.Column('provider', sa.String(length=32), nullable=False),
    sa.Column('nonce', sa.String(length=64), nullable=False),
    sa.Column('verifier', models.sign_on.SealedText(), nullable=False),
    sa.Column('next_path', sa.String(length=500), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('identity', models.sign_on.SealedText(), nullable=True),
    sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', models.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.CheckConstraint("state IN ('begun', 'answered', 'proving', 'closed')", name=op.f('ck_sign_on_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['ab_user.id'], name=op.f('fk_sign_on_account_id_ab_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_on')),
    sa.UniqueConstraint('state_digest', name=op.f('uq_sign_on_state_digest'))
    )
    op.create_index('ix_sign_on_expires_at', 'sign_on', ['expires_at'], unique=False)
    op.add_column('web_session', sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
    op.add_column('web_session', sa.Column('origin', sa.String(length=45), server_default='', nullable=False))
    op.add_column('web_session', sa.Column('user_agent', sa.String(length=300), server_default='', nullable=False))
    op.add_column('web_session', sa.Column('created_at', models.base.UtcDateTime(timezone=True), nullable=True))
    op.create_index('ix_web_session_account_id', 'web_session', ['account_id'], unique=False)

def downgrade():
    op.drop_index('ix_web_session_account_id', table_name='web_session')
    op.drop_column('web_session', 'created_at')
    op.drop_column('web_session', 'user_agent')
    op.drop_column('web_session', 'origin')
    op.drop_column('web_session', 'account_id')
    op.drop_index('ix_sign_on_expires_at', table_name='sign_on')
    op.drop_table('sign_on')
    op.drop_index('ix_qr_sign_in_origin', table_name='qr_sign_in')
    op.drop_index('ix_qr_sign_in_expires_at', table_name='qr_sign_in')
    op.drop_table('qr_sign_in')
    op.drop_table('account_identity')
    op.drop_index('ix_notice_shown', table_name='notice')
    op.drop_table('notice')
