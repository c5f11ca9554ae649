"""The public list of plans over 20,000 of them: whole requests for the first page, a deep page and each criterion."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import insert

from app.extensions import db
from app.factory import create_app
from app.release import sync_permissions
from app.rules import deadlines
from benchmarks.databases import DATABASES
from benchmarks.inbox import BenchConfig, measure
from models.base import metadata, utcnow
from models.organization import Organization
from models.plan import Committee, PlanLevel, PlanOffering, ReviewPlan
from models.region import Region
from models.series import Specialty, Title, TitleLevel, TitleSeries

PLANS, SERIES, CITIES, COMMITTEES = 20_000, 27, 16, 400
LEVELS = ("正高级", "副高级", "中级", "初级")
SEARCHES = {
    "first page": "", "计划名称": "?name=第19999批", "年度": "?year=2021", "评审级别": "?level=正高级", "申报系列": "?series=7",
    "评委会名称": "?committee=评委会399", "属地": "?region=340300", "计划类型": "?type=green",
    "all seven": "?name=评审&year=2021&level=副高级&series=7&committee=评委会&region=340000&type=regular",
    "nothing found": "?name=没有这样的计划",
}


def fill(today: dt.date) -> None:
    """A province with its cities, committees, and plans of twelve years; one in fifty is open, one in a hundred to come."""
    now = utcnow()
    with db.engine.begin() as connection:
        def add(model: Any, rows: Iterator[dict[str, Any]]) -> None:
            connection.execute(insert(model.__table__), list(rows))

        add(Region, iter([{"code": "340000", "name": "安徽省", "level": "province", "path": "340000", "parent_code": None, "enabled": True}]))
        add(Region, ({"code": f"34{n:02d}00", "name": f"城市{n}", "level": "city", "parent_code": "340000",
                      "path": f"340000/34{n:02d}00", "enabled": True} for n in range(1, CITIES + 1)))
        add(Organization, iter([{"name": "组建单位", "nature_code": "50", "region_code": "340000", "created_at": now, "updated_at": now}]))
        add(Committee, ({"name": f"评委会{n}", "convener_id": 1, "issuer_id": 1, "region_code": _city(n)} for n in range(COMMITTEES)))
        add(TitleLevel, ({"code": f"l{n}", "name": name, "label": name, "rank": 9 - n, "number_code": f"{n}"} for n, name in enumerate(LEVELS)))
        add(TitleSeries, ({"code": f"{n:02d}", "name": f"系列{n}", "number_code": f"{n:02d}", "position": n, "enabled": True} for n in range(1, SERIES + 1)))
        add(Specialty, ({"series_id": n, "name": f"专业{n}", "enabled": True} for n in range(1, SERIES + 1)))
        add(Title, ({"series_id": n, "level_id": 1 + n % 4, "track": "", "name": f"职称{n}", "enabled": True} for n in range(1, SERIES + 1)))
        add(ReviewPlan, (_plan(n, today, now) for n in range(PLANS)))
        add(PlanLevel, ({"plan_id": n + 1, "edition": 1, "level_id": 1 + (n + k) % 4} for n in range(PLANS) for k in range(2)))
        add(PlanOffering, ({"plan_id": n + 1, "edition": 1, "series_id": 1 + n % SERIES, "specialty_id": 1 + n % SERIES,
                            "title_id": 1 + n % SERIES} for n in range(PLANS)))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _city(n: int) -> str:
    return "340000" if n % 4 == 0 else f"34{1 + n % CITIES:02d}00"


def _plan(n: int, today: dt.date, now: dt.datetime) -> dict[str, Any]:
    back = n * 12 * 365 // PLANS
    opens, state = today - dt.timedelta(days=60 + back), "closed" if n % 3 else "published"
    if n % 50 == 0:
        opens, state = today - dt.timedelta(days=n % 20), "published"
    elif n % 100 == 1:
        opens, state = today + dt.timedelta(days=1 + n % 30), "published"
    return {
        "year": opens.year, "name": f"{opens.year}年—安徽省第{n}批评审", "committee_id": 1 + n % COMMITTEES, "convener_id": 1,
        "region_code": _city(n), "plan_type": ("regular", "regular", "green", "autonomous")[n % 4], "state": state,
        "opens_on": opens, "closes_on": opens + dt.timedelta(days=30), "routes": ["regular"], "created_at": now, "updated_at": now,
    }


def deep(app: Flask, pages: int = 300) -> str:
    """The address of a page far down the list."""
    from app.queries import plan_search
    from app.scope import system_scope

    with app.app_context(), system_scope():
        key: str | None = None
        for _ in range(pages):
            key = plan_search.search(db.session(), plan_search.PlanFilters(), before=key).older
    return f"?before={key}"


def run() -> None:
    """Print the median and the 95th percentile of each search on both databases."""
    print(f"\nPlans: whole requests of the public list over {PLANS:,} plans, ms (median / 95th percentile)")
    for name, database in DATABASES.items():
        with database() as url:
            app = create_app(BenchConfig, SQLALCHEMY_DATABASE_URI=url)
            with app.app_context():
                metadata.create_all(db.engine)
                sync_permissions(app.appbuilder)  # type: ignore[attr-defined]
                fill(deadlines.today())
            client = app.test_client()
            for what, query in {**SEARCHES, "page 300": deep(app)}.items():
                median, p95 = measure(partial(_status, client, query))
                print(f"{name:<12}{what:<16}{median:>8.1f} / {p95:.1f}")
            with app.app_context():
                db.engine.dispose()


def _status(client: Any, query: str) -> int:
    return int(client.get("/plans/" + query).status_code)
