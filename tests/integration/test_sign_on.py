"""Single sign-on against a provider in a process of its own: what comes in, and every lie that does not."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from stdnum.cn import ric

from app.extensions import db
from models.account import Account
from models.audit import AuditEvent
from models.base import utcnow
from models.encrypted import blind_index
from models.identity import AccountIdentity
from models.organization import Organization
from models.person import Person
from models.sign_on import SignOn
from tests import oidc_server
from tests.factories import organization as organizations
from tests.factories import person as people
from tests.factories.rows import save
from tests.integration.test_engine_race import race
from views import sign_on_clients

_account, _identity, _attempt = Account.__table__, AccountIdentity.__table__, SignOn.__table__
PERSON = {"name": "单小登", "id_card": "", "phone_number": "13800138000"}
UNIT = {"name": "安徽登录科技有限公司", "credit_code": "91340100683643522D", "boss": "钱经理"}


def id_number(serial: int) -> str:
    body = f"34010419900307{serial:03}"
    return body + str(ric.calc_check_digit(body + "0"))


@pytest.fixture(scope="module")
def provider() -> Iterator[oidc_server.Server]:
    with oidc_server.running() as server:
        yield server


@pytest.fixture(scope="module")
def second() -> Iterator[oidc_server.Server]:
    with oidc_server.running() as server:
        yield server


@pytest.fixture(autouse=True)
def configured(
    app: Flask, provider: oidc_server.Server, second: oidc_server.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    person = {"name": "name", "id_number": "id_card", "mobile": "phone_number"}
    unit = {"name": "name", "uscc": "credit_code", "legal_person": "boss"}
    monkeypatch.setitem(app.config, "OIDC_PROVIDERS", json.dumps([
        {"key": "gov", "label": "安徽政务服务网", "audience": "person", "issuer": provider.url, "client_id": "zhicheng",
         "client_secret": "s3cret", "claims": person, "scopes": ["openid", "profile", "phone"]},
        {"key": "card", "label": "电子社保卡", "audience": "person", "issuer": second.url, "client_id": "zhicheng",
         "client_secret": "other", "claims": person, "scopes": ["openid", "profile", "phone"]},
        {"key": "legal", "label": "法人登录", "audience": "unit", "issuer": provider.url, "client_id": "units",
         "client_secret": "s3cret", "claims": unit},
    ]))
    monkeypatch.setitem(app.extensions, "zhicheng_sign_on", None)
    sign_on_clients.register(app)
    provider.user("alice", **{**PERSON, "id_card": id_number(1)})
    provider.user("boss", **UNIT)
    second.user("alice", **{**PERSON, "id_card": id_number(1)})
    organizations.region("340000", "安徽省", "province")
    yield
    provider.lie("")
    provider.lean(True)
    second.lie("")


def begin(client: FlaskClient, key: str = "gov", **data: str) -> str:
    """前往: the provider's address the browser is led to."""
    answer = client.post(f"/login/sso/{key}/", data=data)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["Refresh"]).partition("url=")[2]


def back(client: FlaskClient, address: str) -> Any:
    """The browser follows the provider's redirect."""
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def come(client: FlaskClient, provider: oidc_server.Server, subject: str = "alice", key: str = "gov", **data: str) -> Any:
    return back(client, provider.agree(begin(client, key, **data), subject))


def signed_in(client: FlaskClient) -> bool:
    return client.get("/account/security/").status_code == 200


def who(client: FlaskClient) -> Any:
    """The account the client is signed in as."""
    cookie = client.get_cookie("session").value
    with db.engine.connect() as connection:
        from models.web_session import WebSession

        sid = cookie.removeprefix("s.").rsplit(".", 2)[0]
        data = connection.execute(sa.select(WebSession.__table__.c.data).where(
            WebSession.__table__.c.session_id == sid)).scalar_one()
        pk = int(json.loads(data)["_user_id"].partition(":")[0])
        return connection.execute(sa.select(_account).where(_account.c.id == pk)).one()


def rows(table: Any) -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.execute(sa.select(table)).all())


# The way in


