"""扫码登录: confirmed on a signed-in phone, two minutes, once, for the browser that shows the code."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.errors import WrongState
from app.extensions import db
from app.services import qr_sign_in
from models.account import Account
from models.audit import AuditEvent
from models.base import utcnow
from models.organization import Organization
from models.qr_sign_in import QrSignIn
from tests.conftest import Login
from tests.factories import person as people
from tests.factories.race import race

_code = QrSignIn.__table__
PHONE, DESKTOP = "Mozilla/5.0 (iPhone) Safari", "Mozilla/5.0 (Windows NT 10.0) Chrome/140"


@pytest.fixture
def unit(app: Flask) -> people.Unit:
    made = people.unit("builtin", name="某测绘院第三分队")
    with db.engine.begin() as connection:
        connection.execute(sa.update(Organization.__table__).values(is_built_in=True))
    return made


@pytest.fixture
def phone(app: Flask, login: Login, unit: people.Unit) -> FlaskClient:
    return login(app.test_client(), "builtin")


@pytest.fixture
def desktop(app: Flask) -> FlaskClient:
    return app.test_client()


def code_of(client: FlaskClient) -> str:
    """获取二维码; what the picture says, as the phone's camera reads it."""
    assert client.post("/scan/new/", headers={"User-Agent": DESKTOP}).status_code == 302
    return scanned(client.get("/scan/").text)


def scanned(page: str) -> str:
    import base64
    import io

    from PIL import Image
    from pyzbar.pyzbar import decode

    picture = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", page)[1])
    (found,) = decode(Image.open(io.BytesIO(picture)))
    address = found.data.decode()
    assert address.startswith("http://127.0.0.1:8000/qr/")
    return address.removeprefix("http://127.0.0.1:8000/qr/").strip("/")


def signed_in(client: FlaskClient) -> bool:
    return client.get("/account/security/").status_code == 200


def state(client: FlaskClient) -> str:
    return str(client.get("/scan/state").get_json()["state"])


def expire() -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.update(_code).values(expires_at=utcnow() - dt.timedelta(seconds=1)))


def confirm(client: FlaskClient, code: str) -> str:
    return str(client.post(f"/qr/{code}/confirm/", follow_redirects=True).text)


def test_the_whole_way(desktop: FlaskClient, phone: FlaskClient, unit: people.Unit) -> None:
    code = code_of(desktop)
    assert state(desktop) == "waiting"
    question = phone.get(f"/qr/{code}/", headers={"User-Agent": PHONE}).text
    for words in ("Chrome · Windows", "127.0.0.1", "某测绘院第三分队", "builtin", "确认登录", "拒绝"):
        assert words in question
    digits = re.search(r'<strong class="num">(\d{4})</strong>', desktop.get("/scan/").text)[1]
    assert digits in question, "the same digits on both screens"
    assert state(desktop) == "waiting", "looking confirms nothing"
    assert "已确认" in confirm(phone, code)
    assert state(desktop) == "confirmed"
    assert "进入系统" in desktop.get("/scan/").text
    assert desktop.post("/scan/finish/").location == "/home/"
    assert signed_in(desktop)
    with db.engine.connect() as connection:
        events = connection.execute(sa.select(AuditEvent.__table__.c.event, AuditEvent.__table__.c.subject_id)).all()
    assert [tuple(row) for row in events] == [
        ("account:qr_sign_in_confirmed", unit.user_id), ("account:signed_in", unit.user_id)]


def test_it_lasts_two_minutes(desktop: FlaskClient, phone: FlaskClient) -> None:
    code = code_of(desktop)
    with db.engine.connect() as connection:
        row = connection.execute(sa.select(_code)).one()
    assert row.expires_at - row.created_at == dt.timedelta(minutes=2)
    expire()
    assert state(desktop) == "expired"
    assert "二维码已过期" in desktop.get("/scan/").text
    assert "二维码已过期" in phone.get(f"/qr/{code}/").text
    assert "二维码已过期" in confirm(phone, code)
    assert desktop.post("/scan/finish/", follow_redirects=True).status_code == 200
    assert not signed_in(desktop)


