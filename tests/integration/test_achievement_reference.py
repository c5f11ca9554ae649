"""关联业绩条目: one item names another, approved one of the same person; from the form to Excel and to the unit."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import delete, select, update

from app.errors import Invalid
from app.extensions import db
from app.queries import achievement_kind
from app.rules.fields import parse_fields
from app.scope import system_scope
from app.services import achievement, achievement_import
from models.achievement import Achievement, AchievementKind, AchievementKindVersion
from models.achievement_import import AchievementImportRow
from tests.factories import person as people
from tests.factories.rows import save
from tests.integration.portfolio_place import Place, body, row

Login = Callable[[FlaskClient, str], FlaskClient]
FIELDS = [
    {"key": "title", "label": "代表作名称", "type": "text", "required": True},
    {"key": "linked_item", "label": "关联业绩条目", "type": "ref", "ref": "portfolio_item"},
    {"key": "content", "label": "正文", "type": "textarea"},
    {"key": "words", "label": "字数", "type": "computed", "compute": {"length_of": "content"}},
]
_achievement = Achievement.__table__


@pytest.fixture
def place(app: Any) -> Place:
    made = Place()
    category = db.session.scalar(select(AchievementKind.__table__.c.category_id))
    kind = save(AchievementKind(code="work", name="成果代表作", category_id=category))
    save(AchievementKindVersion(kind_id=kind, number=1, fields=FIELDS, list_columns=["title", "linked_item", "words"]))
    db.session.rollback()
    return made


def recorded(place: Place, **values: object) -> int:
    with system_scope():
        return achievement.create(kind_code="work", values={"title": "一篇", **values}, actor=place.actor())


def test_only_own_approved_items_can_be_named(place: Place, client: FlaskClient, login: Login) -> None:
    mine, draft, sent = place.item("approved", "合肥八中"), place.item("draft", "草稿"), place.item("reviewing", "在审")
    other = people.person("other", organization_id=place.unit.id, name="王芳")
    theirs = place.item("approved", "别人的", person_id=other)
    me = login(client, "applicant")
    page = body(me.get("/portfolio/kind/work/new/"))
    assert f'<option value="{mine}">工作经历：合肥八中</option>' in page
    assert "别人的" not in page
    for wrong in (draft, sent, theirs, "x", "1 OR 1"):
        answer = me.post("/portfolio/kind/work/new/", data={"f_title": "一篇", "f_linked_item": str(wrong), "action": "save"})
        assert answer.status_code == 422
        assert "请从列表中选择“关联业绩条目”。" in body(answer)
    me.post("/portfolio/kind/work/new/", data={
        "f_title": "一篇", "f_linked_item": str(mine), "f_content": "共四个字", "action": "save"})
    db.session.rollback()
    saved = db.session.execute(select(_achievement).where(_achievement.c.summary.startswith("一篇"))).one()
    assert saved.data == {"title": "一篇", "linked_item": mine, "content": "共四个字", "words": 4}
    assert saved.summary == "一篇 · 工作经历：合肥八中 · 4"
    assert "工作经历：合肥八中" in body(me.get("/portfolio/kind/work/"))
    shown = body(me.get(f"/portfolio/{saved.id}/"))
    assert f'<a href="/portfolio/{mine}/">工作经历：合肥八中</a>' in shown


def test_the_unit_reads_its_name_and_follows_it(place: Place, client: FlaskClient, login: Login) -> None:
    mine = place.item("approved", "合肥八中")
    number = recorded(place, linked_item=str(mine))
    with system_scope():
        achievement.submit(achievement_id=number, version=None, actor=place.actor())
    unit = login(client, "unit")
    assert "工作经历：合肥八中" in body(unit.get("/unit/achievements/kind/work/"))
    link = f'<a href="/unit/achievements/{mine}/">工作经历：合肥八中</a>'
    assert link in body(unit.get(f"/unit/achievements/{number}/"))
    with system_scope():
        achievement.withdraw(achievement_id=mine, actor=place.actor())
    shown = body(unit.get(f"/unit/achievements/{number}/"))
    assert link not in shown, "a withdrawn item is not the unit's to open"
    assert "工作经历：合肥八中" in shown


def test_what_is_no_longer_approved_is_asked_for_again(place: Place, client: FlaskClient, login: Login) -> None:
    mine = place.item("approved", "合肥八中")
    number = recorded(place, linked_item=str(mine))
    with system_scope():
        achievement.withdraw(achievement_id=mine, actor=place.actor())
        with pytest.raises(Invalid) as refused:
            achievement.submit(achievement_id=number, version=None, actor=place.actor())
    assert refused.value.fields == {"linked_item": "请从列表中选择“关联业绩条目”。"}
    me = login(client, "applicant")
    assert "已撤回或删除的业绩，请重新选择" in body(me.get(f"/portfolio/{number}/edit/"))
    with system_scope():
        achievement.delete(achievement_id=mine, actor=place.actor())
    assert "已删除的业绩" in body(me.get(f"/portfolio/{number}/"))
    assert row(number).data["linked_item"] == mine


def test_excel_names_items_in_both_directions(place: Place, client: FlaskClient, login: Login) -> None:
    mine = place.item("approved", "合肥八中")
    for _n in range(2):
        place.item("approved", "同名的")
    me = login(client, "applicant")
    book = load_workbook(io.BytesIO(me.get("/portfolio/import/work/template/").data))
    assert [cell.value for cell in book.worksheets[0][1]] == ["代表作名称*", "关联业绩条目", "正文"]
    assert "工作经历：合肥八中" in [cell.value for cell in book["选项"]["B"]]
    for line, (title, linked) in enumerate(
        (("甲", "工作经历：合肥八中"), ("乙", "工作经历：同名的"), ("丙", "没有这一条"), ("丁", None)), 2
    ):
        book.worksheets[0].cell(line, 1).value, book.worksheets[0].cell(line, 2).value = title, linked
    stream = io.BytesIO()
    book.save(stream)
    with system_scope():
        import_id = achievement_import.begin(
            kind_code="work", file_name="代表作.xlsx", data=stream.getvalue(), actor=place.actor())
    table = AchievementImportRow.__table__
    rows = db.session.execute(select(table).order_by(table.c.number)).all()
    assert [line.verdict for line in rows] == ["good", "wrong", "wrong", "good"]
    assert "2 条同名" in rows[1].errors["linked_item"]
    achievement_import.confirm(import_id=import_id, mode="good", actor=place.actor())
    made = db.session.execute(select(_achievement).where(_achievement.c.summary.startswith("甲"))).one()
    assert made.data["linked_item"] == mine
    with system_scope():
        achievement.submit(achievement_id=made.id, version=None, actor=place.actor())


def test_evidence_may_be_asked_for_under_a_condition(place: Place) -> None:
    kind = save(AchievementKind(code="award", name="奖励", category_id=1))
    save(AchievementKindVersion(kind_id=kind, number=1, list_columns=["title"], fields=[
        FIELDS[0], {"key": "level", "label": "级别", "type": "select", "options": ["国家级", "单位级"]},
        {"key": "paper", "label": "证书", "type": "files", "required_if": {"field": "level", "equals": "国家级"}},
    ]))
    with system_scope():
        for level, missing in (("单位级", {}), ("国家级", {"paper": "请上传“证书”。"})):
            number = achievement.create(kind_code="award", values={"title": "奖", "level": level}, actor=place.actor())
            if not missing:
                achievement.submit(achievement_id=number, version=None, actor=place.actor())
                continue
            with pytest.raises(Invalid) as refused:
                achievement.submit(achievement_id=number, version=None, actor=place.actor())
            assert refused.value.fields == missing


def test_names_come_in_whichever_state_the_item_is(place: Place) -> None:
    items = [place.item("approved", f"第{n}条") for n in range(12)]
    fields = parse_fields(FIELDS)
    names = achievement_kind.vocabularies(db.session(), fields, shown=[{"linked_item": item} for item in items])
    assert names("ref:portfolio_item")[str(items[7])] == "工作经历：第7条"
    db.session.execute(update(_achievement).where(_achievement.c.id == items[0]).values(state="draft"))
    db.session.execute(delete(_achievement).where(_achievement.c.id == items[1]))
    found = achievement_kind.references(db.session(), [(fields, {"linked_item": item}) for item in items])
    assert (found[str(items[0])].state, found[str(items[1])].label) == ("draft", "已删除的业绩")
    db.session.rollback()
