"""The browsers in which an account is signed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import utcnow
from models.web_session import WebSession

MOST_SHOWN = 50
_session = WebSession.__table__


@dataclass(frozen=True)
class Device:
    """One session. Its random id stays at the server: `id` is the row's number."""

    id: int
    created_at: dt.datetime | None
    expires_at: dt.datetime
    origin: str
    user_agent: str
    is_this: bool


def devices_of(session: Session, account_id: int, *, this: str | None) -> Sequence[Device]:
    """The newest first; `this`: the id of the session that asks. Idle ones are among them until their end."""
    rows = session.execute(
        select(_session).where(_session.c.account_id == account_id, _session.c.expires_at > utcnow())
        .order_by(_session.c.id.desc()).limit(MOST_SHOWN)
    )
    return [
        Device(row.id, row.created_at, row.expires_at, row.origin, row.user_agent, row.session_id == this) for row in rows
    ]
