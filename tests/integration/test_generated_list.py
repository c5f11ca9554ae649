"""Generated lists: paging by key over every order, counting up to a bound, audit of what is saved."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.audit import verify
from app.extensions import db
from models.audit import AuditEvent
from models.dictionary import CodeItem, CodeTable
from models.region import Region
from tests.conftest import Login
from tests.factories import person as people
from tests.factories.rows import save
from views import base_query

_item = CodeItem.__table__


@pytest.fixture
def admin(app: Flask, client: FlaskClient, login: Login) -> FlaskClient:
    people.account("admin1", role="Admin")
    return login(client, "admin1")


@pytest.fixture
def items(app: Flask) -> list[int]:
    """Seven items: equal positions, and upper codes that are empty here and there."""
    table = save(CodeTable(code="t", name="字典"))
    parents = [None, "b", None, "a", "b", "c", None]
    return [
        save(CodeItem(table_id=table, code=f"c{n}", name=f"项{n}", position=n % 3, parent_code=parent))
        for n, parent in enumerate(parents)
    ]


def _page(client: FlaskClient, href: str) -> tuple[list[str], str | None, str | None]:
    text = client.get(href).text
    names = re.findall(r'data-l="名称"><span>(项\d)</span>', text)
    found = {
        rel: match[1].replace("&amp;", "&") if (match := re.search(rf'rel="{rel}" href="([^"]+)"', text)) else None
        for rel in ("prev", "next")
    }
    return names, found["prev"], found["next"]


@pytest.mark.parametrize("order", ["", "_oc_CodeItemView=name&_od_CodeItemView=asc",
                                   "_oc_CodeItemView=name&_od_CodeItemView=desc",
                                   "_oc_CodeItemView=parent_code&_od_CodeItemView=asc",
                                   "_oc_CodeItemView=parent_code&_od_CodeItemView=desc",
                                   "_oc_CodeItemView=position&_od_CodeItemView=desc"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_paging_there_and_back_shows_every_row_once(admin: FlaskClient, items: list[int], order: str, size: int) -> None:
    href: str | None = f"/codeitemview/list/?psize_CodeItemView={size}&{order}"
    pages, last = [], ""
    while href:
        last = href
        names, _, href = _page(admin, href)
        pages.append(names)
    forwards = [name for page in pages for name in page]
    assert sorted(forwards) == sorted(f"项{n}" for n in range(7))
    back, href = [], last
    while href:
        names, href, _ = _page(admin, href)
        back.append(names)
    assert back[::-1] == pages


def test_the_order_is_what_was_asked(admin: FlaskClient, items: list[int]) -> None:
    names, _, _ = _page(admin, "/codeitemview/list/?_oc_CodeItemView=name&_od_CodeItemView=desc")
    assert names == [f"项{n}" for n in range(6, -1, -1)]


def test_counting_stops_at_a_bound(admin: FlaskClient, items: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "共 7 条" in admin.get("/codeitemview/list/").text
    monkeypatch.setattr(base_query, "COUNT_UP_TO", 5)
    assert "共 5+ 条" in admin.get("/codeitemview/list/").text


@pytest.mark.parametrize(("query", "expected"), [
    ("_flt_0_name=项3", ["项3"]), ("_flt_1_code=c2", ["项2"]), ("_flt_2_code=c", [f"项{n}" for n in (0, 3, 6, 1, 4, 2, 5)]),
    ("_flt_0_name=%25", []), ("_flt_0_enabled=y&_flt_1_code=c1", ["项1"]), ("_flt_1_enabled=y", []),
    ("_flt_0_table=999", []), ("_flt_0_name=", [f"项{n}" for n in (0, 3, 6, 1, 4, 2, 5)]),
])
def test_searching(admin: FlaskClient, items: list[int], query: str, expected: list[str]) -> None:
    assert _page(admin, f"/codeitemview/list/?{query}")[0] == expected


def test_a_search_stays_while_paging(admin: FlaskClient, items: list[int]) -> None:
    _, _, following = _page(admin, "/codeitemview/list/?psize_CodeItemView=2&_flt_1_enabled=&_flt_0_name=项")
    assert following
    assert "_flt_0_name" in following


def test_what_is_saved_is_recorded_in_the_same_commit(admin: FlaskClient, items: list[int]) -> None:
    pk = items[0]
    page = admin.get(f"/codeitemview/edit/{pk}").text
    shown = page.split('name="shown" type="hidden" value="')[1].split('"')[0]
    form = {"table": "1", "code": "c0", "name": "新名", "position": "0", "enabled": "y", "extra": '{"rank": 3}', "shown": shown}
    assert admin.post(f"/codeitemview/edit/{pk}", data=form).status_code == 302
    assert admin.post(f"/codeitemview/delete/{items[1]}").status_code == 302
    event = AuditEvent.__table__
    with db.engine.connect() as connection:
        rows = connection.execute(sa.select(event).order_by(event.c.id)).all()
    assert [(row.event, row.subject_type, row.subject_id) for row in rows] == [
        ("record:changed", "code_item", pk), ("record:deleted", "code_item", items[1]),
    ]
    assert rows[0].data["changes"] == {"name": ["项0", "新名"], "extra": [{}, {"rank": 3}]}
    assert rows[0].actor_name == "测试员"
    assert list(verify(db.session())) == []


def test_a_duplicate_is_a_sentence_and_leaves_no_trace(admin: FlaskClient, items: list[int]) -> None:
    form = {"table": "1", "code": "c0", "name": "重复", "position": "0", "enabled": "y", "extra": "{}"}
    answer = admin.post("/codeitemview/add", data=form)
    assert answer.status_code == 409
    assert "与已有的记录冲突" in answer.text
    assert 'value="重复"' in answer.text
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(AuditEvent.__table__)).scalar_one() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(_item)).scalar_one() == 7


def test_what_is_referred_to_is_not_deleted(admin: FlaskClient, items: list[int]) -> None:
    answer = admin.post("/codetableview/delete/1", follow_redirects=True)
    assert "还有其他数据引用这条记录" in answer.text
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(CodeTable.__table__.c.id)).scalars().all() == [1]


@pytest.mark.parametrize(("field", "value"), [
    ("extra", "{bad"), ("position", "x"), ("code", ""), ("code", "c" * 21), ("table", "999"), ("table", "abc"), ("table", ""),
])
def test_wrong_input_is_shown_beside_its_field(admin: FlaskClient, items: list[int], field: str, value: str) -> None:
    form = {"table": "1", "code": "new", "name": "新", "position": "0", "enabled": "y", "extra": "{}", field: value}
    answer = admin.post("/codeitemview/add", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text or "aria-invalid" in answer.text


def test_a_blank_choice_is_refused_as_input(admin: FlaskClient) -> None:
    save(Region(code="340000", name="安徽省", level="province", path="340000"))
    for level in ("", "planet"):
        answer = admin.post("/regionview/add", data={"code": "340100", "name": "合肥市", "level": level, "path": "x"})
        assert answer.status_code == 422


def test_an_administrator_makes_accounts_with_a_password_shown_once(admin: FlaskClient, app: Flask) -> None:
    form = {"username": "fresh", "last_name": "陈", "first_name": "静", "email": "f@example.invalid", "active": "y",
            "role_names": ["Ops"]}
    page = admin.post("/accountview/add", data=form, follow_redirects=True).text
    password = page.split("初始密码：")[1].split("（")[0]
    visitor = app.test_client()
    assert visitor.post("/login/", data={"username": "fresh", "password": password}).status_code == 302
    assert visitor.get("/ops/").headers["Location"] == "/account/password/"
    own = {"current": password, "password": "wode-mima-2026", "again": "wode-mima-2026"}
    assert visitor.post("/account/password/", data=own).status_code == 302
    assert visitor.get("/ops/").status_code == 200
    assert visitor.get("/accountview/list/").status_code == 403
    event = AuditEvent.__table__
    with db.engine.connect() as connection:
        recorded = connection.execute(sa.select(event.c.data).where(event.c.event == "record:created")).scalar_one()
    assert recorded["values"]["roles"] == ["Ops"]
    assert password not in str(recorded)
    assert "password" not in recorded["values"]


def test_an_administrator_cannot_lock_itself_out(admin: FlaskClient) -> None:
    page = admin.get("/accountview/edit/1").text
    shown = page.split('name="shown" type="hidden" value="')[1].split('"')[0]
    form = {"last_name": "测", "first_name": "试员", "email": "admin1@example.invalid", "shown": shown}
    for bad in ({"role_names": ["Admin"]}, {"active": "y", "role_names": ["Ops"]}):
        assert admin.post("/accountview/edit/1", data={**form, **bad}).status_code in (400, 422)
    assert admin.get("/accountview/list/").status_code == 200


def test_disabling_an_account_ends_its_sessions(admin: FlaskClient, app: Flask, login: Login) -> None:
    pk = people.account("victim", role="Ops")
    other = login(app.test_client(), "victim")
    assert other.get("/ops/").status_code == 200
    page = admin.get(f"/accountview/edit/{pk}").text
    shown = page.split('name="shown" type="hidden" value="')[1].split('"')[0]
    form = {"last_name": "测", "first_name": "试", "email": "v@example.invalid", "role_names": ["Ops"], "shown": shown}
    assert admin.post(f"/accountview/edit/{pk}", data=form).status_code == 302
    assert other.get("/ops/").status_code == 302
    assert admin.post("/accountview/action/reset_password/" + str(pk)).status_code == 302


def test_unlocking_is_recorded(admin: FlaskClient, app: Flask) -> None:
    pk = people.account("locked", role="Ops")
    for _ in range(5):
        app.test_client().post("/login/", data={"username": "locked", "password": "x"})
    assert admin.post("/accountview/action_post", data={"action": "unlock", "rowid": [pk]}).status_code == 302
    answer = app.test_client().post("/login/", data={"username": "locked", "password": people.PASSWORD})
    assert answer.status_code == 302
