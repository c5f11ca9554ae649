"""`python -m tests.e2e.site_process`: the site of the browser tests in a process of its own, as in a real installation.

Reads its settings as JSON from standard input, prints its address, and serves until SIGTERM. The browser's driver and
the site share no interpreter: a test's time is not the site's, and a crash of one is not the other's.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType

from waitress.server import create_server

import config
from app.factory import create_app
from app.jobs.worker import start_in_process


class SiteConfig(config.Test):
    """The real application: CSRF checks on, errors answered with pages, a hash that is quick to check."""

    FAB_PASSWORD_HASH_METHOD = "pbkdf2:sha256:1"
    PROPAGATE_EXCEPTIONS = False
    SIGNING_SEED = "42" * 32
    QUEUE_URL = ""
    MAIL_URL = ""


def stop(number: int, frame: FrameType | None) -> None:
    """End as by the end of the program: the worker finishes the job it is at."""
    sys.exit(0)


def main() -> None:
    """Serve with the job worker beside, as `make run` does."""
    settings = json.load(sys.stdin)
    app = create_app(SiteConfig, **settings | {"VAR": Path(settings["VAR"])})
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    app.config["PUBLIC_URL"] = url = f"http://127.0.0.1:{server.effective_port}"
    signal.signal(signal.SIGTERM, stop)
    start_in_process(app, in_tests=True)
    print(url, flush=True)
    server.run()


if __name__ == "__main__":
    main()
