"""单位推荐意见 of a case: what there is, what is still missing, and the unit's quota beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.queries.holiday import exceptions
from app.queries.organization_settings import needs_post_quota
from app.queries.post_quota import Quota, quotas_of, use_in_force
from app.rules import deadlines
from app.rules.recommendation import Standing
from models.application import Application
from models.case import Task
from models.file import Attachment
from models.organization import Organization
from models.post_quota import QuotaUse
from models.recommendation import Recommendation
from models.setting import Setting

SUBJECT = "recommendation"
PUBLICITY_DAYS = "review.publicity_days"
_recommendation, _attachment, _task = Recommendation.__table__, Attachment.__table__, Task.__table__
_use, _organization, _setting = QuotaUse.__table__, Organization.__table__, Setting.__table__


def unit_needs_quota(session: Session, organization_id: int) -> bool:
    """Whether the organization is a 事业单位 (by its nature's entry in the dictionary)."""
    nature = session.execute(select(_organization.c.nature_code).where(_organization.c.id == organization_id)).scalar()
    return bool(nature) and needs_post_quota(session, str(nature))


def standing(session: Session, case_id: int, organization_id: int) -> Standing:
    """What a case's recommendation has; everything empty when nobody has begun it."""
    row = session.execute(select(_recommendation).where(_recommendation.c.case_id == case_id)).first()
    counts: dict[str, int] = {}
    if row is not None:
        counts = dict(session.execute(
            select(_attachment.c.slot, func.count()).where(
                _attachment.c.subject_type == SUBJECT, _attachment.c.subject_id == row.id
            ).group_by(_attachment.c.slot)
        ).tuples().all())
    recommended = session.execute(
        select(exists().where(_use.c.case_id == case_id, _use.c.released_at.is_(None)))
    ).scalar()
    return Standing(
        row.text if row else "", counts, row.publicity_from if row else None, row.publicity_to if row else None,
        unit_needs_quota(session, organization_id), bool(recommended),
    )


def publicity_terms(session: Session, of: Standing) -> tuple[int, dt.date, dict[dt.date, bool]]:
    """(least working days, today, holidays in the time of publicity)."""
    least = session.execute(select(_setting.c.value).where(_setting.c.key == PUBLICITY_DAYS)).scalar()
    days = exceptions(session, of.publicity_from, of.publicity_to) if of.publicity_from and of.publicity_to else {}
    return int(least) if isinstance(least, int) else 5, deadlines.today(), days


@dataclass(frozen=True)
class Page:
    """The tab 单位推荐意见. `row`: the recommendation or None; `quota`: of the unit's plan year, for 事业单位."""

    row: Any | None
    needs_quota: bool
    year: int
    quota: Quota | None
    use: Any | None


def page_of(session: Session, *, case_id: int, application_id: int, unit_id: int) -> Page:
    """The recommendation of a case (or, for a case just begun, the one before it to start from)."""
    row = session.execute(
        select(_recommendation).where(_recommendation.c.case_id == case_id)
    ).mappings().first()
    year = session.execute(
        select(Application.__table__.c.plan_year).where(Application.__table__.c.id == application_id)
    ).scalar_one()
    needs = unit_needs_quota(session, unit_id)
    quota = next(iter(quotas_of(session, unit_id, year=year)), None) if needs else None
    return Page(row, needs, year, quota, use_in_force(session, case_id) if needs else None)


def previous_text(session: Session, application_id: int, organization_id: int) -> str:
    """The unit's text in the case before, to start from when the application was sent in again."""
    return session.execute(
        select(_recommendation.c.text).where(
            _recommendation.c.application_id == application_id, _recommendation.c.organization_id == organization_id
        ).order_by(_recommendation.c.id.desc()).limit(1)
    ).scalar() or ""


def open_task_of(session: Session, case_id: int, organization_id: int) -> int | None:
    """The organization's open task of a case."""
    return session.execute(select(_task.c.id).where(
        _task.c.case_id == case_id, _task.c.organization_id == organization_id, _task.c.state == "open"
    )).scalar()
