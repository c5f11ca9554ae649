"""Notifications: who is told what, once; e-mail by a real SMTP conversation; a failing mail blocks nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert, select, update

from app.actor import Actor
from app.errors import NotFound
from app.extensions import db
from app.jobs import worker
from app.jobs.notification import SUBJECT_LINKS
from app.outbox import enqueue
from app.services import notification
from app.transaction import current_session, transaction
from models.account import Account
from models.base import utcnow
from models.case import Case, Task
from models.job import Job
from models.notification import Notification
from models.person import Person
from tests.conftest import Login
from tests.factories.organization import organization
from tests.factories.person import account, person
from tests.integration.mailbox import Mailbox, smtp_server

_job, _notification, _account = Job.__table__, Notification.__table__, Account.__table__


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with smtp_server() as box:
        yield box


@dataclass(frozen=True)
class World:
    """Ids of accounts: `left` is an administrator of the unit whose account was closed."""

    applicant: int
    unit: int
    unit2: int
    left: int
    other: int
    application: int = 41


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """A case of 李明 that stands at his unit, which has two administrators; MAIL_URL is put back afterwards."""
    school, bureau = organization("合肥市第八中学"), organization("合肥市教育局")
    person_id = person("applicant", organization_id=school)
    applicant = scalar(select(Person.__table__.c.user_id))
    world = World(
        applicant=applicant, unit=account("unit", role="Employer", organization_id=school),
        unit2=account("unit2", role="Employer", organization_id=school),
        left=account("left", role="Employer", organization_id=school),
        other=account("other", role="CompetentDepartment", organization_id=bureau),
    )
    with transaction() as session:
        connection = session.connection()
        connection.execute(update(_account).where(_account.c.id == world.left).values(active=False))
        connection.execute(insert(Case.__table__), {
            "id": 1, "procedure": "application", "subject_type": "application", "subject_id": world.application,
            "title": "李明的职称申报", "person_id": person_id, "employer_id": school, "node": "employer", "route": [],
            "started_by": applicant,
        })
        connection.execute(insert(Task.__table__), {
            "id": 1, "case_id": 1, "seq": 1, "stop": 0, "node": "employer", "organization_id": school,
            "procedure": "application", "subject_type": "application", "subject_id": world.application,
            "title": "李明的职称申报", "person_id": person_id,
        })
    yield world
    app.config["MAIL_URL"] = ""


def scalar(statement: Any) -> Any:
    value = current_session().connection().execute(statement).scalar_one()
    current_session().rollback()
    return value


def set_email(user_id: int, address: str) -> None:
    with transaction() as session:
        session.connection().execute(update(_account).where(_account.c.id == user_id).values(email=address))


def decide(state: str, opinion: str) -> None:
    with transaction() as session:
        session.connection().execute(
            update(Task.__table__).values(
                state=state, opinion=opinion, decided_at=None if state == "open" else utcnow()
            )
        )


def job(kind: str, key: str, **payload: Any) -> None:
    with transaction() as session:
        enqueue(session, kind=kind, key=key, payload=payload)


def told() -> list[tuple[int, str, str]]:
    rows = current_session().connection().execute(
        select(_notification.c.user_id, _notification.c.title, _notification.c.link).order_by(_notification.c.id)
    ).all()
    current_session().rollback()
    return [(row.user_id, row.title, row.link) for row in rows]


def jobs() -> list[Any]:
    rows = current_session().connection().execute(select(_job).order_by(_job.c.id)).all()
    current_session().rollback()
    return list(rows)


def tell(user_ids: list[int], key: str = "k", title: str = "标题", link: str = "/tasks/1", mail: bool = True) -> int:
    with transaction() as session:
        return notification.notify(session, user_ids=user_ids, key=key, title=title, link=link, mail=mail)


class TestNotify:
    def test_an_event_tells_each_account_once(self, app: Flask, world: World) -> None:
        assert tell([world.unit, world.unit2, world.unit]) == 2
        tell([world.unit, world.unit2, world.other])
        assert [user for user, _, _ in told()] == [world.unit, world.unit2, world.other]
        assert [row.key for row in jobs()] == [f"mail:k:{world.unit}", f"mail:k:{world.unit2}", f"mail:k:{world.other}"]

    def test_closed_accounts_are_told_nothing(self, app: Flask, world: World) -> None:
        assert tell([world.left]) == 0
        assert (told(), jobs()) == ([], [])

    def test_no_mail_is_made_when_none_is_wanted_or_there_is_no_address(self, app: Flask, world: World) -> None:
        tell([world.unit], key="quiet", mail=False)
        set_email(world.other, "")
        tell([world.other], key="no-address")
        assert len(told()) == 2
        assert jobs() == []

    @pytest.mark.parametrize("link", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nb"])
    def test_a_link_never_leaves_the_site(self, app: Flask, world: World, link: str) -> None:
        with pytest.raises(ValueError, match="this site"):
            tell([world.unit], link=link)

    def test_a_long_title_is_cut(self, app: Flask, world: World) -> None:
        tell([world.unit], title="意见\n" * 200)
        assert told()[0][1].endswith("…")
        assert len(told()[0][1]) == 200

    def test_no_personal_data_is_in_a_mail_job(self, app: Flask, world: World) -> None:
        tell([world.unit])
        assert jobs()[0].payload == {"key": f"k:{world.unit}"}


class TestEvents:
    def test_an_arrived_task_tells_the_administrators_of_its_organization(self, app: Flask, world: World) -> None:
        decide("open", "")
        job("notify.task_arrived", "task:1:arrived", task_id=1)
        assert worker.run_due(app)["done"] == 3  # and two mails to the log
        assert told() == [(user, "「李明的职称申报」待审核", "/tasks/1/") for user in (world.unit, world.unit2)]

    def test_a_task_decided_meanwhile_tells_nobody(self, app: Flask, world: World) -> None:
        decide("approved", "同意")
        job("notify.task_arrived", "task:1:arrived", task_id=1)
        worker.run_due(app)
        assert told() == []

    @pytest.mark.parametrize(("state", "words"), [
        ("approved", "「李明的职称申报」已通过：同意"),
        ("returned", "「李明的职称申报」被退回：同意"),
        ("terminated", "「李明的职称申报」被终止：同意"),
    ])
    def test_the_person_learns_how_the_case_ended_and_why(self, app: Flask, world: World, state: str, words: str) -> None:
        decide(state, "同意")
        job("notify.case_ended", "case:1:ended", case_id=1, event=state)
        worker.run_due(app)
        assert told() == [(world.applicant, words, "/applications/41")]

    @pytest.mark.parametrize("address", ["/tasks/{id}/", *SUBJECT_LINKS.values()])
    def test_every_link_is_a_page_that_exists(self, app: Flask, address: str) -> None:
        endpoint, _ = app.url_map.bind("localhost").match(address.format(id=1), "GET")
        assert endpoint in app.view_functions

    def test_a_withdrawn_case_and_a_missing_one_tell_nobody(self, app: Flask, world: World) -> None:
        job("notify.case_ended", "a", case_id=1, event="withdrawn")
        job("notify.case_ended", "b", case_id=999, event="approved")
        job("notify.task_arrived", "c", task_id=999)
        assert worker.run_due(app) == {"done": 3}
        assert told() == []


class TestMail:
    def test_a_mail_travels_by_smtp(self, app: Flask, world: World, mailbox: Mailbox) -> None:
        app.config["MAIL_URL"] = f"smtp://127.0.0.1:{mailbox.port}?from=no-reply@zhicheng.example"
        tell([world.unit], title="「李明的职称申报」待审核")
        assert worker.run_due(app) == {"done": 1}
        (mail,) = mailbox.mails
        assert mailbox.recipients == ["rcpt TO:<unit@example.invalid>"]
        assert (mail["To"], mail["Subject"]) == ("unit@example.invalid", "【职称申报系统】「李明的职称申报」待审核")
        assert mail["From"].addresses[0].addr_spec == "no-reply@zhicheng.example"
        assert "http://127.0.0.1:8000/tasks/1" in mail.get_content()

    def test_a_line_break_in_a_title_makes_no_header(self, app: Flask, world: World, mailbox: Mailbox) -> None:
        app.config["MAIL_URL"] = f"smtp://127.0.0.1:{mailbox.port}"
        with transaction() as session:
            notification.notify(session, user_ids=[world.unit], key="k", title="a", link="/")
            session.connection().execute(update(_notification).values(title="退回\r\nBcc: evil@evil.example\r\n\r\nbody"))
        assert worker.run_due(app) == {"done": 1}
        (mail,) = mailbox.mails
        assert mail["Bcc"] is None
        assert mail["Subject"] == "【职称申报系统】退回 Bcc: evil@evil.example body"
        assert mailbox.recipients == ["rcpt TO:<unit@example.invalid>"]

    @pytest.mark.parametrize("address", ["x@mail.example\r\nBcc: evil@evil.example", "a@b.example, c@d.example", "nobody"])
    def test_an_address_that_is_none_is_given_up(self, app: Flask, world: World, mailbox: Mailbox, address: str) -> None:
        app.config["MAIL_URL"] = f"smtp://127.0.0.1:{mailbox.port}"
        tell([world.unit])
        set_email(world.unit, address)
        assert worker.run_due(app) == {"failed": 1}
        assert "evil" not in jobs()[0].last_error
        assert mailbox.mails == []

    def test_a_server_that_is_away_is_tried_again_and_blocks_nothing(self, app: Flask, world: World) -> None:
        app.config["MAIL_URL"] = "smtp://127.0.0.1:9"
        tell([world.unit])
        assert [user for user, _, _ in told()] == [world.unit]
        assert worker.run_due(app) == {"waiting": 1}
        assert jobs()[0].last_error.startswith("MailError: the mail server could not be reached")

    @pytest.mark.parametrize(("answer", "outcome"), [("451 later", "waiting"), ("550 no such user", "failed")])
    def test_a_refused_recipient_is_retried_only_when_that_can_help(
        self, app: Flask, world: World, mailbox: Mailbox, answer: str, outcome: str
    ) -> None:
        app.config["MAIL_URL"] = f"smtp://127.0.0.1:{mailbox.port}"
        mailbox.refuse = answer
        tell([world.unit])
        assert worker.run_due(app) == {outcome: 1}
        assert "unit@example.invalid" not in jobs()[0].last_error

    def test_a_second_copy_has_the_same_message_id(self, app: Flask, world: World, mailbox: Mailbox) -> None:
        app.config["MAIL_URL"] = f"smtp://127.0.0.1:{mailbox.port}"
        tell([world.unit])
        worker.run_due(app)
        with transaction() as session:
            session.connection().execute(update(_job).values(state="waiting", finished_at=None))
        worker.run_due(app)
        first, second = mailbox.mails
        assert first["Message-ID"] == second["Message-ID"]

    def test_without_a_server_the_log_has_no_address(self, app: Flask, world: World, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        tell([world.unit], title="「李明的职称申报」待审核")
        assert worker.run_due(app) == {"done": 1}
        assert "nothing was sent" in caplog.text
        assert "unit@" not in caplog.text
        assert "李明" not in caplog.text


class TestReading:
    def actor(self, user_id: int) -> Actor:
        return Actor(user_id=user_id, name="单位")

    def ids(self) -> list[int]:
        session = current_session()
        found = session.connection().execute(select(_notification.c.id).order_by(_notification.c.id)).scalars().all()
        session.rollback()
        return list(found)

    def test_the_bell_counts_by_one_bounded_query_over_the_index(self, app: Flask, world: World) -> None:
        for n in range(120):
            tell([world.unit], key=f"k{n}", mail=False)
        tell([world.other], mail=False)
        statements: list[str] = []
        engine = db.engine

        def remember(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", remember)
        try:
            assert notification.unread_count(current_session(), user_id=world.unit) == 100
        finally:
            event.remove(engine, "before_cursor_execute", remember)
        assert len(statements) == 1
        assert notification.unread_count(current_session(), user_id=world.other) == 1
        if engine.dialect.name == "sqlite":
            plan = current_session().connection().exec_driver_sql(
                "EXPLAIN QUERY PLAN " + statements[0], (1, world.unit, 100, 0)
            ).all()
            assert "COVERING INDEX ix_notification_user_id" in str(plan)

    def test_pages_go_by_key_newest_first(self, app: Flask, world: World) -> None:
        for n in range(5):
            tell([world.unit], key=f"k{n}", title=f"第 {n} 条", mail=False)
        session = current_session()
        first = notification.messages(session, user_id=world.unit, size=3)
        assert [message.title for message in first.messages] == ["第 4 条", "第 3 条", "第 2 条"]
        second = notification.messages(session, user_id=world.unit, size=3, before_id=first.older)
        assert [message.title for message in second.messages] == ["第 1 条", "第 0 条"]
        assert second.older is None

    def test_reading_is_marked_once_and_only_by_its_owner(self, app: Flask, world: World) -> None:
        tell([world.unit, world.other], mail=False)
        (mine, others) = self.ids()
        assert notification.mark_read(notification_id=mine, actor=self.actor(world.unit)) == "/tasks/1"
        (message,) = notification.messages(current_session(), user_id=world.unit).messages
        assert message.read_at is not None
        notification.mark_read(notification_id=mine, actor=self.actor(world.unit))
        assert notification.messages(current_session(), user_id=world.unit).messages == [message]
        with pytest.raises(NotFound):
            notification.mark_read(notification_id=others, actor=self.actor(world.unit))
        assert notification.unread_count(current_session(), user_id=world.other) == 1

    def test_all_read_leaves_what_came_after_the_page_was_drawn(self, app: Flask, world: World) -> None:
        for n in range(3):
            tell([world.unit], key=f"k{n}", mail=False)
        tell([world.other], mail=False)
        assert notification.mark_all_read(actor=self.actor(world.unit), up_to_id=self.ids()[1]) == 2
        assert notification.unread_count(current_session(), user_id=world.unit) == 1
        assert notification.mark_all_read(actor=self.actor(world.unit)) == 1
        assert notification.unread_count(current_session(), user_id=world.other) == 1


class TestBellPage:
    def test_the_owner_sees_reads_and_opens(self, app: Flask, world: World, client: FlaskClient, login: Login) -> None:
        tell([world.unit], key="a", title="「李明的职称申报」待审核", link="/notifications/?unread=1", mail=False)
        tell([world.unit], key="b", title="只是告诉您", link="", mail=False)
        tell([world.other], key="c", title="别人的通知", mail=False)
        page = login(client, "unit").get("/notifications/").text
        assert "「李明的职称申报」待审核" in page
        assert "别人的通知" not in page
        assert page.count(">未读</span>") == 2
        (second, first) = [message.id for message in notification.messages(current_session(), user_id=world.unit).messages]
        answer = client.post(f"/notifications/{first}/open/")
        assert (answer.status_code, answer.location) == (303, "/notifications/?unread=1")
        page = client.get("/notifications/?unread=1").text
        assert "只是告诉您" in page
        assert "「李明的职称申报」待审核" not in page
        answer = client.post(f"/notifications/{second}/open/")
        assert answer.location == "/notifications/"
        assert "没有未读通知" in client.get("/notifications/?unread=1").text

    def test_nobody_reads_or_marks_anothers(self, app: Flask, world: World, client: FlaskClient, login: Login) -> None:
        tell([world.other], mail=False)
        (theirs,) = [message.id for message in notification.messages(current_session(), user_id=world.other).messages]
        current_session().rollback()
        login(client, "unit")
        for path in (f"/notifications/{theirs}/open/", f"/notifications/{theirs}/read/"):
            assert client.post(path).status_code == 404
            assert client.get(path).status_code in (404, 405)
        assert client.post("/notifications/read/", data={"up_to": str(theirs)}).status_code == 303
        assert notification.unread_count(current_session(), user_id=world.other) == 1

    def test_all_are_marked_up_to_the_page_that_was_shown(
        self, app: Flask, world: World, client: FlaskClient, login: Login
    ) -> None:
        for n in range(25):
            tell([world.unit], key=f"k{n}", title=f"第 {n} 条", mail=False)
        login(client, "unit")
        page = client.get("/notifications/").text
        assert page.count("<tr>") == 21
        newest = notification.messages(current_session(), user_id=world.unit).messages[0].id
        assert f'name="up_to" value="{newest}"' in page
        current_session().rollback()
        tell([world.unit], key="late", title="刚刚到达", mail=False)
        assert client.post("/notifications/read/", data={"up_to": str(newest)}).status_code == 303
        page = client.get("/notifications/?unread=1").text
        assert "刚刚到达" in page
        assert page.count("<tr>") == 2

    def test_older_pages_follow_by_key(self, app: Flask, world: World, client: FlaskClient, login: Login) -> None:
        for n in range(25):
            tell([world.unit], key=f"k{n}", title=f"第 {n} 条", mail=False)
        login(client, "unit")
        older = notification.messages(current_session(), user_id=world.unit).older
        assert f"before={older}" in client.get("/notifications/").text
        page = client.get(f"/notifications/?before={older}").text
        assert "第 4 条" in page
        assert "第 5 条" not in page

    def test_an_address_nobody_made_is_refused(self, world: World, client: FlaskClient, login: Login) -> None:
        login(client, "unit")
        for before in ("x", "-1", "1" * 40, "١"):
            assert client.get("/notifications/", query_string={"before": before}).status_code == 400

    def test_a_title_is_text_and_never_markup(
        self, app: Flask, world: World, client: FlaskClient, login: Login
    ) -> None:
        tell([world.unit], title="<script>alert(1)</script>", mail=False)
        assert "<script>alert" not in login(client, "unit").get("/notifications/").text

    def test_visitors_are_sent_to_the_login(self, app: Flask, client: FlaskClient) -> None:
        assert "/login/" in client.get("/notifications/").location
