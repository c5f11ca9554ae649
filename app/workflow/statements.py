"""The engine's SQL, built once: composing a statement costs more than running it.

Guards are part of the statements: each UPDATE names the state (and version) it was decided on. Parameters that are
compared are called `of_*` or `at_*`, those that are written carry the column's name.
"""

from __future__ import annotations

from sqlalchemy import bindparam, func, insert, select, update

from models.account import Account
from models.case import Case, Task
from models.substitution import Substitution

case = Case.__table__
task = Task.__table__
account = Account.__table__
substitution = Substitution.__table__

_joined = select(
    task,
    case.c.state.label("case_state"), case.c.version.label("case_version"), case.c.run, case.c.route,
    case.c.employer_id, case.c.started_by,
).join(case, case.c.id == task.c.case_id)

LOAD_TASK = _joined.where(task.c.id == bindparam("of_task"))
LOAD_LAST_TASK = _joined.where(task.c.case_id == bindparam("of_case")).order_by(task.c.seq.desc()).limit(1)
LOAD_FOLLOWING = select(task).where(task.c.case_id == bindparam("of_case"), task.c.seq == bindparam("of_seq"))

LAST_RUN = select(
    func.max(case.c.run).label("run"), func.max(case.c.id).filter(case.c.state == "open").label("open_case")
).where(case.c.subject_type == bindparam("of_type"), case.c.subject_id == bindparam("of_subject"))

OTHER_ADMINISTRATOR = select(account.c.id).where(
    account.c.organization_id == bindparam("of_organization"), account.c.active.is_(True),
    account.c.id != bindparam("of_user"),
).limit(1)

WHO_WAS_FIRST = (
    select(account.c.last_name, account.c.first_name)
    .select_from(task)
    .join(account, account.c.id == func.coalesce(task.c.decided_by, task.c.claimed_by))
    .where(task.c.id == bindparam("of_task"))
)

INSERT_CASE = insert(case).returning(case.c.id)
INSERT_TASK = insert(task).returning(task.c.id)

_open_task = update(task).where(task.c.id == bindparam("of_task"), task.c.state == "open")
DECIDE_TASK = _open_task.where(task.c.version == bindparam("at_version")).values(
    state=bindparam("state"), decided_at=bindparam("decided_at"), decided_by=bindparam("decided_by"),
    opinion=bindparam("opinion"), version=task.c.version + 1,
)
CLAIM_TASK = _open_task.where(task.c.claimed_by.is_(None)).values(
    claimed_by=bindparam("claimed_by"), claimed_at=bindparam("claimed_at"), version=task.c.version + 1
)
RELEASE_TASK = _open_task.where(task.c.claimed_by == bindparam("of_user")).values(
    claimed_by=None, claimed_at=None, version=task.c.version + 1
)
HAND_OVER_TASK = _open_task.where(task.c.claimed_by == bindparam("of_user")).values(
    claimed_by=bindparam("claimed_by"), claimed_at=bindparam("claimed_at"), version=task.c.version + 1
)
COLLEAGUE = select(account.c.id).where(
    account.c.id == bindparam("of_user"), account.c.organization_id == bindparam("of_organization"),
    account.c.active.is_(True),
)
SUBSTITUTE = select(substitution.c.id).where(
    substitution.c.user_id == bindparam("of_user"), substitution.c.substitute_id == bindparam("of_substitute"),
    substitution.c.begins_on <= bindparam("on_day"), substitution.c.ends_on >= bindparam("on_day"),
    substitution.c.ended_at.is_(None),
)
RECALL_TASK = _open_task.where(task.c.claimed_by.is_(None)).values(
    state="withdrawn", decided_at=bindparam("decided_at"), decided_by=bindparam("decided_by"),
    version=task.c.version + 1,
)
CHANGE_CASE = update(case).where(
    case.c.id == bindparam("of_case"), case.c.state == bindparam("at_state"), case.c.version == bindparam("at_version")
).values(
    state=bindparam("state"), node=bindparam("node"), ended_at=bindparam("ended_at"), version=case.c.version + 1
)
REROUTE_CASE = update(case).where(case.c.id == bindparam("of_case")).values(route=bindparam("route"))
