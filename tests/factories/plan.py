"""Plans with everything they need, and in every state."""

from __future__ import annotations

import datetime as dt

import models as m
from app.actor import Actor
from app.extensions import db
from app.rules import deadlines
from tests.factories import application as make
from tests.factories import person as people
from tests.factories.rows import save, serial


def actor_of(unit: people.Unit, *roles: str) -> Actor:
    """An administrator of a convener."""
    return Actor(user_id=unit.user_id, name="管理员", organization_id=unit.id, roles=frozenset(roles or {"Convener"}))


def admin() -> Actor:
    """An administrator of the platform."""
    return Actor(user_id=people.account(f"admin{serial()}", role="Admin"), name="平台管理员", roles=frozenset({"Admin"}))


def fill(plan_id: int, *, edition: int = 1) -> dict[str, int]:
    """What a plan needs to be published: a level, a specialty with a title, a standard that asks for something; ids by name."""
    n = serial()
    series = make.series()
    level = save(m.TitleLevel(code=f"senior{n}", name=f"副高级{n}", label="高级", rank=100 + n, number_code="2"))
    specialty = save(m.Specialty(series_id=series, name=f"数学{n}"))
    title = save(m.Title(series_id=series, level_id=level, track="教学", name=f"高级教师{n}"))
    save(m.PlanLevel(plan_id=plan_id, level_id=level, edition=edition))
    save(m.PlanOffering(plan_id=plan_id, series_id=series, specialty_id=specialty, title_id=title, edition=edition))
    standard = save(m.ReviewStandard(plan_id=plan_id, name="标准", edition=edition))
    section = save(m.StandardSection(standard_id=standard, name="能力条件"))
    kind, _version = make.kind()
    item = save(m.StandardItem(section_id=section, kind_id=kind, minimum=1))
    return {"series": series, "level": level, "specialty": specialty, "title": title, "standard": standard,
            "section": section, "kind": kind, "item": item}


def slot(plan_id: int, *, code: str = "id_card", edition: int = 1) -> int:
    """An attachment slot."""
    return save(m.AttachmentSlot(plan_id=plan_id, code=code, name="身份证", is_required=True, edition=edition))


def window(plan_id: int, *, opens: int = -5, closes: int = 5, state: str | None = None) -> None:
    """Move a plan's window to days from today, and into a state."""
    today, plan = deadlines.today(), m.ReviewPlan.__table__
    values = {"opens_on": today + dt.timedelta(days=opens), "closes_on": today + dt.timedelta(days=closes)}
    with db.engine.begin() as connection:
        connection.execute(plan.update().where(plan.c.id == plan_id).values(values | ({"state": state} if state else {})))
    db.session.rollback()


def unguard_plans() -> None:
    """Without the triggers on published plans, for tests that need one as it cannot become."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS review_plan_stays ON review_plan")
        else:
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS review_plan_stays_on_update")
    db.session.rollback()


def published(convener_id: int) -> tuple[int, dict[str, int]]:
    """A plan that is complete and open today, with the ids `fill` gives."""
    plan = make.plan(convener_id)
    ids = fill(plan)
    window(plan)
    return plan, ids
