"""单位变更: a person asks to be bound to another unit; takes effect when that unit approves (manual, 个人 一, 五)."""

from app.workflow.procedure import APPROVE, RETURN, Procedure

UNIT_CHANGE = Procedure(
    code="unit_change", version=1, label="单位变更", subject_type="employment",
    nodes=("employer",), decisions=(APPROVE, RETURN), reopens=False,
)
