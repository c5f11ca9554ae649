"""The way of a submitted application through the reviewers."""

from __future__ import annotations

from sqlalchemy import select

import models as m
from app.extensions import db
from app.scope import system_scope
from app.services import review
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application

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
