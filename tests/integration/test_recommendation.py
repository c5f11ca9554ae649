"""Before 通过 the unit recommends, proves publicity and, as 事业单位, says whether a place is used; who may, and when."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from docx import Document
from sqlalchemy import select, update

from app.errors import Invalid, NotFound, WrongState
from app.extensions import db
from app.queries.recommendation import page_of
from app.rules import deadlines
from app.scope import scope_of, scoped, system_scope
from app.services import application, file, recommendation, review
from app.transaction import current_session
from models.case import Task
from models.file import Attachment
from models.organization import Organization
from models.post_quota import PostQuota, PostQuotaLevel, QuotaUse
from tests.database import build_template
from tests.factories import recommendation as rows
from tests.factories import teacher_world as make
from tests.factories.templates import submitted_template
from tests.factories.unit_world import disable

SCHOOL = "合肥市第八中学"


@pytest.fixture(scope="session")
def template(application, store):
    base = submitted_template(application, store, "applicant2")

    def submit():
        disable("unit2")

    return build_template(application, store, "submitted_twice", submit, base=base)


def task_of(login="applicant"):
    """The newest task of a person's application."""
    current_session().rollback()
    table = Task.__table__
    return current_session().execute(select(table).where(
        table.c.person_id == make.actor(login).person_id, table.c.subject_type == "application",
    ).order_by(table.c.id.desc())).first()


def level(label="副高级"):
    """(vacancies, occupied, unoccupied) of the school's quota."""
    current_session().rollback()
    return tuple(current_session().execute(
        select(PostQuotaLevel.__table__.c.vacancies, PostQuotaLevel.__table__.c.occupied, PostQuotaLevel.__table__.c.unoccupied)
        .join(PostQuota.__table__, PostQuota.__table__.c.id == PostQuotaLevel.__table__.c.quota_id)
        .join(Organization.__table__, Organization.__table__.c.id == PostQuota.__table__.c.organization_id)
        .where(Organization.__table__.c.name == SCHOOL, PostQuotaLevel.__table__.c.label == label)).one())


def only_vacancies(n):
    with db.engine.begin() as connection:
        connection.execute(update(PostQuotaLevel.__table__).values(vacancies=n))


def refused(task, actor):
    with pytest.raises(WrongState) as error:
        review.approve(task_id=task.id, actor=actor)
    return error.value.message


def test_without_its_parts_the_unit_cannot_approve_and_everything_missing_is_said(app):
    unit, task = make.actor("unit"), task_of()
    message = refused(task, unit)
    for words in ("单位推荐意见", "公示起止日期", "单位公示证明", "推荐"):
        assert words in message
    recommendation.save(task_id=task.id, text="同意推荐", publicity_from=None, publicity_to=None, actor=unit)
    assert "请填写或上传单位推荐意见" not in refused(task, unit)
    rows.recommended(task, unit)
    assert refused(task, unit) == "请先在“单位推荐意见”中补充：请选择是否占用职数，并点击“推荐”。"
    recommendation.recommend(task_id=task.id, occupies=True, reason="", actor=unit)
    assert review.approve(task_id=task.id, actor=unit).event == "moved"


def test_returning_and_terminating_need_no_recommendation(app):
    unit = make.actor("unit")
    assert review.return_(task_id=task_of().id, actor=unit, opinion="请补充").event == "returned"
    assert review.terminate(task_id=task_of("applicant2").id, actor=unit, opinion="虚假").event == "terminated"


def test_later_nodes_need_none(app):
    unit, task = make.actor("unit"), task_of()
    rows.recommended(task, unit, occupies=True)
    review.approve(task_id=task.id, actor=unit)
    assert review.approve(task_id=task_of().id, actor=make.actor("department")).event == "moved"


def test_publicity_too_short_or_still_running_is_refused(app):
    unit, task, today = make.actor("unit"), task_of(), deadlines.today()
    rows.recommended(task, unit, occupies=True)
    for first, last, says in ((today - dt.timedelta(1), today, "不少于 5 个工作日"),
                              (today - dt.timedelta(20), today + dt.timedelta(1), "公示尚未结束")):
        recommendation.save(task_id=task.id, text="同意", publicity_from=first, publicity_to=last, actor=unit)
        assert says in refused(task, unit)


