"""Applications of the demo, filled in, checked, submitted and decided through the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.demo.evidence import evidence_pdf
from app.demo.journeys import administrator_decides, settle
from app.demo.world import World
from app.queries.recommendation import unit_needs_quota
from app.rules import deadlines
from app.rules.votes import Votes
from app.services import (
    application,
    application_form,
    application_items,
    held_title,
    recommendation,
    result,
    review,
    submission,
)
from app.services import application_effects as effects
from app.services.application_files import slot_rule
from app.services.application_items import Place
from app.services.file import attach, store_generated
from models.achievement import Achievement
from models.application import IMPORT_PAGES, Application, ApplicationItem, Pledge
from models.case import Task
from models.plan import (
    AttachmentSlot,
    PlanOffering,
    ReviewPlan,
    ReviewStandard,
    StandardItem,
    StandardSection,
)
from models.result import Publicity, ReviewResult
from models.series import Specialty, Title


class DemoError(RuntimeError):
    """A step of the demo was refused: its data no longer fits the rules."""


@dataclass(frozen=True)
class Choice:
    """What somebody applies for, by names, and the values of 基本信息."""

    specialty: str
    title: str
    personal: Mapping[str, object]
    professional: Mapping[str, object]
    held: Mapping[str, object]
    route: str = "regular"
    slots: tuple[str, ...] = field(default=("id_card", "pledge"))


def teacher_choice(world: World, login: str, specialty: str, title: str) -> Choice:
    """A teacher's choice and 基本信息, from the person's own dates."""
    person = world.people[login]
    years = world.today.year - (person.work_start or world.today).year
    return Choice(
        specialty, title, _personal("安徽省合肥市", years), {
            "teacher_category": "高中教师", "staffing_type": "在编", "teach_start": person.work_start,
            "teach_years": years - 1, "rural_teach_years": 0, "teacher_cert": f"高级中学教师资格 {specialty}",
            "grade_taught": "高二", "principal_training": False, "mandarin_level": "二级甲等",
        }, present_title(world, login, "22", specialty, *TEACHER_BEFORE[title]), slots=("id_card", "pledge", "teacher_certificate"),
    )


def engineer_choice(world: World, login: str) -> Choice:
    """The engineer's choice and 基本信息."""
    person = world.people[login]
    years = world.today.year - (person.work_start or world.today).year
    return Choice(
        "建筑工程", "高级工程师", _personal("安徽省六安市", years),
        {"field": "建筑工程", "job_type": ["施工", "技术管理"], "registered_qual": "一级注册建造师"},
        present_title(world, login, "05", "建筑工程", "工程师", "intermediate"), slots=("id_card", "pledge", "qualification"),
    )


def _personal(birth_place: str, years: int) -> dict[str, object]:
    return {"birth_place": birth_place, "work_years": years, "profession_years": years - 1, "health": "健康"}


# The title before each of the teachers' and its level.
TEACHER_BEFORE = {"正高级教师": ("高级教师", "associate_senior"), "高级教师": ("一级教师", "intermediate")}


def present_title(world: World, login: str, series: str, specialty: str, title: str, level: str) -> dict[str, object]:
    """The present title of a person of the demo, taken nine years ago and appointed to since."""
    unit = world.people[login].organization
    year = world.today.year - 9
    return {
        "acquisition": "01", "employer": unit.name if unit else "", "certificate_number": f"3401{year}00{series}0117",
        "series": world.series[series].name, "specialty": specialty, "title": title,
        "level": world.levels[level].id, "committee": f"合肥市{world.series[series].name}职称评审委员会",
        "reviewed_on": f"{year}-11-16", "issuer": "合肥市人力资源和社会保障局", "issued_on": f"{year}-12-28",
    }


def _hold(application_id: int, choice: Choice, actor: Actor) -> None:
    """The title somebody holds, with the appointment and the certificate."""
    held = choice.held
    held_title_id = held_title.add(
        application_id=application_id, title=held, actor=actor, appointments=[{
            "name": held["title"], "employer": held["employer"], "to_present": True,
            "starts_on": f"{int(str(held['issued_on'])[:4]) + 1}-01-01",
        }],
    )
    file = store_generated(
        data=evidence_pdf("专业技术资格证书", (f"{actor.name} 同志：", f"　　取得{held['title']}资格。"), str(held["issuer"])),
        name="专业技术资格证书和聘书.pdf", media_type="application/pdf", actor=actor, person_id=actor.person_id,
    )
    attach(
        file_id=file.id, subject_type="held_title", subject_id=held_title_id, slot="evidence", name=file.name,
        actor=actor, person_id=actor.person_id,
    )


