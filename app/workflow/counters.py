"""How many tasks stand in each pile of an inbox, kept in the deciding transaction so that no list ever counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.case import Task, TaskCounter

Pile = tuple[int, str, str, int]  # organization, procedure, pile, user (0: nobody)
_counter = TaskCounter.__table__
_task = Task.__table__


def _upsert(insert: Any) -> Any:
    statement = insert(_counter)
    return statement.on_conflict_do_update(
        index_elements=["organization_id", "procedure", "pile", "user_id"],
        set_={"n": _counter.c.n + statement.excluded.n},
    )


_SUBTRACT = _counter.update().where(
    _counter.c.organization_id == bindparam("of_organization"), _counter.c.procedure == bindparam("of_procedure"),
    _counter.c.pile == bindparam("of_pile"), _counter.c.user_id == bindparam("of_user"),
).values(n=_counter.c.n + bindparam("delta"))
_UPSERT = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


def bump(session: Session, deltas: Counter[Pile]) -> None:
    """Add the deltas, in one fixed order, so that two deciders never wait for each other's rows in a ring.

    Call it last in a transaction: the rows of a busy organization are locked only until the commit.
    """
    connection = session.connection()
    upsert = _UPSERT[connection.dialect.name]
    for (organization_id, procedure, pile, user_id), n in sorted(deltas.items()):
        if n < 0:
            connection.execute(_SUBTRACT, {
                "of_organization": organization_id, "of_procedure": procedure, "of_pile": pile, "of_user": user_id,
                "delta": n,
            })
        elif n > 0:
            connection.execute(upsert, {
                "organization_id": organization_id, "procedure": procedure, "pile": pile, "user_id": user_id, "n": n,
            })


def recount(session: Session) -> int:
    """Make the counters anew from the tasks; the number of rows written. Inside a transaction."""
    session.execute(_counter.delete())
    is_open, returned = _task.c.state == "open", _task.c.state == "returned"
    rows = session.execute(
        select(
            _task.c.organization_id, _task.c.procedure, is_open.label("open"), returned.label("returned"),
            func.coalesce(_task.c.claimed_by, 0).label("claimer"), func.coalesce(_task.c.decided_by, 0).label("decider"),
            func.count().label("n"),
        )
        .where(_task.c.state != "withdrawn")
        .group_by(_task.c.organization_id, _task.c.procedure, is_open, returned, _task.c.claimed_by, _task.c.decided_by)
    ).all()
    piles: Counter[Pile] = Counter()
    for row in rows:
        if not row.open:
            piles[row.organization_id, row.procedure, "returned" if row.returned else "decided", row.decider] += row.n
        else:
            piles[row.organization_id, row.procedure, "claimed" if row.claimer else "waiting", row.claimer] += row.n
    bump(session, piles)
    return len(piles)
