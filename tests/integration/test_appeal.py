"""复查: who may ask about what, once and in time; who decides; and what the answer does."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.demo.evidence import evidence_pdf
from app.errors import Invalid, NotFound, WrongState
from app.extensions import db
from app.jobs.worker import run_due
from app.queries import material as materials
from app.rules import deadlines
from app.rules import snapshot as shots
from app.rules.votes import Votes
from app.scope import scope_of, scoped, system_scope
from app.services import appeal, integrity, result, review
from app.services.integrity import Breach
from app.transaction import current_session
from models.appeal import Appeal
from models.application import Application, Submission
from models.base import utcnow
from models.case import Task
from models.integrity import IntegrityRecord
from models.notification import Notification
from models.result import ReviewResult
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.rows import save
from tests.factories.templates import started_template
from tests.factories.unit_world import person

Login = Callable[[FlaskClient, str], FlaskClient]
_a, _r, _ap, _i, _task = (
    Application.__table__, ReviewResult.__table__, Appeal.__table__, IntegrityRecord.__table__, Task.__table__)
REASON = "本人主持的省级课题已结题，专业评议时未予计入，申请复查。"
ANSWER = "经复查，课题结题证书真实有效，原评议有误。"
GOOD, BAD = Votes(25, 21, 18, 2, 1), Votes(25, 21, 13, 8, 0)


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return started_template(application, store)


def enter(votes: Votes) -> None:
    result.enter(entry=result.Entry(application_id(), votes, deadlines.today() - dt.timedelta(days=5)), actor=make.actor("convener"))


def announce() -> None:
    plan_id = make.teacher_plan()
    current_session().rollback()
    result.publicize(plan_id=plan_id, starts_on=deadlines.today(), ends_on=deadlines.today() + dt.timedelta(days=20),
                     place="省厅网站", actor=make.actor("convener"))


def application_id() -> int:
    found = current_session().execute(select(_a.c.id).where(_a.c.person_id == person("applicant").id)).scalar_one()
    current_session().rollback()
    return int(found)


@pytest.fixture
def failed(app: Flask) -> int:
    """The application of 李明, which passed every stop and failed the committee's vote, announced today."""
    now = utcnow()
    with db.engine.begin() as connection:
        connection.execute(update(_a).values(state="approved", submitted_at=now, decided_at=now))
    enter(BAD)
    announce()
    return application_id()


def ask(subject: int, ground: str = "result", username: str = "applicant", reason: str = REASON) -> int:
    return appeal.submit(ground=ground, subject_id=subject, reason=reason, actor=make.actor(username))


def task_id(appeal_id: int) -> int:
    current_session().rollback()
    found = current_session().execute(select(func.max(_task.c.id)).where(
        _task.c.subject_type == "appeal", _task.c.subject_id == appeal_id)).scalar_one()
    current_session().rollback()
    return int(found)


def decide(appeal_id: int, action: str = "approve", username: str = "convener", opinion: str = ANSWER) -> None:
    with system_scope():
        {"approve": review.approve, "return": review.return_}[action](
            task_id=task_id(appeal_id), actor=make.actor(username), opinion=opinion)


def one(table: Any) -> Any:
    current_session().rollback()
    found = current_session().execute(select(table).order_by(table.c.id.desc()).limit(1)).one()
    current_session().rollback()
    return found


def test_upheld_the_vote_is_open_for_a_new_one(app: Flask, failed: int) -> None:
    number = ask(failed)
    with pytest.raises(WrongState, match="已向申报人公布"):
        enter(GOOD)
    decide(number)
    assert (one(_ap).state, one(_ap).answer) == ("upheld", ANSWER)
    enter(GOOD)
    announce()
    assert one(_r).outcome == "passed"
    run_due(app)
    with system_scope():
        told = current_session().scalars(select(Notification.title).where(Notification.user_id == person("applicant").user_id)).all()
    assert any("复查成立" in title and ANSWER in title for title in told)


