"""Staff edit the fields of a kind in words; persons meet the new fields at once, items keep the fields they had."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.actor import Actor
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.rules.field_definitions import TYPES, parse_fields
from app.rules.field_editing import Row, from_rows, to_rows
from app.scope import system_scope
from app.services import achievement, achievement_kind
from models.achievement import Achievement, AchievementCategory, AchievementKind, AchievementKindVersion
from models.dictionary import CodeTable
from models.person import Employment
from tests.factories import person as people
from tests.factories.rows import save
from tests.unit.test_fields import DATA

Login = Callable[[FlaskClient, str], FlaskClient]
FIELDS = [{"key": "name", "label": "名称", "type": "text", "required": True, "max_len": 50}]


class Place:
    def __init__(self) -> None:
        self.unit = people.unit("unit")
        self.person_id = people.person("applicant", organization_id=self.unit.id)
        save(Employment(person_id=self.person_id, organization_id=self.unit.id, kind="registration", state="approved"))
        category = save(AchievementCategory(code="basic", name="基本信息"))
        self.kind_id = save(AchievementKind(code="course", name="精品课程", category_id=category))
        admin = people.account("boss", role="Admin")
        self.boss = Actor(admin, "管理员", roles=frozenset({"Admin"}))
        account = people.Person.__table__
        user_id = db.session.scalar(select(account.c.user_id).where(account.c.id == self.person_id))
        db.session.rollback()
        self.applicant = Actor(user_id, "李明", person_id=self.person_id, roles=frozenset({"Applicant"}))

    def save(self, definitions: list[dict[str, Any]], seen: int, **more: Any) -> int:
        values: dict[str, Any] = {"list_columns": [definitions[0]["key"]], "duplicate_keys": [], "actor": self.boss, **more}
        return achievement_kind.save_fields(kind_id=self.kind_id, definitions=definitions, seen=seen, **values)


@pytest.fixture
def place(app: Flask) -> Place:
    return Place()


def versions() -> list[Any]:
    db.session.rollback()
    table = AchievementKindVersion.__table__
    return list(db.session.execute(select(table).order_by(table.c.number)))


def sent(page: str) -> dict[str, Any]:
    """Every field of the editor as a browser would send it."""
    form = page[page.index('name="seen"') - 30:page.index("</form>", page.index('name="seen"'))]
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            values.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name, text in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>([^<]*)</textarea>', form):
        values[name] = [html.unescape(text)]
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        values.setdefault(name, []).append(chosen[1] if chosen else "")
    return values


def test_every_shipped_definition_survives_the_editor() -> None:
    import yaml
    for path in (DATA / "achievements").glob("*.yaml"):
        for kind in yaml.safe_load(path.read_text(encoding="utf-8")):
            definitions, list_columns = from_rows(to_rows(kind["fields"], kind["list_columns"]))
            assert parse_fields(definitions) == parse_fields(kind["fields"]), kind["code"]
            assert list_columns == kind["list_columns"], kind["code"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_of_field_is_made_of_words(kind: str) -> None:
    extra = {"select": {"options": "甲\n乙"}, "multiselect": {"options": "甲\n乙"}, "code": {"code_table": "degree"},
             "computed": {"compute": "length_of", "compute_of": "b"}}
    rows = [Row({"label": "甲", "key": "a", "type": kind, "place": "1", **extra.get(kind, {})}),
            Row({"label": "乙", "key": "b", "type": "textarea"})]
    definitions, list_columns = from_rows(rows)
    assert parse_fields(definitions)[0].type == kind
    assert list_columns == ["a"]


@pytest.mark.parametrize(("values", "says"), [
    ({"label": "", "key": "a", "type": "text"}, "请填写名称"),
    ({"label": "甲", "key": "A 1", "type": "text"}, "小写字母开头"),
    ({"label": "甲", "key": "a", "type": "nothing"}, "不存在"),
    ({"label": "甲", "key": "a", "type": "select"}, "列出选项"),
    ({"label": "甲", "key": "a", "type": "text", "max_len": "很多"}, "不是数字"),
    ({"label": "甲", "key": "a", "type": "int", "min": "5", "max": "1"}, "不能大于最大值"),
    ({"label": "甲", "key": "a", "type": "text", "place": "第一"}, "列表顺序"),
    ({"label": "甲", "key": "a", "type": "text", "if_field": "b"}, "哪些取值"),
    ({"label": "甲", "key": "a", "type": "date", "gte": "gone"}, "不存在"),
    ({"label": "甲", "key": "a", "type": "computed"}, "选择自动计算的方法"),
    ({"label": "甲", "key": "a", "type": "computed", "compute": "months_of"}, "start_date"),
    ({"label": "甲", "key": "a", "type": "computed", "compute": "length_of"}, "文本填写项"),
])
def test_a_row_that_does_not_hold_says_so_itself(values: dict[str, str], says: str) -> None:
    rows = [Row(dict(values)), Row({"label": "乙", "key": "b", "type": "text"})]
    with pytest.raises(Invalid):
        from_rows(rows)
    assert says in " ".join(rows[0].errors)
    assert not rows[1].errors


def test_saving_makes_versions_and_items_keep_theirs(place: Place) -> None:
    assert place.save(FIELDS, 0) == 1
    with system_scope():
        item = achievement.create(kind_code="course", values={"name": "力学"}, actor=place.applicant)
    more = [*FIELDS, {"key": "level", "label": "级别", "type": "select", "options": ["国家级", "省级"], "required": True}]
    assert place.save(more, 1) == 2
    assert place.save(more, 2) == 2, "nothing changed, nothing is made"
    with system_scope():
        achievement.save(achievement_id=item, version=1, values={"name": "热学", "level": "国家级"}, actor=place.applicant)
        achievement.submit(achievement_id=item, version=None, actor=place.applicant)
        db.session.rollback()
        row = db.session.execute(select(Achievement.__table__).where(Achievement.__table__.c.id == item)).one()
        assert row.data == {"name": "热学"}, "the item is of the first version, which has no 级别"
        newer = achievement.create(kind_code="course", values={"name": "光学"}, actor=place.applicant)
        with pytest.raises(Invalid) as error:
            achievement.submit(achievement_id=newer, version=None, actor=place.applicant)
    assert list(error.value.fields) == ["level"]
    assert [row.number for row in versions()] == [1, 2]


def test_who_may_and_what_must_hold(place: Place) -> None:
    for actor in (place.applicant, Actor(1, "单位", organization_id=place.unit.id, roles=frozenset({"Employer"}))):
        with pytest.raises(NotAllowed):
            place.save(FIELDS, 0, actor=actor)
    place.save(FIELDS, 0)
    with pytest.raises(Conflict):
        place.save([*FIELDS, {"key": "b", "label": "乙", "type": "text"}], 0)
    with pytest.raises(Invalid, match="字典"):
        place.save([*FIELDS, {"key": "b", "label": "乙", "type": "code", "code_table": "gone"}], 1)
    with pytest.raises(Invalid, match="列表中显示"):
        place.save(FIELDS, 1, list_columns=[])
    with pytest.raises(Invalid) as error:
        place.save(FIELDS, 1, duplicate_keys=[{"scheme": "doi", "fields": ["gone"]}])
    assert "duplicate_keys" in error.value.fields
    with pytest.raises(NotFound):
        achievement_kind.save_fields(
            kind_id=999, definitions=FIELDS, list_columns=["name"], duplicate_keys=[], seen=0, actor=place.boss
        )
    assert len(versions()) == 1


def test_the_editor_adds_previews_and_saves(place: Place, client: FlaskClient, login: Login, app: Flask) -> None:
    save(CodeTable(code="degree", name="学位"))
    login(client, "boss")
    address = f"/kinds/{place.kind_id}/fields/"
    assert address in client.get(f"/achievementkindview/show/{place.kind_id}").text
    page = client.get(address).text
    values = {**sent(page), "r0_label": "课程名称", "r0_key": "name", "do": "add"}
    page = client.post(address, data=values).text
    values = {**sent(page), "r1_label": "级别", "r1_key": "level", "r1_type": "select", "do": "refresh"}
    page = client.post(address, data=values).text
    assert 'name="r1_options"' in page, "the settings are those of the type"
    refused = client.post(address, data={**sent(page), "do": "save"})
    assert refused.status_code == 422
    assert "须列出选项" in refused.text
    assert 'value="课程名称"' in refused.text, "nothing that was typed is lost"
    values = {**sent(refused.text), "r1_options": "国家级\n省级", "r1_place": "2", "r1_required": "y"}
    preview = client.post(address, data={**values, "do": "preview"})
    assert "preview-f_level" in preview.text
    assert versions() == []
    assert client.post(address, data={**values, "do": "save"}).status_code == 302
    assert versions()[0].list_columns == ["name", "level"]
    for cells in ({"label": "关联业绩条目", "key": "linked", "type": "ref"},
                  {"label": "字数", "key": "words", "type": "computed", "compute": "length_of", "compute_of": "name"}):
        page = client.post(address, data={**sent(client.get(address).text), "do": "add"}).text
        values = {**sent(page), **{f"r{versions()[-1].number + 1}_{cell}": value for cell, value in cells.items()}}
        assert client.post(address, data={**values, "do": "save"}).status_code == 302
    assert versions()[-1].fields[2:] == [
        {"key": "linked", "label": "关联业绩条目", "type": "ref", "ref": "portfolio_item"},
        {"key": "words", "label": "字数", "type": "computed", "compute": {"length_of": "name"}},
    ]
    moved = client.post(address, data={**sent(client.get(address).text), "do": "up:1"}).text
    assert moved.index('value="level"') < moved.index('value="name"')
    person = login(app.test_client(), "applicant")
    assert "精品课程" in person.get("/portfolio/").text, "without a restart"
    assert 'name="f_level"' in person.get("/portfolio/kind/course/new/").text


def test_a_kind_without_fields_is_not_offered(place: Place, client: FlaskClient, login: Login) -> None:
    login(client, "applicant")
    assert "精品课程" not in client.get("/portfolio/").text


def test_the_code_of_a_kind_can_stand_in_an_address(place: Place, client: FlaskClient, login: Login) -> None:
    login(client, "boss")
    answer = client.post("/achievementkindview/add", data={
        "category": "1", "name": "新类别", "code": "New Kind", "position": "1", "note": "", "enabled": "y",
    })
    assert answer.status_code == 422
    assert "只用小写字母" in answer.text
