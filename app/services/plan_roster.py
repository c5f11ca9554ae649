"""申报名册: taking a roster out of the system leaves an audit row with what was asked for and how many it named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid
from app.queries.plan_roster import RosterFilters, roster_rows
from app.scope import scope_of
from app.services.plan import SUBJECT, own_plan
from app.transaction import transaction

MOST = 20_000


def take(*, plan_id: int, filters: RosterFilters, actor: Actor, words: Mapping[str, str]) -> list[Row[Any]]:
    """The rows of a roster for export, as the actor may see them; Invalid when they are too many for one file."""
    with transaction() as session:
        plan = own_plan(session, plan_id, actor)
        rows = list(roster_rows(session, plan_id, filters, scope_of(actor), MOST + 1))
        if len(rows) > MOST:
            raise Invalid(f"名册超过 {MOST} 人，请先按职称、专业或状态筛选，分几次导出。")
        record_event(session, event=Event.PLAN_ROSTER_EXPORTED, subject_type=SUBJECT, subject_id=plan.id, actor=actor,
                     data={"filters": dict(words), "rows": len(rows)})
        return rows
