"""The engine: the only code that writes cases and tasks. Permission, then state, then effect, in one place.

Every function runs inside the caller's transaction and writes with guarded Core statements: an UPDATE names the
state and version it was decided on and its row count is checked, so that of two concurrent deciders one wins and
the other is told, whatever the isolation level.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotFound, Sentence, WrongState
from app.outbox import enqueue
from app.permissions import require
from app.rules import deadlines
from app.rules.opinion import most as most_characters
from app.rules.routing import Stop, with_insertion, without_insertion
from app.workflow import registry
from app.workflow import statements as sql
from app.workflow.counters import Pile, bump
from app.workflow.definitions import PROCEDURES
from app.workflow.procedure import NODES, Action
from models.base import utcnow
from models.case import TASK_STATES

TaskRow = Row[*tuple[Any, ...]]  # the columns of statements.LOAD_TASK, or of a task alone
_MAX_INSERTED = 10  # stops that reviewers added to one case, ways back included


@dataclass(frozen=True)
class Outcome:
    """What an action did. `event`: approved/returned/terminated/withdrawn/reopened when the case ended or reopened,
    "moved" when it went on, "claimed"/"released". `next_task_id`: the task that is open now, if any.
    """

    case_id: int
    event: str
    next_task_id: int | None = None
    next_organization: str = ""


def start(
    session: Session, *, procedure: str, subject_type: str, subject_id: int, title: str, route: Sequence[Stop],
    actor: Actor, person_id: int | None, employer_id: int | None,
) -> int:
    """Open a case over a subject and put its first task into the first stop's inbox; the case's id.

    WrongState when the subject has an open case already (the database holds this too).
    """
    definition = PROCEDURES[procedure]
    connection = session.connection()
    last = connection.execute(sql.LAST_RUN, {"of_type": subject_type, "of_subject": subject_id}).one()
    if last.open_case is not None:
        raise WrongState("该申请正在审核中，请勿重复提交。")
    now = utcnow()
    stops = [asdict(stop) for stop in route]
    case_id = connection.execute(sql.INSERT_CASE, {
        "procedure": procedure, "procedure_version": definition.version, "subject_type": subject_type,
        "subject_id": subject_id, "run": (last.run or 0) + 1, "title": title, "person_id": person_id,
        "employer_id": employer_id, "state": "open", "node": route[0].node, "route": stops,
        "started_by": actor.user_id, "started_at": now, "version": 1,
    }).scalar_one()
    view = _CaseState(case_id, procedure, subject_type, subject_id, title, person_id, stops)
    piles: Counter[Pile] = Counter()
    _open_task(session, view, seq=1, stop=0, piles=piles)
    record_event(
        session, event=Event.CASE_STARTED, subject_type="case", subject_id=case_id, actor=actor,
        data={"procedure": procedure, "subject": [subject_type, subject_id], "route": stops},
    )
    bump(session, piles)
    return int(case_id)


@dataclass(frozen=True)
class _CaseState:
    id: int
    procedure: str
    subject_type: str
    subject_id: int
    title: str
    person_id: int | None
    route: list[dict[str, Any]]


def execute(
    session: Session, *, action: str, task_id: int, actor: Actor, opinion: str = "", version: int | None = None,
    holder: int | None = None, via: Stop | None = None,
) -> Outcome:
    """Do `action` (claim, release, approve, return, terminate, withdraw) on a task.

    `version`: the task's version the actor was looking at; a different one is a Conflict. Raises NotFound for a task
    of another organization, NotAllowed, WrongState, Conflict, Invalid (with the field `opinion`). `holder`: release
    what this colleague's account has claimed instead of the actor's own; the caller checks that the actor may. `via`:
    approve by way of another organization first (node `extra`, which leads back here, or `agency`, which leads on).
    """
    row = session.connection().execute(sql.LOAD_TASK, {"of_task": task_id}).first()
    if row is None:
        raise NotFound("没有找到这条审核任务，它可能不属于您的单位。")
    if action in ("claim", "release"):
        return _change_claim(session, row, action, actor, holder or actor.user_id or 0)
    if action == "withdraw":
        return _withdraw(session, row, actor)
    return _decide(session, row, action, actor, opinion.strip(), version, via)


def task_in_hand(session: Session, *, task_id: int, actor: Actor) -> TaskRow:
    """The open task when the actor could decide it now; else NotFound, NotAllowed or WrongState, as a decision would say."""
    row = session.connection().execute(sql.LOAD_TASK, {"of_task": task_id}).first()
    if row is None:
        raise NotFound("没有找到这条审核任务，它可能不属于您的单位。")
    require("task.decide", actor, row)
    _require_open(row)
    _require_claim(session, row, actor)
    return row


def _decide(
    session: Session, row: TaskRow, code: str, actor: Actor, opinion: str, version: int | None, via: Stop | None
) -> Outcome:
    require("task.decide", actor, row)
    action = PROCEDURES[row.procedure].decision(code)
    if action is None:
        raise WrongState("该流程不支持此操作。")
    _require_open(row)
    if version is not None and version != row.version:
        raise Conflict("该任务刚刚有变化，请刷新页面后再审核。")
    _require_claim(session, row, actor)
    if action.needs_opinion and not opinion:
        raise Invalid(Sentence("请填写%(action)s意见。", action=action.label), {
            "opinion": Sentence("请一次性写明%(action)s的全部原因。", action=action.label)})
    if len(opinion) > (most := most_characters(code)):
        raise Invalid("审批意见过长。", {"opinion": Sentence("审批意见最多 %(n)s 字，请精简后再提交。", n=most)})
    route = row.route if via is None else _inserted(row, code, via)
    case = _case_view(row)
    for check in registry.guards_of(row.procedure, code):
        check(session, case=case, actor=actor, opinion=opinion)
    return _carry_out(session, row, case, action, actor, opinion or "同意", route)


def _inserted(row: TaskRow, code: str, via: Stop) -> list[dict[str, Any]]:
    """The case's route with `via` behind the task's stop; refused where the procedure does not have it."""
    if code != "approve" or via.node not in PROCEDURES[row.procedure].inserts.get(row.node, ()):
        raise WrongState("当前审核节点不能增加审核单位。")
    stops = [Stop(**stop) for stop in row.route]
    if via.organization_id == row.organization_id:
        raise Invalid("不能选择本单位，请选择其他单位。", {"via": "不能选择本单位，请选择其他单位。"})
    if row.stop + 1 < len(stops) and stops[row.stop + 1].organization_id == via.organization_id:
        sentence = Sentence("“%(name)s”就是默认的下一审核节点，不必增加。", name=via.organization)
        raise Invalid(sentence, {"via": sentence})
    if sum(stop.inserted for stop in stops) >= _MAX_INSERTED:
        raise WrongState("该申报增加的审核单位过多，请按默认节点提交。")
    added = with_insertion(stops, row.stop, replace(via, inserted=True), returns=via.node == "extra")
    return [asdict(stop) for stop in added]


def _carry_out(
    session: Session, row: TaskRow, case: registry.CaseView, action: Action, actor: Actor, opinion: str,
    route: list[dict[str, Any]],
) -> Outcome:
    now, connection = utcnow(), session.connection()
    _guarded(connection, sql.DECIDE_TASK, row.id, {
        "of_task": row.id, "at_version": row.version, "state": action.task_state, "decided_at": now,
        "decided_by": actor.user_id, "opinion": opinion,
    })
    piles: Counter[Pile] = Counter()
    _leave_open_pile(row, piles)
    pile = "returned" if action.task_state == "returned" else "decided"
    piles[row.organization_id, row.procedure, pile, actor.user_id or 0] += 1
    stop = row.stop + 1
    event = action.case_state or ("moved" if stop < len(route) else "approved")
    next_task_id, next_stop = None, None
    if event == "moved":
        next_stop = route[stop]
        next_task_id = _open_task(session, _state(row, route), seq=row.seq + 1, stop=stop, piles=piles)
        _change_case(connection, row, "open", next_stop["node"], None)
        if route is not row.route:
            connection.execute(sql.REROUTE_CASE, {"of_case": row.case_id, "route": route})
    else:
        _change_case(connection, row, event, row.node, now)
    if event != "moved":
        registry.effect_of(row.procedure, event)(session, case=case, actor=actor, opinion=opinion)
        enqueue(session, kind="notify.case_ended", key=f"case-ended:{row.case_id}:{row.id}",
                payload={"case_id": row.case_id, "event": event, "task_id": row.id})
    if action.task_state == "approved":
        _follow(session, case, actor, opinion)
    record_event(
        session, event=action.event, subject_type="case", subject_id=row.case_id, actor=actor,
        data={"task": row.id, "node": row.node, "opinion": opinion, "result": event}
        | ({"inserted": next_stop} if next_stop and route is not row.route else {}),
    )
    bump(session, piles)
    return Outcome(row.case_id, event, next_task_id, next_stop["organization"] if next_stop else "")


def _follow(session: Session, case: registry.CaseView, actor: Actor, opinion: str) -> None:
    for follow in registry.followers_of(case.procedure):
        follow(session, case=case, actor=actor, opinion=opinion)


def _change_claim(session: Session, row: TaskRow, action: str, actor: Actor, holder: int) -> Outcome:
    require("task.claim", actor, row)
    _require_open(row)
    piles: Counter[Pile] = Counter()
    user = actor.user_id or 0
    if action == "claim":
        if row.claimed_by == actor.user_id:
            return Outcome(row.case_id, "claimed", row.id)
        statement, values = sql.CLAIM_TASK, {"claimed_by": actor.user_id, "claimed_at": utcnow()}
        piles[row.organization_id, row.procedure, "waiting", 0] -= 1
        piles[row.organization_id, row.procedure, "claimed", user] += 1
        event = Event.TASK_CLAIMED
    else:
        if row.claimed_by != holder:
            raise WrongState("您没有领取该任务，不需要放回。")
        statement, values = sql.RELEASE_TASK, {"of_user": holder}
        piles[row.organization_id, row.procedure, "claimed", holder] -= 1
        piles[row.organization_id, row.procedure, "waiting", 0] += 1
        event = Event.TASK_RELEASED
    _guarded(session.connection(), statement, row.id, {"of_task": row.id, **values})
    record_event(session, event=event, subject_type="case", subject_id=row.case_id, actor=actor,
                 data={"task": row.id} | ({"holder": holder} if holder != user else {}))
    bump(session, piles)
    return Outcome(row.case_id, 'claimed' if action == 'claim' else 'released', row.id)


def hand_over(session: Session, *, task_id: int, to: int, actor: Actor) -> Outcome:
    """移交 a task the actor has claimed to a colleague, who has claimed it from then on.

    Invalid for somebody who is no active administrator of the organization, or whose own case it is.
    """
    connection = session.connection()
    row = connection.execute(sql.LOAD_TASK, {"of_task": task_id}).first()
    if row is None:
        raise NotFound("没有找到这条审核任务，它可能不属于您的单位。")
    require("task.claim", actor, row)
    _require_open(row)
    if row.claimed_by != actor.user_id:
        raise WrongState("只能移交自己已领取的任务。")
    known = connection.execute(sql.COLLEAGUE, {"of_user": to, "of_organization": row.organization_id}).first()
    if known is None or to in (actor.user_id, row.started_by):
        sentence = "请选择本单位的其他管理员。"
        raise Invalid(sentence, {"to": sentence})
    piles: Counter[Pile] = Counter()
    piles[row.organization_id, row.procedure, "claimed", actor.user_id or 0] -= 1
    piles[row.organization_id, row.procedure, "claimed", to] += 1
    _guarded(connection, sql.HAND_OVER_TASK, row.id, {
        "of_task": row.id, "of_user": actor.user_id, "claimed_by": to, "claimed_at": utcnow(),
    })
    enqueue(session, kind="notify.task_handed_over", key=f"task-handed-over:{row.id}:{row.version}",
            payload={"task_id": row.id, "to": to})
    record_event(session, event=Event.TASK_HANDED_OVER, subject_type="case", subject_id=row.case_id, actor=actor,
                 data={"task": row.id, "to": to})
    bump(session, piles)
    return Outcome(row.case_id, "handed_over", row.id)


def _withdraw(session: Session, row: TaskRow, actor: Actor) -> Outcome:
    """Take back one's own approval: the next task must be untouched, or the case must have ended with it."""
    require("task.withdraw", actor, row)
    if row.state != "approved":
        raise WrongState("只有已通过的审核可以撤回。")
    now, connection = utcnow(), session.connection()
    following = connection.execute(sql.LOAD_FOLLOWING, {"of_case": row.case_id, "of_seq": row.seq + 1}).first()
    piles: Counter[Pile] = Counter()
    if following is not None:
        if following.state != "open" or following.claimed_by is not None:
            raise WrongState("下一审核节点已领取或已审核，不能撤回。如有问题，请联系下一节点退回。")
        _guarded(connection, sql.RECALL_TASK, following.id, {
            "of_task": following.id, "decided_at": now, "decided_by": actor.user_id,
        })
        _leave_open_pile(following, piles)
        seq, event = following.seq + 1, "moved"
    elif row.case_state == "approved":
        seq, event = row.seq + 1, "reopened"
    else:
        raise WrongState("该审核之后流程已有变化，不能撤回。")
    _change_case(connection, row, "open", row.node, None)
    route = [asdict(stop) for stop in without_insertion([Stop(**stop) for stop in row.route], row.stop)]
    if len(route) < len(row.route):  # what this approval had added goes with it
        connection.execute(sql.REROUTE_CASE, {"of_case": row.case_id, "route": route})
    if event == "reopened":
        registry.effect_of(row.procedure, event)(session, case=_case_view(row), actor=actor, opinion="")
    next_task_id = _open_task(
        session, _state(row, route), seq=seq, stop=row.stop, piles=piles, claimed_by=actor.user_id
    )
    _follow(session, _case_view(row), actor, "")
    record_event(session, event=Event.TASK_WITHDRAWN, subject_type="case", subject_id=row.case_id, actor=actor,
                 data={"task": row.id, "next_task": next_task_id})
    bump(session, piles)
    return Outcome(row.case_id, event, next_task_id)