def test_a_confirmation_that_is_not_used_expires_too(desktop: FlaskClient, phone: FlaskClient) -> None:
    confirm(phone, code_of(desktop))
    expire()
    desktop.post("/scan/finish/")
    assert not signed_in(desktop)


def test_confirmed_in_the_last_second_the_desktop_still_has_half_a_minute(desktop: FlaskClient, phone: FlaskClient) -> None:
    code = code_of(desktop)
    with db.engine.begin() as connection:
        connection.execute(sa.update(_code).values(expires_at=utcnow() + dt.timedelta(seconds=2)))
    confirm(phone, code)
    with db.engine.connect() as connection:
        left = connection.execute(sa.select(_code.c.expires_at)).scalar_one() - utcnow()
    assert dt.timedelta(seconds=20) < left <= dt.timedelta(seconds=30)


def test_only_the_browser_that_shows_the_code_is_let_in(app: Flask, desktop: FlaskClient, phone: FlaskClient) -> None:
    code = code_of(desktop)
    confirm(phone, code)
    thief = app.test_client()
    code_of(thief)
    assert thief.post("/scan/finish/").status_code == 302
    assert not signed_in(thief)
    with pytest.raises(Exception, match="没有这个二维码"):
        qr_sign_in.finish(code=code, secret="guessed")
    assert app.test_client().post("/scan/finish/").status_code == 404
    desktop.post("/scan/finish/")
    assert signed_in(desktop)


def test_it_is_used_once(app: Flask, desktop: FlaskClient, phone: FlaskClient) -> None:
    code = code_of(desktop)
    kept = desktop.get_cookie("session").value
    confirm(phone, code)
    desktop.post("/scan/finish/")
    replay = app.test_client()
    replay.set_cookie("session", kept)  # a copy of the desktop's own cookie
    assert "已经使用过" in replay.post("/scan/finish/", follow_redirects=True).text
    assert not signed_in(replay)
    assert "已经使用过" in confirm(phone, code)
    assert "已经使用过" in phone.get(f"/qr/{code}/").text


def test_a_second_confirmation_says_it_was_used(desktop: FlaskClient, phone: FlaskClient) -> None:
    code = code_of(desktop)
    confirm(phone, code)
    assert "已经使用过" in confirm(phone, code)


def test_a_refused_code_lets_nobody_in(desktop: FlaskClient, phone: FlaskClient) -> None:
    code = code_of(desktop)
    assert "已拒绝" in phone.post(f"/qr/{code}/refuse/", follow_redirects=True).text
    assert state(desktop) == "refused"
    assert "已在手机上拒绝" in confirm(phone, code)
    desktop.post("/scan/finish/")
    assert not signed_in(desktop)


def test_a_new_code_makes_the_old_one_useless(desktop: FlaskClient, phone: FlaskClient) -> None:
    old = code_of(desktop)
    code_of(desktop)
    confirm(phone, old)
    assert state(desktop) == "waiting"
    desktop.post("/scan/finish/")
    assert not signed_in(desktop)


def test_units_that_are_not_built_in_do_not_confirm(app: Flask, desktop: FlaskClient, login: Login, unit: people.Unit) -> None:
    people.unit("ordinary")
    code = code_of(desktop)
    other = login(app.test_client(), "ordinary")
    assert other.get(f"/qr/{code}/").status_code == 409
    for answer in (other.get(f"/qr/{code}/"), other.post(f"/qr/{code}/confirm/", follow_redirects=True),
                   other.post(f"/qr/{code}/refuse/", follow_redirects=True)):
        assert "只用于内置单位" in answer.text
    assert state(desktop) == "waiting"


def test_a_visitor_is_asked_to_sign_in_and_comes_back(app: Flask, desktop: FlaskClient, unit: people.Unit) -> None:
    code = code_of(desktop)
    phone = app.test_client()
    asked = phone.get(f"/qr/{code}/")
    assert asked.status_code == 302
    answer = phone.post(asked.location, data={"username": "builtin", "password": people.PASSWORD})
    assert answer.location == f"/qr/{code}/"


