"""The staff's first page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

import models as m
from app.extensions import db
from app.queries import operations
from app.rules import deadlines
from models.base import utcnow
from tests.factories import application as make
from tests.factories import organization as places
from tests.factories import person as people
from tests.factories.rows import save
from tests.integration.staff_screens import queries, row_of
from views.staff.home import DESCRIPTIONS


def test_every_menu_entry_says_what_it_is_for(app: Flask) -> None:
    names = {child.name for item in app.appbuilder.menu.menu for child in item.childs if child.name != "-"}
    assert names - DESCRIPTIONS.keys() == set(), "add a line to views/staff/home.py"
    assert DESCRIPTIONS.keys() - names == set()


def test_figures_count_what_is_there(admin: FlaskClient) -> None:
    convener = people.unit("convener1", kind="convener")
    today = deadlines.today()
    make.plan(convener.id)
    make.plan(convener.id, state="draft")
    over = make.plan(convener.id)
    with db.engine.begin() as connection:
        plan, account = m.ReviewPlan.__table__, m.Account.__table__
        connection.execute(plan.update().values(opens_on=today, closes_on=today))
        connection.execute(plan.update().where(plan.c.id == over).values(
            opens_on=today - dt.timedelta(days=9), closes_on=today - dt.timedelta(days=8)))
        connection.execute(account.update().where(account.c.username == "convener1").values(
            locked_until=utcnow() + dt.timedelta(minutes=5)))
    save(m.Job(kind="k", key="k", state="failed", attempts=5, finished_at=utcnow()))
    page = admin.get("/home/").text
    found = dict(re.findall(r'<span class="hint">([^<]+)</span><span class="figure[^"]*"><b class="num">([^<]+)</b>', page))
    assert found == {"启用的单位": "1", "已发布的计划": "2", "今日可申报的计划": "1", "草稿中的计划": "1", "锁定的账号": "1",
                     "失败的后台任务": "1"}
    assert admin.get("/").text.count("启用的单位") == page.count("启用的单位") > 0


def test_open_tasks_are_counted_by_node(admin: FlaskClient) -> None:
    assert "所有申请都已办理完毕" in admin.get("/home/").text
    unit = people.unit("unit1")
    person_id = people.person("person1", organization_id=unit.id)
    user_id = row_of(m.Person, person_id).user_id
    make.case("achievement", make.achievement(person_id, unit.id), person_id=person_id, employer_id=unit.id,
              started_by=user_id, organizations=(unit.id,))
    page = admin.get("/home/").text
    assert "共 1 条" in page
    assert re.search(r"单位审核</span><progress value=\"1\"", page)


def test_a_role_sees_what_it_may_open_only(as_role: Callable[[str], FlaskClient]) -> None:
    page = as_role("Ops").get("/home/").text
    assert "失败的后台任务" in page
    assert "锁定的账号" not in page
    assert "/accountview/list/" not in page
    assert "/settingview/list/" not in page
    bare = as_role("Issuer").get("/home/").text  # no organization, no screens of its own
    assert "还没有可以使用的功能" in bare
    assert "启用的单位" not in bare
    assert "待办理的审核任务" not in bare


def test_the_first_page_costs_the_same_whatever_there_is(admin: FlaskClient) -> None:
    admin.get("/home/")
    few = queries(admin, "/home/")
    for _ in range(20):
        places.organization()
    assert queries(admin, "/home/") == few <= 10


def test_counting_ends_at_a_bound(admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "COUNT_UP_TO", 2)
    for _ in range(4):
        places.organization()
    assert "2+" in admin.get("/home/").text
