"""申报截止: people whose application is begun, or was sent back, are told before the window of the plan ends, and when it is
lengthened."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from app.jobs.registry import JobView, handler
from app.rules import deadlines
from app.services.notification import notify
from app.transaction import transaction
from models.application import Application
from models.base import utcnow
from models.person import Person
from models.plan import ReviewPlan

DAYS = (3, 1)  # told once when at most so many days are left, the last one included
UNSENT = ("editing", "returned")
CHUNK = 500
_application, _plan, _person = Application.__table__, ReviewPlan.__table__, Person.__table__


@handler("deadline.remind")
def remind(job: JobView) -> None:
    """Tell each of them; a second run of the same day tells nobody again."""
    today, last = deadlines.today(utcnow()), 0
    while True:
        with transaction() as session:
            rows = session.connection().execute(
                select(_application.c.id, _plan.c.name, _plan.c.closes_on, _person.c.user_id)
                .join(_plan, _plan.c.id == _application.c.plan_id).join(_person, _person.c.id == _application.c.person_id)
                .where(
                    _application.c.id > last, _application.c.state.in_(UNSENT), _plan.c.state == "published",
                    _plan.c.opens_on <= today, _plan.c.closes_on >= today,
                    _plan.c.closes_on <= today + dt.timedelta(days=max(DAYS) - 1),
                )
                .order_by(_application.c.id).limit(CHUNK)
            ).all()
            for row in rows:
                left = (row.closes_on - today).days + 1
                step = min(days for days in DAYS if left <= days)
                notify(
                    session, user_ids=[row.user_id], key=f"deadline:{row.id}:{row.closes_on}:{step}",
                    title=f"「{row.name}」将于 {row.closes_on} 23:59:59 截止申报，您的申报还没有提交",
                    link=f"/applications/{row.id}",
                )
        if len(rows) < CHUNK:
            return
        last = rows[-1].id


@handler("notify.window_extended")
def tell_of_extension(job: JobView) -> None:
    """Whoever has begun, or has to mend what came back, learns the new last day, once for each change of the window."""
    last = 0
    while True:
        with transaction() as session:
            rows = session.connection().execute(
                select(_application.c.id, _person.c.user_id, _plan.c.name, _plan.c.closes_on)
                .join(_application, _application.c.person_id == _person.c.id).join(_plan, _plan.c.id == _application.c.plan_id)
                .where(_application.c.plan_id == job.payload["plan_id"], _application.c.id > last,
                       _application.c.state.in_(UNSENT), _plan.c.state == "published")
                .order_by(_application.c.id).limit(CHUNK)
            ).all()
            for row in rows:
                notify(
                    session, user_ids=[row.user_id], key=f"{job.key}:{row.id}", link=f"/applications/{row.id}",
                    title=f"「{row.name}」的申报时间已延长至 {row.closes_on} 23:59:59，您的申报还没有提交",
                )
        if len(rows) < CHUNK:
            return
        last = rows[-1].id
