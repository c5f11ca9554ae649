"""复查: what may be appealed and until when, the requests of a person, and one request with what it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.rules import deadlines
from models.appeal import Appeal
from models.application import Application
from models.integrity import IntegrityRecord
from models.organization import Organization
from models.person import Person
from models.plan import ReviewPlan
from models.result import Publicity, ReviewResult
from models.setting import Setting

DAYS_SETTING, DEFAULT_DAYS = "appeal.days", 30
_ap, _a, _i, _plan = Appeal.__table__, Application.__table__, IntegrityRecord.__table__, ReviewPlan.__table__
_r, _p, _organization, _person = ReviewResult.__table__, Publicity.__table__, Organization.__table__, Person.__table__
_setting = Setting.__table__


def days_allowed(session: Session) -> int:
    """How many days there are to ask."""
    said: Any = session.execute(select(_setting.c.value).where(_setting.c.key == DAYS_SETTING)).scalar()
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else DEFAULT_DAYS


@dataclass(frozen=True)
class Standing:
    """An announced result as the applicant sees it. `last_day`: until when 复查 may be asked for, None when it may not."""

    row: Any
    appeal: Any | None
    last_day: dt.date | None

    @property
    def may_appeal(self) -> bool:
        """Whether the person may ask today."""
        return self.last_day is not None and deadlines.today() <= self.last_day


def result_standing(session: Session, application_id: int) -> Standing | None:
    """The result of an application once it is announced, with its request for 复查; None before."""
    row = session.execute(
        select(
            _r.c.id, _r.c.application_id, _r.c.outcome, _r.c.announced_on, _r.c.objection_state, _r.c.objection_reply, _r.c.updated_at,
            _r.c.convener_id, _p.c.starts_on, _p.c.ends_on, _p.c.place, _a.c.person_id, _plan.c.name.label("plan"),
        )
        .join(_a, _a.c.id == _r.c.application_id).join(_plan, _plan.c.id == _a.c.plan_id)
        .outerjoin(_p, _p.c.id == _r.c.publicity_id)
        .where(_r.c.application_id == application_id, _r.c.announced_on.is_not(None), _r.c.announced_on <= deadlines.today())
    ).first()
    if row is None:
        return None
    appeal = _last(session, _ap.c.application_id == application_id)
    open_to_it = (row.outcome == "failed" or row.objection_state == "upheld") and (appeal is None or appeal.state == "withdrawn")
    since = row.announced_on if row.outcome == "failed" else deadlines.today(row.updated_at)
    return Standing(row, appeal, since + dt.timedelta(days=days_allowed(session)) if open_to_it else None)


def of_record(session: Session, record_id: int) -> Any | None:
    """The request about a record of 诚信档案, the newest one, or None."""
    return _last(session, _ap.c.record_id == record_id)


def _last(session: Session, condition: Any) -> Any | None:
    return session.execute(select(_ap).where(condition).order_by(_ap.c.id.desc()).limit(1)).first()


_ROW = (
    select(_ap, _organization.c.name.label("organization"), _plan.c.name.label("plan"), _i.c.category_name, _person.c.name)
    .join(_organization, _organization.c.id == _ap.c.organization_id).join(_person, _person.c.id == _ap.c.person_id)
    .outerjoin(_a, _a.c.id == _ap.c.application_id).outerjoin(_plan, _plan.c.id == _a.c.plan_id)
    .outerjoin(_i, _i.c.id == _ap.c.record_id)
)


def of_person(session: Session, person_id: int) -> Sequence[Any]:
    """The requests of a person, newest first."""
    return session.execute(_ROW.where(_ap.c.person_id == person_id).order_by(_ap.c.id.desc())).all()


def appeal_of(session: Session, appeal_id: int) -> Any | None:
    """One request with the names of what it is about; who may see it is the caller's to check."""
    return session.execute(_ROW.where(_ap.c.id == appeal_id)).first()


def last_day_of_record(session: Session, row: Any) -> dt.date:
    """Until when 复查 of a record may be asked for."""
    return deadlines.today(row.created_at) + dt.timedelta(days=days_allowed(session))


def records_open_to_appeal(session: Session, rows: Sequence[Any], appeals: Sequence[Any]) -> dict[int, dt.date]:
    """Of a person's records those that may be appealed today, with their last day."""
    asked = {row.record_id for row in appeals if row.state != "withdrawn"}
    candidates = [row for row in rows if row.organization_id and row.revoked_on is None and row.id not in asked]
    if not candidates:
        return {}
    days = dt.timedelta(days=days_allowed(session))
    found = {row.id: deadlines.today(row.created_at) + days for row in candidates}
    return {key: last for key, last in found.items() if deadlines.today() <= last}
