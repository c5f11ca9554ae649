"""Our inbox and the stock generated list, over the same tasks, as whole requests.

The stock list shows the same columns, 20 rows a page, everybody let in and no organization asked: as FAB ships it, with its
own templates and its own count of all rows. It is measured twice: alone, and with the counts of four tabs as a FAB view
gets them, a count query for each tab's filter. Ours always includes the counts, the sign-in and the permissions.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder, ModelView
from flask_appbuilder.models.sqla.interface import SQLAInterface

import config
from app.extensions import db
from app.factory import create_app
from app.release import sync_permissions
from app.scope import EVERYTHING, set_scope
from app.transaction import transaction
from app.workflow.counters import recount
from benchmarks.databases import DATABASES, fill_tasks
from models.base import metadata, utcnow
from models.case import Task

ORGANIZATIONS = 20
Task.running = lambda self: str((self.case.ended_at or utcnow()) - self.case.started_at) + " 小时"  # type: ignore[attr-defined]
REPEATS = 30


class BenchConfig(config.Test):
    """No CSRF, no limits: one client asks again and again."""

    WTF_CSRF_ENABLED = False
    RATELIMIT_ENABLED = False


class StockTaskView(ModelView):
    """What FAB generates for the table, with the columns that our inbox shows."""

    datamodel = SQLAInterface(Task)
    list_columns = ["procedure", "title", "case.node", "state", "decided_at", "case.started_at", "case.ended_at", "running"]
    search_columns = ["procedure", "title", "node", "state"]
    base_order = ("id", "desc")
    page_size = 20


class StockTabsView(StockTaskView):
    """The same with the counts of 待处理, 待领取, 我已处理 and 所有已处理 in its title."""

    def render_template(self, template: str, **context: Any) -> Any:
        is_open = Task.state == "open"
        tabs = (is_open, is_open & Task.claimed_by.is_(None), ~is_open & (Task.decided_by == 1), ~is_open)
        counts = [db.session.query(Task).filter(tab).count() for tab in tabs]
        return super().render_template(template, **context | {"title": f"{context['title']} {counts}"})


def stock_app(url: str) -> Flask:
    """FAB as it comes, everybody let in."""
    app = Flask("stock", template_folder=None, static_folder=None)  # FAB's own templates, not those of this project
    app.config.update(SECRET_KEY="bench", SQLALCHEMY_DATABASE_URI=url, AUTH_ROLE_PUBLIC="Admin", WTF_CSRF_ENABLED=False,
                      FAB_ADD_SECURITY_VIEWS=False)
    db.init_app(app)

    @app.before_request
    def everything() -> None:
        set_scope(EVERYTHING)

    with app.app_context():
        builder = AppBuilder(app, db.session)
        builder.add_view(StockTaskView, "Tasks")
        builder.add_view(StockTabsView, "Tabs")
    return app


def measure(ask: Callable[[], int]) -> tuple[float, float]:
    """Median and 95th percentile of one request, in milliseconds; the answer must be a page."""
    times = []
    for n in range(REPEATS + 3):
        started = time.perf_counter()
        status = ask()
        if status != 200:
            raise RuntimeError(f"the page answered {status}")
        if n >= 3:
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def run(scales: list[int]) -> None:
    """Print both lists at every scale on both databases."""
    print("\nInbox: whole requests, ms (median / 95th percentile)")
    print(f"{'database':<12}{'tasks':>10}{'ours, 待处理':>18}{'ours, 已处理':>18}{'stock list':>16}{'/ ours':>9}{'stock, tab counts':>20}{'/ ours':>9}")
    for name, database in DATABASES.items():
        with database() as url:
            first: dict[str, float] = {}
            app = create_app(BenchConfig, SQLALCHEMY_DATABASE_URI=url)
            with app.app_context():
                _prepare(app)
            done = 0
            for scale in scales:
                with app.app_context():
                    fill_tasks(db.engine, first=done + 1, last=scale, organizations=ORGANIZATIONS, user_id=1)
                    with transaction() as session:
                        recount(session)
                done = scale
                todo, decided = _ours(app, "todo"), _ours(app, "decided")
                stock, tabs = _stock(url)
                first.setdefault("todo", todo[0])
                print(f"{name:<12}{scale:>10,}{_cell(todo):>18}{_cell(decided):>18}{_cell(stock):>16}"
                      f"{stock[0] / todo[0]:>8.1f}×{_cell(tabs):>20}{tabs[0] / todo[0]:>8.1f}×", flush=True)
            print(f"{'':<12}ours at {scales[-1]:,} / at {scales[0]:,}: {todo[0] / first['todo']:.2f} ×")
            with app.app_context():
                db.engine.dispose()


def _cell(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.1f} / {pair[1]:.1f}"


def _prepare(app: Flask) -> None:
    from tests.factories.person import unit

    metadata.create_all(db.engine)
    sync_permissions(app.appbuilder)  # type: ignore[attr-defined]
    for n in range(1, ORGANIZATIONS + 1):
        unit(f"unit{n}", kind="hr_department", name=f"单位{n}")


def _ours(app: Flask, tab: str) -> tuple[float, float]:
    from tests.factories.person import PASSWORD

    client = app.test_client()
    answer = client.post("/login/", data={"username": "unit1", "password": PASSWORD})
    if answer.status_code != 302:
        raise RuntimeError("could not sign in")
    return measure(lambda: client.get(f"/tasks/?tab={tab}").status_code)


def _stock(url: str) -> tuple[tuple[float, float], tuple[float, float]]:
    app = stock_app(url)
    client = app.test_client()
    page = client.get("/stocktabsview/list/").text
    if page.count("<tr") < StockTaskView.page_size or "小时" not in page:
        raise RuntimeError("the stock list does not show its rows")
    result = (measure(lambda: client.get("/stocktaskview/list/").status_code),
              measure(lambda: client.get("/stocktabsview/list/").status_code))
    with app.app_context():
        db.engine.dispose()
    return result