def test_the_login_page_offers_each_audience_its_providers(client: FlaskClient) -> None:
    person, unit, built_in = (client.get(f"/login/?as={door}").text for door in ("person", "unit", "builtin"))
    assert "前往安徽政务服务网" in person
    assert "前往电子社保卡" in person
    assert "前往法人登录" not in person
    assert "前往法人登录" in unit
    assert "前往" not in built_in.partition('class="gate-form"')[2]
    for page in (person, unit, built_in):
        assert all(word in page for word in ("个人登录", "单位登录", "内置单位登录", 'name="password"'))


def test_the_request_carries_code_flow_pkce_state_and_nonce(client: FlaskClient) -> None:
    asked = parse_qs(urlsplit(begin(client)).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/login/sso/gov/callback"]
    assert "openid" in asked["scope"][0].split()
    assert all(len(asked[name][0]) >= 32 for name in ("state", "nonce", "code_challenge"))
    again = parse_qs(urlsplit(begin(client)).query)
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))


def test_a_first_sign_on_makes_the_person_and_leads_to_the_registration(
    client: FlaskClient, provider: oidc_server.Server
) -> None:
    answer = come(client, provider)
    assert (answer.status_code, answer.location) == (302, "/person/registration/")
    account = who(client)
    assert account.username.startswith("sso-")
    assert account.password is None
    (identity,) = rows(_identity)
    assert (identity.provider, identity.subject, identity.account_id) == ("gov", "alice", account.id)
    (person,) = rows(Person.__table__)
    assert (person.name, person.mobile, person.registered_at) == ("单小登", "13800138000", None)
    assert person.id_number_index == blind_index(id_number(1))
    page = client.get("/person/registration/").text
    for label, value in (("真实姓名", "单小登"), ("手机号码", "13800138000")):
        assert label in page
        assert f'value="{value}" readonly' in page


def test_the_second_time_it_is_the_same_account(app: Flask, client: FlaskClient, provider: oidc_server.Server) -> None:
    come(client, provider)
    first = who(client).id
    client.post("/logout/")
    answer = come(client, provider, next="/plans/?year=2026")
    assert answer.location == "/plans/?year=2026"
    assert who(client).id == first
    assert len(rows(_account)) == 1


def test_a_new_mobile_at_the_provider_is_taken_over(client: FlaskClient, provider: oidc_server.Server) -> None:
    come(client, provider)
    provider.user("alice", **{**PERSON, "id_card": id_number(1), "phone_number": "13911112222"})
    come(app_client(client), provider)
    assert rows(Person.__table__)[0].mobile == "13911112222"


def app_client(client: FlaskClient) -> FlaskClient:
    """Another browser."""
    return client.application.test_client()


def test_a_first_sign_on_of_a_unit_leads_to_its_registration(client: FlaskClient, provider: oidc_server.Server) -> None:
    assert come(client, provider, "boss", "legal").status_code == 302
    (unit,) = rows(Organization.__table__)
    assert (unit.name, unit.uscc, unit.legal_person) == (UNIT["name"], UNIT["credit_code"], "钱经理")
    assert (unit.is_registered, unit.enabled) == (False, False)
    assert who(client).organization_id == unit.id
    assert client.get("/home/").location == "/unit/registration/"
    page = client.get("/unit/registration/").text
    for value in (UNIT["name"], UNIT["credit_code"], "钱经理"):
        assert f'value="{value}" readonly' in page


def test_two_first_sign_ons_at_once_make_one_account(app: Flask, provider: oidc_server.Server) -> None:
    clients = [app.test_client() for _ in range(3)]
    for key, subject in (("gov", "alice"), ("legal", "boss")):
        addresses = [provider.agree(begin(client, key), subject) for client in clients]
        answers = race(app, *[
            lambda client=client, address=address: back(client, address).status_code
            for client, address in zip(clients, addresses, strict=True)
        ])
        assert answers == [302, 302, 302]
        for client in clients:
            client.post("/logout/")
    assert len(rows(_account)) == 2
    assert len(rows(Person.__table__)) == len(rows(Organization.__table__)) == 1


# Whose account it is


