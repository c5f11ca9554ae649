"""评审计划: draft → published → closed. Each step is asked for, checked and recorded; forms never set the state."""

from __future__ import annotations

from sqlalchemy import FromClause, exists, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotFound, WrongState
from app.rules import deadlines
from app.transaction import transaction
from models.base import utcnow
from models.plan import PLAN_STATES, PlanLevel, PlanOffering, ReviewPlan, ReviewStandard

# What an applicant needs to choose from; without any of them the plan cannot be applied for.
_NEEDED: dict[str, FromClause] = {
    "评审级别": PlanLevel.__table__, "可评审专业": PlanOffering.__table__, "评审标准": ReviewStandard.__table__,
}


def missing_parts(session: Session, plan_id: int) -> list[str]:
    """What the plan still lacks before it can be published, in the words of the screens; one query."""
    found = session.execute(
        select(*(exists().where(table.c.plan_id == plan_id).label(str(n)) for n, table in enumerate(_NEEDED.values())))
    ).one()
    return [name for name, there in zip(_NEEDED, found, strict=True) if not there]


def publish(*, plan_id: int, actor: Actor) -> None:
    """发布: from now on everybody sees the plan, and within its window it can be applied for."""
    with transaction() as session:
        plan = _own(session, plan_id, actor)
        if plan.state != "draft":
            raise WrongState(f"只有草稿可以发布，该计划{PLAN_STATES[plan.state]}。")
        missing = missing_parts(session, plan_id)
        if missing:
            raise Invalid(f"还不能发布：缺少{'、'.join(missing)}。请先在计划页面下方新增，再发布。")
        if plan.closes_on < deadlines.today():
            raise Invalid("还不能发布：申报截止日期已过。请先编辑计划，修改申报开始和截止日期。")
        plan.state, plan.published_at = "published", utcnow()
        _record(session, plan, Event.PLAN_PUBLISHED, actor)


def close(*, plan_id: int, actor: Actor) -> None:
    """关闭: no more applications; what was submitted goes on."""
    with transaction() as session:
        plan = _own(session, plan_id, actor)
        if plan.state != "published":
            raise WrongState(f"只有已发布的计划可以关闭，该计划为{PLAN_STATES[plan.state]}。")
        plan.state = "closed"
        _record(session, plan, Event.PLAN_CLOSED, actor)


def _own(session: Session, plan_id: int, actor: Actor) -> ReviewPlan:
    """The plan, locked, when it is the actor's organization's or the actor is staff of the platform."""
    plan = session.get(ReviewPlan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None or not (actor.is_platform or actor.organization_id == plan.convener_id):
        raise NotFound("没有找到该评审计划，它可能不属于本单位。")
    return plan


def _record(session: Session, plan: ReviewPlan, event: Event, actor: Actor) -> None:
    plan.version += 1
    session.flush()
    record_event(session, event=event, subject_type="review_plan", subject_id=plan.id, actor=actor,
                 data={"state": plan.state})
