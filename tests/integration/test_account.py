"""Signing in and out: sessions at the server, passwords, where one goes on afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app import session_store
from app.extensions import db
from models.base import utcnow
from tests.factories import person as people
from tests.integration.signing_in import SESSION, events, sessions, set_account, sign_in, signed_in
from views.addresses import safe_next

# Sessions


def test_visitors_have_no_row_and_signing_in_makes_one(client: FlaskClient, someone: int) -> None:
    client.get("/login/")
    assert sessions() == []
    assert sign_in(client).status_code == 302
    assert len(sessions()) == 1
    assert signed_in(client)


def test_the_session_id_is_new_at_each_sign_in_and_long(client: FlaskClient, someone: int) -> None:
    sign_in(client)
    first = sessions()
    client.post("/logout/")
    sign_in(client)
    second = sessions()
    assert len(second) == 1
    assert first != second
    assert len(second[0]) >= 43, "256 bits in base64"


def test_a_planted_cookie_does_not_become_a_session(app: Flask, someone: int) -> None:
    victim = app.test_client()
    for planted in ("s.attacker", "attacker", "v.x", "s." + session_store._signed(app, "attacker")):
        victim.set_cookie("session", planted)
        assert sign_in(victim).status_code == 302
        assert "attacker" not in sessions()
        victim.post("/logout/")


def test_nothing_of_the_visitor_comes_along(client: FlaskClient, someone: int) -> None:
    """What was planted into a visitor's cookie (a code, an attempt to sign on) is not the account's afterwards."""
    client.post("/scan/new/")
    with client.session_transaction() as visitor:
        assert "qr_sign_in" in visitor
    sign_in(client)
    with client.session_transaction() as own:
        assert "qr_sign_in" not in own
        assert own["_user_id"]


def test_a_session_of_an_older_stamp_is_nobodys(client: FlaskClient, someone: int) -> None:
    """Also one whose row outlived the change of the password."""
    sign_in(client)
    set_account(someone, session_stamp="renewed")
    assert len(sessions()) == 1
    assert not signed_in(client)


def test_signing_out_ends_the_session_at_the_server(app: Flask, client: FlaskClient, someone: int) -> None:
    sign_in(client)
    stolen = client.get_cookie("session").value
    answer = client.post("/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert sessions() == []
    thief = app.test_client()
    thief.set_cookie("session", stolen)
    assert not signed_in(thief)


def test_a_request_that_was_running_does_not_bring_a_session_back(app: Flask, client: FlaskClient, someone: int) -> None:
    sign_in(client)
    interface = app.session_interface
    with app.test_request_context(headers={"Cookie": f"session={client.get_cookie('session').value}"}) as context:
        slow = interface.open_session(app, context.request)
        client.post("/logout/")
        slow["note"] = "written late"
        interface.save_session(app, slow, app.response_class())
    assert sessions() == []


def test_sessions_end_when_the_account_is_disabled(client: FlaskClient, someone: int) -> None:
    sign_in(client)
    set_account(someone, active=False)
    assert not signed_in(client)
    assert sign_in(client).status_code == 401


def test_sessions_end_after_their_absolute_time_and_are_swept(client: FlaskClient, someone: int) -> None:
    sign_in(client)
    with db.engine.begin() as connection:
        connection.execute(sa.update(SESSION).values(expires_at=utcnow() - dt.timedelta(seconds=1)))
    assert not signed_in(client)
    assert session_store.sweep() == 1
    assert sessions() == []


def test_using_a_session_does_not_lengthen_it(client: FlaskClient, someone: int) -> None:
    sign_in(client)
    with db.engine.connect() as connection:
        before = connection.execute(sa.select(SESSION.c.expires_at)).scalar_one()
    client.get("/account/password/")
    client.post("/account/password/", data={"current": "x", "password": "y", "again": "z"})
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(SESSION.c.expires_at)).scalar_one() == before


def test_an_idle_session_ends_and_a_used_one_goes_on(
    app: Flask, client: FlaskClient, someone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itsdangerous import TimestampSigner

    sign_in(client)
    now = [dt.datetime.now(dt.UTC).timestamp()]
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: int(now[0]))
    monkeypatch.setattr(session_store, "utcnow", lambda: dt.datetime.fromtimestamp(now[0], dt.UTC))
    for _ in range(3):
        now[0] += 50 * 60
        assert signed_in(client), "used within the hour, three times"
    now[0] += 61 * 60
    assert not signed_in(client)


def test_reading_pages_writes_no_session(client: FlaskClient, someone: int) -> None:
    sign_in(client)
    client.get("/account/password/")
    with db.engine.connect() as connection:
        before = connection.execute(sa.select(SESSION)).all()
    for path in ("/", "/account/password/", "/codetableview/list/", "/nowhere"):
        client.get(path)
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(SESSION)).all() == before


def test_the_session_is_json_and_never_pickle(app: Flask) -> None:
    import pickle

    serializer = app.session_interface.serializer
    with pytest.raises(Exception, match=r"(?i)malformed|invalid|trailing|truncated"):
        serializer.decode(pickle.dumps({"_user_id": "1:x"}))


def test_a_changed_cookie_is_no_session(app: Flask, client: FlaskClient, someone: int) -> None:
    sign_in(client)
    value = client.get_cookie("session").value
    for at in range(2, len(value) - 1, 7):  # base64 does not use all bits of the last character
        forged = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1:]
        other = app.test_client()
        other.set_cookie("session", forged)
        assert not signed_in(other)


# Passwords


def _change(client: FlaskClient, current: str, password: str, again: str | None = None) -> Any:
    return client.post(
        "/account/password/", data={"current": current, "password": password, "again": again or password}
    )


def test_changing_the_password_ends_the_other_sessions(app: Flask, someone: int) -> None:
    here, there = app.test_client(), app.test_client()
    sign_in(here)
    sign_in(there)
    assert _change(here, people.PASSWORD, "一句自己记得住的话呀").status_code == 302
    assert signed_in(here)
    assert not signed_in(there)
    assert sign_in(there).status_code == 401
    assert sign_in(there, password="一句自己记得住的话呀").status_code == 302
    assert "account:password_changed" in events()


@pytest.mark.parametrize(("current", "password", "again", "status"), [
    ("wrong", "一句自己记得住的话呀", None, 422), (people.PASSWORD, "short", None, 422),
    (people.PASSWORD, "12345678", None, 422), (people.PASSWORD, "someone-else", None, 422),
    (people.PASSWORD, "一句自己记得住的话呀", "另一句自己记得住的话", 400),
])
def test_a_bad_change_changes_nothing(
    client: FlaskClient, someone: int, current: str, password: str, again: str | None, status: int
) -> None:
    sign_in(client)
    assert _change(client, current, password, again).status_code == status
    client.post("/logout/")
    assert sign_in(client).status_code == 302


def test_passwords_are_kept_as_salted_slow_hashes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.security import hash_password

    monkeypatch.delitem(app.config, "FAB_PASSWORD_HASH_METHOD")
    first, second = hash_password("same"), hash_password("same")
    assert first.startswith("scrypt:32768:8:1$")
    assert first != second


def test_a_stolen_copy_of_the_cookie_ends_with_the_password(app: Flask, client: FlaskClient, someone: int) -> None:
    """Signing in anew gives the session a new id; the old one is worth nothing, also in the same browser."""
    sign_in(client)
    thief = app.test_client()
    thief.set_cookie("session", client.get_cookie("session").value)
    assert signed_in(thief)
    assert _change(client, people.PASSWORD, "一句自己记得住的话呀").status_code == 302
    assert signed_in(client)
    assert not signed_in(thief)


# Going on afterwards


@pytest.mark.parametrize(("asked", "given"), [
    ("/tasks/?tab=done", "/tasks/?tab=done"), (None, "/"), ("", "/"), ("https://evil.example/", "/"),
    ("//evil.example/", "/"), ("/\\evil.example", "/"), ("javascript:alert(1)", "/"), ("/x\r\nSet-Cookie: a=b", "/"),
    ("/a\\b", "/"), ("tasks/", "/"), ("///evil.example", "/"), ("/%09/evil.example", "/%09/evil.example"),
])
def test_only_paths_of_this_site_are_gone_on_to(asked: str | None, given: str) -> None:
    assert safe_next(asked) == given


def test_a_visitor_comes_back_to_the_page_asked_for(client: FlaskClient, someone: int) -> None:
    asked = client.get("/codetableview/list/?psize_CodeTableView=10")
    assert asked.status_code == 302
    answer = client.post(asked.headers["Location"], data={"username": "someone", "password": people.PASSWORD})
    assert answer.headers["Location"] == "/codetableview/list/?psize_CodeTableView=10"


def test_a_script_is_told_401_instead(client: FlaskClient) -> None:
    answer = client.get("/codetableview/list/", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.get_json()["message"]
