"""The convener's pages: what each shows and does, foreign plans, and the door to what was published."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import models as m
from app.extensions import db
from app.rules import deadlines
from app.services import plan_edition
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people
from tests.factories import plan as rows
from tests.factories.rows import save

LATER = (deadlines.today() + dt.timedelta(days=30)).isoformat()
PAGES = ("extend", "reopen", "copy", "revise", "describe", "offerings", "checks", "preview")


@pytest.fixture
def convener(app: Flask) -> people.Unit:
    return people.unit("convener1", kind="convener")


@pytest.fixture
def own(convener: people.Unit, client: FlaskClient, login: Login) -> FlaskClient:
    return login(client, "convener1")


def table_row(model: Any, pk: int) -> Any:
    db.session.rollback()
    return db.session.execute(select(model.__table__).where(model.__table__.c.id == pk)).first()


def published(convener: people.Unit) -> tuple[int, dict[str, int]]:
    plan = make.plan(convener.id)
    ids = rows.fill(plan)
    rows.window(plan)
    return plan, ids


def test_foreign_plans_are_not_there(convener: people.Unit, app: Flask, login: Login) -> None:
    plan, _ids = published(convener)
    people.unit("convener2", kind="convener")
    foreign = login(app.test_client(), "convener2")
    for page in PAGES:
        assert foreign.get(f"/plans/desk/{plan}/{page}").status_code == 404, page
    for page in (*PAGES[:-1], "revision/publish", "revision/discard"):
        assert foreign.post(f"/plans/desk/{plan}/{page}", data={"reason": "原因", "closes_on": LATER}).status_code == 404, page
    assert foreign.get(f"/reviewplanview/show/{plan}").status_code == 404
    for role in ("Admin", "Ops"):
        people.account(f"only{role}", role=role)
        assert login(app.test_client(), f"only{role}").get(f"/plans/desk/{plan}/preview").status_code == 200


def test_a_draft_is_previewed_by_its_convener_and_by_nobody_in_public(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft", name="还没发布的计划")
    rows.fill(plan)
    rows.slot(plan)
    page = own.get(f"/plans/desk/{plan}/preview")
    assert page.status_code == 200
    for words in ("还没发布的计划", "身份证", "能力条件", "至少 1 项", "总是"):
        assert words in page.text
    assert own.get(f"/plans/{plan}").status_code == 404


def test_the_home_of_a_plan_names_what_is_missing_with_links(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    page = own.get(f"/reviewplanview/show/{plan}").text
    assert "草稿，还不能发布。" in page
    assert f"/plans/desk/{plan}/offerings" in page
    assert 'href="#ReviewStandardView"' in page
    assert "申报名册" not in page
    rows.fill(plan)
    assert "草稿，可以发布。" in own.get(f"/reviewplanview/show/{plan}").text


def test_a_window_is_extended_on_a_page_that_keeps_what_was_typed(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = published(convener)
    refused = own.post(f"/plans/desk/{plan}/extend", data={"closes_on": "2020-01-01", "reason": "台风停电，顺延"})
    assert refused.status_code == 422
    assert "台风停电，顺延" in refused.text
    assert "须晚于原来的" in refused.text
    done = own.post(f"/plans/desk/{plan}/extend", data={"closes_on": LATER, "reason": "台风停电，顺延"})
    assert done.headers["Location"] == f"/reviewplanview/show/{plan}"
    assert table_row(m.ReviewPlan, plan).closes_on.isoformat() == LATER


def test_a_plan_closed_before_its_time_says_so(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = published(convener)
    assert "已由组建单位关闭" not in own.get(f"/plans/{plan}").text
    rows.window(plan, state="closed")
    assert "本计划已由组建单位关闭，不再接受申报。" in own.get(f"/plans/{plan}").text
    rows.window(plan, opens=-9, closes=-2, state="closed")
    assert "截止。" in own.get(f"/plans/{plan}").text


def test_a_copy_leads_to_the_new_draft(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = published(convener)
    assert own.post(f"/plans/desk/{plan}/copy", data={"year": "1900"}).status_code == 422
    done = own.post(f"/plans/desk/{plan}/copy", data={"year": "2027"})
    made = int(done.headers["Location"].rpartition("/")[2])
    assert table_row(m.ReviewPlan, made).state == "draft"
    assert own.get(done.headers["Location"]).status_code == 200


def test_specialties_and_titles_are_ticked_in_a_table(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    ids = rows.fill(make.plan(convener.id, state="draft"))
    page = own.get(f"/plans/desk/{plan}/offerings?series={ids['series']}").text
    pair = f"{ids['specialty']}-{ids['title']}"
    assert f'name="pair" value="{pair}"' in page
    own.post(f"/plans/desk/{plan}/offerings", data={"series": ids["series"], "level": [ids["level"]], "pair": [pair]})
    page = own.get(f"/plans/desk/{plan}/offerings?series={ids['series']}").text
    assert f'name="pair" value="{pair}" checked' in page
    assert f'name="level" value="{ids["level"]}" checked' in page


def test_two_windows_do_not_write_over_each_other(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    ids = rows.fill(make.plan(convener.id, state="draft"))
    address = f"/plans/desk/{plan}/offerings"
    assert 'name="version" value="1"' in own.get(f"{address}?series={ids['series']}").text
    first = {"series": ids["series"], "version": "1", "level": [ids["level"]]}
    assert own.post(address, data=first).status_code == 302
    pair = f"{ids['specialty']}-{ids['title']}"
    late = own.post(address, data={**first, "level": [], "pair": [pair]})
    assert late.status_code == 409
    assert "刚在别处修改过" in late.text
    assert f'name="pair" value="{pair}" checked' in late.text, "what was ticked stays"
    assert f'name="level" value="{ids["level"]}" checked' not in late.text
    assert 'name="version" value="2"' in late.text, "whoever looked can save"
    checks = {"A11-level": "warn", "version": "1"}
    assert own.post(f"/plans/desk/{plan}/checks", data=checks).status_code in (409, 422)


def test_check_settings_show_the_sentence_beside_the_field_and_keep_the_input(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    page = own.get(f"/plans/desk/{plan}/checks").text
    assert 'name="F01-hours"' in page
    form = {"F01-level": "block", "F01-years": "3", "F01-hours": "九十", "F01-professional": "60", "F01-public": "30"}
    refused = own.post(f"/plans/desk/{plan}/checks", data=form)
    assert refused.status_code == 422
    assert 'value="九十"' in refused.text
    assert "须是 0 到 500 的整数" in refused.text


# The door: what was published is never changed

PARTS = ("planlevel", "planoffering", "reviewstandard", "standardsection", "standardgroup", "standarditem", "attachmentslot")


def parts_of(plan: int, ids: dict[str, int]) -> dict[str, tuple[type, int]]:
    """One row of each kind that belongs to the plan's first edition."""
    def first(model: Any) -> int:
        return int(db.session.execute(
            select(model.__table__.c.id).where(model.__table__.c.plan_id == plan, model.__table__.c.edition == 1)
        ).scalars().first() or 0)

    group = save(m.StandardGroup(section_id=ids["section"], name="任选", minimum=1))
    rows.slot(plan)
    db.session.rollback()
    return {
        "planlevel": (m.PlanLevel, first(m.PlanLevel)), "planoffering": (m.PlanOffering, first(m.PlanOffering)),
        "reviewstandard": (m.ReviewStandard, ids["standard"]), "standardsection": (m.StandardSection, ids["section"]),
        "standardgroup": (m.StandardGroup, group), "standarditem": (m.StandardItem, ids["item"]),
        "attachmentslot": (m.AttachmentSlot, first(m.AttachmentSlot)),
    }


