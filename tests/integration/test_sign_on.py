"""Single sign-on against a provider in a process of its own: who comes in, who leaves, and what the settings allow."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from models.audit import AuditEvent
from models.encrypted import blind_index
from models.organization import Organization
from models.person import Person
from tests import oidc_server
from tests.factories import person as people
from tests.factories.race import race
from tests.integration.sign_on_flow import (
    ACCOUNT,
    IDENTITY,
    PERSON,
    UNIT,
    app_client,
    back,
    begin,
    come,
    id_number,
    rows,
    signed_in,
    who,
)

pytestmark = pytest.mark.usefixtures("configured")

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
    (identity,) = rows(IDENTITY)
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
    assert len(rows(ACCOUNT)) == 1


def test_a_new_mobile_at_the_provider_is_taken_over(client: FlaskClient, provider: oidc_server.Server) -> None:
    come(client, provider)
    provider.user("alice", **{**PERSON, "id_card": id_number(1), "phone_number": "13911112222"})
    come(app_client(client), provider)
    assert rows(Person.__table__)[0].mobile == "13911112222"


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
    assert len(rows(ACCOUNT)) == 2
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
        connection.execute(sa.update(ACCOUNT).values(active=False))
    answer = come(client, provider)
    assert answer.status_code == 400
    assert "已停用" in answer.text
    assert not signed_in(client)


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
