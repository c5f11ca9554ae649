"""退回 of an application with several reasons at once, each at its page where it belongs to one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from app.actor import Actor
from app.errors import Invalid, NotFound
from app.rules.field_values import clean_text
from app.rules.return_reason import LONGEST, MOST, Reason, composed, pages
from app.transaction import transaction
from app.workflow import engine
from app.workflow.engine import Outcome
from models.application import Submission
from models.case import Case, Task
from models.return_reason import ReturnReason

_task, _case, _submission = Task.__table__, Case.__table__, Submission.__table__
_reason = ReturnReason.__table__


def return_with_reasons(
    *, task_id: int, opinion: str, reasons: Sequence[Reason], actor: Actor, version: int | None = None
) -> Outcome:
    """退回 the application; the applicant finds each reason at its page.

    The opinion that goes into the history names every reason with its page, so that it is whole by itself. Invalid
    when there is neither an opinion nor a reason, or for a page that the submission under review does not have.
    """
    said = [Reason(reason.page, text) for reason in reasons if (text := clean_text(reason.text))]
    if any(len(reason.text) > LONGEST for reason in said):
        raise Invalid(f"每条退回原因最多 {LONGEST} 字，请精简后再提交。")
    if len(said) > MOST:
        raise Invalid(f"一次最多填写 {MOST} 条退回原因，请合并后再提交。")
    with transaction() as session:
        snapshot = session.scalar(
            select(_submission.c.snapshot)
            .join(_case, (_case.c.subject_id == _submission.c.application_id) & (_case.c.run == _submission.c.run))
            .join(_task, _task.c.case_id == _case.c.id)
            .where(_task.c.id == task_id, _task.c.subject_type == "application",
                   _task.c.organization_id == actor.organization_id)
        )
        if snapshot is None:
            raise NotFound("没有找到这条审核任务，它可能不属于您的单位。")
        names = {page.key: page.name for page in pages(snapshot)}
        if any(reason.page and reason.page not in names for reason in said):
            raise Invalid("所选页面不在本次申报中，请重新选择退回原因所在的页面。")
        outcome = engine.execute(
            session, action="return", task_id=task_id, actor=actor, version=version,
            opinion=composed(opinion, said, names),
        )
        if said:
            session.execute(insert(_reason), [
                {"task_id": task_id, "position": n, "page": reason.page, "text": reason.text}
                for n, reason in enumerate(said, 1)
            ])
        return outcome
