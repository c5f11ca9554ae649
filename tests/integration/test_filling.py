"""职称申报 in the browser's words: every page opens, says why not, keeps input, and costs few queries."""

from __future__ import annotations

import html
import io
import json
import re

import pytest
from flask import Flask
from sqlalchemy import event, insert, select, update

from app.demo.evidence import evidence_pdf
from app.extensions import db
from app.services import application, review, submission
from app.transaction import current_session, transaction
from models.achievement import Achievement
from models.application import Application, Pledge
from models.case import Task
from models.plan import ReviewPlan
from tests.database import Databases
from tests.factories import plan as plan_rows
from tests.factories import teacher_world as make
from tests.factories.templates import plan_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def li(app: Flask):
    return make.actor("applicant")


@pytest.fixture
def browser(client, login):
    return login(client, "applicant")


def state_of(application_id: int) -> str:
    current_session().rollback()
    table = Application.__table__
    return current_session().execute(select(table.c.state).where(table.c.id == application_id)).scalar_one()


def fill_pages(application_id: int) -> list[str]:
    base = f"/applications/{application_id}/fill"
    sections = [f"{base}/section/{section.id}" for section in make.material(application_id).sections]
    need = make.material(application_id).sections[0].requirements[0]
    return [
        base, f"{base}/choice", f"{base}/work_experience", f"{base}/education", f"{base}/continuing_education",
        f"{base}/annual_assessment", *sections, f"{base}/import?page=education",
        f"{base}/import?standard_item_id={need.id}", f"{base}/attachments", f"{base}/files", f"{base}/overview",
        f"{base}/submit", f"{base}/submit?checked=1",
    ]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no hidden field {name}"
    return found.group(1)


def test_visitors_search_plans_and_are_told_to_sign_in(client):
    page = client.get("/plans/?name=中小学教师&level=正高级")
    assert page.status_code == 200
    assert "安徽省中小学教师系列高级职称评审委员会" in page.text
    assert "建设工程" not in page.text.split("</thead>")[1]
    plan = client.get(f"/plans/{make.teacher_plan()}")
    assert "请先登录个人账号" in plan.text
    for tab, words in (("offers", "高中数学"), ("content", "个人业绩库"), ("scope", "特殊教育学校")):
        assert words in client.get(f"/plans/{make.teacher_plan()}?tab={tab}").text


@pytest.mark.parametrize("query", [
    "year=abc", "year=99999999999999999999", "before=x", "after=2026-01-01_", "series=0", "region=%27", "level=没有",
    "committee=%25", "type=x&before=2026-13-01_1",
])
def test_nonsense_in_the_search_is_no_error(client, query):
    assert client.get(f"/plans/?{query}").status_code == 200


def test_drafts_are_no_plans_for_anybody(client):
    plan_rows.unguard_plans()
    with transaction() as session:
        session.execute(update(ReviewPlan.__table__).values(state="draft"))
    assert client.get(f"/plans/{make.teacher_plan()}").status_code == 404
    assert "没有符合条件" in client.get("/plans/").text


def test_the_way_from_the_plan_to_the_first_page(browser, li):
    plan_id = make.teacher_plan()
    assert "马上申报" in browser.get(f"/plans/{plan_id}").text
    form = browser.get(f"/applications/new/{plan_id}")
    assert form.status_code == 200
    assert "幼儿园教师专业技术资格条件" in form.text
    chosen = make.selection(plan_id)
    data = {"route": "regular", "specialty_id": chosen.specialty_id, "title_id": chosen.title_id,
            "standard_id": chosen.standard_id}
    refused = browser.post(f"/applications/new/{plan_id}", data=data)
    assert refused.status_code == 422
    assert "请核对后勾选" in refused.text
    done = browser.post(f"/applications/new/{plan_id}", data={**data, "sure": "y"})
    assert done.status_code == 302
    pledge = browser.get(done.location)
    assert "我已阅读并承诺" in pledge.text
    assert browser.get(done.location.replace("/pledge", "/fill")).status_code == 302  # nobody fills in before the pledge
    pledge_id = hidden(pledge.text, "pledge_id")
    assert browser.post(done.location, data={"pledge_id": pledge_id}).status_code == 422
    filled = browser.post(done.location, data={"pledge_id": pledge_id, "read": "y"})
    page = browser.get(filled.location)
    for words in ("申报情况", "个人信息", "专业信息", "还差什么", "合肥市教育局", "安徽省教育厅", "还有 180 天"):
        assert words in page.text, words


