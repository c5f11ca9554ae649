"""专业信息 of a plan: its own fields or the platform's, kept at publication; running applications keep theirs."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

import models as m
from app.actor import Actor
from app.errors import Conflict, Invalid, NotFound, WrongState
from app.extensions import db
from app.queries.plan_asks import series_forms
from app.queries.plan_form import forms_of
from app.scope import system_scope
from app.services import form_fields, plan_edition, plan_form
from app.services import plan as plans
from app.transaction import current_session
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people
from tests.factories import plan as rows
from tests.factories.rows import save
from tests.integration.test_kind_fields import sent

USUAL = [{"key": "subject", "label": "任教学科", "type": "text", "required": True, "max_len": 40}]
OWN = [*USUAL, {"key": "stage", "label": "学段", "type": "select", "options": ["小学", "中学"], "required": True}]
COMMON = [{"key": "birth_place", "label": "出生地", "type": "text"}]


class Place:
    def __init__(self) -> None:
        self.unit = people.unit("convener1", kind="convener")
        self.actor = rows.actor_of(self.unit)
        self.plan = make.plan(self.unit.id, state="draft", name="2026年—测试评审委员会")
        self.series = rows.fill(self.plan)["series"]
        rows.window(self.plan)
        self.form = save(m.SeriesForm(series_id=self.series, fields=USUAL))
        save(m.SeriesForm(series_id=None, fields=COMMON))

    def save(self, definitions: list[dict[str, Any]], *, seen: str | None = None, actor: Actor | None = None) -> bool:
        with system_scope():
            now = self.shown().digest if seen is None else seen
            return plan_form.save(plan_id=self.plan, series_id=self.series, definitions=definitions, seen=now,
                                  actor=actor or self.actor)

    def shown(self, edition: int = 1) -> Any:
        db.session.rollback()
        with system_scope():
            return forms_of(current_session(), self.plan, edition)[0]

    def keys(self, edition: int = 1) -> list[str]:
        """What an applicant who began in that edition fills in."""
        db.session.rollback()
        with system_scope():
            return [field.key for field in series_forms(current_session(), self.series, self.plan, edition)[1]]

    def platform(self, definitions: list[dict[str, Any]]) -> None:
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.execute(update(m.SeriesForm.__table__).where(m.SeriesForm.__table__.c.id == self.form).values(fields=definitions))

    def publish(self) -> None:
        with system_scope():
            plans.publish(plan_id=self.plan, actor=self.actor)


@pytest.fixture
def place(app: Flask) -> Place:
    return Place()


def test_a_draft_follows_the_platform_until_it_is_published(place: Place) -> None:
    assert place.keys() == ["subject"]
    place.platform(OWN)
    assert place.keys() == ["subject", "stage"]
    place.publish()
    place.platform(USUAL)
    assert place.keys() == ["subject", "stage"], "applications go on with what was published"
    assert (place.shown().kept, place.shown().is_own, place.shown().differs) == (True, False, True)


def test_the_plan_has_its_own_fields_and_goes_back(place: Place) -> None:
    assert place.save(OWN)
    assert not place.save(OWN), "nothing changed"
    assert place.keys() == ["subject", "stage"]
    assert place.shown().is_own
    with system_scope():
        assert plan_form.restore(plan_id=place.plan, series_id=place.series, actor=place.actor)
        assert not plan_form.restore(plan_id=place.plan, series_id=place.series, actor=place.actor)
    assert place.keys() == ["subject"]
    event = m.AuditEvent.__table__
    with system_scope():
        told = db.session.execute(select(event.c.data).where(event.c.event == "plan:form_changed").order_by(event.c.seq)).scalars().all()
    assert [entry["changes"]["fields"] for entry in told] == [[USUAL, OWN], [OWN, USUAL]]


def test_a_revision_changes_the_form_for_those_who_begin_later(place: Place) -> None:
    place.publish()
    with pytest.raises(WrongState, match="修订"):
        place.save(OWN)
    with system_scope():
        plan_edition.revise(plan_id=place.plan, reason="增加学段", actor=place.actor)
        plan_form.save(plan_id=place.plan, series_id=place.series, definitions=OWN, seen=place.shown(2).digest, actor=place.actor)
        plan_edition.publish_revision(plan_id=place.plan, actor=place.actor)
    assert place.keys(1) == ["subject"]
    assert place.keys(2) == ["subject", "stage"]


def test_a_copy_keeps_what_the_convener_changed_and_nothing_else(place: Place) -> None:
    place.publish()
    with system_scope():
        copied = plan_edition.copy(plan_id=place.plan, year=2027, actor=place.actor)
        assert [form.kept for form in forms_of(current_session(), copied, 1)] == [False]
        plan_edition.revise(plan_id=place.plan, reason="增加学段", actor=place.actor)
        plan_form.save(plan_id=place.plan, series_id=place.series, definitions=OWN, seen=place.shown(2).digest, actor=place.actor)
        plan_edition.publish_revision(plan_id=place.plan, actor=place.actor)
        again = plan_edition.copy(plan_id=place.plan, year=2028, actor=place.actor)
        assert [form.is_own for form in forms_of(current_session(), again, 1)] == [True]


@pytest.mark.parametrize(("definitions", "says"), [
    ([], "至少有一个字段"),
    ([{"key": "birth_place", "label": "籍贯", "type": "text"}], "已用于个人信息的“出生地”"),
    ([{"key": "proof", "label": "证明", "type": "files"}], "不能有附件"),
    ([{"key": "degree", "label": "学位", "type": "code", "code_table": "gone"}], "字典“gone”不存在"),
])
def test_a_form_that_cannot_be_filled_in_is_refused(place: Place, definitions: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        place.save(definitions)
    assert place.keys() == ["subject"]


def test_two_windows_and_other_conveners(place: Place) -> None:
    seen = place.shown().digest
    place.save(OWN, seen=seen)
    with pytest.raises(Conflict):
        place.save(USUAL[:1] + [{"key": "x", "label": "乙", "type": "text"}], seen=seen)
    foreign = rows.actor_of(people.unit("convener2", kind="convener"))
    with pytest.raises(NotFound):
        place.save(USUAL, actor=foreign)
    with pytest.raises(NotFound), system_scope():
        plan_form.save(plan_id=place.plan, series_id=make.series(), definitions=OWN, seen="", actor=place.actor)
    assert place.keys() == ["subject", "stage"]


def test_the_pages_of_a_convener(place: Place, client: FlaskClient, login: Login, app: Flask) -> None:
    own = login(client, "convener1")
    home = own.get(f"/reviewplanview/show/{place.plan}").text
    assert f"/plans/desk/{place.plan}/forms/" in home
    listed = own.get(f"/plans/desk/{place.plan}/forms/").text
    assert "平台表单" in listed
    address = f"/plans/desk/{place.plan}/forms/{place.series}/"
    page = own.get(address).text
    assert 'name="r0_place"' not in page, "no list shows these fields"
    assert "查重" not in page
    values = {**sent(own.post(address, data={**sent(page), "do": "add"}).text)}
    values |= {"r1_label": "学段", "r1_key": "stage", "r1_type": "select", "r1_options": "小学\n中学", "r1_required": "y"}
    refused = own.post(address, data={**values, "r1_key": "birth_place", "do": "save"})
    assert refused.status_code == 422
    assert "已用于个人信息" in refused.text
    assert 'value="学段"' in refused.text
    assert own.post(address, data={**values, "do": "save"}).headers["Location"] == f"/plans/desk/{place.plan}/forms/"
    assert place.keys() == ["subject", "stage"]
    assert "按本计划设置" in own.get(f"/plans/desk/{place.plan}/forms/").text
    assert "学段" in own.get(f"/plans/desk/{place.plan}/preview").text
    late = own.post(address, data={**values, "r1_label": "学段二", "do": "save"})
    assert late.status_code == 409
    assert 'value="学段二"' in late.text
    condition = own.post(f"/attachmentslotview/add?_flt_0_plan={place.plan}", data={
        "plan": place.plan, "name": "小学证明", "condition": ["stage", "小学"], "types": ["pdf"], "max_mb": "3", "max_count": "1",
        "position": "1"})
    assert condition.status_code == 302, condition.text[-2000:]
    db.session.rollback()
    assert db.session.execute(select(m.AttachmentSlot.__table__.c.condition)).scalar_one() == {"field": "stage", "equals": "小学"}
    assert "“学段（" in own.get(f"/reviewplanview/show/{place.plan}").text
    people.unit("convener2", kind="convener")
    foreign = login(app.test_client(), "convener2")
    for path in (f"/plans/desk/{place.plan}/forms/", address):
        assert foreign.get(path).status_code == 404
    assert foreign.post(f"{address}restore").status_code == 404
    assert own.post(f"{address}restore").status_code == 302
    assert place.keys() == ["subject"]
    place.publish()
    assert "这里只能查看" in own.get(address).text
    fixed = own.post(address, data={**sent(own.get(address).text), "r0_label": "改名", "do": "save"})
    assert fixed.status_code == 409
    assert "修订" in fixed.text


def test_staff_edit_forms_of_series_and_routes_in_words(place: Place, client: FlaskClient, login: Login) -> None:
    people.account("boss", role="Admin")
    boss = login(client, "boss")
    green = save(m.RouteForm(route="green", name="绿色通道申报表", fields=[], waives=["B05"]))
    for screen, address in (
        (f"/seriesformview/show/{place.form}", f"/forms/series/{place.form}/fields/"),
        (f"/routeformview/show/{green}", f"/forms/route/{green}/fields/"),
    ):
        assert address in boss.get(screen).text
        values = {**sent(boss.get(address).text), "r0_label": "引进依据", "r0_key": "basis", "r0_type": "text", "do": "save"}
        assert boss.post(address, data=values).status_code == 302
        assert boss.post(address, data={**values, "r0_label": "依据"}).status_code == 409
    assert place.keys() == ["basis"]
    shown = boss.get(f"/routeformview/show/{green}").text
    assert "常规申报逐级申报" in shown
    edited = boss.post(f"/routeformview/edit/{green}", data={
        "route": "green", "name": "绿色通道申报表", "note": "引进人才", "waives": ["B05", "D04"],
        "shown": sent_shown(boss.get(f"/routeformview/edit/{green}").text)})
    assert edited.status_code == 302
    db.session.rollback()
    assert db.session.execute(select(m.RouteForm.__table__.c.waives)).scalar_one() == ["B05", "D04"]


def sent_shown(page: str) -> str:
    import re

    return re.search(r'name="shown"[^>]* value="([^"]*)"', page)[1]  # type: ignore[index]


def test_nobody_else_changes_forms(place: Place) -> None:
    from app.errors import NotAllowed

    with pytest.raises(NotAllowed):
        form_fields.save_series_form(form_id=place.form, definitions=OWN, seen="", actor=place.actor)
