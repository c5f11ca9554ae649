"""A confirmed quota, and everything a unit adds before it approves an application."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from sqlalchemy import select

import models as m
from app.actor import Actor
from app.demo.evidence import evidence_pdf
from app.rules import deadlines
from app.scope import system_scope
from app.services import file as files
from app.services import recommendation
from app.transaction import current_session
from models.base import utcnow
from models.case import Task
from models.post_quota import QUOTA_LEVELS
from tests.factories.rows import save


def confirmed_quota(organization_id: int, created_by: int, *, vacancies: int = 5, year: int | None = None) -> int:
    """A year's confirmed quota with the same number of vacancies at every level."""
    return save(m.PostQuota(
        organization_id=organization_id, year=year or deadlines.today().year, state="confirmed", confirmed_at=utcnow(),
        created_by=created_by, levels=[m.PostQuotaLevel(label=label, vacancies=vacancies) for label in QUOTA_LEVELS],
    ))


def recommended(task: Any, actor: Actor, *, occupies: bool | None = None) -> int:
    """Text, dates and proof of publicity for a task in the actor's hand; with `occupies`, 推荐 too. The recommendation's id."""
    last = deadlines.today()
    made = recommendation.save(
        task_id=task.id, text="同意推荐。", publicity_from=last - dt.timedelta(30), publicity_to=last, actor=actor
    )
    with system_scope():
        files.upload_to(
            stream=io.BytesIO(evidence_pdf("公示证明", ("公示无异议。",), "单位")), filename="公示证明.pdf",
            subject_type="recommendation", subject_id=made, slot="publicity", actor=actor,
        )
    if occupies is not None:
        recommendation.recommend(task_id=task.id, occupies=occupies, reason="" if occupies else "高于岗位结构", actor=actor)
    current_session().rollback()
    return made


def recommend_application(application_id: int, actor: Actor) -> None:
    """What the unit of an application adds, with a place where it is a 事业单位 (its quota is confirmed already)."""
    from app.queries.recommendation import unit_needs_quota

    task = current_session().execute(select(Task.__table__).where(
        Task.__table__.c.subject_type == "application", Task.__table__.c.subject_id == application_id,
        Task.__table__.c.state == "open", Task.__table__.c.node == "employer")).one()
    needs = unit_needs_quota(current_session(), task.organization_id)
    current_session().rollback()
    recommended(task, actor, occupies=True if needs else None)
