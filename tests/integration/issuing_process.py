"""`python -m tests.integration.issuing_process`: a worker over the database of a test, with leases that are short.

Reads its settings as JSON from standard input and works until it is stopped, or killed.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import config
from app.factory import create_app
from app.jobs import worker


def main() -> None:
    """Work until SIGTERM."""
    settings = json.load(sys.stdin)
    app = create_app(config.Test, **settings | {"VAR": Path(settings["VAR"])})
    worker.run_until_signalled(worker.Worker(app, batch=3, duration=dt.timedelta(seconds=1)))


if __name__ == "__main__":
    main()
