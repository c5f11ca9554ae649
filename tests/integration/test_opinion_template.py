"""公共意见 and 我的意见: chosen, kept, changed and dropped; nobody sees another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.actor import Actor
from app.audit import Event
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.queries.opinion_template import OWN_LIMIT, fitting, opinions
from app.scope import system_scope
from app.services import opinion_template
from models.audit import AuditEvent
from models.case import Task
from models.opinion_template import OpinionTemplate
from tests.factories import application as make
from tests.factories import person as people
from tests.factories.rows import save

Login = Callable[[FlaskClient, str], FlaskClient]
_template = OpinionTemplate.__table__


def public(text: str, action: str = "approve", procedure: str = "", **more: Any) -> int:
    return save(OpinionTemplate(text=text, action=action, procedure=procedure, **more))


def rows() -> list[Any]:
    db.session.rollback()
    return list(db.session.execute(select(_template).order_by(_template.c.id)))


def events() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEvent.__table__.c.event).where(
        AuditEvent.__table__.c.subject_type == "opinion_template").order_by(AuditEvent.__table__.c.id)))


@pytest.fixture
def unit(app: Flask) -> people.Unit:
    return people.unit("unit")


@pytest.fixture
def reviewer(unit: people.Unit) -> Actor:
    return Actor(unit.user_id, "管理员", organization_id=unit.id, roles=frozenset({"Employer"}))


def keep(actor: Actor, text: str = "请补充原件。", action: str = "return", procedure: str = "") -> int:
    return opinion_template.keep(text=text, action=action, procedure=procedure, actor=actor)


def test_kept_once_and_found_again(reviewer: Actor) -> None:
    first = keep(reviewer, "  请补充原件。\r\n并盖章。 ")
    assert keep(reviewer, "请补充原件。\n并盖章。") == first
    public("同意")
    public("停用的", enabled=False)
    common, mine = fitting(opinions(db.session(), reviewer.user_id or 0), procedure="achievement", action="return")
    assert (common, [one.text for one in mine]) == ([], ["请补充原件。\n并盖章。"])
    assert events() == [Event.OPINION_KEPT]


def test_opinions_fit_the_procedure_and_the_action(reviewer: Actor) -> None:
    public("同意")
    public("业绩属实", procedure="achievement")
    public("申报可以", procedure="application")
    public("请补充", action="return")
    given = opinions(db.session(), reviewer.user_id or 0)
    assert [o.text for o in fitting(given, procedure="achievement", action="approve")[0]] == ["同意", "业绩属实"]
    assert [o.text for o in fitting(given, procedure="", action="approve")[0]] == ["同意"]


def test_change_and_remove(reviewer: Actor) -> None:
    number = keep(reviewer)
    opinion_template.change(
        template_id=number, version=1, text="请盖章。", action="return", procedure="achievement", actor=reviewer
    )
    assert [(row.text, row.procedure, row.version) for row in rows()] == [("请盖章。", "achievement", 2)]
    with pytest.raises(Conflict):
        opinion_template.change(template_id=number, version=1, text="晚了", action="return", procedure="", actor=reviewer)
    other = keep(reviewer)
    with pytest.raises(Invalid, match="相同"):
        opinion_template.change(
            template_id=other, version=1, text="请盖章。", action="return", procedure="achievement", actor=reviewer
        )
    opinion_template.remove(template_id=number, actor=reviewer)
    assert [row.id for row in rows()] == [other]
    assert events() == [Event.OPINION_KEPT, Event.OPINION_CHANGED, Event.OPINION_KEPT, Event.OPINION_REMOVED]


@pytest.mark.parametrize(("text", "action", "procedure", "field"), [
    ("", "return", "", "text"), ("\u200b ", "return", "", "text"), ("长" * 501, "return", "", "text"),
    ("好", "delete", "", "action"), ("好", "approve", "nothing", "procedure"),
])
def test_what_cannot_be_kept_names_the_field(reviewer: Actor, text: str, action: str, procedure: str, field: str) -> None:
    with pytest.raises(Invalid) as error:
        keep(reviewer, text, action, procedure)
    assert list(error.value.fields) == [field]
    assert rows() == []


def test_the_limit_holds(reviewer: Actor) -> None:
    for number in range(OWN_LIMIT):
        keep(reviewer, f"意见 {number}")
    with pytest.raises(Invalid, match="最多保存"):
        keep(reviewer, "再一条")
    assert keep(reviewer, "意见 3"), "one that is there already is no further one"


def test_nobody_touches_another_ones_or_the_public_ones(reviewer: Actor) -> None:
    colleague = Actor(
        people.account("unit2", role="Employer", organization_id=reviewer.organization_id), "同事",
        organization_id=reviewer.organization_id, roles=frozenset({"Employer"}),
    )
    for number in (keep(colleague), public("同意")):
        with pytest.raises(NotFound):
            opinion_template.change(template_id=number, version=1, text="x", action="return", procedure="", actor=reviewer)
        with pytest.raises(NotFound):
            opinion_template.remove(template_id=number, actor=reviewer)
    assert [o.text for o in opinions(db.session(), reviewer.user_id or 0)] == ["同意"]


def test_who_reviews_nothing_keeps_nothing(app: Flask) -> None:
    people.person("applicant")
    user_id = people.account("someone")
    for actor in (Actor(user_id, "某人", person_id=1, roles=frozenset({"Applicant"})), Actor(None, "系统")):
        with pytest.raises(NotAllowed):
            keep(actor)


@pytest.fixture
def task(unit: people.Unit) -> int:
    from app.rules.routing import Stop
    from app.transaction import transaction
    from app.workflow import engine
    person_id = people.person("applicant", organization_id=unit.id)
    number = make.achievement(person_id, unit.id, state="reviewing")
    actor = Actor(db.session.scalar(select(people.Person.__table__.c.user_id)), "李明", person_id=person_id)
    with system_scope(), transaction() as session:
        engine.start(
            session, procedure="achievement", subject_type="achievement", subject_id=number, title="业绩",
            route=[Stop("employer", unit.id, "单位")], actor=actor, person_id=person_id, employer_id=unit.id,
        )
    return int(db.session.scalar(select(Task.__table__.c.id)))


def decided(task_id: int) -> Any:
    db.session.rollback()
    return db.session.execute(select(Task.__table__).where(Task.__table__.c.id == task_id)).one()


def test_a_decision_without_scripts_takes_the_chosen_opinion_and_keeps_it(
    client: FlaskClient, login: Login, task: int, reviewer: Actor
) -> None:
    login(client, "unit")
    reason = public("请补充原件。", "return")
    page = client.post(f"/tasks/{task}/return/", data={
        "opinion": "时间填错。", "template": str(reason), "keep": "y",
    })
    assert page.status_code == 302
    assert decided(task).opinion == "时间填错。\n请补充原件。"
    assert [(row.text, row.procedure) for row in rows() if row.user_id] == [("时间填错。\n请补充原件。", "achievement")]


def test_an_approval_takes_the_chosen_opinion_instead(client: FlaskClient, login: Login, task: int, unit: Any) -> None:
    login(client, "unit")
    client.post(f"/tasks/{task}/approve/", data={"opinion": "同意", "template": str(public("内容属实。"))})
    assert decided(task).opinion == "内容属实。"


def test_an_opinion_of_somebody_else_or_for_another_action_is_not_taken(
    client: FlaskClient, login: Login, task: int, unit: people.Unit
) -> None:
    stranger = people.account("stranger", role="Employer", organization_id=unit.id)
    db.session.execute(update(people.Account.__table__).where(people.Account.__table__.c.id == stranger).values(active=False))
    db.session.commit()
    foreign = public("别人的", "approve", user_id=stranger)
    login(client, "unit")
    client.post(f"/tasks/{task}/approve/", data={"opinion": "同意", "template": str(foreign)})
    assert decided(task).opinion == "同意"


def test_a_batch_takes_it_too(client: FlaskClient, login: Login, task: int, unit: Any) -> None:
    login(client, "unit")
    client.post("/tasks/batch/", data={
        "action": "approve", "rowid": str(task), "opinion_approve": "同意", "procedure": "achievement",
        "template_approve": str(public("批量核对无误。")), "keep_approve": "y",
    })
    assert decided(task).opinion == "批量核对无误。"
    assert [row.text for row in rows() if row.user_id] == ["批量核对无误。"]


def test_the_page_keeps_edits_and_drops(client: FlaskClient, login: Login, unit: people.Unit) -> None:
    login(client, "unit")
    assert client.post("/opinions/", data={"action": "return", "procedure": "", "text": "请盖章。"}).status_code == 302
    number = rows()[0].id
    page = client.get("/opinions/")
    assert "请盖章。" in page.text
    page = client.post(f"/opinions/{number}/edit/", data={"action": "return", "procedure": "", "text": "", "version": "1"})
    assert page.status_code == 422
    assert "请填写意见内容。" in page.text
    client.post(f"/opinions/{number}/edit/", data={"action": "return", "procedure": "", "text": "请盖公章。", "version": "1"})
    assert rows()[0].text == "请盖公章。"
    client.post(f"/opinions/{number}/delete/")
    assert rows() == []


def test_staff_see_public_ones_only(client: FlaskClient, login: Login, reviewer: Actor) -> None:
    keep(reviewer, "私人意见")
    mine = rows()[0].id
    public("公共的意见")
    people.account("boss", role="Admin")
    login(client, "boss")
    page = client.get("/opiniontemplateview/list/")
    assert "公共的意见" in page.text
    assert "私人意见" not in page.text
    assert client.get(f"/opiniontemplateview/show/{mine}").status_code == 404
    assert client.post(f"/opiniontemplateview/delete/{mine}").status_code == 404
    made = client.post("/opiniontemplateview/add", data={
        "action": "return", "procedure": "achievement", "text": "请上传原件。", "position": "3", "enabled": "y",
    })
    assert made.status_code == 302, made.text
    assert ("请上传原件。", None) in [(row.text, row.user_id) for row in rows()]
