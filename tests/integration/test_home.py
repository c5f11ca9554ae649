"""首页 of persons, units and authorities: what waits, how it stands, which plans are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.demo import accounts as a
from app.services import review
from app.transaction import current_session
from models.case import Task
from tests.database import Databases
from tests.factories import application as rows
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.templates import submitted_template
from tests.factories.unit_world import asked, count_statements, open_tasks, person, registered, unit

Login = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return submitted_template(application, store)


@pytest.fixture
def home(app: Flask, login: Login) -> Callable[[str], str]:
    def page(username: str) -> str:
        answer = login(app.test_client(), username).get("/home/")
        assert answer.status_code == 200
        return answer.text

    return page


def test_a_person_sees_applications_achievements_and_open_plans(home: Callable[[str], str]) -> None:
    page = home("applicant")
    for words in ("欢迎您，李明", "合肥市第八中学", "我的申报情况", "审核中", "中小学教师", "业绩统计", "最新计划信息", "安徽省中小学教师系列高级职称评审委员会"):
        assert words in page
    assert person("applicant").id_number not in page


def test_a_person_sees_only_their_own(home: Callable[[str], str]) -> None:
    assert "还没有申报" in home("applicant2")
    assert "李明" not in home("applicant2")


def test_who_has_no_unit_is_told_the_next_step(app: Flask, home: Callable[[str], str]) -> None:
    registered()
    page = home("newcomer")
    assert "尚未绑定单位" in page
    assert 'href="/person/unit/"' in page
    asked(a.COMPANY)
    assert f"{a.COMPANY} 正在审核您的单位申请" in home("newcomer")
    [task] = open_tasks(unit(a.COMPANY))
    review.return_(task_id=task, actor=make.actor("company"), opinion="不是")
    assert "退回了您的单位申请" in home("newcomer")
    asked(a.COMPANY)
    [task] = open_tasks(unit(a.COMPANY))
    review.approve(task_id=task, actor=make.actor("company"))
    page = home("newcomer")
    assert a.COMPANY in page
    assert "尚未绑定单位" not in page


def test_a_unit_sees_what_waits_and_opens_it_from_there(home: Callable[[str], str]) -> None:
    page = home("unit")
    assert "共 1 条" in page
    assert "待领取 (1)" in page
    assert ">领取<" in page  # two administrators
    assert "?back=/home/" in page
    assert "没有待审核的任务" in home("company")


def test_a_unit_opens_and_commissions_a_plan_from_there_a_person_only_opens_it(home: Callable[[str], str]) -> None:
    for login, count in (("unit", 1), ("department", 1), ("applicant", 0)):
        page = home(login)
        assert "/plans/" in page
        assert (">委托<" in page) == bool(count)


def test_an_authority_sees_its_own_figures(app: Flask, home: Callable[[str], str]) -> None:
    assert "没有待审核的任务" in home("department")
    [task] = open_tasks(unit(a.SCHOOL), "application")
    review.claim(task_id=task, actor=make.actor("unit"))
    subject = current_session().execute(select(Task.__table__.c.subject_id).where(Task.__table__.c.id == task)).scalar_one()
    recommend_application(subject, make.actor("unit"))
    review.approve(task_id=task, actor=make.actor("unit"))
    page = home("department")
    assert "李明" in page
    assert ">审核<" in page
    assert "已处理" in page


def test_staff_get_their_menus(home: Callable[[str], str]) -> None:
    for login in ("admin", "ops"):
        assert "最新计划信息" not in home(login)


@pytest.mark.parametrize("login_name", ["applicant", "unit", "department", "convener", "admin"])
def test_a_home_page_costs_at_most_fifteen_statements(
    app: Flask, client: FlaskClient, login: Login, login_name: str
) -> None:
    browser = login(client, login_name)
    browser.get("/home/")
    before = count_statements(lambda: browser.get("/home/"))
    assert before <= 15
    if login_name == "applicant":
        who: Any = make.actor("applicant")
        for _ in range(20):
            rows.achievement(who.person_id, unit(a.SCHOOL), state="reviewing")
        assert count_statements(lambda: browser.get("/home/")) == before