def test_a_day_staff_add_to_the_holiday_table_counts_at_once(app):
    from models.holiday import Holiday
    from tests.factories.rows import save

    unit, task = make.actor("unit"), task_of()
    monday = deadlines.today() - dt.timedelta(deadlines.today().weekday() + 14)
    rows.recommended(task, unit, occupies=True)
    with db.engine.begin() as connection:
        connection.execute(Holiday.__table__.delete())
    recommendation.save(task_id=task.id, text="同意", publicity_from=monday, publicity_to=monday + dt.timedelta(4), actor=unit)
    save(Holiday(day=monday + dt.timedelta(2), is_workday=False, name="临时放假"))
    assert "现为 4 个工作日" in refused(task, unit)


def test_not_occupying_needs_a_reason_and_counts_apart(app):
    unit, task = make.actor("unit"), task_of()
    with pytest.raises(Invalid, match="说明"):
        recommendation.recommend(task_id=task.id, occupies=False, reason=" ", actor=unit)
    with pytest.raises(Invalid, match="是否占用"):
        recommendation.recommend(task_id=task.id, occupies=None, reason="", actor=unit)
    recommendation.recommend(task_id=task.id, occupies=False, reason="超岗聘用消化", actor=unit)
    assert level() == (20, 0, 1)
    recommendation.recommend(task_id=task.id, occupies=True, reason="", actor=unit)  # thought again
    assert level() == (20, 1, 0)


def test_no_more_places_are_used_than_confirmed(app):
    unit = make.actor("unit")
    only_vacancies(1)
    recommendation.recommend(task_id=task_of().id, occupies=True, reason="", actor=unit)
    with pytest.raises(WrongState, match="全部占用"):
        recommendation.recommend(task_id=task_of("applicant2").id, occupies=True, reason="", actor=unit)
    recommendation.recommend(task_id=task_of("applicant2").id, occupies=False, reason="不占岗", actor=unit)
    assert level() == (1, 1, 1)


@pytest.mark.parametrize("how", ["return", "terminate", "applicant"])
def test_a_place_is_given_back(app, how):
    unit, task = make.actor("unit"), task_of()
    recommendation.recommend(task_id=task.id, occupies=True, reason="", actor=unit)
    assert level() == (20, 1, 0)
    if how == "return":
        review.return_(task_id=task.id, actor=unit, opinion="补充")
    elif how == "terminate":
        review.terminate(task_id=task.id, actor=unit, opinion="虚假")
    else:
        application.withdraw(application_id=task.subject_id, actor=make.actor("applicant"))
    assert level() == (20, 0, 0)
    assert current_session().execute(select(QuotaUse.__table__.c.released_at)).scalar_one() is not None


def test_a_later_authoritys_return_gives_it_back_too(app):
    unit, task = make.actor("unit"), task_of()
    rows.recommended(task, unit, occupies=True)
    review.approve(task_id=task.id, actor=unit)
    review.return_(task_id=task_of().id, actor=make.actor("department"), opinion="补充")
    assert level() == (20, 0, 0)


def test_a_unit_without_confirmed_quota_is_told_what_to_do(app):
    with db.engine.begin() as connection:
        connection.execute(update(PostQuota.__table__).values(state="draft", confirmed_at=None))
    with pytest.raises(WrongState, match="录入并确认"):
        recommendation.recommend(task_id=task_of().id, occupies=True, reason="", actor=make.actor("unit"))


@pytest.mark.parametrize("login", ["department", "hr", "company", "convener", "agency"])
def test_nobody_else_writes_it(app, login):
    task, other = task_of(), make.actor(login)
    with pytest.raises(NotFound):
        recommendation.save(task_id=task.id, text="x", publicity_from=None, publicity_to=None, actor=other)
    with pytest.raises(NotFound):
        recommendation.recommend(task_id=task.id, occupies=True, reason="", actor=other)


def test_the_department_cannot_write_it_at_its_own_node(app):
    unit, task = make.actor("unit"), task_of()
    rows.recommended(task, unit, occupies=True)
    review.approve(task_id=task.id, actor=unit)
    with pytest.raises(WrongState, match="所在单位"):
        recommendation.save(task_id=task_of().id, text="x", publicity_from=None, publicity_to=None, actor=make.actor("department"))
    with pytest.raises(WrongState, match="已办理"):
        recommendation.save(task_id=task.id, text="x", publicity_from=None, publicity_to=None, actor=unit)