def cancel(session: Session, *, case_id: int, actor: Actor) -> Outcome:
    """The applicant's 撤回: only while the first stop has neither claimed nor decided."""
    connection = session.connection()
    row = connection.execute(sql.LOAD_LAST_TASK, {"of_case": case_id}).first()
    if row is None:
        raise NotFound("没有找到这条申请。")
    require("case.cancel", actor, row)
    if row.case_state != "open" or row.state != "open":
        raise WrongState("该申请已审核完成，不能撤回。")
    if row.seq != 1 or row.claimed_by is not None:
        raise WrongState("审核单位已开始办理，不能撤回。如需修改，请联系审核单位退回。")
    now = utcnow()
    _guarded(connection, sql.RECALL_TASK, row.id, {
        "of_task": row.id, "decided_at": now, "decided_by": actor.user_id,
    })
    _change_case(connection, row, "withdrawn", row.node, now)
    registry.effect_of(row.procedure, "withdrawn")(session, case=_case_view(row), actor=actor, opinion="")
    piles: Counter[Pile] = Counter()
    _leave_open_pile(row, piles)
    record_event(session, event=Event.CASE_WITHDRAWN, subject_type="case", subject_id=case_id, actor=actor)
    bump(session, piles)
    return Outcome(case_id, "withdrawn")


