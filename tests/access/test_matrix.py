"""The application against tests/access/matrix.py: every endpoint, every role."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import IntegerConverter, Rule

from app.extensions import db
from app.release import plan_of
from app.roles import ROLES
from app.scope import system_scope
from tests.access.matrix import ALL_ROLES, MATRIX, VISITOR
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people

UNIT_KINDS = {role: kind for kind, role in people.ROLE_OF_KIND.items()}


def address(app: Flask, rule: Rule, row: int = 999_999) -> str:
    """The rule's address with the matrix's arguments, else `row`, "x" or the first of its choices."""
    given = MATRIX[rule.endpoint].args if rule.endpoint in MATRIX else {}
    values: dict[str, Any] = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        choices = sorted(getattr(converter, "items", []))
        default = row if isinstance(converter, IntegerConverter) or name == "pk" else choices[0] if choices else "x"
        values[name] = given.get(name, default)
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values)


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule))


def account_of(role: str) -> str:
    """An account with just this role, in an organization of its kind or with a person."""
    name = f"only_{role.lower()}"
    if role == "Applicant":
        people.person(name, organization_id=people.unit("unit_of_applicant").id)
    elif role in UNIT_KINDS:
        people.unit(name, kind=UNIT_KINDS[role])
    else:
        people.account(name, role=role)
    return name


def test_every_endpoint_is_declared_and_every_line_exists(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - MATRIX.keys() == set(), "add a line for these to tests/access/matrix.py"
    assert MATRIX.keys() - endpoints == set(), "these lines name no endpoint"


def test_the_matrix_and_the_roles_speak_of_the_same_roles() -> None:
    assert set(ROLES) - {"Public"} == set(ALL_ROLES)


def test_roles_name_only_views_that_exist(app: Flask) -> None:
    assert plan_of(app.appbuilder).unknown == set()


def test_visitors_have_no_permission_at_all(app: Flask) -> None:
    assert plan_of(app.appbuilder).grants["Public"] == set()


def _client(app: Flask, login: Login, username: str) -> FlaskClient:
    client = app.test_client()
    return login(client, username) if username else client


def is_refusal(response: Any) -> bool:
    to_login = response.status_code == 302 and response.headers["Location"].startswith("/login/")
    return response.status_code in (401, 403) or to_login


@pytest.mark.parametrize("role", [VISITOR, *sorted(ALL_ROLES)])
def test_each_role_opens_what_the_matrix_says_and_nothing_else(
    app: Flask, login: Login, role: str
) -> None:
    username = "" if role == VISITOR else account_of(role)
    wrong = []
    lasting = _client(app, login, username)
    for rule in rules(app):
        if rule.endpoint not in MATRIX:
            continue  # reported by the test above
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            client = _client(app, login, username) if rule.endpoint.startswith("Login") else lasting
            data = {"action": "unlock", "rowid": "999999"} if method == "POST" else None
            allowed = role in MATRIX[rule.endpoint].roles
            headers = {} if allowed else {"Accept": "application/json"}  # a refusal without its page: half the time
            response = client.open(address(app, rule), method=method, data=data, headers=headers)
            if rule.endpoint == "LoginView.logout":  # leads to the login page, as it should
                allowed, refused = True, response.status_code != 302
            else:
                refused = is_refusal(response) and not (rule.endpoint == "LoginView.login" and method == "POST")
            if refused == allowed or response.status_code >= 500:
                wrong.append(f"{method} {rule.rule} ({rule.endpoint}): {response.status_code}, allowed={allowed}")
    assert not wrong, "\n".join(wrong)


def checksum() -> dict[str, str]:
    """A digest of every table's rows. Browser sessions are left out: a message that was shown leaves its session."""
    sums = {}
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            if table.name != "web_session":
                rows = connection.execute(sa.select(table).order_by(*table.primary_key)).all()
                sums[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return sums


@pytest.fixture
def rows_of_everything(app: Flask) -> None:
    """Row 1 of most tables, so that pages show something."""
    unit, convener = people.unit("unit1"), people.unit("convener1", kind="convener")
    people.account("admin1", role="Admin")
    people.account("ops1", role="Ops")
    person_id = people.person("person1", organization_id=unit.id)
    plan_id = make.plan(convener.id)
    achievement = make.achievement(person_id, unit.id)
    application = make.application(person_id, unit.id, plan_id)
    with system_scope():
        user_id = db.session.scalar(sa.text("SELECT user_id FROM person"))
    make.case("achievement", achievement, person_id=person_id, employer_id=unit.id, started_by=user_id,
              organizations=(unit.id,))
    make.attachment(make.stored_file(person_id=person_id), "application", application, person_id=person_id)
    make.certificate(person_id, convener.id, convener.id)
    db.session.rollback()


@pytest.mark.usefixtures("rows_of_everything")
def test_no_get_changes_the_database(app: Flask, login: Login) -> None:
    before = checksum()
    for username, role in (
        ("", VISITOR), ("person1", "Applicant"), ("unit1", "Employer"), ("convener1", "Convener"), ("ops1", "Ops"),
        ("admin1", "Admin"),
    ):
        client = _client(app, login, username)
        for rule in rules(app):
            if "GET" in (rule.methods or set()) and role in MATRIX[rule.endpoint].roles and rule.endpoint != "static":
                response = client.get(address(app, rule, row=1))
                assert response.status_code < 500, (username, rule.endpoint)
    after = checksum()
    assert {name for name in before if before[name] != after[name]} == set()


@pytest.mark.usefixtures("csrf")
def test_no_post_is_accepted_without_a_token(app: Flask, login: Login) -> None:
    people.account("admin1", role="Admin")
    accepted = []
    clients = {username: _client(app, login, username) for username in ("", "admin1")}
    for rule in rules(app):
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            for username, client in clients.items():
                response = client.open(address(app, rule), method=method, data={"username": "admin1", "password": "x"})
                if response.status_code != 400:
                    accepted.append((rule.endpoint, method, username, response.status_code))
    assert not accepted


def test_a_post_with_the_pages_token_is_accepted(app: Flask, client: FlaskClient, csrf: None) -> None:
    people.account("admin1", role="Admin")
    page = client.get("/login/").text
    token = page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
    answer = client.post(
        "/login/", data={"username": "admin1", "password": people.PASSWORD, "csrf_token": token}
    )
    assert answer.status_code == 302
    assert client.get("/accountview/list/").status_code == 200
