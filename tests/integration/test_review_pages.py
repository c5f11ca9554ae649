"""申报情况, the reviewing page and 任务中心: who may do what in which state, what is kept, where it leads."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.scope import scope_of, scoped
from app.services import review
from app.transaction import current_session
from models.application import Application
from models.case import Case, Task
from tests.database import Databases, build_template
from tests.factories import application as rows
from tests.factories import person as people
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.rows import save
from tests.factories.templates import submitted_template
from tests.factories.unit_world import count_statements, disable, unit

Login = Callable[[FlaskClient, str], FlaskClient]
DECISIONS = ("approve", "return", "terminate")


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    base = submitted_template(application, store, "applicant2")

    def submit() -> None:
        disable("unit2")  # one administrator: tasks are theirs at once
        for application_id in current_session().execute(select(Application.__table__.c.id)).scalars().all():
            recommend_application(application_id, make.actor("unit"))

    return build_template(application, store, "submitted", submit, base=base)


class Desk:
    """Browsers of the audiences, and what the database says."""

    def __init__(self, app: Flask, login: Login) -> None:
        self._app, self._login = app, login

    def of(self, username: str) -> FlaskClient:
        return self._login(self._app.test_client(), username)

    def task(self, login: str = "applicant") -> Any:
        """The newest task of a person's application."""
        current_session().rollback()
        task, who = Task.__table__, make.actor(login)
        return current_session().execute(select(task).where(
            task.c.person_id == who.person_id, task.c.subject_type == "application").order_by(task.c.id.desc())).first()

    def case_state(self) -> str:
        current_session().rollback()
        case = Case.__table__
        return str(current_session().execute(select(case.c.state).where(
            case.c.id == self.task().case_id)).scalar_one())


@pytest.fixture
def desk(app: Flask, login: Login) -> Desk:
    return Desk(app, login)


def act(client: FlaskClient, task_id: int, action: str, **data: Any) -> Any:
    return client.post(f"/tasks/{task_id}/{action}/", data=data)


def flashes(page: str) -> str:
    return unescape(" ".join(re.findall(r'class="flash [^>]*>.*?<p>(.*?)</p>', page, re.DOTALL)))


# Who, in which state

@pytest.mark.parametrize("action", [*DECISIONS, "claim", "release", "withdraw"])
def test_another_unit_finds_no_such_task(desk: Desk, action: str) -> None:
    task = desk.task()
    for login in ("company", "hr", "convener", "issuer", "agency"):
        assert act(desk.of(login), task.id, action, opinion="理由", sure="y").status_code == 404
    assert desk.task() == task


@pytest.mark.parametrize("action", [*DECISIONS, "claim", "release", "withdraw"])
def test_persons_and_staff_decide_nothing(desk: Desk, action: str) -> None:
    task = desk.task()
    for login in ("applicant", "applicant2", "ops", "admin"):
        assert act(desk.of(login), task.id, action, opinion="理由", sure="y").status_code == 403
    assert act(desk._app.test_client(), task.id, action).status_code == 302  # to the login
    assert desk.task() == task


def test_persons_and_staff_see_no_reviewing_page(desk: Desk) -> None:
    number = desk.task().subject_id
    for login in ("applicant", "admin", "ops"):
        for path in ("/tasks/", "/reviews/", f"/reviews/{number}/"):
            assert desk.of(login).get(path).status_code == 403, (login, path)
    assert desk.of("company").get(f"/reviews/{number}/").status_code == 404
    assert desk.of("department").get(f"/reviews/{number}/").status_code == 404  # not yet theirs
    assert desk.of("unit").get(f"/reviews/{number}/").status_code == 200


def test_the_case_goes_along_its_route(desk: Desk) -> None:
    for login, says in (("unit", "合肥市教育局"), ("department", "合肥市人力资源和社会保障局"), ("hr", "安徽省教育厅")):
        client = desk.of(login)
        answer = act(client, desk.task().id, "approve", opinion="同意")
        assert answer.location == "/tasks/"
        assert f"已提交至{says}审核" in flashes(client.get("/tasks/").text)
    convener = desk.of("convener")
    act(convener, desk.task().id, "approve")
    assert "流程结束" in flashes(convener.get("/tasks/").text)
    assert desk.case_state() == "approved"


