"""What hangs on a plan: documents, templates, attachment slots with their conditions, standards with their groups."""

from __future__ import annotations

import io

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
from tests.integration.staff_screens import row_of


@pytest.fixture
def convener(app: Flask) -> people.Unit:
    return people.unit("convener1", kind="convener")


@pytest.fixture
def own(convener: people.Unit, client: FlaskClient, login: Login) -> FlaskClient:
    return login(client, "convener1")


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
    plan, _ids = rows.published(convener.id)
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


def test_a_draft_is_deleted_with_its_files_and_a_published_plan_is_not(convener: people.Unit, own: FlaskClient) -> None:
    plan = make.plan(convener.id, state="draft")
    own.post(f"/files/plan/{plan}/documents", data={"files": (pdf(), "评审通知.pdf"), "next": "/"})
    own.post(f"/reviewplanview/delete/{plan}")
    db.session.rollback()
    assert db.session.execute(select(m.ReviewPlan.__table__.c.id)).first() is None
    assert db.session.execute(select(m.Attachment.__table__.c.id)).first() is None
    kept, _ids = rows.published(convener.id)
    own.post(f"/reviewplanview/delete/{kept}")
    assert row_of(m.ReviewPlan, kept)
