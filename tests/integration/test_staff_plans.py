"""The generated forms of plans: steps in order, by the convener, with what belongs to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

import models as m
from app.actor import Actor
from app.errors import Invalid, NotFound, WrongState
from app.extensions import db
from app.services import plan as plans
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people
from tests.factories import plan as plan_rows
from tests.factories.rows import save
from tests.integration.staff_screens import events_of, row_of


def actor_of(unit: people.Unit) -> Actor:
    return Actor(user_id=unit.user_id, name="管理员", organization_id=unit.id, roles=frozenset({"Convener"}))


@pytest.fixture
def convener(app: Flask) -> people.Unit:
    return people.unit("convener1", kind="convener")


def test_publishing_names_what_is_missing(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    plan = make.plan(convener.id, state="draft", name="草稿计划")
    login(client, "convener1")
    page = client.get(f"/reviewplanview/show/{plan}").text
    assert "还有 3 项需要补充" in page
    assert f"/reviewplanview/action/publish/{plan}" in page
    assert "/reviewplanview/action/close/" not in page
    assert client.post(f"/reviewplanview/action/publish/{plan}").status_code == 302
    assert "还不能发布：请至少选择一个评审级别。请选择可评审专业和可申报的职称。请新增评审标准。" in client.get(f"/reviewplanview/show/{plan}").text
    assert row_of(m.ReviewPlan, plan).state == "draft"
    plan_rows.fill(plan)
    client.post(f"/reviewplanview/action/publish/{plan}")
    published = row_of(m.ReviewPlan, plan)
    assert (published.state, published.published_at is not None, published.version) == ("published", True, 2)
    page = client.get(f"/reviewplanview/show/{plan}").text
    assert f"/reviewplanview/action/close/{plan}" in page
    client.post(f"/reviewplanview/action/close/{plan}")
    assert row_of(m.ReviewPlan, plan).state == "closed"
    assert events_of("review_plan") == ["plan:published", "plan:closed"]


def test_a_window_that_is_over_is_not_published(convener: people.Unit) -> None:
    plan = make.plan(convener.id, state="draft")
    plan_rows.fill(plan)
    with db.engine.begin() as connection:
        connection.execute(m.ReviewPlan.__table__.update().values(
            opens_on=dt.date(2020, 1, 1), closes_on=dt.date(2020, 2, 1)))
    from app.scope import system_scope

    with system_scope(), pytest.raises(Invalid, match="截止日期已过"):
        plans.publish(plan_id=plan, actor=actor_of(convener))


def test_steps_are_taken_in_order_and_by_the_convener_only(convener: people.Unit) -> None:
    from app.scope import system_scope

    other = people.unit("convener2", kind="convener")
    draft, published, closed = (make.plan(convener.id, state=state) for state in ("draft", "published", "closed"))
    with system_scope():
        for plan, step in ((published, plans.publish), (closed, plans.publish), (draft, plans.close), (closed, plans.close)):
            with pytest.raises(WrongState):
                step(plan_id=plan, actor=actor_of(convener))
        with pytest.raises(NotFound):
            plans.close(plan_id=published, actor=actor_of(other))
    assert row_of(m.ReviewPlan, published).state == "published"


@pytest.mark.parametrize("step", ["publish", "close"])
def test_others_cannot_publish_or_close(
    convener: people.Unit, app: Flask, login: Login, as_role: Callable[[str], FlaskClient], step: str
) -> None:
    plan = make.plan(convener.id, state="draft" if step == "publish" else "published")
    plan_rows.fill(plan)
    before = row_of(m.ReviewPlan, plan).state
    people.unit("convener2", kind="convener")
    assert login(app.test_client(), "convener2").post(f"/reviewplanview/action/{step}/{plan}").status_code == 404
    for role in ("Ops", "Employer", "Applicant"):
        assert as_role(role).post(f"/reviewplanview/action/{step}/{plan}").status_code == 403
    assert app.test_client().get(f"/reviewplanview/action/{step}/{plan}").status_code == 405
    assert row_of(m.ReviewPlan, plan).state == before


def test_an_action_on_one_row_is_not_asked_of_many(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    plan = make.plan(convener.id, state="draft")
    plan_rows.fill(plan)
    login(client, "convener1")
    assert client.post("/reviewplanview/action_post", data={"action": "publish", "rowid": [plan]}).status_code == 400
    assert row_of(m.ReviewPlan, plan).state == "draft"


def test_the_state_is_no_field(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    plan = make.plan(convener.id, state="draft", name="计划甲")
    login(client, "convener1")
    page = client.get(f"/reviewplanview/edit/{plan}").text
    assert 'name="state"' not in page
    assert '<option value="regular" selected>常规评审</option>' in page
    shown = page.split('name="shown"')[1].split('value="')[1].split('"')[0]
    form = {"year": 2026, "name": "计划甲", "committee": row_of(m.ReviewPlan, plan).committee_id, "region": 1,
            "plan_type": "regular", "state": "published", "opens_on": "2026-03-01", "closes_on": "2026-02-01",
            "routes": ["regular"], "shown": shown}
    refused = client.post(f"/reviewplanview/edit/{plan}", data=form)
    assert refused.status_code == 422
    assert "截止日期不能早于开始日期" in refused.text
    assert client.post(f"/reviewplanview/edit/{plan}", data={**form, "closes_on": "2026-12-31"}).status_code == 302
    assert row_of(m.ReviewPlan, plan).state == "draft"
    published = make.plan(convener.id)
    client.post(f"/reviewplanview/delete/{published}")
    assert "只有草稿可以删除" in client.get("/reviewplanview/list/").text
    assert row_of(m.ReviewPlan, published)


def test_what_belongs_to_a_plan_is_kept_on_its_page(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    plan, other = make.plan(convener.id, state="draft"), make.plan(convener.id, state="draft")
    mine = save(m.ReviewStandard(plan_id=plan, name="本计划标准"))
    theirs = save(m.ReviewStandard(plan_id=other, name="另一计划标准"))
    section = save(m.StandardSection(standard_id=mine, name="能力条件"))
    save(m.StandardSection(standard_id=theirs, name="外来分类"))
    kind, _version = make.kind()
    save(m.StandardItem(section_id=section, kind_id=kind))
    login(client, "convener1")
    page = client.get(f"/reviewplanview/show/{plan}").text
    for name in ("planlevel", "planoffering", "reviewstandard", "standardsection", "standarditem", "attachmentslot"):
        assert f"/{name}view/add?_flt_0_plan={plan}" in page
    assert "能力条件" in page
    assert "外来分类" not in page
    assert "另一计划标准" not in page
    form = client.get(f"/standardsectionview/add?_flt_0_plan={plan}").text
    assert f'<option value="{mine}" selected>本计划标准</option>' in form
    assert "另一计划标准" not in form
    added = client.post(f"/standardsectionview/add?_flt_0_plan={plan}", data={"standard": mine, "name": "业绩条件", "position": 1})
    assert added.headers["Location"] == f"/reviewplanview/show/{plan}#StandardSectionView"
    offered = client.get(f"/standarditemview/options/section?_flt_0_plan={plan}").json
    assert [row["text"] for row in offered] == ["本计划标准 / 能力条件", "本计划标准 / 业绩条件"]
    slot = f"/attachmentslotview/add?_flt_0_plan={plan}"
    assert f'<option value="{plan}" selected>' in client.get(slot).text
    removed = client.post(f"/reviewstandardview/delete/{save(m.ReviewStandard(plan_id=plan, name='多余'))}",
                          headers={"Referer": f"http://localhost/reviewplanview/show/{plan}"})
    assert removed.headers["Location"] == f"/reviewplanview/show/{plan}#ReviewStandardView"


def test_a_foreign_plan_offers_nothing(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    other = people.unit("convener2", kind="convener")
    foreign = make.plan(other.id, name="外单位计划")
    standard = save(m.ReviewStandard(plan_id=foreign, name="外单位标准"))
    login(client, "convener1")
    page = client.get(f"/standardsectionview/add?_flt_0_plan={foreign}").text
    assert "外单位" not in page
    data = {"standard": standard, "name": "x", "position": 1}
    assert client.post(f"/standardsectionview/add?_flt_0_plan={foreign}", data=data).status_code == 422
    assert "外单位" not in client.get(f"/planlevelview/add?_flt_0_plan={foreign}").text
