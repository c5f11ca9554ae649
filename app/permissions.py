"""Who may do what: one policy table. A rule answers with the sentence of its refusal, or None to allow.

Coarse permission (which role sees which page) is FAB's; these rules are about one actor and one subject.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.actor import Actor
from app.errors import NotAllowed, NotFound

Rule = Callable[[Actor, Any], str | None]


def _of_the_organization(actor: Actor, task: Any) -> str | None:
    if actor.organization_id is None or actor.organization_id != task.organization_id:
        raise NotFound("没有找到这条审核任务，它可能不属于您的单位。")
    return None


def can_decide_task(actor: Actor, task: Any) -> str | None:
    """Administrators of the task's organization, never in a case of their own."""
    _of_the_organization(actor, task)
    if actor.user_id == task.started_by or (actor.person_id is not None and actor.person_id == task.person_id):
        return "不能审核自己的申请，请由本单位其他管理员审核。"
    return None


def can_claim_task(actor: Actor, task: Any) -> str | None:
    """As for deciding."""
    return can_decide_task(actor, task)


def can_withdraw_decision(actor: Actor, task: Any) -> str | None:
    """Only who decided, while still an administrator of the same organization."""
    _of_the_organization(actor, task)
    if task.decided_by != actor.user_id:
        return "只能撤回自己办理的审核。"
    return None


def can_cancel_case(actor: Actor, case: Any) -> str | None:
    """The person whose case it is."""
    if actor.person_id is None or actor.person_id != case.person_id:
        raise NotFound("没有找到这条申请。")
    return None


def can_edit_own(actor: Actor, subject: Any) -> str | None:
    """Whatever belongs to a person: achievements, applications, the person's own data."""
    owner = getattr(subject, "person_id", None) or getattr(subject, "id", None)
    if actor.person_id is None or actor.person_id != owner:
        raise NotFound("没有找到这条记录，它可能已被删除。")
    return None


def can_reveal(actor: Actor, person: Any) -> str | None:
    """One's own number; those of people whom the row scope shows to an organization. Platform staff have no need of it."""
    if actor.person_id != person.id and actor.organization_id is None:
        raise NotFound("没有找到这个人员，可能不属于您的单位。")
    return None


POLICY: dict[str, Rule] = {
    "task.decide": can_decide_task,
    "task.claim": can_claim_task,
    "task.withdraw": can_withdraw_decision,
    "case.cancel": can_cancel_case,
    "own.edit": can_edit_own,
    "person.reveal": can_reveal,
}


def require(verb: str, actor: Actor, subject: Any) -> None:
    """Raise NotAllowed (or NotFound for what the actor may not know of) unless the policy allows."""
    refusal = POLICY[verb](actor, subject)
    if refusal is not None:
        raise NotAllowed(refusal)