def test_a_subject_or_user_name_called_admin_is_nobody(client: FlaskClient, provider: oidc_server.Server) -> None:
    """The stock security manager matches by user name, and such a subject became the local administrator."""
    admin = people.account("admin", role="Admin", name="管理员")
    provider.user("admin", **{
        **PERSON, "id_card": id_number(2), "preferred_username": "admin", "email": "admin@example.invalid", "nickname": "admin",
    })
    assert come(client, provider, "admin").location == "/person/registration/"
    assert who(client).id != admin
    assert client.get("/accountview/list/").status_code == 403


def test_the_same_subject_of_another_provider_is_somebody_else(
    client: FlaskClient, provider: oidc_server.Server, second: oidc_server.Server
) -> None:
    come(client, provider)
    second.user("alice", **{**PERSON, "name": "另一人", "id_card": id_number(3)})
    other = app_client(client)
    assert come(other, second, "alice", "card").location == "/person/registration/"
    assert who(other).id != who(client).id


def test_an_answer_of_one_provider_does_not_fit_another(
    client: FlaskClient, provider: oidc_server.Server, second: oidc_server.Server
) -> None:
    """Mix-up: the browser began at one provider, the answer comes in at the other's address."""
    answer = provider.agree(begin(client), "alice")
    parts = urlsplit(answer)
    refused = client.get(f"/login/sso/card/callback?{parts.query}")
    assert refused.status_code == 409
    assert not signed_in(client)
    assert come(client, second, "alice", "card").status_code == 302


def test_an_answer_that_names_another_issuer_is_refused(client: FlaskClient, provider: oidc_server.Server) -> None:
    provider.lie("names_other_issuer")
    assert come(client, provider).status_code == 400
    assert not signed_in(client)


def test_a_subject_that_comes_back_as_another_person_is_refused(client: FlaskClient, provider: oidc_server.Server) -> None:
    come(client, provider)
    client.post("/logout/")
    provider.user("alice", **{**PERSON, "id_card": id_number(5)})
    answer = come(client, provider)
    assert answer.status_code == 403
    assert "身份证号与本账号登记的不一致" in answer.text
    assert not signed_in(client)


def test_a_disabled_account_stays_out(client: FlaskClient, provider: oidc_server.Server) -> None:
    come(client, provider)
    client.post("/logout/")
    with db.engine.begin() as connection:
        connection.execute(sa.update(_account).values(active=False))
    answer = come(client, provider)
    assert answer.status_code == 400
    assert "已停用" in answer.text
    assert not signed_in(client)


# An account that exists already


def existing(username: str = "lixiaodeng", serial: int = 1) -> int:
    """A person with a password account and the ID number the provider will name; the account's id."""
    user_id = people.account(username)
    save(Person(user_id=user_id, name="单小登", id_number=id_number(serial), id_number_index=blind_index(id_number(serial)),
                mobile="13800138000", sex="女", registered_at=utcnow()))
    return user_id


def prove(client: FlaskClient, username: str, password: str = people.PASSWORD) -> Any:
    return client.post("/login/link/", data={"username": username, "password": password})


def test_a_password_account_of_the_same_number_is_not_taken_over_but_asked_to_prove_itself(
    client: FlaskClient, provider: oidc_server.Server
) -> None:
    user_id = existing()
    assert come(client, provider).location == "/login/link/"
    assert not signed_in(client)
    assert rows(_identity) == []
    assert "关联已有账号" in client.get("/login/link/").text
    assert prove(client, "lixiaodeng", "wrong-password").status_code == 401
    assert rows(_identity) == []
    assert prove(client, "lixiaodeng").status_code == 302
    assert who(client).id == user_id
    client.post("/logout/")
    assert come(client, provider).status_code == 302
    assert who(client).id == user_id


def test_linking_ends_the_sessions_that_were_open(app: Flask, client: FlaskClient, provider: oidc_server.Server, login: Any) -> None:
    existing()
    elsewhere = login(app.test_client(), "lixiaodeng")
    assert signed_in(elsewhere)
    come(client, provider)
    prove(client, "lixiaodeng")
    assert signed_in(client)
    assert not signed_in(elsewhere)


