"""Series, plans, achievements, applications, cases: enough of each to belong to somebody."""

from __future__ import annotations

import datetime as dt

import models as m
from models.base import utcnow
from tests.factories.rows import save, serial


def series() -> int:
    n = serial()
    return save(m.TitleSeries(code=f"{n:04d}"[-4:], name=f"系列{n}", number_code=f"{n:02d}"[-2:]))


def kind() -> tuple[int, int]:
    """A kind of achievement and its version."""
    n = serial()
    category = save(m.AchievementCategory(code=f"c{n}", name=f"类别{n}"))
    made = save(m.AchievementKind(code=f"k{n}", name=f"业绩{n}", category_id=category))
    return made, save(m.AchievementKindVersion(kind_id=made, number=1, fields=[], list_columns=[]))


def achievement(person_id: int, organization_id: int | None, *, state: str = "approved") -> int:
    kind_id, version_id = kind()
    return save(m.Achievement(
        person_id=person_id, organization_id=organization_id, kind_id=kind_id, kind_version_id=version_id, data={},
        state=state, submitted_at=None if state == "draft" else utcnow(), summary=f"业绩项{serial()}",
    ))


def plan(convener_id: int, *, state: str = "published", name: str | None = None) -> int:
    n = serial()
    committee = save(m.Committee(
        name=f"评委会{n}", convener_id=convener_id, issuer_id=convener_id, region_code="340100",
    ))
    return save(m.ReviewPlan(
        year=2026, name=name or f"计划{n}", committee_id=committee, convener_id=convener_id, region_code="340100",
        state=state, opens_on=dt.date(2026, 1, 1), closes_on=dt.date(2026, 12, 31),
    ))


def application(person_id: int, employer_id: int, plan_id: int, *, state: str = "editing") -> int:
    n = serial()
    series_id = series()
    level = save(m.TitleLevel(code=f"l{n}", name=f"级{n}", label=f"级{n}", rank=n, number_code=f"{n:02d}"[-2:]))
    specialty = save(m.Specialty(series_id=series_id, name=f"专业{n}"))
    title = save(m.Title(series_id=series_id, level_id=level, track="教学", name=f"教师{n}"))
    standard = save(m.ReviewStandard(plan_id=plan_id, name=f"标准{n}"))
    return save(m.Application(
        person_id=person_id, employer_id=employer_id, plan_id=plan_id, plan_year=2026, route="regular",
        series_id=series_id, specialty_id=specialty, title_id=title, standard_id=standard, state=state,
        submitted_at=None if state == "editing" else utcnow(),
    ))


def held_title(application_id: int) -> int:
    n = serial()
    level = save(m.TitleLevel(code=f"h{n}", name=f"级{n}", label=f"级{n}", rank=1000 + n, number_code=f"{n:02d}"[-2:]))
    return save(m.HeldTitle(
        application_id=application_id, acquisition_code="01", employer_name="单位", series_name="系列",
        specialty_name="专业", title_name="教师", level_id=level, committee_name="评委会", issuer_name="发证",
        reviewed_on=dt.date(2015, 1, 1), issued_on=dt.date(2015, 3, 1),
    ))


def appointment(held_title_id: int) -> int:
    return save(m.Appointment(
        held_title_id=held_title_id, name="教师", employer_name="单位", starts_on=dt.date(2015, 5, 1), to_present=True,
    ))


def case(
    subject_type: str, subject_id: int, *, person_id: int, employer_id: int, started_by: int,
    organizations: tuple[int, ...],
) -> tuple[int, list[int]]:
    """An open case with a decided task at every organization but the last, where it waits."""
    made = save(m.Case(
        procedure=subject_type, subject_type=subject_type, subject_id=subject_id, title="测试流程", person_id=person_id,
        employer_id=employer_id, node="employer", route=[], started_by=started_by,
    ))
    tasks = []
    for seq, organization_id in enumerate(organizations, start=1):
        last = seq == len(organizations)
        tasks.append(save(m.Task(
            case_id=made, seq=seq, stop=seq - 1, node="employer", organization_id=organization_id,
            procedure=subject_type, subject_type=subject_type, subject_id=subject_id, title="测试流程",
            person_id=person_id, state="open" if last else "approved", decided_at=None if last else utcnow(),
        )))
    return made, tasks


def stored_file(*, person_id: int | None = None, organization_id: int | None = None) -> int:
    n = serial()
    return save(m.StoredFile(
        key=f"{n:064x}", name=f"文件{n}.pdf", media_type="application/pdf", size=10, sha256="0" * 64,
        person_id=person_id, organization_id=organization_id,
    ))


def attachment(
    file_id: int, subject_type: str, subject_id: int, *, person_id: int | None = None,
) -> int:
    return save(m.Attachment(
        file_id=file_id, subject_type=subject_type, subject_id=subject_id, name="附件", person_id=person_id,
    ))


def certificate(person_id: int, issuer_id: int, convener_id: int) -> int:
    n = serial()
    today = dt.date(2026, 6, 1)
    return save(m.Certificate(
        number=f"N{n}", person_id=person_id, issuer_id=issuer_id, convener_id=convener_id, holder_name="李明",
        employer_name="单位", series_name="系列", specialty_name="专业", title_name="教师", level_name="高级",
        committee_name="评委会", issuer_name="发证", year=2026, acquired_on=today, issued_on=today,
    ))