def test_kept_the_result_stands_and_nobody_asks_again(failed: int) -> None:
    number = ask(failed)
    decide(number, "return")
    assert one(_ap).state == "rejected"
    assert one(_r).announced_on == deadlines.today()
    with pytest.raises(WrongState, match="只能申请一次"):
        ask(failed)


@pytest.mark.parametrize("action", ["approve", "return"])
def test_both_answers_need_a_text(failed: int, action: str) -> None:
    number = ask(failed)
    with pytest.raises(Invalid):
        decide(number, action, opinion=" ")
    assert one(_ap).state == "reviewing"


@pytest.mark.parametrize("username", ["unit", "department", "hr", "issuer", "applicant"])
def test_nobody_but_the_convener_decides(failed: int, username: str) -> None:
    number = ask(failed)
    with pytest.raises(NotFound):
        decide(number, username=username)


def test_only_the_own_announced_result_that_was_not_passed(failed: int) -> None:
    for username in ("applicant2", "convener", "newcomer"):
        with pytest.raises(NotFound):
            ask(failed, username=username)
    with pytest.raises(NotFound):
        ask(failed, ground="nothing")
    with db.engine.begin() as connection:
        connection.execute(update(_r).values(announced_on=None))
    with pytest.raises(NotFound):
        ask(failed)
    enter(GOOD)
    announce()
    with pytest.raises(WrongState, match="不需要"):
        ask(failed)


def test_the_period_is_a_setting_counted_from_the_announcement(failed: int) -> None:
    with db.engine.begin() as connection:
        connection.execute(update(_r).values(announced_on=deadlines.today() - dt.timedelta(days=30)))
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE setting SET value = '29' WHERE key = 'appeal.days'")
    with pytest.raises(WrongState, match="届满"):
        ask(failed)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE setting SET value = '30' WHERE key = 'appeal.days'")
    ask(failed)


@pytest.mark.parametrize("reason", ["", "不服", "长" * 2001])
def test_the_reason_is_asked_for(failed: int, reason: str) -> None:
    with pytest.raises(Invalid):
        ask(failed, reason=reason)


def test_taken_back_it_can_be_asked_again_unless_it_was_taken_up(failed: int) -> None:
    number = ask(failed)
    with pytest.raises(NotFound):
        appeal.withdraw(appeal_id=number, actor=make.actor("applicant2"))
    appeal.withdraw(appeal_id=number, actor=make.actor("applicant"))
    again = ask(failed)
    with system_scope():
        review.claim(task_id=task_id(again), actor=make.actor("convener"))
    with pytest.raises(WrongState, match="已开始办理"):
        appeal.withdraw(appeal_id=again, actor=make.actor("applicant"))
    decide(again)
    with pytest.raises(WrongState, match="不能撤回"):
        appeal.withdraw(appeal_id=again, actor=make.actor("applicant"))


def test_an_upheld_objection_can_be_appealed_and_turned_down(app: Flask, failed: int) -> None:
    with db.engine.begin() as connection:
        connection.execute(update(_r).values(announced_on=None))
    enter(GOOD)
    announce()
    convener = make.actor("convener")
    result.object_to(result_id=one(_r).id, text="论文非本人所写", actor=convener)
    with pytest.raises(WrongState):
        ask(failed)
    result.settle(result_id=one(_r).id, upheld=True, reply="属实", actor=convener)
    decide(ask(failed))
    assert one(_r).objection_state == "rejected"
    assert ANSWER in one(_r).objection_reply


def recorded() -> int:
    actor = make.actor("unit")
    with scoped(scope_of(actor)):
        return integrity.record(breach=Breach(
            person("applicant").id, "12", "违反工作纪律，给予记过处分。", "八中〔2026〕2号", deadlines.today(), None), actor=actor)


