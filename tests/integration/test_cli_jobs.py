"""`flask jobs` over the whole application."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.jobs.schedule import PERIODIC
from app.outbox import enqueue
from app.transaction import current_session, transaction
from models.audit import AuditEvent
from models.job import Job

_job, _event = Job.__table__, AuditEvent.__table__


@pytest.fixture
def failed(app: Flask) -> int:
    """A job that failed for good: no handler knows its kind."""
    with transaction() as session:
        enqueue(session, kind="test.unknown", key="k", payload={}, max_attempts=1)
    app.test_cli_runner().invoke(args=["jobs", "sweep"])
    row = current_session().connection().execute(select(_job.c.id, _job.c.state).where(_job.c.key == "k")).one()
    current_session().rollback()
    assert row.state == "failed"
    return int(row.id)


def test_the_list_names_what_failed_and_why(app: Flask, failed: int) -> None:
    result = app.test_cli_runner().invoke(args=["jobs", "list"])
    assert result.exit_code == 0
    assert "failed 1" in result.output
    assert "UnknownKind: no handler for jobs of kind test.unknown" in result.output


def test_sweep_runs_the_periodic_work_once_per_bucket(app: Flask) -> None:
    assert f"done {len(PERIODIC)}" in app.test_cli_runner().invoke(args=["jobs", "sweep"]).output
    assert "nothing was due" in app.test_cli_runner().invoke(args=["jobs", "sweep"]).output


def test_rerun_is_recorded_and_refuses_what_did_not_fail(app: Flask, failed: int) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["jobs", "rerun", str(failed)]).exit_code == 0
    again = runner.invoke(args=["jobs", "rerun", str(failed)])
    assert again.exit_code == 1
    assert "没有失败" in again.output
    events = current_session().connection().execute(
        select(_event.c.event, _event.c.origin).where(_event.c.subject_type == "job")
    ).all()
    assert [tuple(event) for event in events] == [("job:rerun", "cli")]


def test_all_failed_are_rerun(app: Flask, failed: int) -> None:
    assert "1 of 1" in app.test_cli_runner().invoke(args=["jobs", "rerun", "--all-failed"]).output
    assert "waiting 1" in app.test_cli_runner().invoke(args=["jobs", "list"]).output