def apply(world: World, login: str, plan_id: int, choice: Choice, *, standard: int = 0) -> int:
    """Fill in, check and submit; the application's id. Everything that fits is imported from the portfolio.

    `standard`: which of the plan's standards, from 0. Raises DemoError when the check finds anything.
    """
    actor = world.actor(login)
    session = world.session
    application_id = application.create(
        plan_id=plan_id, selection=_selection(world, plan_id, choice, standard), actor=actor
    )
    pledge_id = session.scalars(select(Pledge.id).order_by(Pledge.number.desc())).first()
    application.accept_pledge(application_id=application_id, pledge_id=pledge_id or 0, actor=actor)
    row = session.execute(
        select(Application.personal, Application.professional).where(Application.id == application_id)
    ).one()
    application_form.save_basic(
        application_id=application_id, raw={**row.personal, **choice.personal, **choice.professional}, actor=actor,
    )
    _hold(application_id, choice, actor)
    _import_all(world, application_id, actor)
    _fill_slots(world, application_id, plan_id, choice, actor)
    report = submission.check(application_id=application_id, actor=actor)
    if not report.is_clean:
        raise DemoError(f"{login}: " + "；".join(gap.message for gap in report.gaps("block")))
    submission.submit(application_id=application_id, actor=actor)
    settle(world)
    return application_id


def _selection(world: World, plan_id: int, choice: Choice, standard: int) -> application.Selection:
    offering = world.session.execute(
        select(PlanOffering.specialty_id, PlanOffering.title_id)
        .join(Specialty, Specialty.id == PlanOffering.specialty_id).join(Title, Title.id == PlanOffering.title_id)
        .where(PlanOffering.plan_id == plan_id, Specialty.name == choice.specialty, Title.name == choice.title)
    ).one()
    standards = world.session.scalars(
        select(ReviewStandard.id).where(ReviewStandard.plan_id == plan_id).order_by(ReviewStandard.position)
    ).all()
    return application.Selection(choice.route, offering.specialty_id, offering.title_id, standards[standard])


def _import_all(world: World, application_id: int, actor: Actor) -> None:
    """Every approved item under the first place that takes its kind, up to the place's maximum."""
    session = world.session
    owned: dict[int, list[int]] = {}
    for achievement_id, kind_id in session.execute(
        select(Achievement.id, Achievement.kind_id)
        .where(Achievement.person_id == actor.person_id, Achievement.state == "approved").order_by(Achievement.id)
    ):
        owned.setdefault(kind_id, []).append(achievement_id)
    places = [(Place(page=page), world.kinds[page].id, 0) for page in IMPORT_PAGES]
    places += [
        (Place(standard_item_id=row.id), row.kind_id, row.maximum)
        for row in session.execute(
            select(StandardItem.id, StandardItem.kind_id, StandardItem.maximum)
            .join(StandardSection, StandardSection.id == StandardItem.section_id)
            .join(Application, Application.standard_id == StandardSection.standard_id)
            .join(Title, Title.id == Application.title_id)
            .where(
                Application.id == application_id,
                or_(StandardSection.level_id.is_(None), StandardSection.level_id == Title.level_id),
            ).order_by(StandardItem.id)
        )
    ]
    for place, kind_id, maximum in places:
        chosen = owned.pop(kind_id, [])
        chosen = chosen[:maximum] if maximum else chosen
        if chosen:
            application_items.import_items(
                application_id=application_id, place=place, achievement_ids=chosen, actor=actor
            )
    for item_id in session.scalars(select(ApplicationItem.id).where(
        ApplicationItem.application_id == application_id, ApplicationItem.page == "education"
    )).all():
        application_items.set_qualifying(
            application_id=application_id, item_id=item_id, qualifying=True, actor=actor
        )