def form_of(own: FlaskClient, address: str) -> dict[str, str]:
    """What the form of a page would send unchanged, as far as these tests need it: the fingerprint."""
    page = own.get(address).text
    marker = 'name="shown" type="hidden" value="'
    return {"shown": page.split(marker)[1].split('"')[0]} if marker in page else {}


@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_a_published_edition_is_changed_or_deleted(convener: people.Unit, own: FlaskClient, part: str) -> None:
    plan, ids = published(convener)
    model, pk = parts_of(plan, ids)[part]
    before = table_row(model, pk)
    edit = f"/{part}view/edit/{pk}"
    form = form_of(own, edit) | {
        "plan": plan, "name": "改了", "level": ids["level"], "series": ids["series"], "specialty": ids["specialty"],
        "title": ids["title"], "standard": ids["standard"], "section": ids["section"], "kind": ids["kind"], "minimum": 9,
        "maximum": 9, "position": 9, "max_mb": 9, "max_count": 9,
    }
    answer = own.post(edit, data=form)
    assert answer.status_code == 409
    assert "请先在计划页面点“修订”" in answer.text
    own.post(f"/{part}view/delete/{pk}", headers={"Referer": f"http://localhost/reviewplanview/show/{plan}"})
    assert table_row(model, pk) == before
    page = own.get(f"/reviewplanview/show/{plan}").text
    assert f"/{part}view/edit/" not in page
    assert f"/{part}view/add?" not in page


