"""单位推荐意见: opinion, publicity and other material of the unit, and 推荐 (占用 or 不占用), before it approves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotFound, Sentence, WrongState
from app.queries import recommendation as found
from app.rules.opinion import PRINTED
from app.rules.recommendation import gaps
from app.rules.upload import UploadPolicy
from app.services import file as files
from app.services import post_quota
from app.services.application_effects import SUBJECT as APPLICATION
from app.services.file import Editable, register_editable
from app.transaction import current_session, transaction
from app.workflow import engine
from app.workflow.registry import CaseView, guard
from models.application import Application
from models.base import utcnow
from models.recommendation import RECOMMENDATION_SLOTS, Recommendation
from models.series import Title, TitleLevel

SUBJECT = "recommendation"
POLICY = UploadPolicy(("pdf", "png", "jpg", "doc", "docx"), 10, 10)
_recommendation, _a = Recommendation.__table__, Application.__table__


def save(
    *, task_id: int, text: str, publicity_from: dt.date | None, publicity_to: dt.date | None, actor: Actor
) -> int:
    """保存 text and dates; the id under which files are attached. Whoever has the unit's task in hand may."""
    wrong: dict[str, str] = {}
    if len(text) > PRINTED:
        wrong["text"] = Sentence("单位推荐意见最多 %(n)s 字，请精简，详细情况可上传盖章的推荐意见。", n=PRINTED)
    if (publicity_from is None) != (publicity_to is None):
        wrong["publicity_to"] = "请同时填写公示开始日期和结束日期。"
    elif publicity_from and publicity_to and publicity_to < publicity_from:
        wrong["publicity_to"] = "公示结束日期不能早于开始日期。"
    if wrong:
        raise Invalid("单位推荐意见填写有误，请按提示修改。", wrong)
    with transaction() as session:
        task = _task_in_hand(session, task_id, actor)
        row = session.execute(
            select(_recommendation).where(_recommendation.c.case_id == task.case_id).with_for_update()
        ).first()
        values = {"text": text.strip(), "publicity_from": publicity_from, "publicity_to": publicity_to}
        if row is None:
            recommendation_id = _begin(session, task, values, actor)
        else:
            recommendation_id = row.id
            if all(getattr(row, key) == value for key, value in values.items()):
                return int(row.id)
            done = session.execute(
                update(_recommendation)
                .where(_recommendation.c.id == row.id, _recommendation.c.version == row.version)
                .values(version=row.version + 1, updated_at=utcnow(), **values)
            )
            if done.rowcount != 1:  # type: ignore[attr-defined]
                raise Conflict("单位推荐意见刚刚在别处有修改，请刷新页面后再保存。")
        record_event(session, event=Event.RECOMMENDATION_SAVED, subject_type=SUBJECT, subject_id=recommendation_id,
                     actor=actor, data={"case": task.case_id} | values)
        return recommendation_id


def _begin(session: Session, task: Any, values: dict[str, Any], actor: Actor) -> int:
    """The case's recommendation, with the files of the one before when the application was sent in again."""
    before = session.execute(
        select(_recommendation.c.id).where(
            _recommendation.c.application_id == task.subject_id,
            _recommendation.c.organization_id == task.organization_id,
        ).order_by(_recommendation.c.id.desc()).limit(1)
    ).scalar()
    now = utcnow()
    made: int = session.execute(insert(_recommendation).values(
        case_id=task.case_id, application_id=task.subject_id, organization_id=task.organization_id, version=1,
        created_at=now, updated_at=now, **values,
    ).returning(_recommendation.c.id)).scalar_one()
    if before is not None:
        for item in files.attachments_of(SUBJECT, before):
            files.attach(file_id=item.file_id, subject_type=SUBJECT, subject_id=made, slot=item.slot, name=item.name,
                         actor=actor, person_id=None)
    return made


def recommend(*, task_id: int, occupies: bool | None, reason: str, actor: Actor) -> None:
    """推荐: say whether the applicant uses one of the unit's vacant posts; the place is taken at once."""
    if occupies is None:
        raise Invalid("请选择是否占用职数。", {"occupies": "请选择占用或不占用。"})
    with transaction() as session:
        task = _task_in_hand(session, task_id, actor)
        if not found.unit_needs_quota(session, task.organization_id):
            raise WrongState("本单位不是事业单位，不需要选择是否占用职数。")
        row = session.execute(
            select(_a.c.plan_year, TitleLevel.__table__.c.label)
            .join(Title.__table__, Title.__table__.c.id == _a.c.title_id)
            .join(TitleLevel.__table__, TitleLevel.__table__.c.id == Title.__table__.c.level_id)
            .where(_a.c.id == task.subject_id)
        ).one()
        post_quota.take(
            session, case_id=task.case_id, application_id=task.subject_id, organization_id=task.organization_id,
            year=row.plan_year, label=row.label, occupies=occupies, reason=reason, actor=actor,
        )


@guard("application", "approve")
def require_recommendation(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """The unit approves only with its recommendation, the proof of publicity and, as 事业单位, with 推荐."""
    if case.node != "employer":
        return
    standing = found.standing(session, case.id, case.organization_id)
    least, today, exceptions = found.publicity_terms(session, standing)
    missing = gaps(standing, least=least, today=today, exceptions=exceptions)
    if missing:
        raise WrongState("请先在“单位推荐意见”中补充：" + "".join(missing.values()))


def _task_in_hand(session: Session, task_id: int, actor: Actor) -> Any:
    task = engine.task_in_hand(session, task_id=task_id, actor=actor)
    if task.procedure != APPLICATION or task.node != "employer":
        raise WrongState("只有申报人所在单位可以填写单位推荐意见。")
    return task


def file_rule(subject_id: int, slot: str, actor: Actor) -> Editable:
    """Files can be changed by whoever has the unit's open task of the case in hand."""
    session = current_session()
    row = session.execute(
        select(_recommendation.c.case_id, _recommendation.c.organization_id)
        .where(_recommendation.c.id == subject_id)
    ).first()
    if row is None or slot not in RECOMMENDATION_SLOTS or row.organization_id != actor.organization_id:
        raise NotFound("没有找到单位推荐意见。")
    task_id = found.open_task_of(session, row.case_id, row.organization_id)
    if task_id is None:
        raise WrongState("本单位已办理该申报，单位推荐意见不能再修改。")
    _task_in_hand(session, task_id, actor)
    return Editable(POLICY, None, actor.organization_id)


register_editable(SUBJECT, file_rule)
