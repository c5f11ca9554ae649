"""提交审核: what was submitted stays as it was; the second submission is shown beside the first, to both sides."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from app.queries.submission_diff import draft_diff, submission_diff
from app.rules import snapshot as shots
from app.rules.return_reason import Reason
from app.scope import scope_of, scoped
from app.services import application_form, held_title, review, submission
from app.services.return_reason import return_with_reasons
from app.transaction import current_session, transaction
from models.achievement import Achievement, AchievementKindVersion
from models.application import Application, Submission
from models.case import Task
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.templates import plan_template
from tests.factories.unit_world import count_statements

_submission, _achievement, _version = Submission.__table__, Achievement.__table__, AchievementKindVersion.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def li(app: Flask):
    return make.actor("applicant")


def send_back(application_id: int) -> None:
    task = Task.__table__
    task_id = current_session().execute(
        select(task.c.id).where(task.c.subject_id == application_id, task.c.state == "open")).scalar_one()
    unit = make.actor("unit")
    review.claim(task_id=task_id, actor=unit)
    review.return_(task_id=task_id, actor=unit, opinion="基本信息：请核对出生地。\n附件上传：身份证不清晰。\n请一并补充完整。")


def change_something(application_id: int, who) -> None:
    with scoped(scope_of(who)):
        application_form.save_basic(application_id=application_id, actor=who, raw={**make.BASIC, "birth_place": "芜湖"})
        [held] = make.material(application_id).held_titles
        held_title.remove(application_id=application_id, held_title_id=held.id, actor=who)
        make.hold(application_id, who, title="一级教师（数学）")


def submit_again(application_id: int, who) -> None:
    with scoped(scope_of(who)):
        assert submission.check(application_id=application_id, actor=who).is_clean
        submission.submit(application_id=application_id, actor=who)


def test_a_submission_is_never_changed_whoever_asks(li):
    application_id = make.submitted(li)
    for statement in (update(_submission).values(note="x"), delete(_submission)):
        with pytest.raises(DatabaseError, match="never changed"), transaction() as session:
            session.execute(statement)
    row = current_session().execute(select(_submission)).one()
    assert (row.application_id, row.note) == (application_id, "")
    assert shots.digest(row.snapshot) == row.sha256
    assert row.snapshot["pledge"]["number"] == 1
    assert len(row.snapshot["pledge"]["sha256"]) == 64


def test_there_is_no_difference_before_the_second_submission(li):
    application_id = make.submitted(li)
    assert submission_diff(current_session(), application_id) is None


def test_the_second_submission_is_compared_with_the_first_which_stays(li):
    application_id = make.submitted(li)
    first = current_session().execute(select(_submission.c.sha256)).scalar_one()
    send_back(application_id)
    loaded = make.materials.load(current_session(), application_id)
    assert draft_diff(current_session(), application_id, shots.compose(loaded.material, loaded.names)).count == 0
    change_something(application_id, li)
    loaded = make.materials.load(current_session(), application_id)
    draft = draft_diff(current_session(), application_id, shots.compose(loaded.material, loaded.names))
    assert set(draft.anchors) == {"part-personal", "part-held"}
    submit_again(application_id, li)
    diff = submission_diff(current_session(), application_id)
    assert (diff.before, diff.after) == (1, 2)
    assert diff.parts == draft.parts
    [personal] = [part for part in diff.parts if part.anchor == "part-personal"]
    assert [(c.label, c.before, c.after) for c in personal.changes] == [("出生地", "安徽省合肥市", "芜湖")]
    assert submission_diff(current_session(), application_id, run=1) is None
    assert submission_diff(current_session(), application_id, run=2, against=1).parts == diff.parts
    rows = current_session().execute(select(_submission.c.sha256).order_by(_submission.c.run)).scalars().all()
    assert rows[0] == first != rows[1]


def test_the_applicant_sees_the_difference_before_and_after_submitting_again(client, login, li):
    application_id = make.submitted(li)
    send_back(application_id)
    browser = login(client, "applicant")
    change_something(application_id, li)
    assert "查看修改内容" in browser.get(f"/applications/{application_id}/fill/submit").text
    before = browser.get(f"/applications/{application_id}/fill/changes").text
    submit_again(application_id, li)
    after = browser.get(f"/applications/{application_id}").text
    for page in (before, after):
        assert "与第 1 次提交的差异" in page
        assert "<del>安徽省合肥市</del>" in page
        assert "<ins>芜湖</ins>" in page
    assert "与第 1 次提交的差异" not in browser.get(f"/applications/{application_id}?run=1").text
    assert current_session().execute(select(Application.__table__.c.state)).scalar_one() == "reviewing"


def test_text_that_only_the_browser_has_is_named_at_the_check_and_binds_no_result(client, login, li):
    application_id = make.complete(li)
    browser = login(client, "applicant")
    found = browser.post(f"/applications/{application_id}/fill/check", data={"unsaved": "titles,nonsense"})
    page = browser.get(found.location).text
    assert "“现有职称”有填写后没有保存的内容" in page
    assert make.material(application_id).checked_version is None
    browser.post(f"/applications/{application_id}/fill/check")
    assert make.material(application_id).checked_version is not None


def test_reasons_pinned_to_pages_stand_there_and_the_rest_everywhere_else(client, login, li):
    application_id = make.submitted(li)
    task = Task.__table__
    task_id = current_session().execute(
        select(task.c.id).where(task.c.subject_id == application_id, task.c.state == "open")).scalar_one()
    unit = make.actor("unit")
    section = make.material(application_id).sections[0].id
    with scoped(scope_of(unit)):
        review.claim(task_id=task_id, actor=unit)
        return_with_reasons(task_id=task_id, opinion="请在三日内补齐。", actor=unit, reasons=[
            Reason("education", "毕业证书看不清，学历教育以外的不用改。"), Reason(f"section-{section}", "缺获奖证书。"), Reason("", "落款日期有误。")])
    browser = login(client, "applicant")
    base = f"/applications/{application_id}/fill"
    said = {page: browser.get(f"{base}{page}").text for page in ("", "/education", f"/section/{section}")}
    shown = {page: [words for words in ("毕业证书看不清", "缺获奖证书", "落款日期有误", "请在三日内补齐") if words in text]
             for page, text in said.items()}
    assert shown == {
        "": ["落款日期有误", "请在三日内补齐"], "/education": ["毕业证书看不清"], f"/section/{section}": ["缺获奖证书"]}
    assert said[""].count("有退回意见") == 2
    assert count_statements(lambda: browser.get(base)) <= 15


def test_reasons_of_a_return_stand_beside_the_pages_they_name(client, login, li):
    application_id = make.submitted(li)
    send_back(application_id)
    browser = login(client, "applicant")
    base = f"/applications/{application_id}/fill"
    basic, files, other = (browser.get(f"{base}{page}").text for page in ("", "/attachments", "/education"))
    assert ("请核对出生地" in basic, "身份证不清晰" in basic) == (True, False)
    assert ("请核对出生地" in files, "身份证不清晰" in files) == (False, True)
    assert ("请核对出生地" in other, "请一并补充完整" in other) == (False, True)
    assert basic.count("有退回意见") == 2  # in the tree, at the two pages that are named
    assert "合肥市教育局" in basic  # the route of the case that came back


def test_a_linked_item_stands_in_a_submission_by_its_name(li):
    with transaction() as session:
        item_id = make.approved(li, "education")[0]
        other = make.approved(li, "work_experience")[0]
        row = session.execute(select(_achievement).where(_achievement.c.id == item_id)).one()
        fields = session.execute(select(_version.c.fields).where(_version.c.id == row.kind_version_id)).scalar_one()
        session.execute(update(_version).where(_version.c.id == row.kind_version_id).values(
            fields=[*fields, {"key": "linked", "label": "关联业绩条目", "type": "ref", "ref": "portfolio_item"}]))
        session.execute(update(_achievement).where(_achievement.c.id == item_id).values(data={**row.data, "linked": other}))
        line = session.execute(select(_achievement.c.summary).where(_achievement.c.id == other)).scalar_one()
    application_id = make.submitted(li)
    snapshot = current_session().execute(
        select(_submission.c.snapshot).where(_submission.c.application_id == application_id)).scalar_one()
    items = [item for page in snapshot["pages"] for item in page["items"] if item["achievement_id"] == item_id]
    assert ["关联业绩条目", f"工作经历：{line}"] in items[0]["fields"]
