"""单位管理员: adding with a one-time password, removing, handing over; never the last one, never without a successor."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.actor import Actor
from app.audit import verify
from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, WrongState
from app.extensions import db
from app.roles import ROLE_OF_KIND
from app.rules.routing import Stop
from app.scope import system_scope
from app.services import administrator, review
from app.transaction import transaction
from app.workflow import engine
from app.workflow.counters import recount
from models.account import Account
from models.audit import AuditEvent
from models.case import Task, TaskCounter
from tests.conftest import Login
from tests.factories import organization as units
from tests.factories import person as people
from tests.factories.race import race

_account, _event, _task, _counter = Account.__table__, AuditEvent.__table__, Task.__table__, TaskCounter.__table__
PATH = "/unit/administrators/"


class School:
    """A unit with two administrators, 周敏 and 吴刚, and another unit."""

    def __init__(self) -> None:
        self.unit = people.unit("zhou", name="合肥市第八中学")
        self.wu = people.account("wu", role="Employer", organization_id=self.unit.id, name="吴刚")
        self.other = people.unit("foreign")
        self.person_id = people.person("applicant", organization_id=self.unit.id)

    @property
    def zhou(self) -> int:
        return self.unit.user_id

    def tasks(self, n: int) -> list[int]:
        """Open cases of 业绩审核 at the unit; their tasks."""
        applicant = value("user", "applicant")
        with system_scope(), transaction() as session:
            for subject in range(1, n + 1):
                engine.start(
                    session, procedure="achievement", subject_type="achievement", subject_id=subject, title=f"业绩{subject}",
                    route=[Stop("employer", self.unit.id, "合肥市第八中学")], actor=Actor(applicant, "李明"),
                    person_id=self.person_id, employer_id=self.unit.id,
                )
        with db.engine.connect() as connection:
            return list(connection.execute(sa.select(_task.c.id).order_by(_task.c.id)).scalars())


def value(what: str, username: str) -> Any:
    column = {"user": _account.c.id, "active": _account.c.active, "must": _account.c.must_change_password}[what]
    with db.engine.connect() as connection:
        return connection.execute(sa.select(column).where(_account.c.username == username)).scalar_one()


def counters() -> dict[tuple[str, int], int]:
    with db.engine.connect() as connection:
        rows = connection.execute(sa.select(_counter.c.pile, _counter.c.user_id, _counter.c.n).where(_counter.c.n > 0))
        return {(row.pile, row.user_id): row.n for row in rows}


def events(prefix: str = "organization:") -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.execute(
            sa.select(_event).where(_event.c.event.startswith(prefix)).order_by(_event.c.id)
        ).mappings())


@pytest.fixture
def school(app: Flask) -> School:
    return School()


def acting(user_id: int) -> Any:
    """The account's actor; services are then called in its own row scope, as a request would."""
    from app.scope import scope_of, scoped

    actor = people.actor_of(user_id)
    return actor, scoped(scope_of(actor))


def call(service: Any, user_id: int, **arguments: Any) -> Any:
    actor, scope = acting(user_id)
    db.session.rollback()
    with scope:
        return service(actor=actor, **arguments)


# Adding


