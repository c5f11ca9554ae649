"""The release step and start-up: permissions written once, by one process; workers send no query for them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from app.cli import GROUPS
from app.extensions import db
from app.factory import create_app
from app.release import plan_of, sync_permissions
from app.roles import ROLES
from tests.conftest import Login, TestConfig
from tests.factories import organization as places
from tests.factories import person as people
from tests.integration.own_database import own_database

TABLES = ("ab_permission", "ab_view_menu", "ab_permission_view", "ab_permission_view_role", "ab_role")


def _rows() -> dict[str, list[Any]]:
    with db.engine.connect() as connection:
        return {
            name: list(connection.execute(sa.select(db.metadata.tables[name]).order_by("id")).all()) for name in TABLES
        }


def test_repeating_the_release_step_changes_nothing(app: Flask) -> None:
    before = _rows()
    assert before["ab_permission_view_role"]
    sync_permissions(app.appbuilder)
    assert _rows() == before


def test_what_was_granted_by_hand_to_a_role_of_ours_is_taken_back(app: Flask) -> None:
    before = _rows()
    grant = db.metadata.tables["ab_permission_view_role"]
    role, pair = db.metadata.tables["ab_role"], db.metadata.tables["ab_permission_view"]
    with db.engine.begin() as connection:
        public = connection.execute(sa.select(role.c.id).where(role.c.name == "Public")).scalar_one()
        any_pair = connection.execute(sa.select(pair.c.id).limit(1)).scalar_one()
        connection.execute(grant.insert().values(role_id=public, permission_view_id=any_pair))
    sync_permissions(app.appbuilder)
    assert _rows() == before


def test_permissions_of_views_that_are_gone_are_removed(app: Flask) -> None:
    menu, pair = db.metadata.tables["ab_view_menu"], db.metadata.tables["ab_permission_view"]
    with db.engine.begin() as connection:
        gone = connection.execute(menu.insert().values(name="GoneView")).inserted_primary_key[0]
        connection.execute(pair.insert().values(view_menu_id=gone, permission_id=1))
    sync_permissions(app.appbuilder)
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(pair).where(pair.c.view_menu_id == gone)).all() == []


def test_every_role_of_ours_is_there(app: Flask) -> None:
    assert {row.name for row in _rows()["ab_role"]} >= set(ROLES)


def test_menu_entries_follow_the_views_behind_them(app: Flask) -> None:
    plan = plan_of(app.appbuilder)
    assert ("menu_access", "字典") in plan.grants["Ops"]
    assert ("menu_access", "基础数据") in plan.grants["Ops"]
    assert ("menu_access", "OpsConsole") in plan.grants["Ops"]
    assert ("menu_access", "账号") not in plan.grants["Ops"]
    assert not {pair for pair in plan.grants["Applicant"] if pair[0] == "menu_access"}


def test_start_up_sends_no_query(app: Flask) -> None:
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        create_app(TestConfig, SQLALCHEMY_DATABASE_URI=app.config["SQLALCHEMY_DATABASE_URI"])
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)
    assert sent == []


def _queries(client: FlaskClient, path: str) -> list[str]:
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)
    return [statement for statement in sent if not statement.startswith("PRAGMA")]


def test_the_permissions_of_a_page_cost_one_query(app: Flask, client: FlaskClient, login: Login) -> None:
    people.account("admin1", role="Admin")
    login(client, "admin1")
    sent = _queries(client, "/")
    assert len([statement for statement in sent if "ab_permission_view" in statement]) == 1
    assert len(sent) <= 7  # the six of the frame, and one for all figures of the first page


def test_a_list_costs_the_same_queries_whatever_it_shows(app: Flask, client: FlaskClient, login: Login) -> None:
    people.account("admin1", role="Admin")
    login(client, "admin1")
    places.organization("一")
    client.get("/organizationview/list/")  # a first connection asks the database about itself
    few = _queries(client, "/organizationview/list/")
    for _ in range(30):
        places.organization()
    many = _queries(client, "/organizationview/list/")
    assert len(many) == len(few) <= 10, "\n".join(many)


def test_the_release_command_prepares_an_empty_database_and_may_be_repeated() -> None:
    with own_database() as url:
        fresh = create_app(TestConfig, SQLALCHEMY_DATABASE_URI=url)
        for _ in range(2):
            result = fresh.test_cli_runner().invoke(args=["release"])
            assert result.exit_code == 0, result.output
            assert "permissions:" in result.output
        with fresh.app_context():
            assert {row.name for row in _rows()["ab_role"]} == set(ROLES)
            db.engine.dispose()


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_command_group_is_there(application: Flask, group: str) -> None:
    result = application.test_cli_runner().invoke(args=[group, "--help"])
    assert result.exit_code == 0, result.output
    assert "Commands:" in result.output
