"""What somebody typed never becomes markup: every text of the database is made hostile, then every page is opened."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, render_template_string

from app.extensions import db
from app.scope import scope_of, scoped
from app.services import submission
from tests.access.matrix import MATRIX
from tests.access.test_matrix import address, rules
from tests.conftest import Login
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.templates import plan_template

CANARY = "\"'><img src=x onerror=alert(1)>{{7*7}}</script>"
RAW = ("<img src=x", "onerror=alert(1)>", "'><", ">49<", "</script>{")
# Written by the program and read back by it, not typed: kept as they are.
MACHINE_TABLES = {"ab_permission", "ab_view_menu", "ab_role", "alembic_version", "job", "web_session", "setting", "search_term", "loaded_row"}
MACHINE_COLUMNS = {
    "username", "password", "key", "code", "sha256", "media_type", "storage_key", "state", "slot", "subject_type", "checksum", "token",
    "credit_code", "hash", "previous_hash", "mobile", "email", "number", "year_label",
}
LOGINS = ("applicant", "unit", "department", "hr", "convener", "")


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return plan_template(application, store)


def poison() -> int:
    """Put the canary into every text column that takes it; the number of columns."""
    done = 0
    for table in db.metadata.sorted_tables:
        if table.name in MACHINE_TABLES:
            continue
        for column in table.columns:
            typed = isinstance(column.type, sa.String) and not column.primary_key and not column.foreign_keys
            room = (getattr(column.type, "length", None) or 999) - len(CANARY)
            if not typed or column.name in MACHINE_COLUMNS or room < 6 or "id" not in table.c:
                continue
            hostile = sa.literal(CANARY) + sa.cast(table.c.id, sa.String)  # some must differ from row to row
            try:
                with db.engine.begin() as connection:
                    done += connection.execute(sa.update(table).values({column: hostile})).rowcount > 0
            except sa.exc.DatabaseError:
                continue  # a constraint or a trigger says what may stand there
    return done


def test_no_text_becomes_markup(app: Flask, login: Login) -> None:
    li = make.actor("applicant")
    application_id = make.complete(li)
    with scoped(scope_of(li)):
        assert submission.check(application_id=application_id, actor=li).is_clean
        submission.submit(application_id=application_id, actor=li)
    db.session.remove()
    columns = poison()
    assert columns > 40
    found: list[str] = []
    seen = 0
    for username in LOGINS:
        client: Any = app.test_client()
        if username:
            client = login(client, username)
        for rule in rules(app):
            if "GET" not in (rule.methods or set()) or rule.endpoint not in MATRIX or rule.endpoint == "static":
                continue
            answer = client.get(address(app, rule, row=1))
            if answer.status_code >= 500:
                found.append(f"{username} {rule.endpoint}: {answer.status_code}")
            if not (answer.mimetype or "").startswith("text/html"):
                continue
            seen += CANARY[:4] in answer.text or "&lt;img src=x" in answer.text
            found += [f"{username} {rule.rule} ({rule.endpoint}): {raw}" for raw in RAW if raw in answer.text]
    assert not found, "\n".join(found)
    assert seen > 60, seen


def test_a_translated_value_is_escaped_like_any_other(app: Flask) -> None:
    """Jinja's own newer style would trust it."""
    with app.test_request_context():
        assert render_template_string("{{ _(x) }}|{{ _('%(n)s', n=x) }}", x="<b>") == "&lt;b&gt;|&lt;b&gt;"
