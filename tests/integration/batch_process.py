"""Batches that are killed: `python -m tests.integration.batch_process URL TASK_IDS ORGANIZATION USER KILLS`.

A child approves or returns the tasks as a batch; the parent kills it with SIGKILL at a random moment after its first
decision, KILLS times, and at last lets one finish. Prints how many tasks were done when each child died.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from sqlalchemy import select

from app.actor import Actor
from app.extensions import db
from app.scope import system_scope
from app.services import review
from app.transaction import current_session
from app.workflow import registry
from models.case import Task
from tests.integration.jobs_process import make_app


def _stand_in_for_effects() -> None:
    """The cases of the test have no application behind them: what an end does to it is its own matter."""
    registry.effect_of = lambda procedure, event: lambda session, **given: None  # type: ignore[assignment,misc]
    registry.guards_of = lambda procedure, action: []  # type: ignore[assignment]


def main() -> None:
    """See above."""
    url, ids, organization, user, kills = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    tasks = [int(one) for one in ids.split(",")]
    actor = Actor(user_id=user, name="管理员", organization_id=organization)
    _stand_in_for_effects()
    app = make_app(url)
    chance = random.Random(7)
    with app.app_context():
        for _kill in range(kills):
            left = open_of(tasks)
            child = os.fork()
            if child == 0:
                db.session.remove()
                db.engine.dispose(close=False)
                batch(left, actor, "approve" if _kill % 2 == 0 else "return")
                os._exit(0)
            deadline = time.monotonic() + 30
            while len(open_of(left)) == len(left) and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.02))  # some decisions long: any statement of one may be the last
            os.kill(child, signal.SIGKILL)
            died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(len(tasks) - len(open_of(tasks)), died, flush=True)
        left = open_of(tasks)
        finished = 0
        for n in range(0, len(left), review.BATCH_LIMIT):
            finished += sum(result.ok for result in batch(left[n : n + review.BATCH_LIMIT], actor, "approve"))
        print(finished, len(left))


def batch(tasks: list[int], actor: Actor, action: str) -> list[review.BatchResult]:
    """The batch as the page runs it."""
    with system_scope():
        return review.decide_batch(task_ids=tasks[:review.BATCH_LIMIT], action=action, actor=actor, opinion="已核对")


def open_of(tasks: list[int]) -> list[int]:
    """Those not decided yet; the connection is closed again, so that no child inherits it."""
    task = Task.__table__
    found = current_session().execute(select(task.c.id).where(task.c.seq == 1, task.c.state == "open").order_by(task.c.id)).scalars().all()
    db.session.remove()
    db.engine.dispose()
    return [one for one in found if tasks[0] <= one <= tasks[-1]]


if __name__ == "__main__":
    main()
