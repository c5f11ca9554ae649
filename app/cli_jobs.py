"""`flask jobs`: run workers, see and rerun incidents, keep the table in order."""

from __future__ import annotations

from dataclasses import replace

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select

from app.actor import SYSTEM
from app.errors import DomainError
from app.jobs import incidents, lease, relay, schedule, worker
from app.transaction import current_session, transaction
from models.job import JOB_STATES, Job

jobs = AppGroup("jobs", help="Background work.")
_job = Job.__table__
CLI = replace(SYSTEM, origin="cli")


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined]


@jobs.command()
@click.option("--concurrency", default=1, show_default=True, help="Jobs run at the same time.")
@click.option("--direct", is_flag=True, help="Claim from the table even when QUEUE_URL names a broker.")
def work(concurrency: int, direct: bool) -> None:
    """Run jobs until SIGTERM, which lets the current ones finish. With QUEUE_URL: a Celery worker."""
    app = _app()
    if app.config.get("QUEUE_URL") and not direct:
        relay.run_celery_worker(app, concurrency=concurrency)
        return
    click.echo(f"jobs: {concurrency} at a time, stop with SIGTERM")
    worker.run_until_signalled(worker.Worker(app, concurrency=concurrency))


@jobs.command("list")
@click.option("--state", type=click.Choice(list(JOB_STATES)), default="failed", show_default=True)
@click.option("--limit", default=50, show_default=True)
def list_(state: str, limit: int) -> None:
    """Show how many jobs are in each state, and the newest of one state."""
    session = current_session()
    click.echo("  ".join(f"{name} {count}" for name, count in incidents.count_by_state(session).items()))
    rows = session.connection().execute(
        select(_job).where(_job.c.state == state).order_by(_job.c.id.desc()).limit(limit)
    )
    for row in rows:
        click.echo(f"{row.id}\t{row.kind}\t{row.key}\t{row.attempts}/{row.max_attempts}\t{row.last_error}")


@jobs.command()
@click.argument("job_ids", type=int, nargs=-1)
@click.option("--all-failed", is_flag=True, help="Every failed job.")
def rerun(job_ids: tuple[int, ...], all_failed: bool) -> None:
    """Try failed jobs again; recorded in the audit trail."""
    if all_failed:
        session = current_session()
        ids = list(session.connection().execute(select(_job.c.id).where(_job.c.state == "failed")).scalars())
        click.echo(f"{incidents.rerun_many(job_ids=ids, actor=CLI)} of {len(ids)}")
        return
    if not job_ids:
        raise click.UsageError("name the jobs, or say --all-failed")
    refused = False
    for job_id in job_ids:
        try:
            incidents.rerun(job_id=job_id, actor=CLI)
            click.echo(f"{job_id}: ok")
        except DomainError as error:
            refused = True
            click.echo(f"{job_id}: {error.message}", err=True)
    if refused:
        raise SystemExit(1)


@jobs.command()
def sweep() -> None:
    """Free jobs of dead workers, enqueue the periodic work and run all that is due, then return (for cron)."""
    with transaction() as session:
        freed = lease.reclaim(session.connection())
        schedule.enqueue_periodic(session)
    outcomes = worker.run_due(_app())
    click.echo(f"freed {freed}; " + (", ".join(f"{name} {n}" for name, n in outcomes.items()) or "nothing was due"))
