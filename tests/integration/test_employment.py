"""选择单位 and 变更单位 by the person, 人员注册审核 by the unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.demo import accounts as a
from app.errors import DomainError, Invalid, NotAllowed, NotFound, WrongState
from app.scope import system_scope
from app.services import employment, registration, review
from app.transaction import current_session
from models.case import Case
from models.person import Employment
from tests.database import Databases, build_template
from tests.factories import person as people
from tests.factories import unit_world as world
from tests.factories.race import race

Login = Callable[[FlaskClient, str], FlaskClient]


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return build_template(application, store, "units", world.build, base="empty")


@pytest.fixture
def newcomer(app: Flask) -> Any:
    return world.registered()


def ask(who: Any, unit: str, *, is_freelancer: bool = False, note: str = "") -> int:
    with system_scope():
        return employment.request(organization_id=world.unit(unit), note=note, is_freelancer=is_freelancer, actor=who)


# The request

def test_before_the_registration_no_unit_is_asked(app: Flask) -> None:
    with pytest.raises(WrongState, match="先完成个人注册"):
        ask(world.actor("newcomer"), a.SCHOOL)


def test_the_first_request_is_a_registration_the_next_a_change(newcomer: Any) -> None:
    ask(newcomer, a.COMPANY)
    [task] = world.open_tasks(world.unit(a.COMPANY))
    review.approve(task_id=task, actor=world.actor("company"))
    ask(newcomer, a.SCHOOL)
    assert world.employments(newcomer.person_id) == [("registration", "approved"), ("unit_change", "pending")]
    titles = current_session().execute(select(Case.__table__.c.title).order_by(Case.__table__.c.id)).scalars().all()
    assert titles == ["陈静-人员注册", "陈静-单位变更"]


@pytest.mark.parametrize("unit", [a.AGENCY, a.HR_BUREAU])
def test_a_freelancer_belongs_to_the_hr_department_or_the_agency(newcomer: Any, unit: str) -> None:
    assert ask(newcomer, unit, is_freelancer=True)


@pytest.mark.parametrize(("unit", "is_freelancer", "says"), [
    (a.SCHOOL, True, "自由职业者请选择"), (a.HR_BUREAU, False, "请选择用人单位"), (a.CONVENER, True, "自由职业者请选择"),
    (a.CONVENER, False, "请选择用人单位"),
])
def test_other_combinations_are_refused(newcomer: Any, unit: str, is_freelancer: bool, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        ask(newcomer, unit, is_freelancer=is_freelancer)
    assert "organization_id" in refused.value.fields


def test_nothing_chosen_and_a_unit_that_is_closed_are_refused(newcomer: Any) -> None:
    from sqlalchemy import update

    from app.extensions import db
    from models.organization import Organization

    with system_scope(), pytest.raises(Invalid, match="请选择单位"):
        employment.request(organization_id=None, note="", is_freelancer=False, actor=newcomer)
    table = Organization.__table__
    with db.engine.begin() as connection:
        connection.execute(update(table).where(table.c.name == a.SCHOOL).values(enabled=False))
    with pytest.raises(Invalid, match="请选择单位"):
        ask(newcomer, a.SCHOOL)


def test_the_own_unit_needs_no_change(app: Flask) -> None:
    with pytest.raises(Invalid, match="已在该单位"):
        ask(world.actor("applicant"), a.SCHOOL)


def test_one_request_at_a_time(newcomer: Any) -> None:
    ask(newcomer, a.COMPANY)
    with pytest.raises(WrongState, match="待审核的单位申请"):
        ask(newcomer, a.SCHOOL)


def test_two_requests_at_the_same_moment_leave_one(app: Flask, newcomer: Any) -> None:
    results = race(app, lambda: ask(newcomer, a.COMPANY), lambda: ask(newcomer, a.SCHOOL))
    refused = [result for result in results if isinstance(result, DomainError)]
    assert len(refused) == 1
    assert "待审核的单位申请" in refused[0].message
    assert world.employments(newcomer.person_id) == [("registration", "pending")]


def test_a_long_note_is_refused_and_kept(newcomer: Any, client: FlaskClient, login: Login) -> None:
    note = "字" * 501
    with pytest.raises(Invalid, match="过长"):
        ask(newcomer, a.SCHOOL, note=note)
    me = login(client, "newcomer")
    answer = me.post("/person/unit/", data={"organization_id": world.unit(a.SCHOOL), "note": note})
    assert answer.status_code == 422
    assert note in answer.text


# 撤回

def test_the_person_takes_a_request_back_until_the_unit_has_begun(newcomer: Any) -> None:
    first = ask(newcomer, a.COMPANY)
    with system_scope():
        employment.withdraw(employment_id=first, actor=newcomer)
    assert world.employments(newcomer.person_id) == [("registration", "withdrawn")]
    assert world.open_tasks(world.unit(a.COMPANY)) == []
    second = ask(newcomer, a.SCHOOL)
    [task] = world.open_tasks(world.unit(a.SCHOOL))
    review.claim(task_id=task, actor=world.actor("unit"))
    with system_scope(), pytest.raises(WrongState, match="已开始办理"):
        employment.withdraw(employment_id=second, actor=newcomer)
    review.approve(task_id=task, actor=world.actor("unit"))
    with system_scope(), pytest.raises(WrongState, match="已审核完成"):
        employment.withdraw(employment_id=second, actor=newcomer)


def test_nobody_else_takes_it_back(newcomer: Any, client: FlaskClient, login: Login) -> None:
    number = ask(newcomer, a.COMPANY)
    assert login(client, "applicant").post(f"/person/unit/{number}/withdraw/").status_code == 404
    assert client.post("/person/unit/999999/withdraw/").status_code == 404
    assert login(client, "company").post(f"/person/unit/{number}/withdraw/").status_code in (302, 403)
    assert world.employments(newcomer.person_id) == [("registration", "pending")]


# 人员注册审核

def test_an_approval_binds_and_ends_the_earlier_binding(app: Flask) -> None:
    who = world.actor("applicant")
    ask(who, a.COMPANY)
    assert world.person("applicant").organization_id == world.unit(a.SCHOOL)  # nothing changes before
    [task] = world.open_tasks(world.unit(a.COMPANY))
    assert review.approve(task_id=task, actor=world.actor("company")).event == "approved"
    assert world.employments(who.person_id) == [("registration", "ended"), ("unit_change", "approved")]
    assert world.person("applicant").organization_id == world.unit(a.COMPANY)


def test_a_return_leaves_everything_and_tells_the_reason(client: FlaskClient, login: Login) -> None:
    who = world.actor("applicant")
    ask(who, a.COMPANY)
    [task] = world.open_tasks(world.unit(a.COMPANY))
    review.return_(task_id=task, actor=world.actor("company"), opinion="不是本单位人员")
    assert world.employments(who.person_id) == [("registration", "approved"), ("unit_change", "returned")]
    assert world.person("applicant").organization_id == world.unit(a.SCHOOL)
    me = login(client, "applicant")
    assert "不是本单位人员" in me.get("/person/").text
    assert "退回了您的单位申请" in me.get("/home/").text
    assert ask(who, a.COMPANY)  # and may ask again


def test_a_binding_is_not_taken_back_by_the_unit(newcomer: Any) -> None:
    ask(newcomer, a.COMPANY)
    [task] = world.open_tasks(world.unit(a.COMPANY))
    review.approve(task_id=task, actor=world.actor("company"))
    with pytest.raises(NotAllowed, match="已生效"):
        review.withdraw(task_id=task, actor=world.actor("company"))
    assert world.employments(newcomer.person_id) == [("registration", "approved")]


def test_nobody_confirms_himself(newcomer: Any) -> None:
    ask(newcomer, a.COMPANY)
    [task] = world.open_tasks(world.unit(a.COMPANY))
    both = replace(newcomer, organization_id=world.unit(a.COMPANY))
    for action in (review.approve, review.claim):
        with pytest.raises(NotAllowed, match="自己"):
            action(task_id=task, actor=both)


def test_with_two_administrators_the_second_is_told(newcomer: Any) -> None:
    ask(newcomer, a.SCHOOL)
    [task] = world.open_tasks(world.unit(a.SCHOOL))
    first, second = world.actor("unit"), world.actor("unit2")
    with pytest.raises(WrongState, match="先领取"):
        review.approve(task_id=task, actor=first)
    review.claim(task_id=task, actor=first)
    with pytest.raises(DomainError, match="领取"):
        review.approve(task_id=task, actor=second)
    review.approve(task_id=task, actor=first)
    with pytest.raises(WrongState, match="已办理"):
        review.return_(task_id=task, actor=second, opinion="不是")


@pytest.mark.parametrize("login_name", ["unit", "hr", "department", "convener"])
def test_another_organization_finds_no_such_task(newcomer: Any, login_name: str) -> None:
    ask(newcomer, a.COMPANY)
    [task] = world.open_tasks(world.unit(a.COMPANY))
    with pytest.raises(NotFound):
        review.approve(task_id=task, actor=world.actor(login_name))


# The pages

@pytest.fixture
def company(newcomer: Any, client: FlaskClient, login: Login) -> FlaskClient:
    ask(newcomer, a.COMPANY, note="技术部")
    return login(client, "company")


def employment_id() -> int:
    current_session().rollback()
    return int(current_session().execute(
        select(Employment.__table__.c.id).order_by(Employment.__table__.c.id.desc())).scalars().first() or 0)


def test_the_list_shows_what_the_manual_names(company: FlaskClient) -> None:
    page = company.get("/unit/people/").text
    for words in ("姓名", "性别", "证件号码", "手机号码", "政治面貌", "邮箱", "注册时间", "审核状态", "陈静", "群众", "批量审核"):
        assert words in page
    assert world.person("newcomer").id_number not in page


def test_a_decision_leads_back_to_the_list_where_it_stood(company: FlaskClient) -> None:
    page = company.get("/unit/people/?tab=pending&q=cj").text
    assert "back=/unit/people/?tab%3Dpending%26q%3Dcj" in page
    number, back = employment_id(), "/unit/people/?tab=pending&q=cj"
    page = company.get(f"/unit/people/{number}/", query_string={"back": back}).text
    assert "技术部" in page
    assert 'data-key="a"' in page
    assert 'data-key="r"' in page
    [task] = world.open_tasks(world.unit(a.COMPANY))
    assert company.post(f"/tasks/{task}/approve/", data={"back": back, "opinion": "同意"}).location == back
    assert 'data-key="a"' not in company.get(f"/unit/people/{number}/").text


def test_an_address_elsewhere_is_no_way_back(company: FlaskClient) -> None:
    [task] = world.open_tasks(world.unit(a.COMPANY))
    answer = company.post(f"/tasks/{task}/approve/", data={"back": "//evil.invalid/"})
    assert answer.location == "/tasks/"
    assert "evil.invalid" not in company.get(f"/unit/people/{employment_id()}/?back=https://evil.invalid").text


def test_another_units_row_is_not_found(company: FlaskClient, app: Flask, login: Login) -> None:
    assert login(app.test_client(), "unit").get(f"/unit/people/{employment_id()}/").status_code == 404
    assert login(app.test_client(), "newcomer").get(f"/unit/people/{employment_id()}/").status_code == 403


def test_a_batch_confirms_and_reports(company: FlaskClient) -> None:
    tasks = world.open_tasks(world.unit(a.COMPANY))
    answer = company.post("/tasks/batch/", data={"rowid": [*tasks, 999999], "action": "approve", "opinion_approve": "同意"})
    assert "成功 1 条，未办理 1 条" in answer.text
    assert world.person("newcomer").organization_id == world.unit(a.COMPANY)


def test_a_freelancers_unit_can_open_and_decide(newcomer: Any, client: FlaskClient, login: Login) -> None:
    ask(newcomer, a.HR_BUREAU, is_freelancer=True)
    office = login(client, "hr")
    assert "陈静" in office.get("/unit/people/").text
    [task] = world.open_tasks(world.unit(a.HR_BUREAU))
    assert office.get(f"/tasks/{task}/", follow_redirects=True).status_code == 200
    office.post(f"/tasks/{task}/approve/")
    assert world.person("newcomer").is_freelancer


def test_the_search_offers_employers_or_what_takes_freelancers(newcomer: Any, client: FlaskClient, login: Login) -> None:
    me = login(client, "newcomer")

    def found(**query: str) -> list[str]:
        return [row["text"] for row in me.get("/person/unit/search/", query_string=query).json]

    assert a.SCHOOL in found(q="第八中学")
    assert a.SCHOOL in found(q="hfsdbzx")
    assert found(q="") == []
    assert found(q="%") == []
    assert a.HR_BUREAU not in found(q="人力资源")
    assert a.HR_BUREAU in found(q="人力资源", is_freelancer="y")
    assert a.SCHOOL not in found(q="第八中学", is_freelancer="y")
    assert 'data-remote-with="is_freelancer"' in me.get("/person/unit/").text


def test_the_list_costs_the_same_with_many_rows(company: FlaskClient, app: Flask) -> None:
    company.get("/unit/people/")
    few = world.count_statements(lambda: company.get("/unit/people/"))
    unit = world.unit(a.COMPANY)
    for number in range(30):
        person_id = people.person(f"joiner{number}", name=f"新人{number}")
        with system_scope():
            who = people.actor_of(world.person(f"joiner{number}").user_id)
            assert employment.request(organization_id=unit, note="", is_freelancer=False, actor=who), person_id
    many = world.count_statements(lambda: company.get("/unit/people/"))
    assert many == few <= 15
    assert "下一页" in company.get("/unit/people/").text
    number = employment_id()
    assert world.count_statements(lambda: company.get(f"/unit/people/{number}/")) <= 15


def test_the_registration_service_is_for_persons(app: Flask) -> None:
    with system_scope(), pytest.raises(NotFound, match="不是个人账号"):
        registration.complete(profile=world.profile("newcomer"), actor=world.actor("company"))