@pytest.mark.parametrize("action", DECISIONS)
def test_a_decided_task_answers_with_a_sentence(desk: Desk, action: str) -> None:
    client, task = desk.of("unit"), desk.task()
    act(client, task.id, "approve")
    client.get("/tasks/")
    answer = act(client, task.id, action, opinion="再说一次", sure="y")
    assert answer.status_code == 302
    assert "已办理，结果为“通过”" in flashes(client.get(answer.location).text)


@pytest.mark.parametrize("action", ["return", "terminate"])
def test_a_refusal_without_reasons_comes_back_open_with_the_sentence(desk: Desk, action: str) -> None:
    client, task = desk.of("unit"), desk.task()
    answer = act(client, task.id, action, opinion="  ", sure="y", back="/reviews/?tab=todo")
    assert answer.location == f"/reviews/{task.subject_id}/?back=/reviews/?tab%3Dtodo"
    page = client.get(answer.location).text
    assert "请一次性写明" in flashes(page)
    assert page.count("<details class=\"confirm\" data-confirm open>") == 1
    assert 'href="/reviews/?tab=todo"' in page
    assert desk.case_state() == "open"


@pytest.mark.parametrize(("action", "data", "says"), [
    ("terminate", {}, "勾选“我已核实"), ("approve", {"version": "99"}, "刚刚有变化"), ("return", {"version": "99"}, "刚刚有变化"),
])
def test_a_refused_decision_keeps_what_was_typed_once(
    desk: Desk, action: str, data: dict[str, str], says: str
) -> None:
    client, task = desk.of("unit"), desk.task()
    typed = "第一行：材料 <不> 清晰\n第二行"
    answer = act(client, task.id, action, opinion=typed, **data)
    page = client.get(answer.location).text
    assert says in flashes(page)
    assert typed in unescape(page)
    assert "<不>" not in page
    assert typed not in unescape(client.get(answer.location).text)  # shown once, like the message


@pytest.mark.parametrize(("action", "most"), [("approve", 500), ("return", 2000), ("terminate", 2000)])
def test_a_text_that_is_too_long_is_not_lost(desk: Desk, action: str, most: int) -> None:
    """What is printed on the form has less room there."""
    client, task = desk.of("unit"), desk.task()
    typed = "字" * (most + 1)
    answer = act(client, task.id, action, opinion=typed, sure="y")
    page = client.get(answer.location).text
    assert f"最多 {most} 字" in flashes(page)
    assert typed in page


def test_what_was_typed_for_one_task_is_not_offered_for_another(desk: Desk) -> None:
    client, task, other = desk.of("unit"), desk.task(), desk.task("applicant2")
    act(client, task.id, "terminate", opinion="只对这一件")
    assert "只对这一件" not in client.get(f"/reviews/{other.subject_id}/").text
    assert "只对这一件" in client.get(f"/reviews/{task.subject_id}/").text


@pytest.mark.parametrize(("action", "state"), [("return", "returned"), ("terminate", "terminated")])
def test_a_refusal_with_reasons_ends_the_case(desk: Desk, action: str, state: str) -> None:
    client = desk.of("unit")
    answer = act(client, desk.task().id, action, opinion="请补充", sure="y", back="/reviews/?tab=todo&q=lm")
    assert answer.location == "/reviews/?tab=todo&q=lm"
    assert desk.case_state() == state
    assert desk.task().opinion == "请补充"


# Leading on

def test_approve_and_next_opens_the_next_one_and_keeps_the_way_back(desk: Desk) -> None:
    client, first, second = desk.of("unit"), desk.task("applicant2"), desk.task()
    back = "/reviews/?tab=todo"
    page = client.get(f"/reviews/{first.subject_id}/", query_string={"back": back}).text
    assert "通过并看下一件" in page
    for key in "arn":
        assert f'data-key="{key}"' in page
    answer = act(client, first.id, "approve", next="y", back=back)
    shown = client.get(answer.location)
    assert shown.location == f"/reviews/{second.subject_id}/?back=/reviews/?tab%3Dtodo"
    page = client.get(shown.location).text
    assert "通过并看下一件" not in page  # nothing waits after this one
    assert act(client, second.id, "approve", next="y", back=back).location == back
    assert "没有更多待审核的记录了" in flashes(client.get(back).text)


def test_a_claim_keeps_the_way_back(desk: Desk) -> None:
    client, task = desk.of("unit"), desk.task()
    assert act(client, task.id, "claim", back="/tasks/?tab=unclaimed").location.endswith(
        "?back=/tasks/?tab%3Dunclaimed")
    assert "放回" in client.get(f"/reviews/{task.subject_id}/").text
    act(client, task.id, "release")
    assert desk.task().claimed_by is None


