"""Long Excel files: checking and importing their rows; old ones are forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, select

from app.jobs.registry import GiveUp, JobView, handler
from app.services import achievement_import
from app.transaction import current_session, transaction
from models.achievement_import import AchievementImport
from models.base import utcnow

KEPT = dt.timedelta(days=30)
_import = AchievementImport.__table__


@handler("achievement_import.check")
def check(job: JobView) -> None:
    """Give the rows of a file their verdicts."""
    with _told(job):
        achievement_import.check(import_id=job.payload["import_id"])


@handler("achievement_import.run")
def run(job: JobView) -> None:
    """Make drafts of the rows of a confirmed file."""
    actor = achievement_import.actor_of(job.payload["user_id"], job.payload["import_id"])
    if actor is None:
        raise GiveUp("the import or its account is gone")
    with _told(job):
        achievement_import.run(import_id=job.payload["import_id"], actor=actor)


@contextmanager
def _told(job: JobView) -> Iterator[None]:
    """After the last try the page says that it failed; a rerun by staff goes on where it stopped."""
    try:
        yield
    except Exception:
        if job.attempts >= job.max_attempts:
            current_session().rollback()
            achievement_import.fail(import_id=job.payload["import_id"])
        raise


@handler("achievement_import.purge")
def purge(job: JobView) -> None:
    """Forget the rows of files sent long ago; what was imported stays."""
    old = select(_import.c.id).where(_import.c.updated_at < utcnow() - KEPT).limit(200)
    with transaction() as session:
        session.execute(delete(_import).where(_import.c.id.in_(old)))
