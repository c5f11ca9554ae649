"""The identities of single sign-on that enter an account."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.identity import AccountIdentity


def identities_of(session: Session, account_id: int) -> Sequence[AccountIdentity]:
    """Of one account, oldest first."""
    return session.scalars(
        select(AccountIdentity).where(AccountIdentity.account_id == account_id).order_by(AccountIdentity.id)
    ).all()
