"""Single sign-on: every lie of a provider or of a browser that does not come in."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from models.base import utcnow
from tests import oidc_server
from tests.factories.race import race
from tests.integration.sign_on_flow import (
    ACCOUNT,
    ATTEMPT,
    PERSON,
    back,
    begin,
    come,
    id_number,
    rows,
    signed_in,
)
from views import sign_on_clients

pytestmark = pytest.mark.usefixtures("configured")


@pytest.mark.parametrize("lie", [
    "wrong_issuer", "wrong_audience", "wrong_nonce", "no_nonce", "tampered", "alg_none", "other_key", "shared_secret", "expired",
    "another_user", "no_id_token", "wrong_code_binding",
])
def test_a_spoiled_answer_is_refused_with_a_page(client: FlaskClient, provider: oidc_server.Server, lie: str) -> None:
    provider.lie(lie)
    answer = come(client, provider)
    assert answer.status_code == 400
    assert "未通过安全校验" in answer.text
    assert "/login/?as=person" in answer.text
    assert not signed_in(client)
    assert rows(ACCOUNT) == []
    provider.lie("")
    assert come(client, provider).status_code == 302, "and the way is open again"


def test_a_discovery_document_of_another_issuer_is_refused(client: FlaskClient, provider: oidc_server.Server) -> None:
    provider.lie("other_issuer_in_discovery")
    answer = client.post("/login/sso/gov/")
    assert answer.status_code == 400
    assert "配置有误" in answer.text


def test_an_answer_is_taken_once(app: Flask, client: FlaskClient, provider: oidc_server.Server) -> None:
    address = provider.agree(begin(client), "alice")
    kept = client.get_cookie("session").value
    assert back(client, address).status_code == 302
    client.post("/logout/")
    client.set_cookie("session", kept)  # the browser's secret of then
    answer = back(client, address)
    assert answer.status_code == 409
    assert "已失效或已使用过" in answer.text
    assert not signed_in(client)


def test_two_copies_of_an_answer_at_once_enter_once(app: Flask, client: FlaskClient, provider: oidc_server.Server) -> None:
    for _ in range(5):
        address = provider.agree(begin(client), "alice")
        kept = client.get_cookie("session").value
        copies = [app.test_client() for _ in range(4)]
        for copy in copies:
            copy.set_cookie("session", kept)
        answers = race(app, *[lambda copy=copy: back(copy, address).status_code for copy in copies])
        assert sorted(answers) == [302, 409, 409, 409]


def test_a_code_of_another_browser_is_refused(app: Flask, client: FlaskClient, provider: oidc_server.Server) -> None:
    """Code injection: somebody else's unused code with one's own state fails at PKCE."""
    stolen = parse_qs(urlsplit(provider.agree(begin(client), "alice")).query)["code"][0]
    thief = app.test_client()
    state = parse_qs(urlsplit(begin(thief)).query)["state"][0]
    assert thief.get(f"/login/sso/gov/callback?code={stolen}&state={state}").status_code == 400
    assert not signed_in(thief)


def test_a_code_that_was_used_is_refused_by_the_provider(app: Flask, client: FlaskClient, provider: oidc_server.Server) -> None:
    address = provider.agree(begin(client), "alice")
    back(client, address)
    code = parse_qs(urlsplit(address).query)["code"][0]
    again = app.test_client()
    state = parse_qs(urlsplit(begin(again)).query)["state"][0]
    assert again.get(f"/login/sso/gov/callback?code={code}&state={state}").status_code == 400
    assert not signed_in(again)


def test_an_answer_in_another_browser_is_refused(app: Flask, client: FlaskClient, provider: oidc_server.Server) -> None:
    """Login CSRF: a victim is sent the attacker's answer."""
    address = provider.agree(begin(client), "alice")
    victim = app.test_client()
    assert back(victim, address).status_code == 409
    begin(victim)
    assert back(victim, address).status_code == 409
    assert not signed_in(victim)


def test_an_answer_that_comes_too_late_is_refused(client: FlaskClient, provider: oidc_server.Server) -> None:
    address = provider.agree(begin(client), "alice")
    with db.engine.begin() as connection:
        connection.execute(sa.update(ATTEMPT).values(expires_at=utcnow() - dt.timedelta(seconds=1)))
    assert back(client, address).status_code == 409


@pytest.mark.parametrize("query", ["", "state=x", "code=x", "state=&code=", "error=access_denied", "error=%00", "state=" + "x" * 5000])
def test_an_answer_nobody_asked_for_is_refused(client: FlaskClient, query: str) -> None:
    begin(client)
    assert client.get(f"/login/sso/gov/callback?{query}").status_code in (400, 409)
    assert not signed_in(client)


def test_the_session_is_a_new_one(app: Flask, client: FlaskClient, provider: oidc_server.Server) -> None:
    """Fixation: what the visitor's browser carried before is not what it carries afterwards."""
    address = provider.agree(begin(client), "alice")
    planted = client.get_cookie("session").value
    back(client, address)
    assert client.get_cookie("session").value != planted
    thief = app.test_client()
    thief.set_cookie("session", planted)
    assert not signed_in(thief)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_on_stays_on_this_site(client: FlaskClient, provider: oidc_server.Server, target: str) -> None:
    come(client, provider)
    client.post("/logout/")
    assert come(client, provider, next=target).location == "/"


def test_a_cancelled_sign_on_says_so(client: FlaskClient, provider: oidc_server.Server) -> None:
    answer = back(client, provider.deny(begin(client)))
    assert answer.status_code == 400
    assert "取消了登录" in answer.text


@pytest.mark.parametrize(("error", "says"), [
    ("temporarily_unavailable", "暂时不能使用"), ("server_error", "暂时不能使用"), ("<script>alert(1)</script>", "未通过安全校验"),
])
def test_errors_of_the_provider_are_told_in_our_words(client: FlaskClient, error: str, says: str) -> None:
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    answer = client.get("/login/sso/gov/callback", query_string={
        "state": state, "error": error, "error_description": "click <a href='https://evil.example'>here</a>"})
    assert says in answer.text
    assert "evil.example" not in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(("changes", "says"), [
    ({"id_card": "340104199003079999"}, "身份证号或手机号码"), ({"id_card": None}, "身份证号或手机号码"),
    ({"phone_number": ""}, "身份证号或手机号码"), ({"name": ""}, "没有提供姓名"), ({"name": ["x"]}, "没有提供姓名"),
])
def test_claims_that_do_not_hold_say_where_to_mend_them(
    client: FlaskClient, provider: oidc_server.Server, changes: dict[str, Any], says: str
) -> None:
    provider.user("bob", **{**PERSON, "id_card": id_number(7), **changes})
    answer = come(client, provider, "bob")
    assert answer.status_code == 400
    assert says in answer.text
    assert "安徽政务服务网" in answer.text
    assert rows(ACCOUNT) == []


def test_an_unreachable_provider_is_a_page(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = json.loads(app.config["OIDC_PROVIDERS"])
    entries[0]["issuer"] = "http://127.0.0.1:9"
    monkeypatch.setitem(app.config, "OIDC_PROVIDERS", json.dumps(entries))
    sign_on_clients.register(app)
    answer = client.post("/login/sso/gov/")
    assert answer.status_code == 503
    assert "暂时不能使用" in answer.text
    assert client.post("/login/sso/unknown/").status_code == 404
