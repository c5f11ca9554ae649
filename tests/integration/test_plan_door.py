"""The door to what was published: neither a plan nor its parts are changed behind it, and no button offers it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import models as m
from app.extensions import db
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people
from tests.factories import plan as rows
from tests.factories.rows import save
from tests.integration.staff_screens import queries, row_of


@pytest.fixture
def convener(app: Flask) -> people.Unit:
    return people.unit("convener1", kind="convener")


@pytest.fixture
def own(convener: people.Unit, client: FlaskClient, login: Login) -> FlaskClient:
    return login(client, "convener1")


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
    plan, ids = rows.published(convener.id)
    model, pk = parts_of(plan, ids)[part]
    before = row_of(model, pk)
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
    assert row_of(model, pk) == before
    page = own.get(f"/reviewplanview/show/{plan}").text
    assert f"/{part}view/edit/" not in page
    assert f"/{part}view/add?" not in page


def test_nothing_is_added_to_a_published_edition(convener: people.Unit, own: FlaskClient) -> None:
    plan, ids = rows.published(convener.id)
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
    plan, ids = rows.published(convener.id)
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
    assert row_of(m.ReviewStandard, ids["standard"])
    assert own.post(f"/plans/desk/{plan}/revision/publish").status_code == 302
    assert row_of(m.ReviewPlan, plan).edition == 2
    assert "笔试申请表" in own.get(f"/plans/desk/{plan}/preview").text


def test_superseded_editions_are_on_no_screen(convener: people.Unit, own: FlaskClient) -> None:
    plan, ids = rows.published(convener.id)
    own.post(f"/plans/desk/{plan}/revise", data={"reason": "改标准"})
    own.post(f"/plans/desk/{plan}/revision/publish")
    assert own.get(f"/reviewstandardview/show/{ids['standard']}").status_code == 404
    assert own.get(f"/standarditemview/edit/{ids['item']}").status_code == 404
    assert own.get(f"/reviewstandardview/list/?_flt_0_plan={plan}").text.count("/reviewstandardview/show/") == 1


def test_a_published_plan_itself_changes_in_its_words_only(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = rows.published(convener.id)
    leads = own.get(f"/reviewplanview/edit/{plan}")
    assert leads.headers["Location"] == f"/plans/desk/{plan}/describe"
    assert own.post(f"/reviewplanview/edit/{plan}", data={"name": "改名", "year": 2000}).status_code == 302
    assert row_of(m.ReviewPlan, plan).name != "改名"
    own.post(f"/plans/desk/{plan}/describe", data={
        "content": "第一段\n第二段", "scope_text": "<p>全省教师</p><img src=x onerror=alert(1)>", "contact": "周老师", "version": "1"})
    changed = row_of(m.ReviewPlan, plan)
    assert (changed.content, changed.scope_text, changed.contact) == (
        "<p>第一段</p><p>第二段</p>", "<p>全省教师</p>", "周老师")
    assert "<p>全省教师</p>" in own.get(f"/plans/{plan}").text


def test_what_the_database_holds_is_cleaned_again_when_it_is_shown(convener: people.Unit, own: FlaskClient) -> None:
    plan, _ids = rows.published(convener.id)
    with db.engine.begin() as connection:
        connection.execute(m.ReviewPlan.__table__.update().values(scope_text="<p>好</p><script>alert(1)</script>"))
    for address in (f"/plans/{plan}", f"/plans/desk/{plan}/preview", f"/reviewplanview/show/{plan}"):
        page = own.get(address).text
        assert "<p>好</p>" in page, address
        assert "alert(1)" not in page, address


# No button offers what is refused

def listed(own: FlaskClient, screen: str) -> set[str]:
    """The addresses of editing and deleting that a list offers."""
    return set(re.findall(rf"/{screen}/(?:edit|delete)/\d+", own.get(f"/{screen}/list/").text))


def test_deleting_is_offered_for_drafts_alone(convener: people.Unit, own: FlaskClient) -> None:
    kept, _ids = rows.published(convener.id)
    closed, _ids = rows.published(convener.id)
    rows.window(closed, state="closed")
    draft = make.plan(convener.id, state="draft")
    one = "/reviewplanview"
    assert listed(own, "reviewplanview") == {
        f"{one}/edit/{kept}", f"{one}/edit/{closed}", f"{one}/edit/{draft}", f"{one}/delete/{draft}"}
    assert f"/plans/desk/{closed}/describe" in own.get(f"{one}/edit/{closed}").headers["Location"]


def test_who_only_looks_at_a_plan_is_offered_no_change(convener: people.Unit, app: Flask, login: Login) -> None:
    plan = make.plan(convener.id, state="draft")
    people.account("onlyOps", role="Ops")
    ops = login(app.test_client(), "onlyOps")
    assert listed(ops, "reviewplanview") == set()
    assert f"/reviewplanview/edit/{plan}" not in ops.get(f"/reviewplanview/show/{plan}").text


@pytest.mark.parametrize("part", PARTS)
def test_lists_of_parts_offer_changes_of_drafts_and_revisions_alone(convener: people.Unit, own: FlaskClient, part: str) -> None:
    plan, ids = rows.published(convener.id)
    _model, kept = parts_of(plan, ids)[part]
    draft = make.plan(convener.id, state="draft")
    _model, free = parts_of(draft, rows.fill(draft))[part]
    screen = f"{part}view"
    assert listed(own, screen) == {f"/{screen}/edit/{free}", f"/{screen}/delete/{free}"}
    assert f"/{screen}/edit/" not in own.get(f"/{screen}/show/{kept}").text
    assert f"/{screen}/edit/{free}" in own.get(f"/{screen}/show/{free}").text
    asked = queries(own, f"/{screen}/list/")
    for _ in range(3):
        parts_of(*rows.published(convener.id))
    assert queries(own, f"/{screen}/list/") == asked


def test_publishing_is_the_main_step_of_a_complete_draft(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    edit, publish = f'<a class="btn{{}}" href="/reviewplanview/edit/{plan}">', '<summary class="btn{} ">发布</summary>'
    page = own.get(f"/reviewplanview/show/{plan}").text
    assert edit.format(" p") in page
    assert publish.format("") in page
    rows.fill(plan)
    page = own.get(f"/reviewplanview/show/{plan}").text
    assert edit.format("") in page
    assert publish.format(" p") in page
