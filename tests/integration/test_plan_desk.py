"""The convener's pages: what each shows and does, foreign plans, and the door to what was published."""

from __future__ import annotations

import datetime as dt

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
from tests.integration.staff_screens import row_of

LATER = (deadlines.today() + dt.timedelta(days=30)).isoformat()
PAGES = ("extend", "reopen", "copy", "revise", "describe", "offerings", "checks", "preview")


@pytest.fixture
def convener(app: Flask) -> people.Unit:
    return people.unit("convener1", kind="convener")


@pytest.fixture
def own(convener: people.Unit, client: FlaskClient, login: Login) -> FlaskClient:
    return login(client, "convener1")


def test_foreign_plans_are_not_there(convener: people.Unit, app: Flask, login: Login) -> None:
    plan, _ids = rows.published(convener.id)
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
    plan, _ids = rows.published(convener.id)
    refused = own.post(f"/plans/desk/{plan}/extend", data={"closes_on": "2020-01-01", "reason": "台风停电，顺延"})
    assert refused.status_code == 422
    assert "台风停电，顺延" in refused.text
    assert "须晚于原来的" in refused.text
    done = own.post(f"/plans/desk/{plan}/extend", data={"closes_on": LATER, "reason": "台风停电，顺延"})
    assert done.headers["Location"] == f"/reviewplanview/show/{plan}"
    assert row_of(m.ReviewPlan, plan).closes_on.isoformat() == LATER


def test_a_plan_closed_before_its_time_says_so(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = rows.published(convener.id)
    assert "已由组建单位关闭" not in own.get(f"/plans/{plan}").text
    rows.window(plan, state="closed")
    assert "本计划已由组建单位关闭，不再接受申报。" in own.get(f"/plans/{plan}").text
    rows.window(plan, opens=-9, closes=-2, state="closed")
    assert "截止。" in own.get(f"/plans/{plan}").text


def test_a_copy_leads_to_the_new_draft(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = rows.published(convener.id)
    assert own.post(f"/plans/desk/{plan}/copy", data={"year": "1900"}).status_code == 422
    done = own.post(f"/plans/desk/{plan}/copy", data={"year": "2027"})
    made = int(done.headers["Location"].rpartition("/")[2])
    assert row_of(m.ReviewPlan, made).state == "draft"
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


def test_the_name_of_a_copy_carries_the_new_year() -> None:
    assert plan_edition.name_for("2025年—甲评委会", 2025, 2026) == "2026年—甲评委会"
    assert plan_edition.name_for("甲评委会评审计划", 2025, 2026) == "2026年—甲评委会评审计划"
