"""职称申报: 单位 → 主管部门 → 人社部门 → 组建单位 (manual, 个人 四, 单位 四)."""

from app.workflow.procedure import APPROVE, RETURN, TERMINATE, Procedure

APPLICATION = Procedure(
    code="application", version=1, label="职称申报", subject_type="application",
    nodes=("employer", "competent_department", "hr_department", "convener"),
    decisions=(APPROVE, RETURN, TERMINATE),
    inserts={"employer": ("extra", "agency"), "competent_department": ("extra",), "hr_department": ("extra",)},
)
