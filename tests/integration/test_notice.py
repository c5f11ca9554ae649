"""通知公告: staff write them, everybody reads what was published, nothing they write runs."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.rules.deadlines import today
from app.rules.notice import safe_body, words_of
from models.audit import AuditEvent
from models.notice import Notice
from tests.conftest import Login
from tests.factories import person as people
from tests.factories.rows import save

_notice = Notice.__table__


def notice(title: str = "停机通知", *, state: str = "published", days: int = 0, body: str = "<p>正文</p>") -> int:
    return save(Notice(title=title, body=body, issuer="省厅", state=state, published_on=today() + dt.timedelta(days=days)))


@pytest.fixture
def ops(app: Flask, login: Login) -> FlaskClient:
    people.account("ops1", role="Ops")
    return login(app.test_client(), "ops1")


def form(**changes: str) -> dict[str, str]:
    return {"title": "新通知", "issuer": "省厅", "published_on": today().isoformat(), "state": "published", "body": "第一段\n\n第二段",
            **changes}


def test_only_what_is_published_and_due_is_shown(client: FlaskClient) -> None:
    shown = notice("看得见的通知")
    hidden = [notice("草稿通知", state="draft"), notice("撤下的通知", state="withdrawn"), notice("明天的通知", days=1)]
    for path in ("/notices/", "/"):
        page = client.get(path).text
        assert "看得见的通知" in page
        assert not any(word in page for word in ("草稿通知", "撤下的通知", "明天的通知"))
    assert client.get(f"/notices/{shown}").status_code == 200
    assert [client.get(f"/notices/{pk}").status_code for pk in (*hidden, 999)] == [404] * 4


def test_the_list_is_searched_and_paged(client: FlaskClient) -> None:
    for number in range(20):
        notice(f"通知第{number:02}号", days=-number)
    first = client.get("/notices/").text
    assert "通知第00号" in first
    assert "通知第14号" in first
    assert "通知第15号" not in first
    address = first.split("before=")[1].split('"')[0]
    assert "通知第15号" in client.get(f"/notices/?before={address}").text
    found = client.get("/notices/?q=第07").text
    assert "通知第07号" in found
    assert "通知第08号" not in found
    for odd in ("?q=%25", "?before=x", "?before=99999999", "?q=" + "长" * 500):
        assert client.get("/notices/" + odd).status_code == 200
    assert "通知第" not in client.get("/notices/?q=%25").text


def test_staff_write_change_and_withdraw_one(ops: FlaskClient, client: FlaskClient) -> None:
    assert ops.post("/noticeview/add", data=form()).status_code == 302
    with db.engine.connect() as connection:
        row = connection.execute(sa.select(_notice)).one()
    assert row.body == "<p>第一段</p><p>第二段</p>"
    assert "第二段" in client.get(f"/notices/{row.id}").text
    page = ops.get(f"/noticeview/edit/{row.id}").text
    kept = page.split('name="shown"')[1].split('value="')[1].split('"')[0] if 'name="shown"' in page else ""
    ops.post(f"/noticeview/edit/{row.id}", data=form(state="withdrawn", shown=kept, body=row.body))
    assert client.get(f"/notices/{row.id}").status_code == 404
    with db.engine.connect() as connection:
        events = connection.execute(sa.select(AuditEvent.__table__.c.event)).scalars().all()
    assert events == ["record:created", "record:changed"]


def test_a_notice_without_words_is_refused(ops: FlaskClient) -> None:
    for body in ("", "   ", "<p></p>", "<script>alert(1)</script>"):
        answer = ops.post("/noticeview/add", data=form(body=body))
        assert answer.status_code in (200, 400, 422)
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(_notice)).all() == []


def test_what_staff_write_cannot_run(ops: FlaskClient, client: FlaskClient) -> None:
    ops.post("/noticeview/add", data=form(body=EVIL))
    with db.engine.connect() as connection:
        pk = connection.execute(sa.select(_notice.c.id)).scalar_one()
    for page in (client.get(f"/notices/{pk}").text, ops.get(f"/noticeview/show/{pk}").text):
        article = page.split("</header>")[1]
        assert "好" in article
        for word in ("alert(", "onerror", "javascript:", "evil.example/x.png", "position:fixed", "<iframe", "<form action"):
            assert word not in article, word


EVIL = (
    "<p onclick='alert(1)' style='position:fixed'>好</p><script>alert(1)</script><img src='https://evil.example/x.png' onerror='alert(1)'>"
    "<a href='javascript:alert(1)'>x</a><iframe src='https://evil.example'></iframe><form action='https://evil.example'></form>"
)


@pytest.mark.parametrize(("written", "kept"), [
    ("一行", "<p>一行</p>"), ("一\r\n二\r\n\r\n三", "<p>一<br>二</p><p>三</p>"), ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"),
    ("<p>一</p>", "<p>一</p>"), ("<h1>大</h1>", "<p>大</p>"),
    ('<a href="https://a.example">x</a>', '<a href="https://a.example" rel="noopener noreferrer nofollow">x</a>'),
    ("<a href='data:text/html,x'>x</a>", '<a rel="noopener noreferrer nofollow">x</a>'), ("", ""),
])
def test_the_body_is_safe_and_says_the_same(written: str, kept: str) -> None:
    assert safe_body(written) == kept
    assert safe_body(kept) == kept


def test_the_words_are_what_is_left_without_markup() -> None:
    assert words_of("<p>一<br>二</p>") == "一二"
    assert words_of("<p> </p>") == ""


def test_the_landing_page_searches_plans_verifies_certificates_and_tells_news(client: FlaskClient) -> None:
    notice("首页上的通知")
    page = client.get("/").text
    for words in ("个人登录", "单位登录", "内置单位登录", "评审计划", "计划名称", "证书查验", "证书编号", "首页上的通知", "全部通知公告"):
        assert words in page
    assert 'action="/"' in page.replace("#plans", ""), "the search of plans stays on the landing page"
