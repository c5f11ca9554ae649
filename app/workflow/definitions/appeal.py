"""复查: a result or a record is looked at again by who is answerable for it (令 40 第 27 条); decided with an answer."""

from app.audit import Event
from app.workflow.procedure import Action, Procedure

UPHOLD = Action("approve", "复查成立", "approved", None, Event.TASK_APPROVED, needs_opinion=True)
KEEP = Action("return", "维持原决定", "returned", "returned", Event.TASK_RETURNED, needs_opinion=True)

APPEAL = Procedure(
    code="appeal", version=1, label="复查申请", subject_type="appeal", nodes=("appeal",), decisions=(UPHOLD, KEEP), reopens=False,
    in_batches=False,  # each asks for an answer of its own
)