def test_nothing_is_added_to_a_published_edition(convener: people.Unit, own: FlaskClient) -> None:
    plan, ids = published(convener)
    answers = {
        "reviewstandard": {"plan": plan, "name": "另一标准", "position": 1},
        "attachmentslot": {"plan": plan, "name": "另一附件", "max_mb": 3, "max_count": 1, "position": 1},
        "standardsection": {"standard": ids["standard"], "name": "另一分类", "position": 1},
        "standardgroup": {"section": ids["section"], "name": "另一组", "minimum": 1},
    }
    for part, form in answers.items():
        answer = own.post(f"/{part}view/add", data=form)
        assert answer.status_code == 409, part
    assert "另一" not in own.get(f"/reviewplanview/show/{plan}").text


def test_a_revision_is_changed_and_the_edition_in_force_is_not(convener: people.Unit, own: FlaskClient) -> None:
    plan, ids = published(convener)
    own.post(f"/plans/desk/{plan}/revise", data={"reason": "增加附件项"})
    page = own.get(f"/reviewplanview/show/{plan}").text
    assert "正在修订" in page
    assert f"/attachmentslotview/add?_flt_0_plan={plan}" in page
    added = own.post(f"/attachmentslotview/add?_flt_0_plan={plan}", data={
        "plan": plan, "name": "笔试申请表", "max_mb": 3, "max_count": 1, "position": 1})
    assert added.status_code == 302
    slot = m.AttachmentSlot.__table__
    assert [tuple(found) for found in db.session.execute(select(slot.c.name, slot.c.edition))] == [("笔试申请表", 2)]
    offered = own.get(f"/standardsectionview/options/standard?_flt_0_plan={plan}").json
    assert [row["id"] for row in offered] != [ids["standard"]]  # the revision's copy, not the one in force
    own.post(f"/reviewstandardview/delete/{ids['standard']}")
    assert table_row(m.ReviewStandard, ids["standard"])
    assert own.post(f"/plans/desk/{plan}/revision/publish").status_code == 302
    assert table_row(m.ReviewPlan, plan).edition == 2
    assert "笔试申请表" in own.get(f"/plans/desk/{plan}/preview").text


def test_superseded_editions_are_on_no_screen(convener: people.Unit, own: FlaskClient) -> None:
    plan, ids = published(convener)
    own.post(f"/plans/desk/{plan}/revise", data={"reason": "改标准"})
    own.post(f"/plans/desk/{plan}/revision/publish")
    assert own.get(f"/reviewstandardview/show/{ids['standard']}").status_code == 404
    assert own.get(f"/standarditemview/edit/{ids['item']}").status_code == 404
    assert own.get(f"/reviewstandardview/list/?_flt_0_plan={plan}").text.count("/reviewstandardview/show/") == 1


