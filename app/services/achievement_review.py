"""退回 of an item by its unit with what is wrong at single fields, in one go."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert, select

from app.actor import Actor
from app.errors import Invalid, NotFound
from app.queries import achievement_kind
from app.rules.field_values import clean_text
from app.transaction import transaction
from app.workflow import engine
from app.workflow.engine import Outcome
from models.achievement import Achievement, AchievementRemark
from models.case import Task

MAX_REMARK = 500
_task, _achievement, _remark = Task.__table__, Achievement.__table__, AchievementRemark.__table__


def return_with_remarks(
    *, achievement_id: int, task_id: int, opinion: str, remarks: Mapping[str, str], actor: Actor,
    version: int | None = None,
) -> Outcome:
    """退回 the item; `remarks` by field key stand beside the fields when the person corrects it.

    The opinion that goes into the history names each remark with its field, so that it is whole by itself. Invalid
    when there is neither an opinion nor a remark.
    """
    with transaction() as session:
        kind_version = session.scalar(
            select(_achievement.c.kind_version_id)
            .join(_task, (_task.c.subject_type == "achievement") & (_task.c.subject_id == _achievement.c.id))
            .where(_achievement.c.id == achievement_id, _task.c.id == task_id,
                   _task.c.organization_id == actor.organization_id)
        )
        form = achievement_kind.form_of_version(session, kind_version) if kind_version is not None else None
        if form is None:
            raise NotFound("没有找到这条审核任务，它可能不属于您的单位。")
        said = {
            field: text for field in form.fields if (text := clean_text(remarks.get(field.key, ""), lines=True))
        }
        too_long = [field.label for field, text in said.items() if len(text) > MAX_REMARK]
        if too_long:
            raise Invalid(f"“{'”“'.join(too_long)}”的意见过长，每处最多 {MAX_REMARK} 字。")
        lines = [opinion.strip(), *(f"{field.label}：{text}" for field, text in said.items())]
        outcome = engine.execute(
            session, action="return", task_id=task_id, actor=actor, opinion="\n".join(filter(None, lines)),
            version=version,
        )
        session.execute(delete(_remark).where(_remark.c.achievement_id == achievement_id))
        if said:
            session.execute(insert(_remark), [
                {"achievement_id": achievement_id, "task_id": task_id, "field_key": field.key, "text": text}
                for field, text in said.items()
            ])
        return outcome
