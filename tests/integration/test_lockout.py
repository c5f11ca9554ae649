"""Guessing at passwords: the lockout, one answer and one cost for every failure, and what the trail keeps."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.audit import verify
from app.extensions import db
from app.security import change_password
from models.base import utcnow
from tests.factories import person as people
from tests.integration.signing_in import ACCOUNT, EVENT, events, get_account, set_account, sign_in


def test_five_failures_lock_the_account_for_a_while_only(client: FlaskClient, someone: int) -> None:
    for _ in range(5):
        assert sign_in(client, password="wrong-password").status_code == 401
    assert sign_in(client).status_code == 401, "locked: the right password is refused too"
    assert "account:locked" in events()
    set_account(someone, locked_until=utcnow() - dt.timedelta(seconds=1))
    assert sign_in(client, password="wrong-password").status_code == 401, "one failure after the lock is one failure"
    assert sign_in(client).status_code == 302
    assert get_account(someone).fail_login_count == 0
    assert get_account(someone).locked_until is None


def test_a_success_forgets_the_failures_before_it(client: FlaskClient, someone: int) -> None:
    for _ in range(4):
        sign_in(client, password="wrong-password")
    assert sign_in(client).status_code == 302
    client.post("/logout/")
    for _ in range(4):
        sign_in(client, password="wrong-password")
    assert sign_in(client).status_code == 302


def test_parallel_guesses_do_not_exceed_the_limit(app: Flask, someone: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from app import security

    compared = []

    def slow_check(hashed: str, password: str) -> bool:
        compared.append(password)
        return False

    monkeypatch.setattr(security, "check_password_hash", slow_check)
    counted: list[bool] = []
    original = security._count_attempt
    monkeypatch.setattr(security, "_count_attempt", lambda pk: counted.append(original(pk)) or counted[-1])

    def guess(n: int) -> None:
        sign_in(app.test_client(), password=f"guess-{n}")

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted.count(True) == 5
    assert len(compared) == 12, "the others take as long"


def test_every_failure_has_the_same_answer(app: Flask, someone: int) -> None:
    people.account("disabled", role="Ops")
    set_account(someone, locked_until=utcnow() + dt.timedelta(minutes=5))
    with db.engine.begin() as connection:
        connection.execute(sa.update(ACCOUNT).where(ACCOUNT.c.username == "disabled").values(active=False))
    answers = set()
    for username, password in (
        ("someone", people.PASSWORD), ("disabled", people.PASSWORD), ("nobody", "x"), ("nobody", people.PASSWORD),
    ):
        response = sign_in(app.test_client(), username, password)
        page = response.text.replace(username, "")
        answers.add((response.status_code, "账号或密码不正确" in page, len(page)))
    assert answers == {(401, True, next(iter(answers))[2])}


def test_an_unknown_account_costs_one_hash_as_a_known_one_does(
    app: Flask, someone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import security

    calls = []
    original = security.check_password_hash
    monkeypatch.setattr(
        security, "check_password_hash", lambda h, p: calls.append(h.split("$")[0]) or original(h, p)
    )
    sign_in(app.test_client(), "someone", "wrong-password")
    sign_in(app.test_client(), "nobody", "wrong-password")
    assert len(calls) == 2
    assert calls[0] == calls[1], "the same method and cost"


def test_attempts_are_recorded_without_what_was_typed(client: FlaskClient, someone: int) -> None:
    sign_in(client, "my-password-by-mistake", "x")
    sign_in(client, password="wrong-password")
    sign_in(client)
    assert events() == ["account:sign_in_failed", "account:sign_in_failed", "account:signed_in"]
    with db.engine.connect() as connection:
        assert "mistake" not in str(connection.execute(sa.select(EVENT)).all())
    assert list(verify(db.session())) == []


@pytest.mark.parametrize("data", [
    {"username": "", "password": "x"}, {"username": "someone"}, {}, {"username": "a" * 200, "password": "x"},
    {"username": "someone", "password": "\x00"}, {"username": "some\x00one", "password": "x"}, {"username": "someone' OR 1=1 --", "password": "x"},
])
def test_odd_input_is_refused_without_an_error(client: FlaskClient, someone: int, data: dict[str, str]) -> None:
    assert client.post("/login/", data=data).status_code in (400, 401)


def test_change_password_is_a_service_of_its_own(app: Flask, someone: int) -> None:
    before = get_account(someone).session_stamp
    stamp = change_password(account_id=someone, password="another one", actor=people.actor_of(someone))
    assert get_account(someone).session_stamp == stamp != before
