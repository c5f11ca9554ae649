"""The job of a confirmed import in a process of its own, for killing it: `python -m tests.integration.import_process URL IMPORT USER`."""

from __future__ import annotations

import sys

from app.jobs import achievement_import as jobs
from app.jobs.registry import JobView
from app.scope import system_scope
from tests.integration.jobs_process import make_app


def main() -> None:
    """Run it to its end."""
    url, import_id, user_id = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with make_app(url).app_context(), system_scope():
        jobs.run(JobView(1, "achievement_import.run", "x", {"import_id": import_id, "user_id": user_id}, 1, 5))


if __name__ == "__main__":
    main()