def test_a_choice_that_is_not_offered_is_refused_beside_the_field(browser):
    plan_id = make.teacher_plan()
    chosen, other = make.selection(plan_id), make.engineer_selection()
    page = browser.post(f"/applications/new/{plan_id}", data={
        "route": "transfer", "specialty_id": chosen.specialty_id, "title_id": other.title_id,
        "standard_id": chosen.standard_id, "sure": "y"})
    assert page.status_code == 422
    assert "可申报的职称为" in page.text
    assert "请选择本计划接受的申报形式" in page.text


def test_saving_without_scripts_keeps_what_holds_and_names_what_does_not(browser, li):
    application_id = make.started(li)
    address = f"/applications/{application_id}/fill"
    version = html.unescape(hidden(browser.get(address).text, "version"))
    data = {f"f_{key}": value for key, value in make.BASIC.items()}
    page = browser.post(address, data={**data, "f_birth_place": "", "f_profession_years": "35", "version": version})
    assert "系统已自动改为 21" in page.text
    assert "请填写“出生地”" in page.text
    assert make.material(application_id).personal["profession_years"] == 21
    again = browser.post(address, data={**data, "version": html.unescape(hidden(page.text, "version"))})
    assert again.status_code == 302


def test_autosave_answers_json_and_merges_a_second_window_showing_both_values(browser, li):
    application_id = make.started(li)
    address = f"/applications/{application_id}/fill"
    page = browser.get(address).text
    token = html.unescape(hidden(page, "version"))
    began = {f"f_{key}": value for key, value in json.loads(token).items()}
    headers = {"Accept": "application/json"}
    first = browser.post(
        f"{address}/autosave", data={**began, "f_birth_place": "合肥", "f_health": "健康", "version": token}, headers=headers)
    assert first.status_code == 200
    assert re.fullmatch(r"\d\d:\d\d:\d\d", first.json["saved_at"])
    assert first.json["version"] != token
    assert "出生地" not in first.json["parts"]["progress"]
    assert "专业年限" in first.json["parts"]["progress"]
    wrong = browser.post(f"{address}/autosave", headers=headers, data={
        **began, "f_birth_place": "合肥", "f_health": "健康", "f_work_years": "20", "f_profession_years": "30",
        "f_work_start": "x", "version": first.json["version"]})
    assert wrong.json["lowered"]["f_profession_years"]["value"] == "20"
    assert "2026-01-31" in wrong.json["errors"]["f_work_start"]
    second = browser.post(
        f"{address}/autosave", data={**began, "f_birth_place": "芜湖", "f_former_name": "李大明", "version": token},
        headers=headers)
    assert second.json["conflicts"] == {"f_birth_place": {"mine": "芜湖", "stored": "合肥", "value": "合肥"}}
    assert second.json["updates"] == {"f_health": "健康", "f_profession_years": "20", "f_work_years": "20"}
    stored = make.material(application_id).personal
    assert (stored["birth_place"], stored["former_name"]) == ("合肥", "李大明")