def test_links_of_the_lists_carry_the_list(desk: Desk) -> None:
    client, task = desk.of("unit"), desk.task()
    for path in ("/reviews/?tab=todo&q=lm", "/tasks/?tab=todo&procedure=application"):
        links = re.findall(rf'href="(/reviews/{task.subject_id}/\?back=[^"]+)"', client.get(path).text)
        assert links, path
        assert path.replace("=", "%3D").replace("&", "%26").removeprefix("/") in links[0]


# 撤回

def test_an_own_approval_can_be_taken_back_on_the_page_of_the_case(desk: Desk) -> None:
    client, task = desk.of("unit"), desk.task()
    act(client, task.id, "approve")
    path = f"/reviews/{task.subject_id}/"
    page = client.get(path).text
    assert f"/tasks/{task.id}/withdraw/" in page
    assert "主管部门审核" in page  # where it is now
    assert 'data-key="a"' not in page
    answer = act(client, task.id, "withdraw")
    assert "已撤回，可以重新审核" in flashes(client.get(answer.location).text)
    assert 'data-key="a"' in client.get(path).text
    assert desk.of("department").get(path).status_code == 404


def test_no_way_back_is_offered_when_the_next_one_has_begun(desk: Desk) -> None:
    client, task = desk.of("unit"), desk.task()
    act(client, task.id, "approve")
    act(desk.of("department"), desk.task().id, "claim")
    path = f"/reviews/{task.subject_id}/"
    assert f"/tasks/{task.id}/withdraw/" not in client.get(path).text
    answer = act(client, task.id, "withdraw")
    assert "不能撤回" in flashes(client.get(answer.location).text)
    assert "已办理" in client.get(path).text


def test_who_sent_it_back_sees_what_they_read_not_what_came_since(desk: Desk) -> None:
    unit_, department, task = desk.of("unit"), desk.of("department"), desk.task()
    act(unit_, task.id, "approve")
    act(department, desk.task().id, "return", opinion="请补充")
    who = make.actor("applicant")
    from app.services import application_form, submission

    with scoped(scope_of(who)):
        current_session().rollback()
        application_form.save_basic(
            application_id=task.subject_id, raw=make.BASIC | {"birth_place": "安徽省黄山市"}, actor=who, partial=False,
        )
        assert submission.check(application_id=task.subject_id, actor=who).is_clean
        submission.submit(application_id=task.subject_id, actor=who)
    path = f"/reviews/{task.subject_id}/"
    old, new = department.get(path).text, unit_.get(path).text
    assert ("安徽省合肥市" in old, "安徽省黄山市" in old) == (True, False)
    assert "安徽省黄山市" in new
    assert "第 2 次提交" in new
    assert "与第 1 次提交的差异" in new
    assert "第 1 次提交" in old


# The pages

def test_files_open_beside_the_material(desk: Desk) -> None:
    client, task = desk.of("unit"), desk.task()
    page = client.get(f"/reviews/{task.subject_id}/").text
    assert '<iframe class="viewer" name="evidence"' in page
    links = re.findall(r'href="(/files/[^"]+)" target="evidence"', page)
    assert len(links) > 3
    answer = client.get(unescape(links[0]))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert desk.of("company").get(unescape(links[0])).status_code == 404


def test_the_applicants_own_page_opens_files_in_a_tab(desk: Desk) -> None:
    page = desk.of("applicant").get(f"/applications/{desk.task().subject_id}").text
    assert 'target="_blank"' in page
    assert 'target="evidence"' not in page


def test_the_flow_names_every_station(desk: Desk) -> None:
    client, task = desk.of("unit"), desk.task()
    act(client, task.id, "approve", opinion="材料齐全")
    page = client.get(f"/reviews/{task.subject_id}/?tab=flow").text
    assert "单位审核：通过" in page
    assert "材料齐全" in page
    assert "主管部门审核：审核中" in page


def test_tabs_count_and_searches_find(desk: Desk) -> None:
    client = desk.of("unit")
    page = client.get("/reviews/").text
    assert "待审核 <span class=\"count\">(2)" in page
    assert "李明" in client.get("/reviews/?q=李明").text
    found = client.get("/reviews/?q=wf").text
    assert "王芳" in found
    assert "<b>李明</b>" not in found
    assert "没有符合条件的申报" in client.get("/reviews/?q=无此人").text
    assert "没有符合条件的申报" in client.get("/reviews/?tab=returned").text
    assert client.get("/reviews/?tab=none&before=x&after=-1").status_code == 200
    act(client, desk.task().id, "approve")
    page = client.get("/reviews/?tab=decided").text
    assert "<b>李明</b>" in page
    assert "主管部门审核" in page  # 流程节点: where the case is now
    assert "查看<span" in page


