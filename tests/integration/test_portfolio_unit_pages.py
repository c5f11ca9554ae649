"""The pages of 业绩档案, and what holds on both sides: escaping, the number of statements, odd addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, update

from app.extensions import db
from models.case import Task
from tests.factories import person as people
from tests.integration.portfolio_place import FILLED, Place, body, only, row, user_id


@pytest.fixture
def place(app: Any) -> Place:
    return Place()


@pytest.fixture
def me(place: Place, client: FlaskClient, login: Callable[..., FlaskClient]) -> FlaskClient:
    return login(client, "applicant")


@pytest.fixture
def unit(place: Place, app: Any, login: Callable[..., FlaskClient]) -> FlaskClient:
    return login(app.test_client(), "unit")


def test_units_and_persons_have_their_own_pages_only(me: FlaskClient, unit: FlaskClient) -> None:
    assert me.get("/unit/achievements/").status_code in (302, 403)
    assert "工作经历" not in body(me.get("/unit/achievements/"))
    assert unit.get("/portfolio/").status_code in (302, 403)


def test_the_units_tree_counts_all_and_decided(unit: FlaskClient, place: Place) -> None:
    for state in ("draft", "reviewing", "approved", "approved", "returned"):
        place.item(state)
    text = body(unit.get("/unit/achievements/"))
    assert "工作经历（4/3）" in text
    page = body(unit.get("/unit/achievements/kind/work_experience/"))
    for label, number in (("全部", 4), ("审核中", 1), ("审核通过", 2), ("退回", 1)):
        assert re.search(rf"{label} <span class=\"count\">\({number}\)</span>", page), label


def test_the_unit_searches_and_drafts_are_never_found(unit: FlaskClient, place: Place) -> None:
    place.item("approved", "希望小学")
    place.item("draft", "草稿小学")
    place.item("approved", "合肥八中")
    text = body(unit.get("/unit/achievements/kind/work_experience/?q=小学"))
    assert "希望小学" in text
    assert "草稿小学" not in text
    assert "2015-03-04 至今" in text
    assert text.count("<td class=\"nowrap\" data-l=\"申报人\">李明</td>") == 1


def test_another_unit_sees_nothing(place: Place, app: Any, login: Callable[..., FlaskClient]) -> None:
    number = place.item("approved", "绝密内容")
    people.unit("foreign", name="别的单位")
    foreign = login(app.test_client(), "foreign")
    assert foreign.get(f"/unit/achievements/{number}/").status_code == 404
    for path in ("", "kind/work_experience/", "kind/work_experience/?q=绝密"):
        assert "<td data-l=\"工作单位\">绝密内容" not in body(foreign.get(f"/unit/achievements/{path}"))


def test_the_unit_reviews_with_details_flow_and_evidence_and_the_next_item_opens(
    unit: FlaskClient, me: FlaskClient, place: Place
) -> None:
    older, newer = place.submitted(), place.submitted()
    page = body(unit.get(f"/unit/achievements/{newer}/"))
    for said in ("详情", "流程", "佐证材料", "合肥八中", "李明", "通过", "退回"):
        assert said in page
    back = re.search(r'name="back" value="([^"]+)"', page)
    assert back is not None
    assert back.group(1) == f"/unit/achievements/{older}/"
    answer = unit.post(f"/tasks/{place.task(newer)}/approve/", data={"opinion": "", "back": back.group(1)})
    assert answer.headers["Location"].endswith(f"/unit/achievements/{older}/")
    assert row(newer).state == "approved"
    assert "单位审核" in body(unit.get(f"/unit/achievements/{newer}/?view=flow"))
    assert "撤回审核" in body(unit.get(f"/unit/achievements/{newer}/"))


def test_ticked_items_are_approved_together_each_with_a_result(unit: FlaskClient, place: Place) -> None:
    numbers = [place.submitted() for _ in range(3)]
    page = body(unit.get("/unit/achievements/kind/work_experience/?tab=reviewing"))
    ticked = re.findall(r'name="rowid" value="(\d+)"', page)
    assert len(ticked) == 3
    assert "李明 合肥八中" in page
    answer = unit.post("/tasks/batch/", data={"rowid": ticked[:2], "action": "approve", "opinion_approve": "同意"})
    assert "成功 2 条" in body(answer)
    assert sorted(row(number).state for number in numbers) == ["approved", "approved", "reviewing"]


def test_with_several_administrators_items_are_claimed_before_they_are_reviewed(unit: FlaskClient, place: Place) -> None:
    number = place.submitted()
    people.account("unit2", role="Employer", organization_id=place.unit.id, name="吴刚")
    page = body(unit.get("/unit/achievements/kind/work_experience/"))
    assert "领取" in page
    unit.post(f"/tasks/{place.task(number)}/claim/")
    assert "批量审核" in body(unit.get("/unit/achievements/kind/work_experience/"))
    db.session.execute(update(Task.__table__).values(claimed_by=user_id("unit2")))
    db.session.commit()
    page = body(unit.get("/unit/achievements/kind/work_experience/"))
    assert "已由吴刚领取" in page
    assert 'name="rowid"' not in page


def test_everything_typed_is_escaped_and_only_web_addresses_become_links(me: FlaskClient, unit: FlaskClient, place: Place) -> None:
    canary = "<img src=x onerror=alert(1)>"
    answer = me.post("/portfolio/kind/work_experience/new/", data={
        **FILLED, "f_unit_name": canary, "f_description": canary, "f_link": "https://a.cn/?a=\"><b>", "action": "submit",
    })
    assert answer.status_code == 302
    number = only().id
    for client, path in (
        (me, "/portfolio/kind/work_experience/"), (me, f"/portfolio/{number}/"),
        (unit, "/unit/achievements/kind/work_experience/"), (unit, f"/unit/achievements/{number}/"),
    ):
        text = body(client.get(path))
        assert canary not in text
        assert "&lt;img src=x" in text
    assert 'href="https://a.cn/?a=&#34;&gt;&lt;b&gt;"' in text


@pytest.mark.parametrize("path", [
    "/portfolio/", "/portfolio/kind/work_experience/", "/unit/achievements/", "/unit/achievements/kind/work_experience/",
    "/unit/achievements/{}/", "/portfolio/{}/",
])
def test_a_page_costs_at_most_fifteen_statements_however_many_rows(
    path: str, me: FlaskClient, unit: FlaskClient, place: Place
) -> None:
    number = place.submitted()
    client = unit if path.startswith("/unit") else me
    seen: list[str] = []

    def count() -> int:
        seen.clear()
        assert client.get(path.format(number)).status_code == 200
        return len(seen)

    def listen(*arguments: Any) -> None:
        seen.append(arguments[2])

    count()
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        few = count()
        assert few <= 15, "\n".join(seen)
        for _ in range(4):
            place.submitted()
            place.item("returned")
        assert count() <= few + 1  # the opinions of returned items
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("query", ["before=x", "after=-1", "before=99999999999999999999", "tab=nothing", "q=%25", "q=" + "长" * 300])
def test_odd_addresses_are_harmless(query: str, me: FlaskClient, unit: FlaskClient, place: Place) -> None:
    place.item("approved")
    assert me.get(f"/portfolio/kind/work_experience/?{query}").status_code == 200
    assert unit.get(f"/unit/achievements/kind/work_experience/?{query}").status_code == 200
    assert me.get("/portfolio/kind/nothing/").status_code == 404
    assert unit.get("/unit/achievements/kind/nothing/").status_code == 404