def _open_task(
    session: Session, case: _CaseState, *, seq: int, stop: int, piles: Counter[Pile], claimed_by: int | None = None
) -> int:
    now = utcnow()
    target = case.route[stop]
    task_id: int = session.connection().execute(sql.INSERT_TASK, {
        "case_id": case.id, "seq": seq, "stop": stop, "node": target["node"],
        "organization_id": target["organization_id"], "procedure": case.procedure,
        "subject_type": case.subject_type, "subject_id": case.subject_id, "title": case.title,
        "person_id": case.person_id, "state": "open", "claimed_by": claimed_by,
        "claimed_at": now if claimed_by else None, "arrived_at": now, "opinion": "", "version": 1,
    }).scalar_one()
    piles[target["organization_id"], case.procedure, "claimed" if claimed_by else "waiting", claimed_by or 0] += 1
    enqueue(session, kind="notify.task_arrived", key=f"task-arrived:{task_id}", payload={"task_id": task_id})
    return task_id


def _leave_open_pile(row: TaskRow, piles: Counter[Pile]) -> None:
    piles[row.organization_id, row.procedure, "claimed" if row.claimed_by else "waiting", row.claimed_by or 0] -= 1


def _require_open(row: TaskRow) -> None:
    if row.state != "open":
        raise WrongState(Sentence("该任务已办理，结果为“%(state)s”，请刷新列表。", state=TASK_STATES[row.state]))


