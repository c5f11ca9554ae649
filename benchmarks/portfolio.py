"""业绩档案 of a large unit on PostgreSQL: the tree and its counts, and a batch of approvals beside raw SQL.

`python -m benchmarks.portfolio`: 200,000 items of one unit; 1,000 approvals.
"""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import sqlalchemy as sa
from flask_migrate import upgrade

import config
from app.extensions import db
from app.factory import create_app
from app.queries import achievement_kind, portfolio
from app.services import review
from benchmarks.databases import postgresql_url
from models import encrypted
from tests.integration import achievement_batch as batch_process

ITEMS, BATCH, ROUNDS = 200_000, 1_000, 200
KINDS = 22


def run() -> None:
    """Print both figures."""
    encrypted.configure("bench:a key for benchmarks")
    with postgresql_url() as url:
        app = create_app(config.Test, SQLALCHEMY_DATABASE_URI=url, STORAGE_URL="file:///tmp/zhicheng-bench")
        with app.app_context():
            upgrade(str(config.ROOT / "migrations"))  # with the triggers that keep the counters
            batch_process.prepare(2 * BATCH)
            _batch()
            _fill()
            _tree()
            db.session.remove()
            db.engine.dispose()


def _batch() -> None:
    tasks = batch_process.open_tasks()
    started = time.perf_counter()
    results = review.decide_batch(task_ids=tasks[:BATCH], action="approve", actor=batch_process.UNIT, opinion="同意")
    ours = time.perf_counter() - started
    assert all(result.ok for result in results)
    raw = _raw(tasks[BATCH:])
    print(f"批量审核 of {BATCH}: ours {ours:.2f} s, raw SQL one by one {raw:.2f} s, {ours / raw:.1f} times")


def _raw(tasks: list[int]) -> float:
    """The rows an approval writes, each statement by itself, a commit an item; nothing read, checked or hashed."""
    db.session.remove()
    connection = db.engine.raw_connection()
    cursor = connection.cursor()
    now, digest = "2026-11-25 00:00:00+00", "0" * 64
    data = json.dumps({"task": 1, "node": "employer", "opinion": "同意", "result": "approved"})
    event = (
        "INSERT INTO audit_event (subject_type, subject_id, seq, event, actor_id, actor_name, organization_id, origin, at, "
        "data, previous_hash, hash) VALUES (%s, %s, 99, %s, 2, '管理员', 1, '', %s, %s, %s, %s)"
    )
    started = time.perf_counter()
    for task_id in tasks:  # item n has case n and task n: they were made in the same order
        for statement, values in (
            ("UPDATE task SET state = 'approved', decided_at = %s, decided_by = 2, opinion = '同意', version = 2 WHERE id = %s",
             (now, task_id)),
            ("UPDATE \"case\" SET state = 'approved', ended_at = %s, version = 2 WHERE id = %s", (now, task_id)),
            ("UPDATE achievement SET state = 'approved', decided_at = %s, version = version + 1 WHERE id = %s", (now, task_id)),
            (event, ("achievement", task_id, "achievement:decided", now, data, digest, digest)),
            ("INSERT INTO job (kind, key, payload, state, attempts, max_attempts, run_after, leased_by, last_error, created_at) "
             "VALUES ('notify.case_ended', %s, '{}', 'waiting', 0, 5, %s, '', '', %s)", (f"raw:{task_id}", now, now)),
            (event, ("case", task_id, "case:task_approved", now, data, digest, digest)),
            ("UPDATE task_counter SET n = n - 1 WHERE organization_id = 1 AND pile = 'waiting'", ()),
            ("UPDATE task_counter SET n = n + 1 WHERE organization_id = 1 AND pile = 'decided'", ()),
        ):
            cursor.execute(statement, values)
        connection.commit()
    took = time.perf_counter() - started
    connection.close()
    return took


def _fill() -> None:
    with db.engine.begin() as connection:
        for number in range(2, KINDS + 1):
            connection.execute(sa.text(
                "INSERT INTO achievement_kind (id, code, name, category_id, position, note, enabled, duplicate_keys) "
                f"VALUES ({number}, 'kind{number}', '类别{number}', 1, {number}, '', true, '[]')"
            ))
            connection.execute(sa.text(
                "INSERT INTO achievement_kind_version (kind_id, number, fields, list_columns, created_at) "
                f"SELECT {number}, 1, fields, list_columns, now() FROM achievement_kind_version WHERE kind_id = 1"
            ))
        connection.execute(sa.text(
            "INSERT INTO achievement (person_id, organization_id, kind_id, kind_version_id, summary, data, state, version, "
            "submitted_at, created_at, updated_at) "
            "SELECT 1, 1, 1 + i % :kinds, v.id, '项目' || i, '{\"name\": \"项目\"}', "
            "(ARRAY['approved', 'approved', 'approved', 'reviewing', 'returned'])[1 + i % 5], 1, now(), now(), now() "
            "FROM generate_series(1, :items) AS n(i) JOIN achievement_kind_version v ON v.kind_id = 1 + i % :kinds"
        ), {"kinds": KINDS, "items": ITEMS})
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE achievement")


def _tree() -> None:
    session: Any = db.session()
    times = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        kinds, counts = achievement_kind.kinds(session), portfolio.unit_counts(session, 1)
        times.append(time.perf_counter() - started)
    total = sum(counter.total() for counter in counts.values())
    p95 = statistics.quantiles(times, n=20)[18]
    print(f"业绩档案 of {total:,} items, {len(kinds)} kinds: tree and counts {statistics.median(times) * 1000:.1f} ms median, "
          f"{p95 * 1000:.1f} ms at the 95th percentile")


if __name__ == "__main__":
    run()
