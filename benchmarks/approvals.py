"""Approvals per second: the service with all checks and the audit, beside the same rows written in raw SQL."""

from __future__ import annotations

import json
import time
from typing import Any

from app.actor import Actor
from app.extensions import db
from app.factory import create_app
from app.release import sync_permissions
from app.rules.routing import Stop
from app.services import review
from app.transaction import transaction
from app.workflow import engine
from benchmarks.databases import DATABASES
from benchmarks.inbox import BenchConfig
from models.base import metadata

APPROVALS, BATCH = 1500, 1000


def run() -> None:
    """Print both rates on both databases."""
    print("\nApprovals per second, one commit each")
    print(f"{'database':<12}{'ours':>10}{'batch':>10}{'raw SQL':>10}{'share':>9}{'batch / raw':>16}")
    for name, database in DATABASES.items():
        with database() as url:
            app = create_app(BenchConfig, SQLALCHEMY_DATABASE_URI=url)
            with app.app_context():
                actor = _prepare(app)
                tasks = [_start(actor, n) for n in range(1, 2 * APPROVALS + BATCH + 1)]
                ours = _ours(actor, tasks[:APPROVALS])
                batch = _batch(actor, tasks[2 * APPROVALS :])
                raw = _raw(actor, tasks[APPROVALS : 2 * APPROVALS])
                print(f"{name:<12}{ours:>10,.0f}{batch:>10,.0f}{raw:>10,.0f}{ours / raw:>9.0%}{raw / batch:>14.2f} ×")
                db.session.remove()
                db.engine.dispose()


def _prepare(app: Any) -> Actor:
    from tests.factories.person import account, unit

    metadata.create_all(db.engine)
    sync_permissions(app.appbuilder)
    school = unit("school")
    unit("hr", kind="hr_department")
    account("applicant")
    return Actor(user_id=school.user_id, name="管理员", organization_id=school.id)


def _start(actor: Actor, subject_id: int) -> int:
    route = [Stop("competent_department", 1, "教育局"), Stop("hr_department", 2, "人社局")]
    applicant = Actor(user_id=3, name="李明")
    with transaction() as session:
        return engine.start(  # the first task of case n is task n: tasks are made in the same order
            session, procedure="application", subject_type="application", subject_id=subject_id, title="申报",
            route=route, actor=applicant, person_id=None, employer_id=1,
        )


def _ours(actor: Actor, tasks: list[int]) -> float:
    started = time.perf_counter()
    for task_id in tasks:
        review.approve(task_id=task_id, actor=actor)
    return len(tasks) / (time.perf_counter() - started)


def _batch(actor: Actor, tasks: list[int]) -> float:
    """The page's batch over a thousand cases, each in a transaction of its own, each reported."""
    started = time.perf_counter()
    results = review.decide_batch(task_ids=tasks, action="approve", actor=actor)
    if not all(result.ok for result in results):
        raise RuntimeError("a case of the batch was refused")
    return len(tasks) / (time.perf_counter() - started)


def _raw(actor: Actor, tasks: list[int]) -> float:
    """What an approval writes, without reading, checking or hashing anything."""
    db.session.remove()
    connection = db.engine.raw_connection()
    cursor = connection.cursor()
    mark = "%s" if db.engine.dialect.name == "postgresql" else "?"
    now = "2026-11-23 00:00:00+00"
    statements = [statement.replace("?", mark) for statement in (
        "UPDATE task SET state = 'approved', decided_at = ?, decided_by = ?, opinion = '同意', version = 2 WHERE id = ?",
        'UPDATE "case" SET node = \'hr_department\', version = 2 WHERE id = ?',
        "INSERT INTO task (version, case_id, seq, stop, node, organization_id, procedure, subject_type, subject_id, title, "
        "state, arrived_at, opinion) VALUES (1, ?, 2, 1, 'hr_department', 2, 'application', 'application', ?, '申报', 'open', ?, '')",
        "INSERT INTO job (kind, key, payload, state, attempts, max_attempts, run_after, leased_by, last_error, created_at) "
        "VALUES ('notify.task_arrived', ?, ?, 'waiting', 0, 5, ?, '', '', ?)",
        "INSERT INTO audit_event (subject_type, subject_id, seq, event, actor_id, actor_name, organization_id, origin, at, data, "
        "previous_hash, hash) VALUES ('case', ?, 2, 'case:task_approved', ?, ?, 1, '', ?, ?, ?, ?)",
        "UPDATE task_counter SET n = n - 1 WHERE organization_id = 1 AND procedure = 'application' AND pile = 'waiting' AND user_id = 0",
        "UPDATE task_counter SET n = n + 1 WHERE organization_id = 1 AND procedure = 'application' AND pile = 'decided' AND user_id = ?",
        "UPDATE task_counter SET n = n + 1 WHERE organization_id = 2 AND procedure = 'application' AND pile = 'waiting' AND user_id = 0",
    )]
    data, digest = json.dumps({"task": 1, "node": "employer", "opinion": "同意", "result": "moved"}), "0" * 64
    started = time.perf_counter()
    for task_id in tasks:
        values: tuple[tuple[Any, ...], ...] = (
            (now, actor.user_id, task_id), (task_id,), (task_id, task_id, now), (f"raw:{task_id}", "{}", now, now),
            (task_id, actor.user_id, actor.name, now, data, digest, digest), (), (actor.user_id,), (),
        )
        for statement, parameters in zip(statements, values, strict=True):
            cursor.execute(statement, parameters)
        connection.commit()
    rate = len(tasks) / (time.perf_counter() - started)
    connection.close()
    return rate
