"""The 22 kinds as they are shipped, and definitions that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from models.achievement import AchievementCategory, AchievementKind, AchievementKindVersion
from tests.factories import person as people
from tests.factories.rows import save
from tests.integration.portfolio_place import Place, body


@pytest.fixture
def place(app: Any) -> Place:
    return Place()


@pytest.fixture
def me(place: Place, client: FlaskClient, login: Callable[..., FlaskClient]) -> FlaskClient:
    return login(client, "applicant")


def shipped_kinds() -> list[dict[str, Any]]:
    folder = Path(__file__).parents[2] / "app/refdata/data/achievements"
    return [kind for path in sorted(folder.glob("*.yaml")) for kind in yaml.safe_load(path.read_text("utf-8"))]


def test_every_shipped_kind_has_a_form_with_all_its_fields_that_asks_for_all_that_is_required(
    me: FlaskClient, place: Place
) -> None:
    category = save(AchievementCategory(code="all", name="全部类别"))
    kinds = shipped_kinds()
    assert len(kinds) == 22
    for kind in kinds:
        if kind["code"] == "work_experience":
            continue
        kind_id = save(AchievementKind(code=kind["code"], name=kind["name"], category_id=category))
        save(AchievementKindVersion(kind_id=kind_id, number=1, fields=kind["fields"], list_columns=kind["list_columns"]))
        address = f"/portfolio/kind/{kind['code']}/new/"
        page = body(me.get(address))
        for field in kind["fields"]:
            if field["type"] != "computed":
                assert field["label"] in page, (kind["code"], field["key"])
        assert 'style="' not in page
        refused = me.post(address, data={"action": "submit"})
        assert refused.status_code == 422
        for field in kind["fields"]:
            if field.get("required"):
                assert f"“{field['label']}”。" in body(refused), (kind["code"], field["key"])


def test_staff_cannot_save_a_definition_that_the_forms_could_not_read(
    place: Place, app: Any, login: Callable[..., FlaskClient]
) -> None:
    people.account("admin", role="Admin")
    staff = login(app.test_client(), "admin")
    fields = [{"key": "x", "label": "名称", "type": "html"}]
    data = {"kind": str(place.kind_id), "number": "2", "list_columns": '["x"]', "fields": json.dumps(fields)}
    assert "类型“html”不存在" in body(staff.post("/achievementkindversionview/add", data=data))
    fields[0]["type"] = "text"
    staff.post("/achievementkindversionview/add", data={**data, "fields": json.dumps(fields)})
    db.session.rollback()
    table = AchievementKindVersion.__table__
    assert db.session.scalar(select(table.c.fields).where(table.c.number == 2)) == fields
