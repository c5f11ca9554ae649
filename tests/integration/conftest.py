"""Fixtures that several modules share: staff signed in, and the providers of the single sign-on with an application that knows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import Login
from tests.factories import organization as organizations
from tests.factories import person as people
from tests.integration.sign_on_flow import PERSON, UNIT, id_number
from views import sign_on_clients

if TYPE_CHECKING:
    from tests.oidc_server import Server


@pytest.fixture
def admin(app: Flask, client: FlaskClient, login: Login) -> FlaskClient:
    """The platform's administrator."""
    people.account("admin1", role="Admin")
    return login(client, "admin1")


@pytest.fixture
def someone(app: Flask) -> int:
    """Somebody of operations, with a password; the account's id."""
    return people.account("someone", role="Ops")


@pytest.fixture
def as_role(app: Flask, login: Login) -> Callable[[str], FlaskClient]:
    """`as_role("Ops")`: a client signed in with an account of that role."""
    def sign_in(role: str) -> FlaskClient:
        people.account(f"one_{role.lower()}", role=role)
        return login(app.test_client(), f"one_{role.lower()}")

    return sign_in


@pytest.fixture(scope="module")
def provider() -> Iterator[Server]:
    from tests import oidc_server

    with oidc_server.running() as server:
        yield server


@pytest.fixture(scope="module")
def second() -> Iterator[Server]:
    """Another one, for what must not be mixed up."""
    from tests import oidc_server

    with oidc_server.running() as server:
        yield server


@pytest.fixture
def configured(
    app: Flask, provider: Server, second: Server, monkeypatch: pytest.MonkeyPatch
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
    provider.age(0)
    second.lie("")
