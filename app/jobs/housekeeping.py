"""Periodic jobs that keep the tables in order."""

from __future__ import annotations

import datetime as dt
from typing import cast

from sqlalchemy import ColumnElement, Table, delete, select

from app import audit
from app.jobs.registry import JobView, handler
from app.transaction import transaction
from models.base import utcnow
from models.job import Job
from models.qr_sign_in import QrSignIn
from models.sign_on import SignOn
from models.web_session import WebSession

KEEP_DONE = dt.timedelta(days=90)  # a done row also keeps its key from being used again
CHUNK = 1000


@handler("audit.anchor")
def anchor_audit(job: JobView) -> None:
    """Digest the audit events since the last anchor."""
    with transaction() as session:
        audit.anchor(session)


@handler("session.sweep")
def sweep_sessions(job: JobView) -> None:
    """Delete expired sessions, and attempts to sign in that came to nothing or are over."""
    for model in (WebSession, SignOn, QrSignIn):
        table = cast(Table, model.__table__)
        _delete_in_chunks(table, table.c.expires_at < utcnow())


@handler("job.purge")
def purge_jobs(job: JobView) -> None:
    """Delete jobs done long ago. Failed ones stay until somebody has dealt with them."""
    table = Job.__table__
    _delete_in_chunks(table, (table.c.state == "done") & (table.c.finished_at < utcnow() - KEEP_DONE))


def _delete_in_chunks(table: Table, condition: ColumnElement[bool]) -> None:
    while True:
        with transaction() as session:
            chunk = select(table.c.id).where(condition).limit(CHUNK)
            deleted = session.connection().execute(delete(table).where(table.c.id.in_(chunk))).rowcount
        if deleted < CHUNK:
            return