def _require_claim(session: Session, row: TaskRow, actor: Actor) -> None:
    """With several administrators a task must be claimed first; with one it is theirs at once."""
    if row.claimed_by == actor.user_id:
        return
    if row.claimed_by is not None:
        if session.connection().execute(sql.SUBSTITUTE, {
            "of_user": row.claimed_by, "of_substitute": actor.user_id, "on_day": deadlines.today()
        }).first() is not None:
            return
        raise WrongState("该任务已被本单位其他管理员领取。")
    other = session.connection().execute(
        sql.OTHER_ADMINISTRATOR, {"of_organization": row.organization_id, "of_user": actor.user_id}
    ).first()
    if other is not None:
        raise WrongState("本单位有多名管理员，请先领取该任务再审核。")


def _change_case(connection: Connection, row: TaskRow, state: str, node: str, ended_at: dt.datetime | None) -> None:
    _guarded(connection, sql.CHANGE_CASE, row.id, {
        "of_case": row.case_id, "at_state": row.case_state, "at_version": row.case_version, "state": state,
        "node": node, "ended_at": ended_at,
    })


def _guarded(connection: Connection, statement: Update, task_id: int, values: dict[str, Any]) -> None:
    """Run a guarded UPDATE; Conflict, naming who was first, unless it changed exactly one row."""
    if connection.execute(statement, values).rowcount != 1:
        first = connection.execute(sql.WHO_WAS_FIRST, {"of_task": task_id}).first()
        who = f"{first.last_name}{first.first_name}" if first else "其他管理员"
        raise Conflict(Sentence("该任务刚刚已由%(who)s办理，请刷新列表。", who=who))


def _state(row: TaskRow, route: list[dict[str, Any]]) -> _CaseState:
    return _CaseState(
        row.case_id, row.procedure, row.subject_type, row.subject_id, row.title, row.person_id, route
    )


def _case_view(row: TaskRow) -> registry.CaseView:
    return registry.CaseView(
        row.case_id, row.procedure, row.subject_type, row.subject_id, row.run, row.title, row.person_id,
        row.employer_id, row.route, row.node, row.organization_id,
    )


def node_label(node: str) -> str:
    """The Chinese name of a node, as 流程节点 columns show it."""
    return NODES[node].label