def test_a_batch_in_the_task_centre_reports_each(desk: Desk) -> None:
    client, first, second = desk.of("unit"), desk.task(), desk.task("applicant2")
    act(client, first.id, "approve")
    answer = client.post("/tasks/batch/", data={"rowid": [first.id, second.id], "action": "approve", "back": "/reviews/"})
    assert "成功 1 条，未办理 1 条" in answer.text
    assert "已办理，结果为" in answer.text
    assert 'href="/reviews/"' in answer.text
    for data, says in (({"action": "approve"}, "先勾选"), ({"rowid": [1], "action": "return"}, "退回意见"),
                       ({"rowid": [1], "action": "terminate"}, "不支持")):
        answer = client.post("/tasks/batch/", data=data | {"back": "/reviews/"})
        assert says in flashes(client.get(answer.location).text)


def test_two_deciders_the_second_is_told_who_was_first(desk: Desk) -> None:
    client, task = desk.of("unit"), desk.task()
    page = client.get(f"/reviews/{task.subject_id}/").text
    assert f'name="version" value="{task.version}"' in page
    review.claim(task_id=task.id, actor=make.actor("unit"))  # in another window
    answer = act(client, task.id, "approve", version=task.version, opinion="同意")
    assert "刚刚有变化" in flashes(client.get(answer.location).text)


def test_an_account_without_an_organization_is_told(desk: Desk) -> None:
    people.account("lonely", role="Employer")
    for path in ("/tasks/", "/reviews/", "/unit/people/"):
        answer = desk.of("lonely").get(path)
        assert answer.status_code == 403
        assert "不属于任何单位" in answer.text


def test_pages_cost_the_same_with_many_rows(desk: Desk) -> None:
    client, school = desk.of("unit"), unit("合肥市第八中学")
    task = desk.task()
    paths = ("/tasks/", "/tasks/?tab=decided", "/reviews/", "/reviews/?tab=all", "/home/", f"/reviews/{task.subject_id}/")
    for path in paths:
        client.get(path)
    few = {path: count_statements(lambda path=path: client.get(path)) for path in paths}
    started_by = make.actor("applicant").user_id
    like = dict(current_session().execute(
        select(Application.__table__).where(Application.__table__.c.id == task.subject_id)).mappings().one())
    del like["id"]
    current_session().rollback()
    for number in range(25):
        person_id = people.person(f"many{number}", organization_id=school, name=f"多人{number}")
        subject = save(Application(**like | {"person_id": person_id}))
        rows.case("application", subject, person_id=person_id, employer_id=school, started_by=started_by,
                  organizations=(school,))
    for path in paths:
        many = count_statements(lambda path=path: client.get(path))
        assert many <= few[path] + 1, path  # one more where a first "next page" appears
        assert many <= 15, (path, many)
    assert "下一页" in client.get("/reviews/").text
    assert "<b>李明</b>" in client.get("/reviews/?before=" + re.findall(r"before=(\d+)", client.get("/reviews/").text)[0]).text


def test_shared_units_claim_before_they_decide(desk: Desk) -> None:
    from sqlalchemy import update

    from app.extensions import db
    from models.account import Account

    table = Account.__table__
    with db.engine.begin() as connection:
        connection.execute(update(table).where(table.c.username == "unit2").values(active=True))
    client, colleague, task = desk.of("unit"), desk.of("unit2"), desk.task()
    page = client.get("/reviews/").text  # 待领取 comes first when nothing else waits
    assert f"/tasks/{task.id}/claim/" in page
    path = f"/reviews/{task.subject_id}/"
    assert 'data-key="a"' not in client.get(path).text
    answer = act(client, task.id, "approve")
    assert "请先领取" in flashes(client.get(answer.location).text)
    act(client, task.id, "claim")
    assert 'data-key="a"' in client.get(path).text
    assert "已由本单位其他管理员领取" in colleague.get(path).text
    answer = act(colleague, task.id, "approve", opinion="同意")
    assert "领取" in flashes(colleague.get(answer.location).text)
    assert desk.task().state == "open"
