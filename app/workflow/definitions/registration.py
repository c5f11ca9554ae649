"""人员注册: a new person asks their unit to confirm that they belong to it (manual, 单位 五)."""

from app.workflow.procedure import APPROVE, RETURN, Procedure

REGISTRATION = Procedure(
    code="registration", version=1, label="人员注册", subject_type="employment",
    nodes=("employer",), decisions=(APPROVE, RETURN), reopens=False,
)
