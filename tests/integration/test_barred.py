"""诚信档案 and certificates: who is barred when one is to be issued gets it once the record is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.extensions import db
from app.jobs.worker import run_due
from app.outbox import enqueue
from app.rules import deadlines
from app.services.application_effects import certificate_key
from app.transaction import transaction
from models.application import Application
from models.base import utcnow
from models.certificate import Certificate
from models.integrity import IntegrityRecord
from tests.database import Databases
from tests.factories.result import approved_result
from tests.factories.rows import save
from tests.factories.templates import started_template
from tests.factories.unit_world import person

Login = Callable[[FlaskClient, str], FlaskClient]
_a, _i = Application.__table__, IntegrityRecord.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return started_template(application, store)


def day(n: int) -> dt.date:
    return deadlines.today() + dt.timedelta(days=n)


def numbers() -> list[str]:
    db.session.rollback()
    return list(db.session.execute(select(Certificate.__table__.c.number)).scalars())


def test_who_is_barred_after_the_approval_gets_no_certificate_until_the_record_is_lifted(
    app: Flask, client: FlaskClient, login: Login
) -> None:
    with db.engine.begin() as connection:
        row = connection.execute(update(_a).values(state="approved", submitted_at=utcnow(), decided_at=utcnow())
                                 .returning(_a.c.id, _a.c.plan_id)).one()
    approved_result(row.id)
    who = person("applicant").id
    save(IntegrityRecord(person_id=who, kind="discipline", category_name="警告", reason="警告处分", bars=False, document="1",
                         banned_from=day(-3), banned_until=day(100)))
    save(IntegrityRecord(person_id=who, reason="以前的记录", document="2", banned_from=day(-900), banned_until=day(-1)))
    record = save(IntegrityRecord(
        person_id=who, category_name="提供虚假材料", reason="获奖证书经核查为伪造", banned_from=day(0), banned_until=day(1000)))
    with transaction() as session:
        enqueue(session, kind="certificate.issue", key=certificate_key(row.id), payload={"application_id": row.id})
    run_due(app)
    convener, path = login(client, "convener"), f"/results/{row.plan_id}"
    assert f"“李明”在诚信档案中有记录（提供虚假材料），{day(0)} 至 {day(1000)} 不能发证。" in convener.get(path).text
    assert convener.post(f"{path}/retry").status_code == 302
    run_due(app)
    assert numbers() == [], "the record still stands"
    with db.engine.begin() as connection:
        connection.execute(update(_i).where(_i.c.id == record).values(revoked_on=day(0), revoked_reason="经复查不属实"))
    assert convener.post(f"{path}/retry").status_code == 302
    run_due(app)
    assert "诚信档案中有记录" not in convener.get(path).text
    assert [number[-6:] for number in numbers()] == ["000001"]
