"""`make bench`: SCALE=1000000 sets the larger of the two inbox sizes."""

from __future__ import annotations

import os

from benchmarks import approvals, inbox, search

scale = int(os.environ.get("SCALE", "1000000"))
approvals.run()
inbox.run([10_000, scale])
search.run()