def test_the_initial_password_is_shown_once_and_must_be_changed(
    app: Flask, client: FlaskClient, login: Login, school: School
) -> None:
    answer = login(client, "zhou").post(f"{PATH}add/", data={"name": "郑 洁", "username": "zhengjie"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    password = answer.text.split("<dt>初始密码</dt><dd>")[1].split("<")[0]
    page = client.get(PATH).text
    assert "待首次登录" in page
    assert password not in page
    with db.engine.connect() as connection:
        stored = str(connection.execute(sa.text("SELECT * FROM web_session")).all()) + str(events())
    assert password not in stored
    visitor = app.test_client()
    assert visitor.post("/login/", data={"username": "zhengjie", "password": password}).status_code == 302
    for path in ("/", "/tasks/", PATH, "/unit/settings/"):
        assert visitor.get(path).headers["Location"] == "/account/password/", path
    assert visitor.post(f"{PATH}add/", data={"name": "某人", "username": "someone"}).headers["Location"] == "/account/password/"
    own = {"current": password, "password": "wode-mima-2026", "again": "wode-mima-2026"}
    assert visitor.post("/account/password/", data=own).status_code == 302
    assert visitor.get("/tasks/").status_code == 200
    assert value("must", "zhengjie") is False
    assert [event["event"] for event in events()] == ["organization:administrator_added"]


def test_the_same_form_sent_twice_makes_one_account(client: FlaskClient, login: Login, school: School) -> None:
    data = {"name": "郑洁", "username": "zhengjie"}
    login(client, "zhou")
    assert client.post(f"{PATH}add/", data=data).status_code == 200
    again = client.post(f"{PATH}add/", data=data | {"username": "ZhengJie"})
    assert again.status_code == 422
    assert "该用户名已被使用，请换一个。" in again.text
    assert "初始密码</dt>" not in again.text


@pytest.mark.parametrize(("data", "sentence"), [
    ({"name": "", "username": "zhengjie"}, "请填写姓名。"), ({"name": "郑", "username": "zhengjie"}, "请填写姓名（2 至 40 个字）"),
    ({"name": "郑洁", "username": "1"}, "用户名为 4 至 32 位"), ({"name": "郑洁", "username": ""}, "请填写用户名。"),
])
def test_wrong_input_has_its_sentence(
    client: FlaskClient, login: Login, school: School, data: dict[str, str], sentence: str
) -> None:
    answer = login(client, "zhou").post(f"{PATH}add/", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize("kinds", [("employer",), ("hr_department", "issuer"), ("agency", "employer"), tuple(ROLE_OF_KIND)])
def test_roles_follow_the_kinds_of_the_organization(app: Flask, kinds: tuple[str, ...]) -> None:
    made = units.organization(kinds=kinds)
    first = people.account("first", role=tuple(ROLE_OF_KIND[kind] for kind in kinds), organization_id=made)
    issued = call(administrator.add, first, name="郑洁", username="zhengjie")
    actor = people.actor_of(issued.account_id)
    assert actor.roles == {ROLE_OF_KIND[kind] for kind in kinds}
    assert (actor.organization_id, actor.name) == (made, "郑洁")


def test_two_units_asking_for_one_user_name_at_once_get_one_account(
    app: Flask, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, seen, look = threading.Barrier(2), threading.local(), administrator.refuse_taken_username

    def look_together(*args: Any) -> None:
        look(*args)
        if db.engine.dialect.name == "postgresql" and not getattr(seen, "once", False):
            seen.once = True
            gate.wait(10)

    monkeypatch.setattr(administrator, "refuse_taken_username", look_together)
    results = race(app, *[
        lambda user_id=user_id: call(administrator.add, user_id, name="郑洁", username="zhengjie")
        for user_id in (school.zhou, school.other.user_id)
    ])
    lost = [result for result in results if isinstance(result, DomainError)]
    assert len(lost) == 1
    assert isinstance(lost[0], Invalid)
    assert "username" in lost[0].fields


# Removing


def test_who_is_deactivated_loses_every_session_at_once(
    app: Flask, client: FlaskClient, login: Login, school: School
) -> None:
    colleague = login(app.test_client(), "wu")
    assert colleague.get("/tasks/").status_code == 200
    answer = login(client, "zhou").post(f"{PATH}{school.wu}/deactivate/")
    assert answer.headers["Location"] == PATH
    assert colleague.get("/tasks/").headers["Location"].startswith("/login/")
    assert colleague.post("/login/", data={"username": "wu", "password": people.PASSWORD}).status_code == 401
    assert "已停用" in client.get(PATH).text
    event = events()[0]
    assert (event["event"], event["actor_id"]) == ("organization:administrator_deactivated", school.zhou)
    again = client.post(f"{PATH}{school.wu}/deactivate/", follow_redirects=True)
    assert "该管理员已停用。" in again.text
    assert len(events()) == 1


def test_claimed_tasks_go_back_and_the_counters_stay_right(app: Flask, school: School) -> None:
    tasks = school.tasks(3)
    for task_id in tasks[:2]:
        call(review.claim, school.wu, task_id=task_id)
    assert counters() == {("waiting", 0): 1, ("claimed", school.wu): 2}
    assert call(administrator.deactivate, school.zhou, account_id=school.wu) == 2
    assert counters() == {("waiting", 0): 3}
    kept = counters()
    with system_scope(), transaction() as session:
        recount(session)
    assert counters() == kept
    assert events()[-1]["data"]["released"] == tasks[:2]
    released = [event for event in events("case:") if event["event"] == "case:task_released"]
    assert {(event["actor_id"], event["data"]["holder"]) for event in released} == {(school.zhou, school.wu)}
    with system_scope():
        assert list(verify(db.session())) == []


def test_nobody_releases_a_colleagues_task_by_the_ordinary_way(app: Flask, school: School) -> None:
    task_id = school.tasks(1)[0]
    call(review.claim, school.wu, task_id=task_id)
    with pytest.raises(WrongState):
        call(review.release, school.zhou, task_id=task_id)


def test_handing_over_keeps_the_account(app: Flask, client: FlaskClient, login: Login, school: School) -> None:
    for task_id in school.tasks(2):
        call(review.claim, school.wu, task_id=task_id)
    page = login(client, "zhou").post(f"{PATH}{school.wu}/hand-over/", follow_redirects=True).text
    assert "2 条任务已放回" in page
    assert value("active", "wu") is True
    assert counters() == {("waiting", 0): 2}
    again = client.post(f"{PATH}{school.wu}/hand-over/", follow_redirects=True).text
    assert "不需要移交" in again
    assert len(events()) == 1


def test_what_a_deactivated_account_still_holds_can_be_handed_over(app: Flask, school: School) -> None:
    """A claim that was on its way while its account was deactivated."""
    task_id = school.tasks(1)[0]
    call(administrator.deactivate, school.zhou, account_id=school.wu)
    with system_scope():
        review.claim(task_id=task_id, actor=Actor(school.wu, "吴刚", organization_id=school.unit.id))
    assert call(administrator.hand_over, school.zhou, account_id=school.wu) == 1
    assert counters() == {("waiting", 0): 1}


def test_the_last_administrator_stays(app: Flask, client: FlaskClient, login: Login, school: School) -> None:
    call(administrator.deactivate, school.zhou, account_id=school.wu)
    page = login(client, "zhou").post(
        f"{PATH}{school.zhou}/deactivate/", data={"successor_id": str(school.wu)}, follow_redirects=True
    ).text
    assert "您是本单位唯一的管理员，不能停用。请先新增一名管理员。" in page
    assert "唯一的管理员，不能停用" in client.get(PATH).text
    assert value("active", "zhou") is True


def test_who_leaves_names_a_successor_of_the_own_unit(
    app: Flask, client: FlaskClient, login: Login, school: School
) -> None:
    login(client, "zhou")
    for successor in ("", "x", str(school.zhou), str(school.other.user_id), "999999"):
        page = client.post(
            f"{PATH}{school.zhou}/deactivate/", data={"successor_id": successor}, follow_redirects=True
        ).text
        assert "请选择接替您的管理员。" in page, successor
        assert value("active", "zhou") is True
    answer = client.post(f"{PATH}{school.zhou}/deactivate/", data={"successor_id": str(school.wu)})
    assert answer.headers["Location"] == "/login/"
    assert value("active", "zhou") is False
    assert client.get(PATH).headers["Location"].startswith("/login/")
    assert events()[-1]["data"]["successor"] == school.wu


def test_an_account_nobody_has_opened_yet_is_no_successor(app: Flask, school: School) -> None:
    call(administrator.deactivate, school.zhou, account_id=school.wu)
    issued = call(administrator.add, school.zhou, name="郑洁", username="zhengjie")
    with pytest.raises(WrongState, match="还没有登录并修改初始密码"):
        call(administrator.deactivate, school.zhou, account_id=school.zhou, successor_id=issued.account_id)


def test_two_who_remove_each_other_at_once_leave_one(app: Flask, school: School) -> None:
    for _ in range(5):
        with db.engine.begin() as connection:
            connection.execute(sa.update(_account).where(_account.c.organization_id == school.unit.id).values(active=True))
        actors = {user_id: acting(user_id) for user_id in (school.zhou, school.wu)}
        db.session.rollback()
        gate = threading.Barrier(2)

        def attempt(me: int, colleague: int) -> Any:
            actor, scope = actors[me]
            with scope:
                gate.wait(10)
                return administrator.deactivate(account_id=colleague, actor=actor)

        results = race(app, lambda: attempt(school.zhou, school.wu), lambda: attempt(school.wu, school.zhou))
        lost = [result for result in results if isinstance(result, DomainError)]
        assert len(lost) == 1
        assert isinstance(lost[0], NotAllowed)
        assert [value("active", "zhou"), value("active", "wu")].count(True) == 1


# Whose


def test_accounts_of_other_units_persons_and_staff_do_not_exist_here(
    app: Flask, client: FlaskClient, login: Login, school: School
) -> None:
    ops = people.account("ops1", role="Ops")
    applicant = value("user", "applicant")
    login(client, "zhou")
    for account_id in (school.other.user_id, ops, applicant, 999_999):
        for action in ("deactivate", "hand-over"):
            assert client.post(f"{PATH}{account_id}/{action}/").status_code == 404
        with pytest.raises(NotFound):
            call(administrator.deactivate, school.zhou, account_id=account_id)
    page = client.get(PATH).text
    assert "foreign" not in page
    assert "ops1" not in page
    assert all(value("active", name) for name in ("foreign", "ops1", "applicant"))


@pytest.mark.parametrize("role", ["Applicant", "Ops", "Admin"])
def test_wrong_roles_change_no_administrators(app: Flask, school: School, role: str) -> None:
    wrong = people.account("wrong", role=role)
    with pytest.raises(NotAllowed):
        call(administrator.add, wrong, name="郑洁", username="zhengjie")
    with pytest.raises((NotAllowed, NotFound)):
        call(administrator.deactivate, wrong, account_id=school.wu)
    with pytest.raises((NotAllowed, NotFound)):
        call(administrator.hand_over, wrong, account_id=school.wu)


@pytest.mark.parametrize("role", ["Applicant", "Employer", "Ops"])
def test_only_the_platforms_administrator_opens_accounts_elsewhere(app: Flask, school: School, role: str) -> None:
    wrong = people.account("wrong", role=role, organization_id=school.other.id if role == "Employer" else None)
    with pytest.raises(NotAllowed):
        call(administrator.add_to, wrong, organization_id=school.unit.id, name="郑洁", username="zhengjie")


def test_a_deactivated_administrator_does_nothing_more(app: Flask, school: School) -> None:
    actor, scope = acting(school.wu)
    call(administrator.deactivate, school.zhou, account_id=school.wu)
    with scope:
        for attempt in (
            lambda: administrator.add(name="郑洁", username="zhengjie", actor=actor),
            lambda: administrator.deactivate(account_id=school.zhou, actor=actor),
            lambda: administrator.hand_over(account_id=school.zhou, actor=actor),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_with_a_colleague_tasks_are_claimed_first_and_without_they_need_not_be(app: Flask, school: School) -> None:
    first, second = school.tasks(2)
    with pytest.raises((WrongState, Conflict)):
        call(review.release, school.zhou, task_id=first)
    with pytest.raises(WrongState, match="请先领取"):
        call(review.return_, school.zhou, task_id=first, opinion="补充")
    call(administrator.deactivate, school.zhou, account_id=school.wu)
    with pytest.raises(DomainError) as caught:
        call(review.return_, school.zhou, task_id=second, opinion="")
    assert "领取" not in caught.value.message