def test_a_record_is_lifted_when_its_appeal_is_upheld(app: Flask) -> None:
    record_id = recorded()
    with pytest.raises(NotFound):
        ask(record_id, "integrity", username="applicant2")
    number = ask(record_id, "integrity")
    with system_scope():
        review.claim(task_id=task_id(number), actor=make.actor("unit2"))
    decide(number, username="unit2")
    assert one(_i).revoked_on == deadlines.today()
    assert one(_i).revoked_reason == f"复查成立：{ANSWER}"
    with pytest.raises(WrongState, match="已解除"):
        ask(record_id, "integrity")


def test_on_the_pages_from_the_result_to_the_answer(failed: int, client: FlaskClient, login: Login) -> None:
    with system_scope():
        loaded = materials.load(current_session(), failed)
        snapshot = shots.compose(loaded.material, loaded.names) | {"photo_file_id": None, "pages": [], "sections": [], "slots": []}
    current_session().rollback()
    save(Submission(application_id=failed, run=1, snapshot=snapshot, sha256="0" * 64))
    me = login(client, "applicant")
    page = me.get(f"/applications/{failed}").text
    assert "未通过" in page
    assert f"/appeals/new?ground=result&amp;subject={failed}" in page
    address = f"/appeals/new?ground=result&subject={failed}"
    short = me.post(address, data={"reason": "不服"})
    assert short.status_code == 422
    assert "10 至 2000 字" in short.text
    paper = (io.BytesIO(evidence_pdf("结题证书", ("样张",), "省厅")), "结题证书.pdf")
    answer = me.post(address, data={"reason": REASON + "<script>alert(1)</script>", "files": [paper]}, content_type="multipart/form-data")
    assert answer.status_code == 302
    number = one(_ap).id
    assert "结题证书.pdf" in me.get(answer.location).text
    assert me.get(address).status_code == 404, "asked already"
    assert "我的复查申请" in me.get("/person/integrity/").text
    for username in ("applicant2", "newcomer"):
        assert login(client, username).get(f"/appeals/{number}").status_code == 404
    for username in ("unit", "hr"):
        assert login(client, username).get(f"/reviews/appeals/{number}/").status_code == 404
    convener = login(client, "convener")
    page = convener.get(f"/reviews/appeals/{number}/").text
    assert "结题证书.pdf" in page
    assert "<script>alert" not in page
    assert "不同意的票数" in page
    assert "复查申请" in convener.get("/tasks/").text
    assert "批量审核" in convener.get("/tasks/").text
    alone = convener.get("/tasks/?procedure=appeal").text
    assert "复查申请" in alone
    assert "批量审核" not in alone
    assert 'name="rowid"' not in alone
    done = convener.post(f"/tasks/{task_id(number)}/return/", data={"opinion": "原结果无误。"})
    assert done.status_code == 302
    assert "已办理：维持原决定" in convener.get("/tasks/").text
    page = login(client, "applicant").get(f"/appeals/{number}").text
    assert "维持原决定" in page
    assert "原结果无误。" in page
    late = client.post(f"/files/appeal/{number}/evidence", data={"files": (io.BytesIO(evidence_pdf("x", (), "")), "x.pdf")},
                       headers={"Accept": "application/json"})
    assert "不能再补充材料" in str(late.get_json())


def test_a_request_is_answered_by_itself_and_its_list_says_so_in_its_own_words(failed: int, client: FlaskClient, login: Login) -> None:
    number = ask(failed)
    convener = login(client, "convener")
    together = convener.post("/tasks/batch/", data={"action": "approve", "rowid": str(task_id(number)), "opinion_approve": "同意"}).text
    assert "须逐件办理" in together
    assert one(_ap).state == "reviewing"
    decide(number, "return")
    page = convener.get("/tasks/?tab=mine").text
    assert "维持原决定" in page
    assert ">退回<" not in page


def test_the_database_holds_one_request_for_a_subject(failed: int) -> None:
    ask(failed)
    row = dict(current_session().execute(select(_ap)).mappings().one())
    current_session().rollback()
    row.pop("id")
    with pytest.raises(Exception, match="uq_appeal_one_of_result|UNIQUE constraint failed"), db.engine.begin() as connection:
        connection.execute(_ap.insert().values(**row))
