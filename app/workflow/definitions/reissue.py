"""补换证: a lost or wrong certificate is replaced; ends at the authority that issues (manual, 个人 五(四))."""

from app.workflow.procedure import APPROVE, RETURN, Procedure

REISSUE = Procedure(
    code="reissue", version=1, label="补换证", subject_type="reissue",
    nodes=("employer", "hr_department", "issuer"), decisions=(APPROVE, RETURN), reopens=False,
)
