"""The list of plans: seven criteria, phases, pages by key, the same few statements whatever is asked; windows to the second."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

import models as m
from app.extensions import db
from app.queries import plan_search
from app.queries.plan_search import PlanFilters
from app.scope import system_scope
from app.transaction import current_session
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people
from tests.factories import plan as rows
from tests.factories.organization import region

NOW = dt.datetime(2026, 6, 15, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = NOW.date()


@pytest.fixture
def convener(app: Flask) -> people.Unit:
    return people.unit("convener1", kind="convener")


@pytest.fixture(autouse=True)
def everything(app: Flask) -> Iterator[None]:
    with system_scope():
        yield


def plan(convener: people.Unit, name: str, *, opens: int = -5, closes: int = 5, state: str = "published", **values: object) -> int:
    made = make.plan(convener.id, name=name, state=state)
    table = m.ReviewPlan.__table__
    with db.engine.begin() as connection:
        connection.execute(table.update().where(table.c.id == made).values(
            opens_on=TODAY + dt.timedelta(days=opens), closes_on=TODAY + dt.timedelta(days=closes), **values))
    db.session.rollback()
    return made


def names(filters: PlanFilters | None = None) -> list[str]:
    return [row.name for row in plan_search.search(current_session(), filters or PlanFilters(), now=NOW).rows]


def test_open_plans_come_first_then_those_to_come_then_the_rest(convener: people.Unit) -> None:
    plan(convener, "已截止", opens=-50, closes=-1)
    plan(convener, "已关闭", state="closed")
    plan(convener, "未开始", opens=1, closes=9)
    plan(convener, "今天截止", opens=-9, closes=0)
    plan(convener, "今天开始", opens=0, closes=9)
    plan(convener, "草稿", state="draft")
    found = plan_search.search(current_session(), PlanFilters(), now=NOW).rows
    assert [(row.name, row.phase) for row in found] == [
        ("今天开始", "open"), ("今天截止", "open"), ("未开始", "coming"), ("已关闭", "over"), ("已截止", "over")]


def test_each_criterion_narrows_and_all_together_do(convener: people.Unit) -> None:
    region("340000", "安徽省", "province")
    region("340200", "芜湖市", "city", "340000")
    wanted = plan(convener, "2026年—甲评审%委员会", year=2026, plan_type="green", region_code="340200")
    ids = rows.fill(wanted)
    other = plan(convener, "2025年—乙评审委员会", year=2025, plan_type="regular", region_code="340100")
    rows.fill(other)
    level, committee = m.TitleLevel.__table__, m.Committee.__table__
    with db.engine.begin() as connection:
        connection.execute(level.update().where(level.c.id == ids["level"]).values(label="正高级"))
        connection.execute(committee.update().where(committee.c.id == 1).values(name="甲评委会_一"))
    db.session.rollback()
    expected = ["2026年—甲评审%委员会"]
    one_by_one = {
        "name": "甲评审%", "year": 2026, "level": "正高级", "series_id": ids["series"], "committee": "会_一",
        "region": "340200", "plan_type": "green",
    }
    for key, value in one_by_one.items():
        assert names(PlanFilters(**{key: value})) == expected, key
    assert names(PlanFilters(**one_by_one)) == expected  # type: ignore[arg-type]
    for key, value in {"name": "%乙", "year": 2024, "level": "员级", "series_id": 999, "committee": "丙", "plan_type": "autonomous"}.items():
        assert names(PlanFilters(**{**one_by_one, key: value})) == [], key  # type: ignore[arg-type]
    assert names(PlanFilters(region="340000")) == expected  # a region with all below it


def test_criteria_look_at_the_edition_in_force(convener: people.Unit) -> None:
    made = plan(convener, "修订中的计划")
    old, new = rows.fill(made), rows.fill(made, edition=2)
    table = m.ReviewPlan.__table__
    for edition, series, hidden in ((1, old["series"], new["series"]), (2, new["series"], old["series"])):
        with db.engine.begin() as connection:
            connection.execute(table.update().values(edition=edition))
        db.session.rollback()
        assert names(PlanFilters(series_id=series)) == ["修订中的计划"]
        assert names(PlanFilters(series_id=hidden)) == []
        assert len(plan_search.search(current_session(), PlanFilters(), now=NOW).rows[0].levels) == 1


def test_pages_by_key_show_every_plan_once_there_and_back(convener: people.Unit) -> None:
    expected = [
        *(f"开{n}" for n in range(12)), *(f"将{n}" for n in range(12)), *(f"过{n}" for n in range(12)),
    ]
    for n in range(12):
        plan(convener, f"开{n}", opens=-n // 3, closes=9)
        plan(convener, f"将{n}", opens=20 - n // 3, closes=30)
        plan(convener, f"过{n}", opens=-100 - n // 3, closes=-50)
    seen, key, pages = [], None, []
    while True:
        page = plan_search.search(current_session(), PlanFilters(), before=key, size=5, now=NOW)
        seen += [row.name for row in page.rows]
        pages.append(page)
        if page.older is None:
            break
        key = page.older
    assert sorted(seen) == sorted(expected)
    assert [name[0] for name in seen] == ["开"] * 12 + ["将"] * 12 + ["过"] * 12
    for earlier, later in itertools.pairwise(pages):
        back = plan_search.search(current_session(), PlanFilters(), after=later.newer, size=5, now=NOW)
        assert back.rows == earlier.rows
    assert pages[0].newer is None
    for nonsense in ("x", "9_2026-01-01_1", "1_2026-99-01_1", "0_2026-01-01_-1"):
        assert plan_search.search(current_session(), PlanFilters(), before=nonsense, size=5, now=NOW).rows == pages[0].rows


def statements(client: FlaskClient, address: str) -> int:
    seen: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    return len(seen)


def test_the_list_costs_the_same_statements_whatever_is_asked_and_however_many_there_are(
    convener: people.Unit, client: FlaskClient
) -> None:
    ids = rows.fill(plan(convener, "一"))
    client.get("/plans/")
    before = statements(client, "/plans/")
    for n in range(25):
        plan(convener, f"计划甲{n}")
    full = f"/plans/?name=计划&year=2026&level=高级&series={ids['series']}&committee=评&region=340100&type=regular"
    assert statements(client, "/plans/") == before
    assert statements(client, full) <= before
    assert before <= 8


def test_units_see_the_plans_below_their_applications(convener: people.Unit, client: FlaskClient, login: Login) -> None:
    made = make.plan(convener.id, name="单位可见的计划")
    people.unit("school", kind="employer")
    page = login(client, "school").get("/reviews/?name=单位可见").text
    assert "单位可见的计划" in page
    assert f'href="/plans/{made}">查看' in page
    assert "申报入口" not in page


def test_pages_of_plans_do_not_turn_the_list_they_stand_below(
    convener: people.Unit, client: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(plan_search.PAGE_SIZE + 1):
        plan(convener, f"计划{n:03d}", closes=n + 400)
    people.unit("school", kind="employer")
    browser = login(client, "school")
    older = re.search(r'href="(/reviews/\?plans_before=[^"#]+)#plans"', browser.get("/reviews/").text)
    assert older is not None
    assert browser.get(unescape(older[1])).text.count('data-l="计划名称"') == 1
    assert browser.get("/reviews/?before=1").text.count('data-l="计划名称"') == plan_search.PAGE_SIZE


def test_the_years_offered_run_from_the_first_plan_to_the_last(convener: people.Unit) -> None:
    assert plan_search.search_choices(current_session()).years == ()
    plan(convener, "一", year=2023)
    plan(convener, "二", year=2026, state="closed")
    plan(convener, "三", year=2030, state="draft")
    assert plan_search.search_choices(current_session()).years == (2026, 2025, 2024, 2023)


def test_latest_plans_are_those_that_can_still_be_applied_for(convener: people.Unit) -> None:
    plan(convener, "还早", opens=-5, closes=50)
    plan(convener, "快截止", opens=-5, closes=1)
    plan(convener, "未开始", opens=2, closes=9)
    plan(convener, "已截止", opens=-50, closes=-1)
    plan(convener, "已关闭", state="closed")
    assert [row.name for row in plan_search.latest(current_session(), now=NOW)] == ["快截止", "还早", "未开始"]


def test_the_page_of_a_plan_says_how_long_remains(convener: people.Unit, client: FlaskClient) -> None:
    made = make.plan(convener.id)
    rows.fill(made)
    rows.window(made, closes=3)
    page = client.get(f"/plans/{made}").text
    assert "还有 3 天" in page
    rows.window(made, closes=-1)
    assert "还有" not in client.get(f"/plans/{made}").text
