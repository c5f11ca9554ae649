"""`load_demo`: the whole demo world, once, in one transaction: a load that fails leaves nothing behind."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from app.actor import SYSTEM
from app.demo import accounts as a
from app.demo import applications, journeys, notices, outcomes, plans, portfolio, specialists
from app.demo import world as builders
from app.demo.world import World
from app.services import certificate, employment
from app.transaction import current_session, transaction
from models.account import Account

WAITING_AT = ("employer", "competent_department", "hr_department", "convener")  # where colleagues' applications stand


def is_loaded() -> bool:
    """Whether the demo's accounts exist already."""
    return current_session().scalar(select(Account.id).where(Account.username == "applicant")) is not None


def load_demo(today: dt.date) -> bool:
    """Load the demo world; False (and nothing changed) when it is there already. Needs the reference data.

    Run inside an application context, under `system_scope()`. `today` is the current day in Asia/Shanghai: the
    services that people's steps go through look at the clock themselves. Raises ReferenceMissingError.
    """
    if is_loaded():
        return False
    with transaction() as session:
        world = builders.build_small_world(session, today)
        builders.build_other_cities(world)
        builders.build_administrators(world)
        _build_crowd(world)
        plans.build_teacher_plan(world)
        plans.build_engineer_plan(world)
        specialists.build_health_plan(world)
        plans.build_other_plans(world)
        notices.build(session, today)
        journeys.settle(world)
        _live(world)
    return True


def _build_crowd(world: World) -> None:
    """People in the units of every city, so that searching means something."""
    employers = [unit for unit in world.organizations.values() if [role.kind for role in unit.roles] == ["employer"]]
    number = 0
    for unit in employers:
        series = "22" if "中学" in unit.name or "小学" in unit.name else "04" if "医院" in unit.name else "05"
        for _ in range(2):
            number += 1
            builders.add_colleague(world, f"person{number:03d}", unit.name, series)


def _live(world: World) -> None:
    """What happened before the demo opens; see design of the accounts."""
    today = world.today
    for login in ("applicant", "applicant2", "applicant3"):
        journeys.give_photo(world, login)
    journeys.approved_portfolio(world, "applicant", portfolio.teacher_entries(today), "unit")
    _approved_engineer(world)
    specialists.build_specialists(world)
    teachers = plans_of_teachers(world)
    journeys.approved_portfolio(world, "applicant2", portfolio.colleague_portfolio(today), "unit2")
    for number, node in enumerate(WAITING_AT, 1):
        login = f"teacher{number:02d}"
        builders.add_colleague(world, login, a.SCHOOL, "22")
        journeys.give_photo(world, login)
        journeys.approved_portfolio(world, login, portfolio.colleague_portfolio(today), "unit")
        waiting = applications.apply(
            world, login, teachers, applications.teacher_choice(world, login, "中学语文", "高级教师")
        )
        applications.decide(world, waiting, until=node)
    outcomes.not_passed(world, "teacher09", teachers)
    journeys.forget_old_news(world)
    outcomes.ask_again(world, "teacher09")
    applications.apply(
        world, "applicant2", teachers, applications.teacher_choice(world, "applicant2", "中学语文", "高级教师")
    )
    for number in range(5, 9):
        login = f"teacher{number:02d}"
        builders.add_colleague(world, login, a.SCHOOL, "22")
        journeys.record(world, login, portfolio.waiting_entries(today, a.SCHOOL, number))
    outcomes.put_on_record(world, "teacher08", "teacher04")
    for number, unit in enumerate((a.COMPANY, a.COMPANY, a.COMPANY, a.SCHOOL), 1):
        login = f"joiner{number:02d}"
        builders.add_colleague(world, login, unit, "05" if unit == a.COMPANY else "22", bound=False)
        employment.request(
            organization_id=world.organizations[unit].id, note="本人为贵单位在职人员，申请绑定。", is_freelancer=False,
            actor=world.actor(login),
        )


def _approved_engineer(world: World) -> None:
    """张伟: applied, approved at every stop, certificate issued; its file follows by a job."""
    journeys.approved_portfolio(world, "applicant3", portfolio.engineer_entries(world.today), "company")
    application_id = applications.apply(
        world, "applicant3", applications.plan_named(world, plans.ENGINEER_COMMITTEE),
        applications.engineer_choice(world, "applicant3"),
    )
    applications.decide(world, application_id)
    applications.confirm_result(world, application_id)
    certificate.issue(application_id=application_id, actor=SYSTEM)


def plans_of_teachers(world: World) -> int:
    """The id of the open plan for teachers."""
    return applications.plan_named(world, plans.TEACHER_COMMITTEE)
