"""免面试: asked for by the applicant, answered by the plan's convener before the application leaves it, told and counted."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict, Invalid, NotFound, WrongState
from app.jobs import notification
from app.jobs.registry import JobView
from app.rules import snapshot as shots
from app.scope import scope_of, scoped, system_scope
from app.services import exemption, review, submission
from app.transaction import current_session, transaction
from models.application import Application
from models.base import utcnow
from models.job import Job
from models.notification import Notification
from models.plan import ReviewPlan
from tests.database import Databases
from tests.factories import plan as plan_rows
from tests.factories import teacher_world as make
from tests.factories.journey import approve_up_to
from tests.factories.result import approved_result
from tests.factories.templates import plan_template

REASON = "省特级教师"
_a = Application.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def li(app: Flask) -> Any:
    return make.actor("applicant")


def interviews(*, exemptions: bool = True) -> None:
    plan_rows.unguard_plans()
    with system_scope(), transaction() as session:
        session.execute(update(ReviewPlan.__table__).values(
            needs_interview=True, allows_exemption=exemptions, exemption_note="省特级教师可以免面试。"))


def row(application_id: int) -> Any:
    current_session().rollback()
    return current_session().execute(select(_a).where(_a.c.id == application_id)).one()


def said(application_id: int) -> str:
    """是否面试 as the snapshot would say it."""
    return dict(shots.header(make.material(application_id)))["是否面试"]


def arrived(who: Any, *, reason: str = REASON) -> int:
    """An application with a request, submitted and passed on to the convener."""
    interviews()
    application_id = make.complete(who)
    if reason:
        exemption.ask(application_id=application_id, reason=reason, actor=who)
    with scoped(scope_of(who)):
        assert submission.check(application_id=application_id, actor=who).is_clean
        submission.submit(application_id=application_id, actor=who)
    approve_up_to("convener")
    return application_id


def decide(application_id: int, *, approved: bool = True, opinion: str = "", who: str = "convener", version: int | None = None) -> None:
    with system_scope():
        exemption.decide(
            application_id=application_id, approved=approved, opinion=opinion, version=version, actor=make.actor(who))


def test_it_is_asked_for_where_the_plan_allows_it(client, login, li):
    application_id = make.complete(li)
    browser = login(client, "applicant")
    with pytest.raises(WrongState, match="不需要面试"):
        exemption.ask(application_id=application_id, reason=REASON, actor=li)
    assert "免面试" not in browser.get("/applications/").text
    interviews(exemptions=False)
    with pytest.raises(WrongState, match="不接受免面试"):
        exemption.ask(application_id=application_id, reason=REASON, actor=li)
    interviews()
    assert said(application_id) == "需要"
    assert "免面试" in browser.get("/applications/").text
    browser.post(f"/applications/{application_id}/exemption", data={"reason": REASON})
    assert said(application_id) == f"申请免面试：{REASON}"
    assert "有（免面试待审核）" in browser.get("/applications/").text
    assert not exemption.ask(application_id=application_id, reason=REASON, actor=li)
    with pytest.raises(Invalid):
        exemption.ask(application_id=application_id, reason="很" * 501, actor=li)
    with pytest.raises(NotFound):
        exemption.ask(application_id=application_id, reason="x", actor=make.actor("applicant2"))
    exemption.ask(application_id=application_id, reason="", actor=li)
    assert (row(application_id).exemption_state, said(application_id)) == ("none", "需要")


def test_nothing_is_asked_for_while_others_review(li):
    application_id = arrived(li)
    with pytest.raises(WrongState):
        exemption.ask(application_id=application_id, reason="", actor=li)


def test_the_convener_answers_before_the_application_leaves_it(app, login, li):
    application_id = arrived(li)
    task_id = approve_up_to("convener")
    convener = login(app.test_client(), "convener")
    page = convener.get(f"/reviews/{application_id}/").text
    assert REASON in page
    assert "批准免面试" in page
    assert "省特级教师可以免面试。" in page
    with system_scope(), pytest.raises(WrongState, match="请先在“免面试申请”中"):
        review.approve(task_id=task_id, actor=make.actor("convener"))
    answer = convener.post(f"/reviews/{application_id}/exemption", data={
        "decision": "approve", "version": row(application_id).version}, follow_redirects=True)
    assert "已批准免面试。" in answer.text
    assert row(application_id).exemption_state == "approved"
    with system_scope():
        review.approve(task_id=task_id, actor=make.actor("convener"))
    assert row(application_id).state == "approved"


def test_a_refusal_says_why_and_is_told(app, login, li):
    application_id = arrived(li)
    with pytest.raises(Invalid) as refused:
        decide(application_id, approved=False)
    assert set(refused.value.fields) == {"opinion"}
    with pytest.raises(Invalid):
        decide(application_id, approved=False, opinion="长" * 501)
    decide(application_id, approved=False, opinion="证书已过有效期")
    current_session().rollback()
    job = current_session().execute(select(Job.__table__).where(Job.__table__.c.kind == "notify.exemption_decided")).one()
    with system_scope():
        for _again in range(2):
            notification.tell_of_exemption(JobView(job.id, job.kind, job.key, job.payload, 1, 5))
    current_session().rollback()
    notes = current_session().execute(select(Notification.__table__.c.title).where(
        Notification.__table__.c.user_id == li.user_id, Notification.__table__.c.title.contains("面试"))).scalars().all()
    assert len(notes) == 1
    assert notes[0].endswith("没有批准您免面试，您需要参加面试：证书已过有效期")
    card = login(app.test_client(), "applicant").get("/applications/").text
    assert "有（免面试未批准）" in card
    assert "证书已过有效期" in card


def test_an_answer_can_be_changed_until_the_vote(li):
    application_id = arrived(li)
    seen = row(application_id).version
    decide(application_id, version=seen)
    with pytest.raises(Conflict):
        decide(application_id, approved=False, opinion="核实有误", version=seen)
    decide(application_id, approved=False, opinion="核实有误")
    with system_scope():
        review.approve(task_id=approve_up_to("convener"), actor=make.actor("convener"))
    decide(application_id)
    assert row(application_id).exemption_state == "approved"
    approved_result(application_id)
    with pytest.raises(WrongState, match="评审结果"):
        decide(application_id, approved=False, opinion="x")


@pytest.mark.parametrize("who", ["unit", "department", "hr", "issuer", "applicant", "admin"])
def test_only_the_convener_answers(li, who):
    application_id = arrived(li)
    with pytest.raises(NotFound):
        decide(application_id, who=who)


def test_nothing_is_decided_before_it_arrives_or_without_a_request(app, login, li):
    application_id = arrived(li, reason="")
    with pytest.raises(WrongState, match="没有申请免面试"):
        decide(application_id)
    assert "免面试申请" not in login(app.test_client(), "convener").get(f"/reviews/{application_id}/").text


def test_it_waits_until_the_application_is_there(li):
    interviews()
    application_id = make.complete(li)
    exemption.ask(application_id=application_id, reason=REASON, actor=li)
    with pytest.raises(WrongState, match="送达本单位后"):
        decide(application_id)


def test_what_was_approved_outlives_a_return_and_a_refusal_may_be_asked_again(li):
    application_id = arrived(li)
    decide(application_id, approved=False, opinion="请补充证书")
    with system_scope():
        review.return_(task_id=approve_up_to("convener"), actor=make.actor("convener"), opinion="基本信息：请核对。")
    assert said(application_id) == "需要（免面试申请未批准）"
    assert exemption.ask(application_id=application_id, reason=f"{REASON}，证书已附", actor=li)
    assert (row(application_id).exemption_state, row(application_id).exemption_opinion) == ("asked", "")
    with scoped(scope_of(li)):
        submission.check(application_id=application_id, actor=li)
        submission.submit(application_id=application_id, actor=li)
    approve_up_to("convener")
    decide(application_id)
    with system_scope():
        review.return_(task_id=approve_up_to("convener"), actor=make.actor("convener"), opinion="再核对。")
    assert said(application_id) == "不需要（已批准免面试）"
    with pytest.raises(WrongState, match="已批准"):
        exemption.ask(application_id=application_id, reason="", actor=li)


def test_the_roster_filters_counts_and_exports_it(app, login, li):
    arrived(li)
    convener: FlaskClient = login(app.test_client(), "convener")
    with system_scope():
        plan = make.teacher_plan()
    asked = convener.get(f"/plans/desk/{plan}/roster?exemption=asked").text
    assert "李明" in asked
    assert "申请免面试" in asked
    assert "按面试" in asked
    assert "李明" not in convener.get(f"/plans/desk/{plan}/roster?exemption=approved").text
    data = convener.post(f"/plans/desk/{plan}/roster/export", data={"exemption": "asked"}).data
    lines = [[cell.value for cell in line] for line in load_workbook(io.BytesIO(data)).worksheets[0].iter_rows()]
    heads = next(line for line in lines if line[0] == "序号")
    assert dict(zip(heads, lines[lines.index(heads) + 1], strict=True))["面试"] == "申请免面试"


@pytest.mark.parametrize("values", [
    {"exemption_state": "approved"}, {"exemption_state": "asked", "exemption_decided_at": "now"},
    {"exemption_state": "refused", "exemption_decided_at": "now"}, {"exemption_state": "perhaps"},
])
def test_the_database_refuses_half_an_answer(li, values):
    application_id = make.started(li)
    given = {key: utcnow() if value == "now" else value for key, value in values.items()}
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(_a).where(_a.c.id == application_id).values(given))
