"""申报名册: what reached the convener and nothing else, filtered alike on the page and in the file, and on record."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

import models as m
from app.extensions import db
from app.queries.plan_roster import RosterFilters, roster_figures, roster_page
from app.scope import Scope, scope_of, system_scope
from app.transaction import current_session
from tests.conftest import Login
from tests.database import Databases
from tests.factories import person as people
from tests.factories import teacher_world as make
from tests.factories.journey import approve_up_to
from tests.factories.templates import submitted_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    """李明's application, submitted to the unit and no further."""
    return submitted_template(application, store)


@pytest.fixture
def plan(app: Flask) -> int:
    with system_scope():
        return make.teacher_plan()


@pytest.fixture
def convener(app: Flask, login: Login) -> FlaskClient:
    return login(app.test_client(), "convener")


def scope_of_convener() -> Scope:
    with system_scope():
        return scope_of(make.actor("convener"))


def test_nobody_is_named_before_the_case_arrives_but_everybody_is_counted(plan: int, convener: FlaskClient) -> None:
    page = convener.get(f"/plans/desk/{plan}/roster").text
    assert "李明" not in page
    assert "没有符合条件的申报" in page
    with system_scope():
        assert roster_figures(current_session(), plan).by_title == (("高级教师", 1),)
    home = convener.get(f"/reviewplanview/show/{plan}").text
    assert f"/plans/desk/{plan}/roster?state=reviewing" in home


def test_the_roster_shows_what_arrived_and_filters_it(plan: int, convener: FlaskClient) -> None:
    approve_up_to("convener")
    page = convener.get(f"/plans/desk/{plan}/roster").text
    for words in ("李明", "合肥市第八中学", "高中数学", "高级教师", "组建单位审核", "共 1 条"):
        assert words in page
    scope = scope_of_convener()
    with system_scope():
        row = roster_page(current_session(), plan, RosterFilters(), scope).rows[0]
        title = current_session().execute(select(m.Application.__table__.c.title_id)).scalar_one()
        found = {
            RosterFilters(text="李"): 1, RosterFilters(text="第八中学"): 1, RosterFilters(text="%"): 0,
            RosterFilters(state="reviewing"): 1, RosterFilters(state="approved"): 0, RosterFilters(route="transfer"): 0,
            RosterFilters(title_id=title): 1, RosterFilters(title_id=title + 1): 0,
        }
        for filters, n in found.items():
            assert roster_page(current_session(), plan, filters, scope).count == n, filters
        assert roster_page(current_session(), plan, RosterFilters(), scope, before=row.id).rows == ()


def test_the_file_obeys_the_filter_masks_numbers_and_is_on_record(plan: int, convener: FlaskClient) -> None:
    approve_up_to("convener")
    answer = convener.post(f"/plans/desk/{plan}/roster/export", data={"q": "李明"})
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    heads = next(line for line in lines if line[0] == "序号")
    row = dict(zip(heads, lines[lines.index(heads) + 1], strict=True))
    assert (row["申报人"], row["申报职称"], row["流程节点"], row["状态"]) == ("李明", "高级教师", "组建单位审核", "审核中")
    assert "*" in row["证件号码"]
    db.session.rollback()
    event = m.AuditEvent.__table__
    data: Any = db.session.execute(select(event.c.data).where(event.c.event == "plan:roster_exported")).scalar_one()
    assert (data["params"]["filters"], data["rows"]) == ({"text": "李明"}, 1)
    empty = convener.post(f"/plans/desk/{plan}/roster/export", data={"q": "没有此人"})
    assert "李明" not in str([[c.value for c in line] for line in load_workbook(io.BytesIO(empty.data)).worksheets[0].iter_rows()])


@pytest.mark.parametrize("login_name", ["unit", "department", "hr", "applicant", "ops", "issuer"])
def test_the_roster_is_the_conveners_and_the_administrators(plan: int, app: Flask, login: Login, login_name: str) -> None:
    client = login(app.test_client(), login_name)
    assert client.get(f"/plans/desk/{plan}/roster").status_code == 403
    assert client.post(f"/plans/desk/{plan}/roster/export").status_code == 403
    assert login(app.test_client(), "admin").get(f"/plans/desk/{plan}/roster").status_code == 200


def test_another_convener_finds_no_such_plan(plan: int, app: Flask, login: Login) -> None:
    other = people.unit("convener_b", kind="convener").username
    client = login(app.test_client(), other)
    assert client.get(f"/plans/desk/{plan}/roster").status_code == 404
    assert client.post(f"/plans/desk/{plan}/roster/export").status_code == 404
