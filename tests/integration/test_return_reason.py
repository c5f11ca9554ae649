"""退回原因: several at once, each at a page of the submission, for both sides; refused whole or kept whole."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.errors import Invalid, NotFound
from app.queries.return_reason import last_reasons, reasons_of_tasks
from app.rules.return_reason import LONGEST, MOST, Reason, composed, general
from app.scope import scope_of, scoped
from app.services import review, submission
from app.services.return_reason import return_with_reasons
from app.transaction import current_session, transaction
from models.return_reason import ReturnReason
from tests.factories import teacher_world as make
from tests.integration.test_review_pages import Desk, act, flashes, template  # noqa: F401

SAID = [Reason("basic", "联系方式有误"), Reason("education", "学位证书不清晰\n请重新上传"), Reason("", "缺少近三年年度考核")]


@pytest.fixture
def desk(app, login):
    return Desk(app, login)


def kept():
    current_session().rollback()
    return current_session().execute(select(func.count()).select_from(ReturnReason.__table__)).scalar_one()


def test_every_reason_stands_in_the_history_and_at_its_page(desk):
    task, unit = desk.task(), make.actor("unit")
    outcome = return_with_reasons(task_id=task.id, opinion="请补充", reasons=SAID, actor=unit)
    assert outcome.event == "returned"
    assert desk.task().opinion == (
        "请补充\n基本信息：联系方式有误\n学历教育：学位证书不清晰 请重新上传\n缺少近三年年度考核")
    session = current_session()
    plain = [Reason("basic", "联系方式有误"), Reason("education", "学位证书不清晰 请重新上传"), Reason("", "缺少近三年年度考核")]
    assert last_reasons(session, task.subject_id) == plain
    assert reasons_of_tasks(session, [task.id]) == {task.id: plain}
    assert general(desk.task().opinion, plain) == "请补充"


def test_a_later_return_with_a_plain_opinion_has_none_of_the_earlier_reasons(desk):
    return_with_reasons(task_id=desk.task().id, opinion="", reasons=SAID[:1], actor=make.actor("unit"))
    who, number = make.actor("applicant"), desk.task().subject_id
    with scoped(scope_of(who)):
        submission.check(application_id=number, actor=who)
        submission.submit(application_id=number, actor=who)
    review.return_(task_id=desk.task().id, actor=make.actor("unit"), opinion="还是不行")
    assert last_reasons(current_session(), desk.task().subject_id) == []


@pytest.mark.parametrize(("reasons", "opinion", "says"), [
    ([], "", "退回意见"), ([Reason("basic", "  ")], "", "退回意见"), ([Reason("section-999999", "无此页面")], "", "不在本次申报中"),
    ([Reason("basic", "长" * (LONGEST + 1))], "", "每条退回原因最多"), ([Reason("", "多")] * (MOST + 1), "", "一次最多填写"),
    ([Reason("", "长" * LONGEST)] * 4, "再加", "过长"),
])
def test_what_is_refused_leaves_no_reason(desk, reasons, opinion, says):
    before = desk.task()
    with pytest.raises(Invalid, match=says):
        return_with_reasons(task_id=before.id, opinion=opinion, reasons=reasons, actor=make.actor("unit"))
    assert desk.task() == before
    assert kept() == 0


@pytest.mark.parametrize("login", ["company", "hr", "applicant"])
def test_nobody_else_gives_reasons(desk, login):
    with pytest.raises(NotFound):
        return_with_reasons(task_id=desk.task().id, opinion="", reasons=SAID, actor=make.actor(login))
    assert kept() == 0


def test_the_database_refuses_an_empty_reason_and_a_place_twice(desk):
    for rows in ([{"position": 1, "text": ""}], [{"position": 0, "text": "一"}], [{"position": 1, "text": "一"}] * 2):
        with pytest.raises(IntegrityError), transaction() as session:
            session.execute(ReturnReason.__table__.insert(), [{"task_id": desk.task().id, "page": "", **row} for row in rows])


def test_the_page_offers_the_pages_of_the_submission_and_shows_what_was_said(desk):
    client, task = desk.of("unit"), desk.task()
    address = f"/reviews/{task.subject_id}/"
    page = client.get(address).text
    for name in ("基本信息", "学历教育", "附件上传", "能力条件"):
        assert f">{name}</option>" in page
    answer = act(client, task.id, "return", opinion="", reason_page=["education", "", ""], reason_text=["学位证书不清晰", "缺少考核", ""])
    assert answer.location == "/tasks/"
    flow = client.get(f"{address}?tab=flow").text
    assert "#part-education" in flow
    assert "学位证书不清晰" in flow
    assert "缺少考核" in flow
    assert "学位证书不清晰" in unescape(desk.of("applicant").get(f"/applications/{task.subject_id}/fill").text
                                + desk.of("applicant").get(f"/applications/{task.subject_id}/fill/education").text)


def test_a_refused_return_comes_back_with_its_reasons(desk):
    client, task = desk.of("unit"), desk.task()
    answer = act(client, task.id, "return", opinion="先说一句", reason_page=["education"], reason_text=["学位证书<b>"], version="99")
    page = client.get(answer.location).text
    assert "刚刚有变化" in flashes(page)
    assert 'value="学位证书&lt;b&gt;"' in page
    assert '<option value="education" selected>' in page
    assert "先说一句" in page
    assert kept() == 0


def test_a_composed_opinion_reads_alike_whatever_was_said():
    names = {"basic": "基本信息"}
    for opinion in ("", "一\n二"):
        for said in ([], [Reason("basic", "三")], [Reason("", "四"), Reason("basic", "五")]):
            assert general(composed(opinion, said, names), said) == opinion


def test_tasks_of_others_have_no_reasons_in_the_scope(desk):
    return_with_reasons(task_id=desk.task().id, opinion="", reasons=SAID, actor=make.actor("unit"))
    seen = {}
    for login in ("applicant", "unit", "company", "applicant2"):
        with scoped(scope_of(make.actor(login))):
            current_session().rollback()
            seen[login] = len(current_session().scalars(select(ReturnReason)).all())
    assert seen == {"applicant": 3, "unit": 3, "company": 0, "applicant2": 0}