def test_its_files_are_read_on_the_route_and_changed_by_the_unit_alone(app):
    unit, task = make.actor("unit"), task_of()
    made = rows.recommended(task, unit, occupies=True)
    item = current_session().execute(select(Attachment.__table__.c.id).where(
        Attachment.__table__.c.subject_type == "recommendation", Attachment.__table__.c.subject_id == made)).scalar_one()
    current_session().rollback()

    def sees(login):
        who = make.actor(login)
        current_session().expunge_all()
        with scoped(scope_of(who)):
            try:
                file.attachment(item)
            except NotFound:
                return False
            return True

    assert [sees(login) for login in ("unit", "department", "company", "applicant", "applicant2")] == [
        True, False, False, False, False]
    review.approve(task_id=task.id, actor=unit)
    assert sees("department")
    for login in ("unit", "department"):
        with scoped(scope_of(make.actor(login))), pytest.raises((NotFound, WrongState)):
            file.detach(attachment_id=item, actor=make.actor(login))


def test_sent_in_again_the_unit_starts_from_what_it_wrote(app):
    unit, task, who = make.actor("unit"), task_of(), make.actor("applicant")
    rows.recommended(task, unit, occupies=True)
    review.return_(task_id=task.id, actor=unit, opinion="补充")
    from app.services import submission

    with scoped(scope_of(who)):
        assert submission.check(application_id=task.subject_id, actor=who).is_clean
        submission.submit(application_id=task.subject_id, actor=who)
    again = task_of()
    assert again.case_id != task.case_id
    with scoped(scope_of(unit)):
        made = recommendation.save(task_id=again.id, text="仍然同意", publicity_from=None, publicity_to=None, actor=unit)
    with system_scope():
        assert [item.slot for item in file.attachments_of("recommendation", made)] == ["publicity"]


def test_the_tab_shows_the_form_to_the_unit_and_the_text_to_the_department(app, client, login):
    unit, task = make.actor("unit"), task_of()
    login(client, "unit")
    page = client.get(f"/reviews/{task.subject_id}/?tab=recommendation").text
    for words in ("通过之前还需要", "单位公示证明模板下载", "是否占用职数", "正高级空缺", "推荐不占用数"):
        assert words in page
    answer = client.post(f"/recommendations/{task.id}/save/", data={
        "text": "同意推荐该同志", "publicity_from": "2026-01-05", "publicity_to": "2026-01-16",
        "file_publicity": (io.BytesIO(b"%PDF-1.4 nothing"), "坏.pdf"),
    })
    page = client.get(answer.location).text
    assert "坏.pdf" in page  # what was refused is named, what holds is kept
    assert "同意推荐该同志" in page
    client.post(f"/recommendations/{task.id}/recommend/", data={"occupies": "n", "reason": "不占岗"})
    assert "不占岗" in client.get(answer.location).text
    rows.recommended(task, unit, occupies=True)
    review.approve(task_id=task.id, actor=unit)
    department = app.test_client()
    login(department, "department")
    page = department.get(f"/reviews/{task.subject_id}/?tab=recommendation").text
    assert "同意推荐。" in page
    assert 'name="text"' not in page
    assert page_of(current_session(), case_id=task.case_id, application_id=task.subject_id, unit_id=unit.organization_id).use


def test_the_proof_of_publicity_is_filled_in(app, client, login):
    task = task_of()
    recommendation.save(task_id=task.id, text="", publicity_from=dt.date(2026, 3, 2), publicity_to=dt.date(2026, 3, 6),
                        actor=make.actor("unit"))
    login(client, "unit")
    answer = client.get(f"/recommendations/{task.subject_id}/publicity.docx")
    text = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(answer.data)).paragraphs)
    for words in ("李明", SCHOOL, "2026年3月2日至2026年3月6日", "5个工作日", "高级教师"):
        assert words in text
    for other in ("department", "company", "hr"):
        login(client, other)
        assert client.get(f"/recommendations/{task.subject_id}/publicity.docx").status_code == 404