def test_the_password_of_another_account_links_nothing(client: FlaskClient, provider: oidc_server.Server) -> None:
    existing()
    existing("somebody_else", serial=9)
    people.account("admin", role="Admin")
    come(client, provider)
    for username in ("somebody_else", "admin"):
        answer = prove(client, username)
        assert answer.status_code == 422
        assert "不一致" in answer.text
        assert not signed_in(client)
    assert rows(_identity) == []


def test_guessing_at_the_proof_counts_as_guessing_at_the_login(client: FlaskClient, provider: oidc_server.Server) -> None:
    existing()
    come(client, provider)
    for _ in range(5):
        prove(client, "lixiaodeng", "wrong-password")
    assert prove(client, "lixiaodeng").status_code == 401, "locked"
    assert rows(_identity) == []


def test_the_proof_belongs_to_the_browser_and_is_given_once(app: Flask, client: FlaskClient, provider: oidc_server.Server) -> None:
    existing()
    come(client, provider)
    assert app.test_client().get("/login/link/").status_code == 409
    kept = client.get_cookie("session").value
    prove(client, "lixiaodeng")
    replay = app.test_client()
    replay.set_cookie("session", kept)
    assert replay.get("/login/link/").status_code == 409
    assert prove(replay, "lixiaodeng").status_code == 409


def test_a_person_who_came_by_another_provider_is_told_so(
    client: FlaskClient, provider: oidc_server.Server, second: oidc_server.Server
) -> None:
    come(client, provider)
    other = app_client(client)
    answer = come(other, second, "alice", "card")
    assert answer.status_code == 403
    assert "另一种单点登录" in answer.text
    assert not signed_in(other)


def test_from_within_another_provider_is_linked_and_unlinked(
    client: FlaskClient, provider: oidc_server.Server, second: oidc_server.Server
) -> None:
    come(client, provider)
    mine = who(client).id
    assert come(client, second, "alice", "card").location == "/account/security/"
    other = app_client(client)
    assert come(other, second, "alice", "card").status_code == 302
    assert who(other).id == mine
    assert "电子社保卡" in client.get("/account/security/").text
    by_provider = {row.provider: row.id for row in rows(_identity)}
    client.post(f"/account/security/identities/{by_provider['gov']}/remove/")
    answer = client.post(f"/account/security/identities/{by_provider['card']}/remove/", follow_redirects=True)
    assert "唯一的登录方式" in answer.text
    assert [row.provider for row in rows(_identity)] == ["card"]


def test_nobody_links_or_unlinks_for_somebody_else(
    app: Flask, client: FlaskClient, provider: oidc_server.Server, second: oidc_server.Server, login: Any
) -> None:
    come(client, provider)
    (identity,) = rows(_identity)
    people.account("admin", role="Admin")
    for username in ("admin",):
        stranger = login(app.test_client(), username)
        stranger.post(f"/account/security/identities/{identity.id}/remove/")
        assert come(stranger, second, "alice", "card").status_code == 400
    assert [row.id for row in rows(_identity)] == [identity.id]


def test_a_unit_with_administrators_asks_one_of_them(client: FlaskClient, provider: oidc_server.Server) -> None:
    unit = people.unit("company")
    with db.engine.begin() as connection:
        connection.execute(sa.update(Organization.__table__).values(uscc=UNIT["credit_code"]))
    people.unit("other_company")
    assert come(client, provider, "boss", "legal").location == "/login/link/"
    assert prove(client, "other_company").status_code == 422
    assert prove(client, "company").status_code == 302
    assert who(client).id == unit.user_id


def test_an_authority_is_not_entered_by_a_first_sign_on(client: FlaskClient, provider: oidc_server.Server) -> None:
    organization_id = organizations.organization(kinds=("hr_department",))
    with db.engine.begin() as connection:
        connection.execute(sa.update(Organization.__table__).where(Organization.__table__.c.id == organization_id)
                           .values(uscc=UNIT["credit_code"]))
    assert come(client, provider, "boss", "legal").status_code == 403
    assert rows(_account) == []


# Refused


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
    assert rows(_account) == []
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
        connection.execute(sa.update(_attempt).values(expires_at=utcnow() - dt.timedelta(seconds=1)))
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
    assert rows(_account) == []


