"""A committee's vote, publicized without objection and approved: what a certificate needs behind it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from app.extensions import db
from models.application import Application
from models.base import utcnow
from models.plan import ReviewPlan
from models.result import Publicity, ReviewResult
from tests.factories.rows import save

APPROVAL_NO = "皖人社秘〔2026〕1号"


def approved_result(application_id: int, *, approval_no: str = APPROVAL_NO) -> int:
    """The result's id."""
    application, plan = Application.__table__, ReviewPlan.__table__
    with db.engine.connect() as connection:
        row = connection.execute(
            select(application.c.plan_id, plan.c.convener_id).join(plan, plan.c.id == application.c.plan_id)
            .where(application.c.id == application_id)
        ).one()
    publicity = save(Publicity(
        plan_id=row.plan_id, convener_id=row.convener_id, starts_on=dt.date(2026, 5, 6), ends_on=dt.date(2026, 5, 20),
        place="省厅网站",
    ))
    return save(ReviewResult(
        application_id=application_id, plan_id=row.plan_id, convener_id=row.convener_id, members=25, present=21, agree=18,
        against=2, abstain=1, outcome="passed", met_on=dt.date(2026, 5, 1), publicity_id=publicity, announced_on=dt.date(2026, 5, 6), approval_no=approval_no,
        ordered_at=utcnow() if approval_no else None,
    ))
