"""Two people at once: real threads with real connections, on the database the suite runs on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

from app.errors import DomainError
from app.extensions import db


def race(app: Flask, *attempts: Callable[[], Any]) -> list[Any]:
    """Run the attempts at the same moment, each in a context and connection of its own; their results or errors."""
    gate = threading.Barrier(len(attempts))

    def run(attempt: Callable[[], Any]) -> Any:
        with app.app_context():
            gate.wait()
            try:
                return attempt()
            except DomainError as error:
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(run, attempts))
