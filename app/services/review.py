"""Reviewing: what administrators of units and authorities do with their tasks. One verb, one function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import DomainError, Invalid, Sentence, WrongState
from app.queries.routing import without_account
from app.rules.routing import Stop
from app.transaction import current_session, transaction
from app.workflow import engine
from app.workflow.definitions import PROCEDURES
from app.workflow.engine import Outcome
from models.case import Task
from models.organization import Organization, OrganizationRole

BATCH_LIMIT = 1000
DECISIONS = frozenset({"approve", "return"})
BATCH_ACTIONS = {"approve": "通过", "return": "退回", "claim": "领取", "release": "放回", "hand_over": "移交"}


def _execute(
    action: str, task_id: int, actor: Actor, opinion: str = "", version: int | None = None, holder: int | None = None,
    via: Via | None = None,
) -> Outcome:
    with transaction() as session:
        return engine.execute(
            session, action=action, task_id=task_id, actor=actor, opinion=opinion, version=version, holder=holder,
            via=_stop_of(session, via) if via else None,
        )


@dataclass(frozen=True)
class Via:
    """Where an approval goes first. `node`: "extra" (选择单位) or "agency" (人事代理机构)."""

    node: str
    organization_id: int


def _stop_of(session: Session, via: Via) -> Stop:
    """The organization as a stop: enabled, a 人才服务中心 for `agency`, and with somebody who can act for it."""
    organization, role = Organization.__table__, OrganizationRole.__table__
    row = session.execute(
        select(organization.c.id, organization.c.name).where(organization.c.id == via.organization_id, organization.c.enabled)
    ).first()
    if row is None:
        raise Invalid("没有找到所选单位，请重新选择。", {"via": "没有找到所选单位，请重新选择。"})
    if via.node == "agency" and session.execute(
        select(role.c.id).where(role.c.organization_id == row.id, role.c.kind == "agency")
    ).first() is None:
        sentence = "人事代理机构请选择人才服务中心。"
        raise Invalid(sentence, {"via": sentence})
    if without_account(session, [row.id]):
        sentence = Sentence("“%(name)s”还没有开通账号，无法审核。请联系该单位或平台客服开通后再选择。", name=row.name)
        raise Invalid(sentence, {"via": sentence})
    return Stop(via.node, row.id, row.name)


def claim(*, task_id: int, actor: Actor) -> Outcome:
    """领取: take a task out of the organization's common pile; one winner."""
    return _execute("claim", task_id, actor)


def release(*, task_id: int, actor: Actor, holder: int | None = None) -> Outcome:
    """放回: give a claimed task back to the common pile; `holder`: a colleague's, see app.services.administrator."""
    return _execute("release", task_id, actor, holder=holder)


def approve(
    *, task_id: int, actor: Actor, opinion: str = "", version: int | None = None, via: Via | None = None
) -> Outcome:
    """通过; an empty opinion means 同意. `via`: another organization comes first."""
    return _execute("approve", task_id, actor, opinion, version, via=via)


def return_(*, task_id: int, actor: Actor, opinion: str, version: int | None = None) -> Outcome:
    """退回 to the applicant with all reasons at once."""
    return _execute("return", task_id, actor, opinion, version)


def terminate(*, task_id: int, actor: Actor, opinion: str, version: int | None = None) -> Outcome:
    """终止: ends the application and bars the plan year."""
    return _execute("terminate", task_id, actor, opinion, version)


def withdraw(*, task_id: int, actor: Actor) -> Outcome:
    """撤回 of one's own approval while the next stop has neither claimed nor decided."""
    return _execute("withdraw", task_id, actor)


def hand_over(*, task_id: int, to: int, actor: Actor) -> Outcome:
    """移交 one's claimed task to a colleague."""
    with transaction() as session:
        return engine.hand_over(session, task_id=task_id, to=to, actor=actor)


@dataclass(frozen=True)
class BatchResult:
    """What became of one task of a batch; `message` says why it was refused."""

    task_id: int
    title: str
    ok: bool
    message: str


def decide_batch(
    *, task_ids: Sequence[int], action: str, actor: Actor, opinion: str = "", to: int | None = None
) -> list[BatchResult]:
    """The same action on many tasks, each in a transaction of its own, each reported. `to`: of hand_over, the colleague.

    Invalid when the batch is empty, too large, or needs an opinion that is missing.
    """
    wanted = list(dict.fromkeys(task_ids))
    if not wanted:
        raise Invalid("请先勾选需要审核的记录。")
    if len(wanted) > BATCH_LIMIT:
        raise Invalid(Sentence("一次最多处理 %(n)s 条，请分批审核。", n=BATCH_LIMIT))
    if action not in BATCH_ACTIONS:
        raise Invalid("不支持的批量操作，请刷新页面后重试。")
    if action == "return" and not opinion.strip():
        raise Invalid("请填写退回意见。", {"opinion": "请一次性写明退回的全部原因。"})
    task = Task.__table__
    rows = current_session().execute(
        select(task.c.id, task.c.title, task.c.procedure)
        .where(task.c.id.in_(wanted), task.c.organization_id == actor.organization_id)
    ).all()
    titles: dict[int, str] = {row.id: row.title for row in rows}
    alone = {row.id for row in rows if action in DECISIONS and not PROCEDURES[row.procedure].in_batches}
    results = []
    for task_id in wanted:
        try:
            if task_id in alone:
                raise WrongState("这类申请须逐件办理，并写明答复意见。请打开后办理。")
            if action == "hand_over":
                hand_over(task_id=task_id, to=to or 0, actor=actor)
            else:
                _execute(action, task_id, actor, opinion)
            results.append(BatchResult(task_id, titles.get(task_id, ""), True, BATCH_ACTIONS[action]))
        except DomainError as error:
            results.append(BatchResult(task_id, titles.get(task_id, ""), False, error.message))
    return results