def test_without_scripts_a_second_window_sees_both_values_beside_the_field_and_decides(browser, li):
    application_id = make.started(li)
    address = f"/applications/{application_id}/fill"
    token = html.unescape(hidden(browser.get(address).text, "version"))
    data = {f"f_{key}": value for key, value in make.BASIC.items()}
    assert browser.post(address, data={**data, "version": token}).status_code == 302
    page = browser.post(address, data={**data, "f_birth_place": "安徽省芜湖市", "version": token})
    assert page.status_code == 409
    assert "其他窗口已保存为“安徽省合肥市”，本页填写的是“安徽省芜湖市”" in page.text
    assert 'value="安徽省芜湖市"' in page.text
    assert make.material(application_id).personal["birth_place"] == "安徽省合肥市"
    again = html.unescape(hidden(page.text, "version"))
    assert browser.post(address, data={**data, "f_birth_place": "安徽省芜湖市", "version": again}).status_code == 302
    assert make.material(application_id).personal["birth_place"] == "安徽省芜湖市"


def test_importing_shows_why_an_item_cannot_be_chosen_and_takes_several(browser, li):
    application_id = make.started(li)
    base = f"/applications/{application_id}/fill"
    ids = make.approved(li, "work_experience")
    with transaction() as session:
        session.execute(update(Achievement.__table__).where(Achievement.__table__.c.id == ids[0]).values(state="reviewing"))
    page = browser.get(f"{base}/import?page=work_experience")
    assert "单位正在审核" in page.text
    assert "disabled" in page.text
    nothing = browser.post(f"{base}/import", data={"page": "work_experience"})
    assert "请先勾选" in nothing.text
    done = browser.post(f"{base}/import", data={"page": "work_experience", "rowid": ids[1:]})
    assert done.status_code == 302
    item = make.material(application_id).items[0]
    assert "上移" not in browser.get(done.location).text  # one alone
    assert browser.post(f"{base}/items/{item.id}/remove", data={"next": "//evil.example"}).location.startswith("/applications")
    assert make.material(application_id).items == ()


def test_attachments_are_uploaded_into_the_slots_of_the_plan_only(browser, li):
    application_id = make.started(li)
    page = browser.get(f"/applications/{application_id}/fill/attachments")
    assert "身份证正反面" in page.text
    assert "校(园)长岗位培训证书" not in page.text  # its condition does not hold
    data = {"files": (io.BytesIO(evidence_pdf("身份证", ("样张",), "本人")), "身份证正面.pdf"), "next": "/x"}
    assert browser.post(f"/files/application/{application_id}/id_card", data=data).status_code == 303
    assert make.material(application_id).slots[0].files[0].name == "身份证正面.pdf"
    data = {"files": (io.BytesIO(evidence_pdf("身份证", ("样张",), "本人")), "身份证.pdf"), "next": "/x"}
    assert browser.post(f"/files/application/{application_id}/else", data=data).status_code == 404


def test_the_whole_way_by_the_buttons(browser, client, login, li):
    application_id = make.complete(li)
    base = f"/applications/{application_id}"
    page = browser.get(f"{base}/fill/submit")
    assert "开始检测" in page.text
    checked = browser.post(f"{base}/fill/check")
    assert "全部符合，可以提交" in browser.get(checked.location).text
    assert browser.post(f"{base}/fill/submit").status_code == 302
    assert state_of(application_id) == "reviewing"
    overview = browser.get("/applications/")
    for words in ("当前申报情况", "审核中", "撤回", "我的历史记录", "合肥市第八中学"):
        assert words in overview.text, words
    shown = browser.get(base)
    assert "第 1 次提交" in shown.text
    assert "高中数学-高级教师" in shown.text
    assert browser.get(f"{base}/fill").location.endswith(base)
    assert browser.post(f"{base}/withdraw").status_code == 302
    assert state_of(application_id) == "editing"


