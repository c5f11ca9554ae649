"""What the engine's events tell whom: a task arrived, a case ended."""

from __future__ import annotations

from sqlalchemy import select

from app.jobs.registry import JobView, handler
from app.services.notification import administrators, notify
from app.transaction import transaction
from models.case import Case, Task
from models.person import Person

_task, _case, _person = Task.__table__, Case.__table__, Person.__table__
ENDED = {"approved": "已通过", "returned": "被退回", "terminated": "被终止"}
# Where the person finds the subject of a case.
SUBJECT_LINKS = {
    "application": "/applications/{id}",
    "achievement": "/portfolio/{id}/",
    "employment": "/person/",
}


@handler("notify.task_arrived")
def tell_administrators(job: JobView) -> None:
    """Tell those who act for the task's organization; not when the task was decided or withdrawn meanwhile."""
    with transaction() as session:
        task = session.connection().execute(
            select(_task.c.id, _task.c.title, _task.c.state, _task.c.organization_id)
            .where(_task.c.id == job.payload["task_id"])
        ).first()
        if task is None or task.state != "open":
            return
        notify(
            session, user_ids=administrators(session, organization_id=task.organization_id), key=job.key,
            title=f"「{task.title}」待审核", link=f"/tasks/{task.id}/",
        )


@handler("notify.case_ended")
def tell_person(job: JobView) -> None:
    """Tell the person what became of the case, with the opinion of whoever decided it."""
    ended = ENDED.get(job.payload["event"])
    if ended is None:  # the person withdrew it: there is nothing to tell
        return
    with transaction() as session:
        case = session.connection().execute(
            select(_case.c.title, _case.c.subject_type, _case.c.subject_id, _person.c.user_id)
            .join(_person, _person.c.id == _case.c.person_id).where(_case.c.id == job.payload["case_id"])
        ).first()
        if case is None:
            return
        opinion = session.connection().execute(
            select(_task.c.opinion)
            .where(_task.c.case_id == job.payload["case_id"], _task.c.state == job.payload["event"])
            .order_by(_task.c.seq.desc()).limit(1)
        ).scalar()
        title = f"「{case.title}」{ended}" + (f"：{opinion}" if opinion else "")
        notify(
            session, user_ids=[case.user_id], key=job.key, title=title,
            link=SUBJECT_LINKS.get(case.subject_type, "").format(id=case.subject_id),
        )
