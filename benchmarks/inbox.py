"""Our inbox and the stock generated list, over the same tasks, as whole requests."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

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
from models.base import metadata
from models.case import Task

ORGANIZATIONS = 20
REPEATS = 30


class BenchConfig(config.Test):
    """No CSRF, no limits: one client asks again and again."""

    WTF_CSRF_ENABLED = False
    RATELIMIT_ENABLED = False


class StockTaskView(ModelView):
    """What FAB generates for the table, with the columns that our inbox shows."""

    datamodel = SQLAInterface(Task)
    list_columns = ["procedure", "title", "node", "state", "decided_at", "arrived_at"]
    search_columns = ["procedure", "title", "node", "state"]
    base_order = ("id", "desc")
    page_size = 20


def stock_app(url: str) -> Flask:
    """FAB as it comes, everybody let in."""
    app = Flask("stock")
    app.config.update(SECRET_KEY="bench", SQLALCHEMY_DATABASE_URI=url, AUTH_ROLE_PUBLIC="Admin", WTF_CSRF_ENABLED=False,
                      FAB_ADD_SECURITY_VIEWS=False)
    db.init_app(app)

    @app.before_request
    def everything() -> None:
        set_scope(EVERYTHING)

    with app.app_context():
        builder = AppBuilder(app, db.session)
        builder.add_view(StockTaskView, "Tasks")
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
    print(f"{'database':<12}{'tasks':>10}{'ours, 待处理':>18}{'ours, 已处理':>18}{'stock list':>20}{'stock / ours':>14}")
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
                stock = _stock(url)
                first.setdefault("todo", todo[0])
                print(f"{name:<12}{scale:>10,}{_cell(todo):>18}{_cell(decided):>18}{_cell(stock):>20}"
                      f"{stock[0] / todo[0]:>13.1f}×")
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


def _stock(url: str) -> tuple[float, float]:
    app = stock_app(url)
    client = app.test_client()
    result = measure(lambda: client.get("/stocktaskview/list/").status_code)
    with app.app_context():
        db.engine.dispose()
    return result

