"""How much the outbox costs: enqueuing inside a transaction, with a commit each, and running jobs that do nothing.

`python -m benchmarks.outbox [sqlite|postgresql]`
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.jobs import worker
from app.jobs.registry import JobView, handler
from app.outbox import enqueue
from models.job import Job
from tests import database
from tests.integration.jobs_process import create_tables, make_app
from tests.integration.own_database import own_database

N = 2000


@handler("bench.nothing")
def nothing(job: JobView) -> None:
    """The cheapest handler."""


def timed(label: str, work: Callable[[], None], n: int = N) -> None:
    """Print operations a second and the time of one."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(f"{label:<58}{n / seconds:>10,.0f} /s {seconds / n * 1e6:>9,.0f} µs")


def main(kind: str) -> None:
    """Measure on one kind of database."""
    database.KIND = kind
    print(f"--- outbox on {kind}, {N} jobs")
    with own_database() as url:
        app = make_app(url)
        engine = worker.engine_of(app)
        create_tables(engine)

        def within() -> None:
            with Session(engine) as session, session.begin():
                for n in range(N):
                    enqueue(session, kind="bench.nothing", key=f"within:{n}", payload={"task_id": n})

        def again() -> None:
            with Session(engine) as session, session.begin():
                for n in range(N):
                    enqueue(session, kind="bench.nothing", key=f"within:{n}", payload={"task_id": n})

        def each() -> None:
            for n in range(N):
                with Session(engine) as session, session.begin():
                    enqueue(session, kind="bench.nothing", key=f"each:{n}", payload={"task_id": n})

        def orm() -> None:
            with Session(engine) as session, session.begin():
                for n in range(N):
                    session.execute(insert(Job).values(kind="bench.nothing", key=f"orm:{n}", payload={"task_id": n}))

        timed("enqueue, all in one transaction", within)
        timed("the same keys again", again)
        timed("enqueue, a commit each", each)
        timed("for comparison: ORM insert, all in one transaction", orm)
        timed("run by one worker (claim, begin, context, finish)", lambda: print(worker.run_due(app, N)))
        engine.dispose()


if __name__ == "__main__":
    for name in sys.argv[1:] or ("sqlite", "postgresql"):
        main(name)
