"""A doctor and an engineer of the demo with approved portfolios, and the plan the doctor may apply to.

They show what is different from a teacher's application: other fields of 专业信息, other slots, other achievements.
"""

from __future__ import annotations

import datetime as dt

from app.demo import accounts as a
from app.demo import journeys, plans, portfolio
from app.demo import standards as st
from app.demo import world as builders
from app.demo.portfolio import Entry
from app.demo.world import World
from models.plan import ReviewPlan

HOSPITAL = "合肥市仁和医院"
HEALTH_COMMITTEE = "合肥市卫生系列副高级职称评审委员会"
HEALTH_SLOTS: tuple[st.Slot, ...] = (
    *st.COMMON_SLOTS,
    ("practice_certificate", "医师（护士）执业证书", True, {}),
    ("exam_certificate", "高级资格考试成绩单", False, {}),
)


def build_health_plan(world: World) -> ReviewPlan:
    """The open plan for doctors of Hefei."""
    committee = plans.build_committee(
        world, HEALTH_COMMITTEE, "合肥市卫生健康委员会", "合肥市人力资源和社会保障局", "340100"
    )
    return plans.build_plan(
        world, committee, plans.open_window(world.today), plans.HEALTH, ("associate_senior",),
        standards=(("安徽省卫生系列高级专业技术资格条件", st.HEALTH_SECTIONS),), slots=HEALTH_SLOTS,
        routes=("regular", "exceptional"), needs_interview=True,
        exemption_note="获得省部级以上科技奖励的，可以申请免面试。", scope="合肥市各级各类医疗卫生机构的在职卫生技术人员。",
    )


def build_specialists(world: World) -> None:
    """`doctor` and `engineer`: bound to their units, photographed, with everything their plans ask for."""
    year = world.today.year
    builders.add_applicant(world, "doctor", "林若兰", sex="女", born=dt.date(year - 40, 4, 18), birth_region="340103",
                           unit=HOSPITAL, series="04", title="主治医师")
    builders.add_applicant(world, "engineer", "高立新", sex="男", born=dt.date(year - 41, 10, 9), birth_region="340111",
                           unit=a.COMPANY, series="05", title="工程师")
    hospital = world.administrators(world.organizations[HOSPITAL].id)[0]
    for login, entries, administrator in (
        ("doctor", doctor_entries(world.today), hospital),
        ("engineer", portfolio.engineer_entries(world.today), "company"),
    ):
        journeys.give_photo(world, login)
        journeys.approved_portfolio(world, login, entries, administrator)


def doctor_entries(today: dt.date) -> list[Entry]:
    """林若兰: what her application to the open plan for doctors takes."""
    y = today.year
    return [
        Entry("work_experience", {
            "unit_name": HOSPITAL, "department": "心血管内科", "start_date": f"{y - 17}-08-01", "to_present": True,
            "profession": "心血管内科", "post": "医师", "title_held": "主治医师", "witness": "郑洁",
        }, "聘用合同", HOSPITAL),
        Entry("education", {
            "education_type": "全日制教育", "school": "安徽江淮学院", "major": "临床医学", "start_date": f"{y - 22}-09-01",
            "end_date": f"{y - 17}-07-01", "education_level": "21", "has_degree": True, "degree": "4",
            "schooling_years": "5", "is_first": True, "is_highest": True,
        }, "本科毕业证书和学位证书", "安徽江淮学院"),
        *portfolio.studies(y, HOSPITAL), *portfolio.assessments(y, HOSPITAL),
        *(
            Entry("case_record", {
                "case_no": f"{y - n}00{n}317", "department": "心血管内科", "diagnosis": diagnosis,
                "admission_date": f"{y - n}-03-0{n}", "discharge_date": f"{y - n}-03-1{n}", "role": "主治", "difficulty": "疑难",
                "outcome": "好转", "description": "明确诊断后调整方案，症状缓解出院。",
            }, f"脱敏材料（{diagnosis}）", HOSPITAL)
            for n, diagnosis in enumerate(("急性心肌梗死", "扩张型心肌病", "感染性心内膜炎"), 1)
        ),
        Entry("special_report", {
            "title": "胸痛中心流程优化效果分析", "report_type": "技术总结", "finish_date": f"{y - 2}-11-30", "role": "独立完成",
            "description": "比较流程优化前后的救治时间。",
        }, "专题报告全文", HOSPITAL),
        Entry("health_thesis", {
            "title": "基层医院急性胸痛早期识别的实践", "journal": "江淮临床医学", "publish_date": f"{y - 2}-06",
            "author_order": "第一作者", "field_match": True,
        }, "论文《基层医院急性胸痛早期识别的实践》", "江淮临床医学"),
    ]
