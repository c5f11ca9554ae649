"""The inbox of this request, read once: the list, the badge of 任务中心 and the bell ask for the same."""

from __future__ import annotations

from typing import cast

from flask import g

from app.queries.inbox import Inbox, inbox_of
from app.transaction import current_session
from views.base import current_actor


def current_inbox(page: str = "") -> Inbox:
    """As `inbox_of`; for pages that only read: an action changes what it says. `page`: for a list, see there."""
    found = cast("Inbox | None", g.get("inbox"))
    if found is None or (page and found.calendar is None):
        found = g.inbox = inbox_of(current_session(), current_actor(), page=page)
        if page:
            g.opinions = list(found.opinions)  # the pickers of the page need not ask again
    return found