def test_a_disabled_account_is_not_let_in_by_its_confirmation(desktop: FlaskClient, phone: FlaskClient) -> None:
    confirm(phone, code_of(desktop))
    with db.engine.begin() as connection:
        connection.execute(sa.update(Account.__table__).values(active=False))
    assert "已停用" in desktop.post("/scan/finish/", follow_redirects=True).text
    assert not signed_in(desktop)


def test_the_session_after_it_is_a_new_one(app: Flask, desktop: FlaskClient, phone: FlaskClient) -> None:
    code = code_of(desktop)
    planted = desktop.get_cookie("session").value
    confirm(phone, code)
    desktop.post("/scan/finish/")
    thief = app.test_client()
    thief.set_cookie("session", planted)
    assert not signed_in(thief)
    assert desktop.get_cookie("session").value != planted


def test_an_unknown_code_is_not_found(phone: FlaskClient) -> None:
    for answer in (phone.get("/qr/nonsense/"), phone.post("/qr/nonsense/confirm/")):
        assert answer.status_code == 404


def test_one_address_opens_so_many_codes_and_no_more(app: Flask, unit: people.Unit) -> None:
    for _ in range(qr_sign_in.OPEN_PER_ORIGIN):
        assert app.test_client().post("/scan/new/").status_code == 302
    answer = app.test_client().post("/scan/new/")
    assert answer.status_code == 429
    assert "两分钟后再试" in answer.text
    expire()
    assert app.test_client().post("/scan/new/").status_code == 302


# At the same moment, with connections of their own


def test_two_confirmations_have_one_winner(app: Flask, unit: people.Unit) -> None:
    actor = people.actor_of(unit.user_id)
    for _ in range(10):
        shown = qr_sign_in.begin(origin="10.0.0.1", user_agent="")
        db.session.rollback()
        results = race(app, *[lambda: qr_sign_in.confirm(code=shown.code, actor=actor)] * 3)
        assert sum(isinstance(result, WrongState) for result in results) == 2
        qr_sign_in.finish(code=shown.code, secret=shown.secret)


def test_confirming_against_refusing_ends_in_one_of_them(app: Flask, unit: people.Unit) -> None:
    actor = people.actor_of(unit.user_id)
    for _ in range(10):
        shown = qr_sign_in.begin(origin="10.0.0.1", user_agent="")
        db.session.rollback()
        results = race(app, lambda: qr_sign_in.confirm(code=shown.code, actor=actor),
                       lambda: qr_sign_in.refuse(code=shown.code, actor=actor))
        assert sum(isinstance(result, WrongState) for result in results) == 1


def test_two_polls_that_see_it_confirmed_let_one_in(app: Flask, unit: people.Unit) -> None:
    actor = people.actor_of(unit.user_id)
    for _ in range(10):
        shown = qr_sign_in.begin(origin="10.0.0.1", user_agent="")
        qr_sign_in.confirm(code=shown.code, actor=actor)
        db.session.rollback()
        results = race(app, *[lambda: qr_sign_in.finish(code=shown.code, secret=shown.secret)] * 4)
        assert sorted(str(isinstance(result, WrongState)) for result in results) == ["False", "True", "True", "True"]


def test_nothing_that_opens_the_code_is_kept_in_the_database(desktop: FlaskClient) -> None:
    code = code_of(desktop)
    with db.engine.connect() as connection:
        assert code not in str(connection.execute(sa.select(_code)).all())


@pytest.mark.parametrize(("said", "shown"), [
    (DESKTOP, "Chrome · Windows"), (PHONE, "Safari · iPhone"), ("curl/8", ""), ("", ""),
    ("Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile MicroMessenger/8.0", "微信 · Android"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X) Edg/120 Chrome/120", "Edge · macOS"),
])
def test_browsers_are_named_as_people_know_them(said: str, shown: str) -> None:
    from app.rules.user_agent import describe

    assert " · ".join(describe(said)) == shown