def test_a_returned_application_shows_the_opinion_and_can_be_filled_again(browser, li):
    application_id = make.submitted(li)
    task = Task.__table__
    task_id = current_session().execute(select(task.c.id)).scalar_one()
    unit = make.actor("unit")
    review.claim(task_id=task_id, actor=unit)
    review.return_(task_id=task_id, actor=unit, opinion="请补充教学成果的佐证")
    page = browser.get("/applications/")
    assert "请补充教学成果的佐证" in page.text
    assert "填报" in page.text
    assert browser.get(f"/applications/{application_id}/fill").status_code == 200
    assert "请补充教学成果的佐证" in browser.get(f"/applications/{application_id}/fill/submit").text


def test_the_check_lists_every_reason_with_a_link(browser, li):
    application_id = make.started(li)
    checked = browser.post(f"/applications/{application_id}/fill/check")
    page = browser.get(checked.location).text
    assert "不符合" in page
    assert f"/applications/{application_id}/fill#f_birth_place" in page
    assert f"/applications/{application_id}/fill/attachments#slot-id_card" in page
    refused = browser.post(f"/applications/{application_id}/fill/submit")
    assert refused.status_code == 409
    assert "不符合项" in refused.text


def test_foreign_applications_are_not_found_on_every_address(client, login, li):
    application_id = make.complete(li)
    stranger = login(client, "applicant2")
    pages = [*fill_pages(application_id), f"/applications/{application_id}", f"/applications/{application_id}/pledge"]
    for address in pages:
        page = stranger.get(address)
        assert page.status_code == 404, address
        assert "李明" not in page.text
    item = make.material(application_id).items[0]
    for address in ("/delete", "/withdraw", "/fill", "/fill/autosave", "/fill/check", "/fill/submit", "/fill/choice",
                    f"/fill/items/{item.id}/remove", "/fill/import?page=education"):
        assert stranger.post(f"/applications/{application_id}{address}").status_code == 404, address
    assert len(make.material(application_id).items) > 10


@pytest.mark.parametrize("username", ["unit", "convener", "ops"])
def test_other_roles_have_no_filling_pages(client, login, li, username):
    application_id = make.started(li)
    who = login(client, username)
    for address in ("/applications/", f"/applications/{application_id}/fill"):
        assert who.get(address).status_code in (302, 403), address
        assert "个人信息" not in who.get(address).text


def count_queries(browser, address: str) -> int:
    statements: list[str] = []

    def count(conn, cursor, statement, parameters, context, executemany):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        page = browser.get(address)
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert page.status_code == 200, address
    return len(statements)


def test_every_filling_page_opens_with_at_most_fifteen_queries_whatever_the_rows(browser, li):
    application_id = make.complete(li)
    browser.get(f"/applications/{application_id}/fill")  # fills the caches of permissions
    before = {address: count_queries(browser, address) for address in fill_pages(application_id)}
    source = Achievement.__table__
    with transaction() as session:
        rows = session.execute(select(source).where(source.c.person_id == li.person_id)).mappings().all()
        session.execute(insert(source), [{k: v for k, v in row.items() if k != "id"} for row in rows for _ in range(3)])
    for address, queries in before.items():
        assert queries <= 15, f"{address}: {queries}"
        assert count_queries(browser, address) == queries, address


def test_get_writes_nothing(browser, li):
    application_id = make.complete(li)
    submission.check(application_id=application_id, actor=li)
    version = make.material(application_id).version
    for address in [*fill_pages(application_id), "/applications/", f"/applications/{application_id}/pledge?again=1"]:
        browser.get(address)
    assert make.material(application_id).version == version


def test_a_new_pledge_has_to_be_accepted_again(browser, li):
    application_id = make.complete(li)
    with transaction() as session:
        session.execute(insert(Pledge.__table__).values(
            number=9, title="诚信承诺书", clauses=["新的条款"], sha256="x", published_at=make.utcnow()))
    assert "诚信承诺书已更新" in browser.get(f"/applications/{application_id}/fill").text
    page = browser.get(f"/applications/{application_id}/pledge?again=1")
    assert "新的条款" in page.text
    assert application.EDITABLE
