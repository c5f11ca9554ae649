"""业绩库: an item of the portfolio is confirmed by the unit before it can be used (manual, 单位 三)."""

from app.workflow.procedure import APPROVE, RETURN, Procedure

ACHIEVEMENT = Procedure(
    code="achievement", version=1, label="业绩库", subject_type="achievement",
    nodes=("employer",), decisions=(APPROVE, RETURN),
)