def _fill_slots(world: World, application_id: int, plan_id: int, choice: Choice, actor: Actor) -> None:
    for slot in world.session.scalars(select(AttachmentSlot).where(
        AttachmentSlot.plan_id == plan_id, AttachmentSlot.code.in_(choice.slots)
    ).order_by(AttachmentSlot.position)).all():
        allowed = slot_rule(application_id, slot.code, actor)
        file = store_generated(
            data=evidence_pdf(slot.name, (f"{actor.name}", slot.name), ""), name=f"{slot.name}.pdf",
            media_type="application/pdf", actor=actor, person_id=allowed.person_id,
        )
        attach(
            file_id=file.id, subject_type=effects.SUBJECT, subject_id=application_id, slot=slot.code, name=file.name,
            actor=actor, person_id=allowed.person_id,
        )


def decide(world: World, application_id: int, *, until: str = "") -> None:
    """Approve at every stop of the route, up to but not including the node `until` (empty: to the end)."""
    while True:
        task = world.session.execute(select(Task.id, Task.node, Task.organization_id).where(
            Task.subject_type == effects.SUBJECT, Task.subject_id == application_id, Task.state == "open"
        )).first()
        if task is None or task.node == until:
            return
        administrator = world.administrators(task.organization_id)[0]
        if task.node == "employer":
            recommend(world, task.id, administrator)
        administrator_decides(world, administrator, [task.id], OPINIONS[task.node])
        settle(world)


def recommend(world: World, task_id: int, administrator: str) -> None:
    """What the unit adds before 通过: opinion, proof of publicity, and as 事业单位 a place of its quota."""
    actor = world.actor(administrator)
    if len(world.administrators(actor.organization_id or 0)) > 1:
        review.claim(task_id=task_id, actor=actor)
    last = deadlines.today()
    made = recommendation.save(
        task_id=task_id, text="该同志师德师风良好，业绩突出，材料真实，同意推荐。", publicity_from=last - dt.timedelta(30),
        publicity_to=last, actor=actor,
    )
    file = store_generated(
        data=evidence_pdf("单位公示证明", ("经公示，未收到异议。",), ""), name="单位公示证明.pdf", media_type="application/pdf",
        actor=actor, organization_id=actor.organization_id,
    )
    attach(file_id=file.id, subject_type="recommendation", subject_id=made, slot="publicity", name=file.name, actor=actor,
           person_id=None)
    if unit_needs_quota(world.session, actor.organization_id or 0):
        recommendation.recommend(task_id=task_id, occupies=True, reason="", actor=actor)


def confirm_result(world: World, application_id: int) -> None:
    """The committee's vote some weeks ago, the notice without objection, and the approval."""
    plan = world.session.execute(
        select(ReviewPlan.id, ReviewPlan.convener_id).join(Application, Application.plan_id == ReviewPlan.id)
        .where(Application.id == application_id)
    ).one()
    actor = world.actor(world.administrators(plan.convener_id)[0])
    day = world.today
    result.enter(entry=result.Entry(application_id, Votes(25, 23, 21, 1, 1), day - timedelta(days=45)), actor=actor)
    result.publicize(plan_id=plan.id, starts_on=day, ends_on=day + timedelta(days=20), place="安徽省人力资源和社会保障厅网站", actor=actor)
    antedate(world.session, plan.id, first=day - timedelta(days=40), last=day - timedelta(days=20))
    result.order_certificates(plan_id=plan.id, approval_no=f"皖人社秘〔{day.year}〕18号", actor=actor)
    settle(world)


def antedate(session: Session, plan_id: int, *, first: dt.date, last: dt.date) -> None:
    """Let the notice of a plan have stood some time ago: the service itself takes none that began before today."""
    session.execute(update(Publicity).where(Publicity.plan_id == plan_id).values(starts_on=first, ends_on=last))
    session.execute(
        update(ReviewResult).where(ReviewResult.plan_id == plan_id, ReviewResult.announced_on.is_not(None)).values(announced_on=first))


OPINIONS = {
    "employer": "材料真实，经公示无异议，同意推荐。", "competent_department": "同意上报。", "hr_department": "符合申报条件，同意上报。",
    "convener": "材料齐全，审核通过。",
}


def plan_named(world: World, committee: str) -> int:
    """The id of this year's plan of a committee."""
    return world.session.scalars(
        select(ReviewPlan.id).where(
            ReviewPlan.committee_id == world.committees[committee].id, ReviewPlan.year == world.today.year
        )
    ).one()
