"""Where somebody stands with a plan: whether 马上申报 is possible, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.queries.plan import PlanPage
from app.rules import deadlines
from app.rules.checks_eligibility import TERMINATED_IN_ERROR
from models.application import Application
from models.person import Person
from models.plan import ReviewPlan

_application, _plan = Application.__table__, ReviewPlan.__table__


@dataclass(frozen=True)
class Standing:
    """Where an actor stands with a plan. `barrier`: why 马上申报 is not possible, empty when it is.

    `application_id`: the actor's application in this plan, if any, and its state.
    """

    barrier: str
    application_id: int | None = None
    state: str = ""


def standing_of(session: Session, plan: PlanPage, actor: Actor | None) -> Standing:
    """Whether the actor can begin an application to a plan, with the reason when not."""
    mine = None
    if actor is not None and actor.person_id is not None:
        mine = session.execute(
            select(_application.c.id, _application.c.state)
            .where(_application.c.person_id == actor.person_id, _application.c.plan_id == plan.id)
        ).first()
    if mine is not None:
        return Standing("", mine.id, mine.state)
    if plan.phase == "coming":
        return Standing(f"申报将于 {plan.opens_on:%Y-%m-%d} 开始，请届时再来。")
    if plan.state == "closed" and deadlines.today() <= plan.closes_on:
        return Standing("本计划已由组建单位关闭，不再接受申报。如有疑问，请咨询评委会。")
    if plan.phase == "over":
        return Standing(f"申报已于 {plan.closes_on:%Y-%m-%d} 截止。")
    if actor is None:
        return Standing("请先登录个人账号，再点“马上申报”。")
    if actor.person_id is None:
        return Standing("当前账号不是个人账号。请用个人账号登录后申报。")
    return Standing(_personal_barrier(session, plan, actor.person_id))


def _personal_barrier(session: Session, plan: PlanPage, person_id: int) -> str:
    person = Person.__table__
    row = session.execute(
        select(person.c.registered_at, person.c.organization_id).where(person.c.id == person_id)
    ).one()
    if row.registered_at is None:
        return "请先完成“个人注册”，再申报职称。"
    if row.organization_id is None:
        return "您还没有绑定单位，或单位尚未审核通过。请在“个人中心”选择单位，审核通过后再申报。"
    other = session.execute(
        select(_plan.c.name, _application.c.state)
        .join(_plan, _plan.c.id == _application.c.plan_id)
        .where(
            _application.c.person_id == person_id, _application.c.plan_year == plan.year,
            _application.c.submitted_at.is_not(None),
        )
    ).first()
    if other is None:
        return ""
    if other.state == "terminated":
        return f"您在 {plan.year} 年度的申报“{other.name}”已被终止，本年度不能再申报。{TERMINATED_IN_ERROR}"
    return f"一个申报年度只允许申报一次（不限系列和专业）。您在 {plan.year} 年度已申报“{other.name}”。"
