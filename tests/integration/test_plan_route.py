"""绿色通道 as a way to apply: a plan offers it, applicants choose it, and what it waives is data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.actor import Actor
from app.errors import Invalid
from app.rules.checks import examine
from app.scope import system_scope
from app.services import application
from app.transaction import transaction
from models.plan import ReviewPlan
from models.route_form import RouteForm
from tests.conftest import Login
from tests.database import Databases
from tests.factories import plan as plan_rows
from tests.factories import teacher_world as make
from tests.factories.templates import plan_template

WAIVED = {"B05", "D01", "D04"}


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


@pytest.fixture
def li(app: Flask) -> Iterator[Actor]:
    with system_scope():
        yield make.actor("applicant")


def begun(li: Actor, route: str) -> int:
    return application.create(
        plan_id=make.engineer_plan(), selection=replace(make.engineer_selection(), route=route), actor=li)


def judged(application_id: int) -> set[str]:
    return {judgement.rule.id for judgement in examine(make.material(application_id)).judgements}


def test_who_comes_by_the_green_route_needs_no_title_before(li: Actor) -> None:
    regular = begun(li, "regular")
    assert judged(regular) >= WAIVED
    assert {finding.rule for finding in examine(make.material(regular)).findings} >= {"B05", "D01"}
    application.change_choice(
        application_id=regular, selection=replace(make.engineer_selection(), route="green"), actor=li)
    material = make.material(regular)
    assert (material.choice.route_name, material.waived) == ("绿色通道", WAIVED)
    assert not judged(regular) & WAIVED
    assert "D01f" in judged(regular)
    assert material.route_form == "", "the reference names no form for it"


def test_staff_give_the_route_a_form_and_it_is_asked_for(li: Actor) -> None:
    with transaction() as session:
        session.execute(update(RouteForm.__table__).where(RouteForm.__table__.c.route == "green").values(
            fields=[{"key": "basis", "label": "引进依据", "type": "text", "required": True}]))
    material = make.material(begun(li, "green"))
    assert material.route_form == "绿色通道申报表"
    assert "请填写“引进依据”。" in [finding.message for finding in examine(material).findings]


def test_a_plan_of_the_green_type_waives_the_same_on_every_route(li: Actor) -> None:
    made = begun(li, "regular")
    plan_rows.unguard_plans()
    with transaction() as session:
        session.execute(update(ReviewPlan.__table__).values(plan_type="green"))
    assert make.material(made).waived == WAIVED


def test_the_route_is_chosen_only_where_the_plan_offers_it(li: Actor, client: FlaskClient, login: Login) -> None:
    with pytest.raises(Invalid) as error:
        application.create(plan_id=make.teacher_plan(), selection=replace(make.selection(make.teacher_plan()), route="green"), actor=li)
    assert "route" in error.value.fields
    browser = login(client, "applicant")
    assert "绿色通道" not in browser.get(f"/applications/new/{make.teacher_plan()}").text
    page = browser.get(f"/applications/new/{make.engineer_plan()}").text
    assert "绿色通道" in page
    assert "不受逐级申报和任现职年限限制" in page
