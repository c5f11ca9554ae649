"""Batches that are killed: `python -m tests.integration.batch_process URL TASK_IDS ORGANIZATION USER KILLS`.

A child approves the tasks as a batch; the parent kills it with SIGKILL after a random time, KILLS times, and at last
lets one finish. Prints how many tasks each child had done when it died.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from app.actor import Actor
from app.extensions import db
from app.scope import system_scope
from app.services import review
from app.transaction import current_session
from models.case import Task
from tests.integration.jobs_process import make_app


def main() -> None:
    """See above."""
    url, ids, organization, user, kills = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    tasks = [int(one) for one in ids.split(",")]
    actor = Actor(user_id=user, name="管理员", organization_id=organization)
    app = make_app(url)
    chance = random.Random(7)
    with app.app_context():
        for _kill in range(kills):
            child = os.fork()
            if child == 0:
                batch(tasks, actor)
                os._exit(0)
            time.sleep(chance.uniform(0.005, 0.25))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            print(done(), flush=True)
        print(sum(result.ok for result in batch(tasks, actor)), done())


def batch(tasks: list[int], actor: Actor) -> list[review.BatchResult]:
    """The batch as the page runs it."""
    with system_scope():
        return review.decide_batch(task_ids=tasks, action="approve", actor=actor)


def done() -> int:
    """How many first tasks are decided; the connection is closed again, so that no child inherits it."""
    with system_scope():
        n = len(current_session().execute(
            Task.__table__.select().where(Task.__table__.c.seq == 1, Task.__table__.c.state == "approved")).all())
    db.session.remove()
    db.engine.dispose()
    return n


if __name__ == "__main__":
    main()