def test_an_unreachable_provider_is_a_page(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = json.loads(app.config["OIDC_PROVIDERS"])
    entries[0]["issuer"] = "http://127.0.0.1:9"
    monkeypatch.setitem(app.config, "OIDC_PROVIDERS", json.dumps(entries))
    sign_on_clients.register(app)
    answer = client.post("/login/sso/gov/")
    assert answer.status_code == 503
    assert "暂时不能使用" in answer.text
    assert client.post("/login/sso/unknown/").status_code == 404


# Leaving, and what the browser is given


def test_leaving_ends_both_sessions(client: FlaskClient, provider: oidc_server.Server) -> None:
    come(client, provider)
    answer = client.post("/logout/")
    assert not signed_in(client)
    address = answer.headers["Refresh"].partition("url=")[2]
    assert address.startswith(f"{provider.url}/oauth2/end_session?")
    asked = parse_qs(urlsplit(address).query)
    assert asked["client_id"] == ["zhicheng"]
    assert asked["post_logout_redirect_uri"] == ["http://127.0.0.1:8000/login/"]
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert asked["id_token_hint"][0].count(".") == 2, "the token names nobody: it may stand in the address"


def test_a_token_that_names_the_person_stays_out_of_the_address(client: FlaskClient, provider: oidc_server.Server) -> None:
    provider.lean(False)
    come(client, provider)
    address = client.post("/logout/").headers["Refresh"]
    assert "client_id=zhicheng" in address
    assert "id_token_hint" not in address


def test_no_token_and_no_number_reaches_the_browser(client: FlaskClient, provider: oidc_server.Server) -> None:
    address = provider.agree(begin(client), "alice")
    seen = client.get_cookie("session").value
    answer = back(client, address)
    seen += client.get_cookie("session").value + answer.text + str(answer.headers)
    assert "eyJ" not in seen.replace("session=v.eyJ", "").replace("v.eyJ", ""), "a JWT begins so; a visitor's cookie is no JWT"
    assert id_number(1) not in seen
    with db.engine.connect() as connection:
        stored = str(connection.execute(sa.text("SELECT verifier, identity, nonce FROM sign_on")).all())
    assert id_number(1) not in stored


def test_what_happened_is_in_the_trail(client: FlaskClient, provider: oidc_server.Server) -> None:
    come(client, provider)
    events = [row.event for row in rows(AuditEvent.__table__)]
    assert events == ["account:created", "account:identity_linked", "account:signed_in"]
    assert id_number(1) not in str(rows(AuditEvent.__table__))


# Configuration


@pytest.mark.parametrize(("changes", "says"), [
    ({"issuer": "http://idp.example"}, "https"), ({"audience": "staff"}, "audience"), ({"key": "Gov!"}, "key"),
    ({"algorithms": ["none"]}, "algorithms"), ({"algorithms": ["HS256"]}, "algorithms"), ({"claims": {"name": "name"}}, "claims"),
    ({"colour": "red"}, "unknown"), ({"client_id": ...}, "missing"),
])
def test_a_faulty_configuration_stops_the_start(app: Flask, changes: dict[str, Any], says: str) -> None:
    from app.oidc import ConfigurationError, providers_of

    entry = {**json.loads(app.config["OIDC_PROVIDERS"])[0], **changes}
    entry = {key: value for key, value in entry.items() if value is not ...}
    with pytest.raises(ConfigurationError, match=says):
        providers_of(json.dumps([entry]))


def test_sign_up_with_a_password_can_be_closed(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for opened, statuses in (("person,unit", [200, 200]), ("person", [200, 404]), ("unit", [404, 200]), ("", [404, 404])):
        monkeypatch.setitem(app.config, "PASSWORD_SIGN_UP", opened)
        assert [client.get(path).status_code for path in ("/register/", "/register/unit/")] == statuses
        for path, status in zip(("/register/", "/register/unit/"), statuses, strict=True):
            assert (client.post(path).status_code == 404) == (status == 404)
        landing = client.get("/").text
        assert ('href="/register/"' in landing, 'href="/register/unit/"' in landing) == tuple(s == 200 for s in statuses)
        assert ('href="/register/"' in client.get("/login/").text) == (statuses[0] == 200)
