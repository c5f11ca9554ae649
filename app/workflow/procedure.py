"""What a procedure is made of: nodes and actions, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.audit import Event
from models.case import TASK_STATES


@dataclass(frozen=True)
class Node:
    """A station. `label` is the 流程节点 in lists; `stepper` the word in the applicant's stepper."""

    code: str
    label: str
    stepper: str


@dataclass(frozen=True)
class Action:
    """A decision on an open task. `case_state`: what the case becomes; None: it goes on to the next stop."""

    code: str
    label: str
    task_state: str
    case_state: str | None
    event: Event
    needs_opinion: bool = False
    asks_twice: bool = False


NODES: dict[str, Node] = {
    node.code: node
    for node in (
        Node("employer", "单位审核", "单位审核"),
        Node("agency", "人事代理机构审核", "人事代理"),
        Node("extra", "增加单位审核", "增加单位"),
        Node("competent_department", "主管部门审核", "主管部门"),
        Node("hr_department", "人社部门审核", "人社部门"),
        Node("convener", "组建单位审核", "组建单位"),
        Node("issuer", "发证机关审核", "发证机关"),
        Node("appeal", "复查", "复查"),
    )
}

APPROVE = Action("approve", "通过", "approved", None, Event.TASK_APPROVED)
RETURN = Action("return", "退回", "returned", "returned", Event.TASK_RETURNED, needs_opinion=True)
TERMINATE = Action(
    "terminate", "终止", "terminated", "terminated", Event.TASK_TERMINATED, needs_opinion=True, asks_twice=True
)


@dataclass(frozen=True)
class Procedure:
    """One kind of process. `nodes` is the usual order; a case's own route is fixed when it starts.

    `inserts`: which kinds of node may be added by whoever approves at a node.
    """

    code: str
    version: int
    label: str  # 流程类型
    subject_type: str
    nodes: tuple[str, ...]
    decisions: tuple[Action, ...]
    reopens: bool = True  # 撤回 of the last approval is possible at all
    inserts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    in_batches: bool = True  # several can be decided with one opinion

    def outcome(self, state: str) -> str:
        """The word of a task's state: what its decision is called, else the usual one."""
        return next((action.label for action in self.decisions if action.task_state == state), TASK_STATES[state])

    def decision(self, code: str) -> Action | None:
        """The decision of that code, if the procedure has it."""
        return next((action for action in self.decisions if action.code == code), None)
