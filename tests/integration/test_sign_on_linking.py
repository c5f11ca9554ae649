"""Single sign-on of somebody who has an account already: it is proved, linked and unlinked, never taken over."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from models.base import utcnow
from models.encrypted import blind_index
from models.organization import Organization
from models.person import Person
from tests import oidc_server
from tests.factories import organization as organizations
from tests.factories import person as people
from tests.factories.rows import save
from tests.integration.sign_on_flow import (
    ACCOUNT,
    IDENTITY,
    UNIT,
    app_client,
    come,
    id_number,
    rows,
    signed_in,
    who,
)

pytestmark = pytest.mark.usefixtures("configured")


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
    assert rows(IDENTITY) == []
    assert "关联已有账号" in client.get("/login/link/").text
    assert prove(client, "lixiaodeng", "wrong-password").status_code == 401
    assert rows(IDENTITY) == []
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
    assert rows(IDENTITY) == []


def test_guessing_at_the_proof_counts_as_guessing_at_the_login(client: FlaskClient, provider: oidc_server.Server) -> None:
    existing()
    come(client, provider)
    for _ in range(5):
        prove(client, "lixiaodeng", "wrong-password")
    assert prove(client, "lixiaodeng").status_code == 401, "locked"
    assert rows(IDENTITY) == []


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
    by_provider = {row.provider: row.id for row in rows(IDENTITY)}
    client.post(f"/account/security/identities/{by_provider['gov']}/remove/")
    answer = client.post(f"/account/security/identities/{by_provider['card']}/remove/", follow_redirects=True)
    assert "唯一的登录方式" in answer.text
    assert [row.provider for row in rows(IDENTITY)] == ["card"]


def test_nobody_links_or_unlinks_for_somebody_else(
    app: Flask, client: FlaskClient, provider: oidc_server.Server, second: oidc_server.Server, login: Any
) -> None:
    come(client, provider)
    (identity,) = rows(IDENTITY)
    people.account("admin", role="Admin")
    for username in ("admin",):
        stranger = login(app.test_client(), username)
        stranger.post(f"/account/security/identities/{identity.id}/remove/")
        assert come(stranger, second, "alice", "card").status_code == 400
    assert [row.id for row in rows(IDENTITY)] == [identity.id]


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
    assert rows(ACCOUNT) == []
