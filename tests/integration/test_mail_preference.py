"""邮件提醒: each notification by a mail, one mail a day, or none; the bell has them all whatever was chosen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from app.actor import Actor
from app.audit import Event
from app.extensions import db
from app.jobs import mail, schedule, worker
from app.outbox import enqueue
from app.services import notification
from app.transaction import current_session, transaction
from models.account import PLACEHOLDER, Account
from models.audit import AuditEvent
from models.base import utcnow
from models.job import Job
from models.notification import MailPreference, Notification
from tests.conftest import Login
from tests.factories.organization import organization
from tests.factories.person import account
from tests.factories.race import race
from tests.integration.mailbox import Mailbox, smtp_server

_n, _p, _job, _account = Notification.__table__, MailPreference.__table__, Job.__table__, Account.__table__
DAY = 20_000
NOON = dt.datetime(1970, 1, 1, 12, tzinfo=dt.UTC) + dt.timedelta(days=DAY - 1)


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    with smtp_server() as box:
        app.config["MAIL_URL"] = f"smtp://127.0.0.1:{box.port}?from=no-reply@zhicheng.example"
        yield box
    app.config["MAIL_URL"] = ""


@pytest.fixture
def unit(app: Flask) -> int:
    return account("unit", role="Employer", organization_id=organization("合肥市第八中学"))


def choose(user_id: int, mode: str) -> None:
    with transaction() as session:
        session.connection().execute(insert(_p).values(user_id=user_id, mode=mode))


def told(user_id: int, count: int, *, at: dt.datetime = NOON, read: bool = False) -> None:
    with transaction() as session:
        session.connection().execute(insert(_n), [
            {"user_id": user_id, "key": f"{at}:{read}:{number}:{user_id}", "title": f"第 {number} 件待审核", "link": "/tasks/",
             "created_at": at, "read_at": utcnow() if read else None}
            for number in range(count)
        ])


def digest(day: int = DAY) -> None:
    with transaction() as session:
        enqueue(session, kind="mail.digest", key=f"mail.digest:{day}", payload={})


@pytest.mark.parametrize(("mode", "mails"), [("each", 1), ("daily", 0), ("none", 0)])
def test_a_notification_is_mailed_at_once_only_to_those_who_want_each(
    app: Flask, unit: int, mailbox: Mailbox, mode: str, mails: int
) -> None:
    choose(unit, mode)
    with transaction() as session:
        assert notification.notify(session, user_ids=[unit], key="k", title="待审核", link="/tasks/") == 1
    worker.run_due(app)
    assert len(mailbox.mails) == mails
    assert current_session().execute(select(_n.c.title)).scalars().all() == ["待审核"]


def test_one_mail_a_day_lists_what_was_not_read_of_that_day(app: Flask, unit: int, mailbox: Mailbox) -> None:
    choose(unit, "daily")
    told(unit, 2)
    told(unit, 3, read=True)
    told(unit, 4, at=NOON + dt.timedelta(days=1))
    told(unit, 5, at=NOON - dt.timedelta(days=1))
    digest()
    worker.run_due(app)
    (letter,) = mailbox.mails
    assert letter["Subject"] == "【职称申报系统】您有 2 条未读通知"
    lines = letter.get_content().splitlines()
    assert lines[:5] == ["最近一天的未读通知：", "", "1. 第 1 件待审核", "2. 第 0 件待审核", ""]
    assert lines[5].endswith("/notifications/?unread=1")
    digest()
    worker.run_due(app)
    assert len(mailbox.mails) == 1, "a day is mailed once"


def test_a_crowded_day_is_cut_and_says_so(app: Flask, unit: int, mailbox: Mailbox) -> None:
    choose(unit, "daily")
    told(unit, mail.LISTED + 5)
    digest()
    worker.run_due(app)
    (letter,) = mailbox.mails
    assert letter["Subject"] == f"【职称申报系统】您有 {mail.LISTED} 条以上未读通知"
    assert f"{mail.LISTED}. " in letter.get_content()
    assert f"{mail.LISTED + 1}. " not in letter.get_content()
    assert "……" in letter.get_content()


@pytest.mark.parametrize("why", ["each", "none", "closed", "no address", "read meanwhile", "changed meanwhile"])
def test_nobody_else_gets_the_mail_of_the_day(app: Flask, unit: int, mailbox: Mailbox, why: str) -> None:
    choose(unit, why if why in ("each", "none") else "daily")
    told(unit, 1)
    with transaction() as session:
        connection = session.connection()
        if why == "closed":
            connection.execute(update(_account).values(active=False))
        if why == "no address":
            connection.execute(update(_account).values(email=_account.c.username + PLACEHOLDER))
    if why.endswith("meanwhile"):
        mail.digest(mail.JobView(1, "mail.digest", f"mail.digest:{DAY}", {}, 1, 5))
        assert current_session().execute(select(_job.c.kind)).scalars().all() == ["mail.digest_of"]
        current_session().rollback()
        with transaction() as session:
            session.connection().execute(
                update(_n).values(read_at=utcnow()) if why.startswith("read") else update(_p).values(mode="none"))
    else:
        digest()
    assert set(worker.run_due(app)) == {"done"}
    assert mailbox.mails == []


def test_many_accounts_are_asked_in_portions(app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "CHUNK", 2)
    school = organization("合肥市第八中学")
    for number in range(5):
        user_id = account(f"unit{number}", role="Employer", organization_id=school)
        choose(user_id, "daily")
        told(user_id, 1)
    digest()
    worker.run_due(app)
    assert len(mailbox.mails) == 5


def test_the_clock_asks_for_the_day_that_is_over() -> None:
    """At 8 o'clock in China, the day of UTC begins whose number stands in the job's key."""
    (entry,) = (entry for entry in schedule.PERIODIC if entry.kind == "mail.digest")
    eight = dt.datetime(2026, 11, 26, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert schedule.bucket(entry, eight) == schedule.bucket(entry, eight - dt.timedelta(seconds=1)) + 1
    assert mail.EPOCH + dt.timedelta(days=schedule.bucket(entry, eight)) == eight


def test_an_account_chooses_on_the_page_of_notifications(app: Flask, client: FlaskClient, login: Login, unit: int) -> None:
    me = login(client, "unit")
    page = me.get("/notifications/").text
    assert 'value="each" checked' in page
    assert "unit@example.invalid" in page
    assert me.post("/notifications/mail/", data={"mode": "daily"}).status_code == 303
    assert 'value="daily" checked' in me.get("/notifications/").text
    assert "请选择一种邮件提醒方式" in me.post("/notifications/mail/", data={"mode": "hourly"}, follow_redirects=True).text
    me.post("/notifications/mail/", data={"mode": "daily"})
    events = current_session().execute(select(AuditEvent.__table__).where(AuditEvent.__table__.c.event == Event.MAIL_CHOSEN)).all()
    assert [(event.subject_id, event.data) for event in events] == [(unit, {"before": "each", "after": "daily"})]
    current_session().rollback()
    with transaction() as session:
        session.connection().execute(update(_account).values(email=_account.c.username + PLACEHOLDER))
    assert "您还没有填写电子邮箱" in me.get("/notifications/").text


def test_choosing_twice_at_once_keeps_one_row(app: Flask, unit: int) -> None:
    who = Actor(user_id=unit, name="管理员")
    race(app, *[lambda mode=mode: notification.choose_mail(mode=mode, actor=who) for mode in ("daily", "none")])
    with db.engine.connect() as connection:
        assert len(connection.execute(select(_p)).all()) == 1
