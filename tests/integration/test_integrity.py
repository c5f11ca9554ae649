"""诚信档案: who records what about whom, how long it lasts, what it does to applying, and how it is lifted."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.actor import Actor
from app.demo.evidence import evidence_pdf
from app.errors import DomainError, Invalid, NotAllowed, NotFound, WrongState
from app.extensions import db
from app.queries import integrity as queries
from app.queries import material as materials
from app.rules import deadlines
from app.rules.checks import examine
from app.rules.integrity import last_day, parse_category, recordable
from app.scope import scope_of, scoped, system_scope
from app.services import integrity
from app.services.integrity import Breach
from app.transaction import current_session
from models.audit import AuditEvent
from models.integrity import IntegrityRecord
from models.notification import Notification
from tests.database import Databases
from tests.factories import application as cases
from tests.factories import person as people
from tests.factories import teacher_world as make
from tests.factories.rows import read
from tests.factories.templates import started_template
from tests.factories.unit_world import person, unit

Login = Callable[[FlaskClient, str], FlaskClient]
_i = IntegrityRecord.__table__
REASON = "申报时提交的获奖证书经核查为伪造。"
TODAY = deadlines.today()


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return started_template(application, store)


def breach(category: str = "01", **changes: Any) -> Breach:
    return Breach(**{
        "person_id": person("applicant").id, "category": category, "reason": REASON, "document": "皖人社罚〔2026〕3号",
        "decided_on": TODAY - dt.timedelta(days=3), "banned_from": None, **changes,
    })


def handled_by(*organizations: str) -> None:
    """Let a case of the applicant have come to these organizations."""
    who, school = person("applicant"), unit("合肥市第八中学")
    cases.case("application", 1, person_id=who.id, employer_id=school, started_by=who.user_id,
               organizations=tuple(unit(name) for name in organizations))


def recorded(actor: Actor, category: str = "01", **changes: Any) -> int:
    with scoped(scope_of(actor)):
        return integrity.record(breach=breach(category, **changes), actor=actor)


@pytest.fixture
def hr(app: Flask) -> Actor:
    """合肥市人社局, which has handled a case of the applicant."""
    handled_by("合肥市第八中学", "合肥市人力资源和社会保障局")
    return make.actor("hr")


def row_of(record_id: int) -> Any:
    [row] = read(select(_i).where(_i.c.id == record_id))
    return row


def findings() -> set[str]:
    current_session().rollback()
    with system_scope():
        number = current_session().execute(select(db.metadata.tables["application"].c.id)).scalar_one()
        report = examine(materials.load(current_session(), number).material)
    current_session().rollback()
    return {finding.rule for finding in report.findings if finding.level == "block"}


@pytest.mark.parametrize(("first", "months", "last"), [
    (dt.date(2026, 3, 15), 12, dt.date(2027, 3, 14)), (dt.date(2026, 1, 1), 36, dt.date(2028, 12, 31)),
    (dt.date(2026, 8, 31), 6, dt.date(2027, 2, 28)), (dt.date(2024, 2, 29), 12, dt.date(2025, 2, 28)),
])
def test_a_period_ends_on_the_day_before(first: dt.date, months: int, last: dt.date) -> None:
    assert last_day(first, months) == last


@pytest.mark.parametrize("extra", [None, {}, {"kind": "x", "months": "3"}, {"kind": "integrity", "months": "-3"},
                                   {"kind": "integrity", "months": "0"}, {"kind": "integrity", "months": "３"}])
def test_an_entry_of_the_dictionary_that_makes_no_sense_is_not_offered(extra: Any) -> None:
    assert parse_category("01", "x", extra) is None


def test_who_records_what_is_a_setting() -> None:
    assert recordable({"convener"}, {"integrity": ["convener"], "discipline": ["employer"]}) == {"integrity"}
    assert recordable({"issuer"}, {"integrity": ["convener"]}) == set()


def test_the_reference_has_three_years_for_breaches_and_the_periods_of_measures(app: Flask) -> None:
    with system_scope():
        found = {one.code: (one.kind, one.months, one.bars) for one in queries.categories(current_session())}
    assert found == {
        "01": ("integrity", 36, True), "02": ("integrity", 36, True), "03": ("integrity", 36, True),
        "11": ("discipline", 6, False), "12": ("discipline", 12, True), "13": ("discipline", 24, True),
    }


def test_an_authority_records_a_breach_which_bars_for_three_years(hr: Actor) -> None:
    assert not findings() & {"A03", "A08"}
    number = recorded(hr)
    row = row_of(number)
    assert (row.kind, row.bars, row.organization_id) == ("integrity", True, hr.organization_id)
    assert row.banned_from == TODAY - dt.timedelta(days=3)
    assert row.banned_until == last_day(row.banned_from, 36)
    assert "A03" in findings()
    with system_scope():
        session = current_session()
        events = session.scalars(select(AuditEvent.event).where(AuditEvent.subject_type == "integrity_record")).all()
        told = session.scalars(select(Notification.title).where(Notification.user_id == person("applicant").user_id)).all()
    assert events == ["integrity_record:recorded"]
    assert any("诚信档案" in title for title in told)


def test_the_unit_records_measures_of_its_own_people_and_nothing_else(app: Flask) -> None:
    mine = make.actor("unit")
    with pytest.raises(Invalid) as wrong:
        recorded(mine, "01")
    assert set(wrong.value.fields) == {"category"}
    recorded(mine, "11")
    assert "A08" not in findings(), "警告 bars nobody"
    recorded(mine, "12", document="八中〔2026〕2号")
    assert "A08" in findings()
    with pytest.raises(Invalid) as foreign:
        recorded(make.actor("company"), "12")
    assert set(foreign.value.fields) == {"person_id"}


@pytest.mark.parametrize("username", ["department", "applicant", "newcomer"])
def test_others_record_no_breach(hr: Actor, username: str) -> None:
    with pytest.raises((NotAllowed, Invalid)):
        recorded(make.actor(username))
    assert current_session().execute(select(_i.c.id)).all() == []


def test_a_person_out_of_reach_is_as_unknown_as_nobody(app: Flask) -> None:
    for person_id in (person("applicant3").id, 999_999):
        with pytest.raises(Invalid) as wrong:
            recorded(make.actor("issuer"), person_id=person_id)
        assert set(wrong.value.fields) == {"person_id"}
    with scoped(scope_of(make.actor("issuer"))):
        assert queries.find_people(current_session(), make.actor("issuer"), "李明") == []


@pytest.mark.parametrize(("changes", "field"), [
    ({"reason": "短"}, "reason"), ({"reason": "长" * 201}, "reason"), ({"document": " "}, "document"),
    ({"document": "号" * 101}, "document"), ({"decided_on": None}, "decided_on"), ({"category": "99"}, "category"),
    ({"decided_on": TODAY + dt.timedelta(days=1)}, "decided_on"), ({"decided_on": dt.date(1990, 1, 1)}, "decided_on"),
    ({"banned_from": TODAY - dt.timedelta(days=4)}, "banned_from"), ({"banned_from": TODAY + dt.timedelta(days=400)}, "banned_from"),
])
def test_what_does_not_hold_is_said_beside_its_field(hr: Actor, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as wrong:
        recorded(hr, **changes)
    assert set(wrong.value.fields) == {field}


def test_the_same_decision_is_recorded_once_and_again_after_it_was_lifted(hr: Actor) -> None:
    number = recorded(hr)
    with pytest.raises(WrongState, match="请勿重复"):
        recorded(hr)
    integrity.lift(record_id=number, reason="决定已撤销", actor=hr)
    recorded(hr)


def test_lifting_asks_for_a_reason_and_ends_the_bar(hr: Actor) -> None:
    number = recorded(hr)
    for username in ("convener", "unit", "applicant", "department"):
        with pytest.raises(NotFound):
            integrity.lift(record_id=number, reason="不该解除", actor=make.actor(username))
    with pytest.raises(Invalid):
        integrity.lift(record_id=number, reason="  ", actor=hr)
    assert "A03" in findings()
    integrity.lift(record_id=number, reason="经复核，证书属实。", actor=hr)
    assert "A03" not in findings()
    assert row_of(number).revoked_reason == "经复核，证书属实。"
    with pytest.raises(WrongState, match="已解除"):
        integrity.lift(record_id=number, reason="再来一次", actor=hr)


def test_the_platform_lifts_what_an_organization_recorded(hr: Actor) -> None:
    number = recorded(hr)
    integrity.lift(record_id=number, reason="上级要求更正", actor=Actor(user_id=1, name="运维", roles=frozenset({"Ops"})))
    assert row_of(number).revoked_on == TODAY


def test_the_database_keeps_a_lifted_record_with_its_reason(hr: Actor) -> None:
    number = recorded(hr)
    with pytest.raises(Exception, match="revoked_with_reason"), db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE integrity_record SET revoked_on = '2026-01-01' WHERE id = {number}")


def test_recording_on_the_page_with_evidence(hr: Actor, client: FlaskClient, login: Login) -> None:
    me = login(client, "hr")
    assert "新增记录" in me.get("/integrity/").text
    found = me.get("/integrity/people/?q=李明").get_json()
    assert [entry["id"] for entry in found] == [person("applicant").id]
    assert "*" in found[0]["text"]
    data = {"person_id": str(found[0]["id"]), "category": "02", "reason": "短", "document": "皖人社罚〔2026〕3号",
            "decided_on": TODAY.isoformat()}
    bad = me.post("/integrity/new", data=data)
    assert bad.status_code == 422
    assert "5 至 200 字" in bad.text
    assert "李明" in bad.text  # kept
    papers = [(io.BytesIO(evidence_pdf("处理决定", ("样张",), "省厅")), "处理决定.pdf"), (io.BytesIO(b""), "空.pdf")]
    answer = me.post("/integrity/new", data=data | {"reason": REASON, "files": papers}, content_type="multipart/form-data")
    assert answer.status_code == 302
    page = me.get(answer.location).text
    assert "处理决定.pdf" in page
    assert "空.pdf" in page  # and why it was refused
    assert "以虚假材料、剽窃" in page
    attachment = page.split("/files/")[1].split('"')[0].split("?")[0]
    own = login(client, "applicant").get("/person/integrity/")
    assert REASON in own.text
    assert client.get(f"/files/{attachment}").status_code == 404, "evidence is for who recorded it"
    assert login(client, "company").get(answer.location).status_code == 404
    school = login(client, "unit").get(answer.location)
    assert school.status_code == 200
    assert "处理决定.pdf" not in school.text
    assert client.post(f"{answer.location}/lift", data={"reason": "不该解除"}).status_code == 404


def test_pages_of_those_who_may_not_record(app: Flask, client: FlaskClient, login: Login) -> None:
    people.account("ops1", role="Ops")
    assert login(client, "ops1").get("/integrity/").status_code == 200
    assert client.get("/integrity/new").status_code == 403
    assert login(client, "applicant").get("/integrity/").status_code == 403


def test_the_list_finds_by_name_and_tells_what_counts_today(hr: Actor, client: FlaskClient, login: Login) -> None:
    number = recorded(hr)
    me = login(client, "hr")
    assert "李明" in me.get("/integrity/?q=lm").text
    assert "没有诚信档案记录" in me.get("/integrity/?q=张三").text
    integrity.lift(record_id=number, reason="决定已撤销", actor=hr)
    assert "没有诚信档案记录" in me.get("/integrity/").text
    assert "已解除" in me.get("/integrity/?tab=all").text


def test_a_record_made_elsewhere_without_an_organization_is_lifted_by_the_platform_alone(hr: Actor) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO integrity_record (person_id, reason, document, banned_from, banned_until, version, created_at, updated_at) "
            f"VALUES ({person('applicant').id}, '旧记录', '', '2026-01-01', '2029-01-01', 1, '2026-01-01', '2026-01-01')")
    number = current_session().execute(select(_i.c.id)).scalar_one()
    current_session().rollback()
    with pytest.raises(DomainError):
        integrity.lift(record_id=number, reason="不该解除", actor=hr)