def test_a_published_plan_itself_changes_in_its_words_only(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = published(convener)
    leads = own.get(f"/reviewplanview/edit/{plan}")
    assert leads.headers["Location"] == f"/plans/desk/{plan}/describe"
    assert own.post(f"/reviewplanview/edit/{plan}", data={"name": "改名", "year": 2000}).status_code == 302
    assert table_row(m.ReviewPlan, plan).name != "改名"
    own.post(f"/plans/desk/{plan}/describe", data={
        "content": "第一段\n第二段", "scope_text": "<p>全省教师</p><img src=x onerror=alert(1)>", "contact": "周老师", "version": "1"})
    changed = table_row(m.ReviewPlan, plan)
    assert (changed.content, changed.scope_text, changed.contact) == (
        "<p>第一段</p><p>第二段</p>", "<p>全省教师</p>", "周老师")
    assert "<p>全省教师</p>" in own.get(f"/plans/{plan}").text


def test_what_the_database_holds_is_cleaned_again_when_it_is_shown(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = published(convener)
    with db.engine.begin() as connection:
        connection.execute(m.ReviewPlan.__table__.update().values(scope_text="<p>好</p><script>alert(1)</script>"))
    for address in (f"/plans/{plan}", f"/plans/desk/{plan}/preview", f"/reviewplanview/show/{plan}"):
        page = own.get(address).text
        assert "<p>好</p>" in page, address
        assert "alert(1)" not in page, address


# Files

def pdf() -> io.BytesIO:
    from app.demo.evidence import evidence_pdf

    return io.BytesIO(evidence_pdf("评审通知", ("正文",), "安徽省教育厅"))


def test_documents_are_public_with_the_plan_and_hidden_with_the_draft(
    convener: people.Unit, own: FlaskClient, app: Flask, login: Login
) -> None:
    plan = make.plan(convener.id, state="draft")
    rows.fill(plan)
    sent = own.post(f"/files/plan/{plan}/documents", data={"files": (pdf(), "评审通知.pdf"), "next": f"/reviewplanview/show/{plan}"})
    assert sent.status_code == 303
    assert "评审通知.pdf" in own.get(f"/reviewplanview/show/{plan}").text
    attachment = db.session.execute(select(m.Attachment.__table__.c.id)).scalar_one()
    address = f"/plans/{plan}/documents/{attachment}"
    anybody = app.test_client()
    assert anybody.get(address).status_code == 404
    people.person("li", organization_id=None)
    assert login(app.test_client(), "li").get(f"/files/{attachment}").status_code == 404
    own.post(f"/reviewplanview/action/publish/{plan}")
    rows.window(plan)
    assert anybody.get(address).status_code == 200
    assert anybody.get(address).data[:5] == b"%PDF-"
    assert anybody.get(f"/plans/{plan}/documents/{attachment + 1}").status_code == 404


def test_files_of_a_plan_are_uploaded_by_its_convener_only(convener: people.Unit, app: Flask, login: Login) -> None:
    plan = make.plan(convener.id, state="draft")
    slot = rows.slot(plan)
    people.unit("convener2", kind="convener")
    people.person("li", organization_id=None)
    for name in ("convener2", "li"):
        client = login(app.test_client(), name)
        for place in (f"plan/{plan}/documents", f"plan_slot/{slot}/template"):
            assert client.post(f"/files/{place}", data={"files": (pdf(), "a.pdf")}).status_code == 404, (name, place)


def test_a_template_is_changed_while_its_slot_can_be(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = published(convener)
    slot = rows.slot(plan)
    refused = own.post(f"/files/plan_slot/{slot}/template", data={"files": (pdf(), "a.pdf"), "next": "/"})
    assert refused.status_code == 303
    assert db.session.execute(select(m.Attachment.__table__.c.id)).first() is None
    page = own.get(f"/attachmentslotview/show/{slot}").text
    assert "没有模板" in page
    assert "上传模板" not in page
    rows.window(plan, state="draft")
    own.post(f"/files/plan_slot/{slot}/template", data={"files": (pdf(), "空白表.pdf"), "next": "/"})
    assert "空白表.pdf" in own.get(f"/attachmentslotview/show/{slot}").text


# Attachment slots

def test_a_condition_is_chosen_in_words(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    add = f"/attachmentslotview/add?_flt_0_plan={plan}"
    form = {"plan": plan, "name": "破格材料", "max_mb": 3, "max_count": 2, "position": 1}
    wrong = own.post(add, data=form | {"condition": ["application.route", "火箭"]})
    assert wrong.status_code == 422
    assert "“申报形式”没有“火箭”" in wrong.text
    assert own.post(add, data=form | {"condition": ["application.route", "破格申报、转评申报"]}).status_code == 302
    slot = db.session.execute(select(m.AttachmentSlot.__table__)).one()
    assert slot.condition == {"field": "application.route", "in": ["exceptional", "transfer"]}
    assert slot.types == ["png", "pdf", "jpg"]
    page = own.get(f"/reviewplanview/show/{plan}").text
    assert "“申报形式”为破格申报、转评申报时" in page
    assert 'value="破格申报、转评申报"' in own.get(f"/attachmentslotview/edit/{slot.id}").text


def test_a_group_belongs_to_the_section_of_its_items(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    ids = rows.fill(plan)
    other = save(m.StandardSection(standard_id=ids["standard"], name="业绩条件"))
    group = save(m.StandardGroup(section_id=other, name="满足一项", minimum=1))
    kind, _version = make.kind()
    form = {"section": ids["section"], "kind": kind, "minimum": 0, "maximum": 0, "position": 1, "group": group}
    refused = own.post("/standarditemview/add", data=form)
    assert refused.status_code == 422
    assert "须属于同一个标准分类" in refused.text
    assert own.post("/standarditemview/add", data=form | {"section": other}).status_code == 302


def test_a_new_plan_leads_to_its_own_page(convener: people.Unit, own: FlaskClient) -> None:
    committee = save(m.Committee(name="评委会", convener_id=convener.id, issuer_id=convener.id, region_code="340100"))
    region = db.session.execute(select(m.Region.__table__.c.id)).scalar_one()
    page = own.get("/reviewplanview/add").text
    assert f'<option value="{committee}" selected>' in page  # the only committee
    assert 'data-rich' in page
    form = {"name": "2026年—评委会", "year": 2026, "committee": committee, "region": region, "plan_type": "regular",
            "routes": ["regular"], "opens_on": "2026-03-01", "closes_on": "2026-04-01", "scope_text": "全省\n教师", "allows_exemption": "y"}
    refused = own.post("/reviewplanview/add", data=form)
    assert refused.status_code == 422
    assert "不需要面试的计划没有免面试" in refused.text
    made = own.post("/reviewplanview/add", data=form | {"needs_interview": "y"})
    plan = db.session.execute(select(m.ReviewPlan.__table__)).one()
    assert made.headers["Location"] == f"/reviewplanview/show/{plan.id}"
    assert (plan.convener_id, plan.scope_text) == (convener.id, "<p>全省</p><p>教师</p>")


def test_a_foreign_committee_cannot_be_chosen(convener: people.Unit, own: FlaskClient) -> None:
    other = people.unit("convener2", kind="convener")
    committee = save(m.Committee(name="外单位评委会", convener_id=other.id, issuer_id=other.id, region_code="340100"))
    region = db.session.execute(select(m.Region.__table__.c.id)).scalar_one()
    assert "外单位评委会" not in own.get("/reviewplanview/add").text
    answer = own.post("/reviewplanview/add", data={
        "name": "冒名计划", "year": 2026, "committee": committee, "region": region, "plan_type": "regular",
        "routes": ["regular"], "opens_on": "2026-03-01", "closes_on": "2026-04-01"})
    assert answer.status_code == 422
    assert db.session.execute(select(m.ReviewPlan.__table__)).first() is None


def test_a_draft_is_deleted_with_its_files_and_a_published_plan_is_not(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    own.post(f"/files/plan/{plan}/documents", data={"files": (pdf(), "评审通知.pdf"), "next": "/"})
    own.post(f"/reviewplanview/delete/{plan}")
    assert table_row(m.ReviewPlan, plan) is None
    assert db.session.execute(select(m.Attachment.__table__.c.id)).first() is None
    kept, _ids = published(convener)
    own.post(f"/reviewplanview/delete/{kept}")
    assert table_row(m.ReviewPlan, kept)


def test_the_name_of_a_copy_carries_the_new_year() -> None:
    assert plan_edition.name_for("2025年—甲评委会", 2025, 2026) == "2026年—甲评委会"
    assert plan_edition.name_for("甲评委会评审计划", 2025, 2026) == "2026年—甲评委会评审计划"
