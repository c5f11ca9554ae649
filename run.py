"""`python run.py` serves the application; with DEMO=1 it first prepares the database and loads the demo world."""

from __future__ import annotations

import logging

from flask import Flask
from waitress import serve

from app.factory import create_app

THREADS = 8


def prepare_demo(app: Flask) -> None:
    """Bring the database to this version; into an empty one, the reference data and the demo world."""
    from app.cli import run_release
    from app.demo.accounts import account_table
    from app.demo.loading import load_demo
    from app.jobs.worker import run_due
    from app.refdata.loading import load
    from app.rules.deadlines import today
    from app.scope import system_scope

    with app.app_context():
        run_release()
        with system_scope():
            load()
            if load_demo(today()):
                run_due(app)  # certificates and notifications of the demo's own cases
        print(account_table(), flush=True)


def main() -> None:
    """Serve with waitress; the jobs run on a thread of this process, or leave for the broker of QUEUE_URL."""
    from app.jobs.worker import start_in_process

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = create_app()
    if app.config["DEMO"]:
        app.config["VAR"].mkdir(parents=True, exist_ok=True)
        prepare_demo(app)
    start_in_process(app)
    host, port = app.config["HOST"], app.config["PORT"]
    print(f"http://{host}:{port}", flush=True)
    serve(app, host=host, port=port, threads=THREADS, ident=None)


if __name__ == "__main__":
    main()
