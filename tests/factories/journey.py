"""The way of a submitted application through the reviewers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

import models as m
from app.extensions import db
from app.rules.field_merge import token_of as token_for
from app.scope import system_scope
from app.services import review
from app.transaction import current_session
from app.workflow.engine import Outcome
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application, recommended

REVIEWERS = {"employer": "unit", "competent_department": "department", "hr_department": "hr"}


def approve_up_to(node: str) -> int:
    """The stops before `node` approve the only open task; the id of the task that then waits there."""
    with system_scope():
        while True:
            db.session.rollback()
            task = db.session.execute(select(m.Task.__table__).where(m.Task.__table__.c.state == "open")).one()
            if task.node == node:
                return int(task.id)
            login = REVIEWERS[task.node]
            who = make.actor(login)
            if login == "unit":
                review.claim(task_id=task.id, actor=who)
                recommend_application(task.subject_id, who)
            review.approve(task_id=task.id, actor=who, opinion="同意")


def row_of(application_id: int) -> Any:
    """The application as it stands in the database."""
    current_session().rollback()
    table = m.Application.__table__
    return current_session().execute(select(table).where(table.c.id == application_id)).one()


def token_of(application_id: int) -> str:
    """Of 基本信息 as it is stored: what a page that was just opened would send."""
    row = row_of(application_id)
    return token_for({**row.personal, **row.professional})


def task_of(application_id: int) -> Any:
    """The newest task of an application."""
    current_session().rollback()
    table = m.Task.__table__
    return current_session().execute(
        select(table).where(table.c.subject_type == "application", table.c.subject_id == application_id)
        .order_by(table.c.id.desc()).limit(1)
    ).one()


def decide(application_id: int, username: str, action: str = "approve", opinion: str = "") -> Outcome:
    """An administrator's decision on the newest task, with what a unit adds before it approves."""
    task, who = task_of(application_id), make.actor(username)
    if username in ("unit", "unit2"):
        review.claim(task_id=task.id, actor=who)
    if action == "approve":
        if task.node == "employer":
            recommended(task, who, occupies=True)
        return review.approve(task_id=task.id, actor=who, opinion=opinion)
    return {"return": review.return_, "terminate": review.terminate}[action](
        task_id=task.id, actor=who, opinion=opinion or "请补充材料")
