"""异地职称: a title from another province is confirmed; ends at the issuing authority (manual, 个人 五(三))."""

from app.workflow.procedure import APPROVE, RETURN, Procedure

RECOGNITION = Procedure(
    code="recognition", version=1, label="异地职称", subject_type="recognition",
    nodes=("employer", "competent_department", "hr_department", "issuer"), decisions=(APPROVE, RETURN), reopens=False,
)
