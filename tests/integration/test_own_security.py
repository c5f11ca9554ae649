"""登录与安全: one's own sessions are listed and ended, and nobody else's."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from models.audit import AuditEvent
from models.web_session import WebSession
from tests.factories import person as people

_row = WebSession.__table__
HOME, OFFICE = "Mozilla/5.0 (iPhone) Safari", "Mozilla/5.0 (Windows NT 10.0) Chrome/140"


def sign_in(app: Flask, agent: str, username: str = "someone") -> FlaskClient:
    client = app.test_client()
    answer = client.post("/login/", data={"username": username, "password": people.PASSWORD}, headers={"User-Agent": agent})
    assert answer.status_code == 302
    return client


def signed_in(client: FlaskClient) -> bool:
    return client.get("/account/security/").status_code == 200


def rows_of(client: FlaskClient) -> list[int]:
    """The sessions the page offers to end."""
    page = client.get("/account/security/").text
    return [int(pk) for pk in re.findall(r"/account/security/sessions/(\d+)/end/", page)]


@pytest.fixture
def someone(app: Flask) -> int:
    people.account("other", role="Ops")
    return people.account("someone", role="Ops")


def test_the_sessions_are_listed_with_browser_and_place(app: Flask, someone: int) -> None:
    office, _home = sign_in(app, OFFICE), sign_in(app, HOME)
    sign_in(app, "Mozilla/5.0 (X11; Linux) Firefox/130", "other")
    page = office.get("/account/security/").text
    for words in ("Chrome · Windows", "本机", "Safari · iPhone", "127.0.0.1", "共 2 个"):
        assert words in page
    assert "Firefox" not in page
    with db.engine.connect() as connection:
        ids = connection.execute(sa.select(_row.c.session_id)).scalars().all()
    assert not any(sid in page for sid in ids), "the random ids stay at the server"


def test_one_of_them_is_ended(app: Flask, someone: int) -> None:
    office, home = sign_in(app, OFFICE), sign_in(app, HOME)
    (pk,) = rows_of(office)
    assert office.post(f"/account/security/sessions/{pk}/end/").status_code == 302
    assert signed_in(office)
    assert not signed_in(home)
    assert office.post(f"/account/security/sessions/{pk}/end/").status_code == 404
    with db.engine.connect() as connection:
        events = connection.execute(sa.select(AuditEvent.__table__.c.event)).scalars().all()
    assert events.count("account:session_ended") == 1


def test_all_others_are_ended_at_once(app: Flask, someone: int) -> None:
    here, *others = (sign_in(app, OFFICE) for _ in range(4))
    foreign = sign_in(app, HOME, "other")
    assert "已结束其他 3 个登录" in here.post("/account/security/sessions/end/", follow_redirects=True).text
    assert signed_in(here)
    assert signed_in(foreign)
    assert not any(signed_in(client) for client in others)
    assert "没有其他登录" in here.post("/account/security/sessions/end/", follow_redirects=True).text


def test_nobody_ends_the_sessions_of_others(app: Flask, someone: int) -> None:
    victim, attacker = sign_in(app, HOME), sign_in(app, OFFICE, "other")
    with db.engine.connect() as connection:
        pk = connection.execute(sa.select(_row.c.id).where(_row.c.account_id == someone)).scalar_one()
    assert rows_of(attacker) == []
    assert attacker.post(f"/account/security/sessions/{pk}/end/").status_code == 404
    assert signed_in(victim)


def test_a_new_password_leaves_no_old_session_in_the_list(app: Flask, someone: int) -> None:
    here, _there = sign_in(app, OFFICE), sign_in(app, HOME)
    here.post("/account/password/", data={
        "current": people.PASSWORD, "password": "一句自己记得住的话呀", "again": "一句自己记得住的话呀"})
    assert rows_of(here) == []
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(_row)).scalar_one() == 1


def test_personal_pages_are_not_stored_and_leaving_clears_them(app: Flask, someone: int) -> None:
    client = sign_in(app, OFFICE)
    assert client.get("/account/security/").headers["Cache-Control"] == "no-store"
    assert client.post("/logout/").headers["Clear-Site-Data"] == '"cache"'
