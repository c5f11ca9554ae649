"""`make bench`: SCALE=1000000 sets the larger of the two inbox sizes, APPLICATIONS=200000 the crowd around one application,
CERTIFICATES=10000 how many are issued."""

from __future__ import annotations

import os

from benchmarks import approvals, documents, filling, inbox, plans, search

scale = int(os.environ.get("SCALE", "1000000"))
approvals.run()
inbox.run([10_000, scale])
search.run()
plans.run()
filling.run(int(os.environ.get("APPLICATIONS", "200000")))
documents.run(int(os.environ.get("CERTIFICATES", "10000")))
