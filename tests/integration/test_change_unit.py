"""变更单位: what is under review stays where it was handed in, what the page says of it, and bad or repeated input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.demo import accounts as a
from app.scope import system_scope
from app.services import employment, review
from app.transaction import current_session
from models.case import Case, Task
from tests.database import Databases, build_template
from tests.factories import teacher_world as make
from tests.factories import unit_world as world
from tests.factories.templates import submitted_template

Login = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    base = submitted_template(application, store)

    def submit() -> None:
        world.disable("unit2")

    return build_template(application, store, "one_administrator", submit, base=base)


@pytest.fixture
def me(client: FlaskClient, login: Login) -> FlaskClient:
    return login(client, "applicant")


def task_of(subject: str) -> Any:
    current_session().rollback()
    table = Task.__table__
    return current_session().execute(select(table).where(
        table.c.person_id == world.person("applicant").id, table.c.subject_type == subject).order_by(table.c.id.desc())).first()


def moved() -> None:
    """李明 is with the company now."""
    who = make.actor("applicant")
    with system_scope():
        employment.request(organization_id=world.unit(a.COMPANY), note="", is_freelancer=False, actor=who)
    review.approve(task_id=task_of("employment").id, actor=world.actor("company"))


def test_the_page_says_what_stays_with_the_old_unit(me: FlaskClient) -> None:
    page = me.get("/person/unit/").text
    assert f"您现在的单位是“{a.SCHOOL}”" in page
    assert "仍由提交时的单位办理，直到有结果" in page
    assert "正在办理的 1 项不随变更转移" in page
    title = current_session().execute(select(Case.__table__.c.title).where(Case.__table__.c.subject_type == "application")).scalar_one()
    assert title in page


def test_who_has_nothing_under_review_is_told_nothing_of_it(client: FlaskClient, login: Login) -> None:
    assert "不随变更转移" not in login(client, "applicant2").get("/person/unit/").text


def test_the_old_unit_decides_what_it_has_and_the_new_one_sees_nothing_of_it(app: Flask, login: Login) -> None:
    moved()
    assert world.person("applicant").organization_id == world.unit(a.COMPANY)
    task = task_of("application")
    assert (task.state, task.organization_id) == ("open", world.unit(a.SCHOOL))
    company = login(app.test_client(), "company")
    assert company.get(f"/reviews/{task.subject_id}/").status_code == 404
    assert company.post(f"/tasks/{task.id}/approve/", data={"opinion": "同意"}).status_code == 404
    assert login(app.test_client(), "unit").get(f"/reviews/{task.subject_id}/").status_code == 200


def test_the_history_shows_both_units(me: FlaskClient) -> None:
    moved()
    page = me.get("/person/").text
    assert page.index(a.COMPANY) < page.rindex(a.SCHOOL)
    for word in ("单位变更记录", "单位变更", "已通过", "已结束"):
        assert word in page


@pytest.mark.parametrize(("data", "says"), [
    ({"organization_id": "999999"}, "从列表中选择单位"), ({"organization_id": ""}, "请选择单位"), ({}, "请选择单位"),
    ({"organization_id": "x"}, "请选择单位"), ({"organization_id": "-1"}, "请选择单位"),
    ({"organization_id": str(2**63)}, "选择单位"), ({"organization_id": "own"}, "请选择要变更到的新单位"),
    ({"organization_id": "company", "is_freelancer": "y"}, "不是人社部门或人才服务中心"),
])
def test_a_unit_that_does_not_fit_has_its_sentence(me: FlaskClient, data: dict[str, str], says: str) -> None:
    names = {"own": a.SCHOOL, "company": a.COMPANY}
    sent = {key: str(world.unit(names[value])) if value in names else value for key, value in data.items()}
    answer = me.post("/person/unit/", data={**sent, "note": "调动"})
    assert answer.status_code == 422
    assert says in answer.text
    assert "调动" in answer.text
    assert [state for _, state in world.employments(world.person("applicant").id) if state == "pending"] == []


def test_the_same_form_sent_twice_asks_once(me: FlaskClient) -> None:
    data = {"organization_id": str(world.unit(a.COMPANY)), "note": "调动"}
    assert me.post("/person/unit/", data=data).location == "/person/"
    again = me.post("/person/unit/", data=data)
    assert again.status_code == 409 or again.status_code == 422
    assert "已有一个待审核的单位申请" in again.text
    assert [state for _, state in world.employments(world.person("applicant").id)].count("pending") == 1


def test_a_decision_sent_again_changes_nothing(me: FlaskClient, app: Flask, login: Login) -> None:
    data = {"organization_id": str(world.unit(a.COMPANY)), "note": "调动"}
    me.post("/person/unit/", data=data)
    company, task = login(app.test_client(), "company"), task_of("employment")
    assert company.post(f"/tasks/{task.id}/approve/", data={"opinion": "同意"}).status_code in (302, 303)
    before = world.employments(world.person("applicant").id)
    for action in ("approve", "return"):
        company.post(f"/tasks/{task.id}/{action}/", data={"opinion": "再来一次"})
    assert world.employments(world.person("applicant").id) == before
    gone = me.post(f"/person/unit/{task.subject_id}/withdraw/", follow_redirects=True)
    assert "不能撤回" in gone.text
    assert world.employments(world.person("applicant").id) == before
