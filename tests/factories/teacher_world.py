"""A small world for applications: Hefei's units, the open plans, and two teachers with approved portfolios."""

from __future__ import annotations

import io

from sqlalchemy import select

from app.actor import Actor
from app.demo.evidence import evidence_pdf
from app.demo.journeys import give_photo
from app.demo.plans import build_engineer_plan, build_teacher_plan
from app.demo.portfolio import teacher_entries
from app.demo.world import World, build_small_world
from app.queries import material as materials
from app.refdata.loading import load
from app.rules import deadlines
from app.rules.checks_material import Material
from app.rules.fields import parse_fields, summary
from app.scope import system_scope
from app.services import application, application_form, application_items, held_title, submission
from app.services import file as files
from app.services.application import Selection
from app.services.application_items import Place
from app.transaction import current_session, transaction
from models.account import Account
from models.achievement import Achievement, AchievementKind, AchievementKindVersion
from models.application import IMPORT_PAGES, Pledge
from models.base import utcnow
from models.organization import OrganizationRole
from models.person import Person
from models.plan import AttachmentSlot, PlanOffering, ReviewPlan, ReviewStandard
from models.series import Specialty, Title, TitleLevel

BASIC = {
    "ethnic": "01", "birth_place": "安徽省合肥市", "work_start": "2005-08-01", "work_years": "21",
    "profession_years": "20", "political_status": "01", "teacher_category": "高中教师", "staffing_type": "在编",
    "teach_start": "2005-08-01", "teach_years": "20", "rural_teach_years": "0", "teacher_cert": "高中数学 2005340101",
    "grade_taught": "高三", "principal_training": "false",
}


def build_world() -> None:
    """Reference data, units, accounts, both open plans, and approved portfolios with some evidence."""
    with system_scope():
        load()
        with transaction() as session:
            world = build_small_world(session, deadlines.today())
            build_teacher_plan(world)
            build_engineer_plan(world)
            for login in ("applicant", "applicant2"):
                give_photo(world, login)
                _portfolio(world, login)


HELD_TITLE = {
    "acquisition": "01", "employer": "合肥市第八中学", "certificate_number": "340001", "series": "中小学教师", "specialty": "高中数学",
    "title": "一级教师", "committee": "合肥市中小学教师系列中级职称评审委员会", "reviewed_on": "2012-11-20",
    "issuer": "合肥市人力资源和社会保障局", "issued_on": "2012-12-31",
}
APPOINTMENT = {"name": "一级教师", "employer": "合肥市第八中学", "starts_on": "2013-01-01", "to_present": "y"}


def _portfolio(world: World, login: str) -> None:
    versions = {
        version.kind_id: version
        for version in world.session.scalars(select(AchievementKindVersion).order_by(AchievementKindVersion.number))
    }
    person, who = world.people[login], world.actor(login)
    for number, entry in enumerate(teacher_entries(world.today)):
        kind = world.kinds[entry.kind]
        version = versions[kind.id]
        row = Achievement(
            person_id=person.id, organization_id=person.organization_id, kind_id=kind.id, kind_version_id=version.id,
            summary=summary(parse_fields(version.fields), version.list_columns, entry.data), data=entry.data,
            state="approved", submitted_at=utcnow(), decided_at=utcnow(),
        )
        world.session.add(row)
        world.session.flush()
        if number < 2:
            file = files.store_generated(
                data=evidence_pdf(entry.paper, ("特此证明。",), entry.issuer), name=f"{entry.paper}.pdf",
                media_type="application/pdf", actor=who, person_id=person.id,
            )
            files.attach(file_id=file.id, subject_type="achievement", subject_id=row.id, slot="attachments",
                         name=file.name, actor=who, person_id=person.id)


def actor(username: str) -> Actor:
    """The actor of a demo account."""
    account, person, kind = Account.__table__, Person.__table__, OrganizationRole.__table__
    session = current_session()
    row = session.execute(
        select(account, person.c.id.label("person_id")).outerjoin(person, person.c.user_id == account.c.id)
        .where(account.c.username == username)
    ).one()
    kinds = session.execute(select(kind.c.kind).where(kind.c.organization_id == row.organization_id)).scalars()
    return Actor(user_id=row.id, name=row.last_name + row.first_name, person_id=row.person_id,
                 organization_id=row.organization_id, organization_kinds=frozenset(kinds), origin="test")


def plan_named(words: str) -> int:
    """The id of the plan whose name contains some words."""
    plan = ReviewPlan.__table__
    return int(current_session().execute(select(plan.c.id).where(plan.c.name.contains(words))).scalar_one())


def teacher_plan() -> int:
    """The id of the open teacher plan."""
    return plan_named("中小学教师系列高级")


def engineer_plan() -> int:
    """The id of the open plan for construction engineers."""
    return plan_named("建设工程系列高级")


def selection(plan_id: int, title: str = "高级教师", specialty: str = "高中数学", standard: int = 0) -> Selection:
    """高中数学-高级教师, regular, by the first standard."""
    session = current_session()
    offering = session.execute(
        select(PlanOffering.specialty_id, PlanOffering.title_id)
        .join(Specialty, Specialty.id == PlanOffering.specialty_id).join(Title, Title.id == PlanOffering.title_id)
        .where(PlanOffering.plan_id == plan_id, Specialty.name == specialty, Title.name == title)
    ).one()
    standards = session.execute(
        select(ReviewStandard.id).where(ReviewStandard.plan_id == plan_id).order_by(ReviewStandard.position)
    ).scalars().all()
    return Selection("regular", offering.specialty_id, offering.title_id, standards[standard])


def engineer_selection() -> Selection:
    """建筑工程-高级工程师."""
    return selection(engineer_plan(), "高级工程师", "建筑工程")


def material(application_id: int) -> Material:
    """The material as it stands."""
    current_session().rollback()
    return materials.load(current_session(), application_id).material


def started(who: Actor, plan_id: int | None = None) -> int:
    """An application to the teacher plan (or another plan like it) with the pledge accepted."""
    plan_id = plan_id or teacher_plan()
    application_id = application.create(plan_id=plan_id, selection=selection(plan_id), actor=who)
    pledge_id = current_session().execute(select(Pledge.__table__.c.id)).scalar_one()
    application.accept_pledge(application_id=application_id, pledge_id=pledge_id, actor=who)
    return application_id


def complete(who: Actor, plan_id: int | None = None) -> int:
    """An application with everything the teacher plan asks for."""
    application_id = started(who, plan_id)
    saved = application_form.save_basic(application_id=application_id, raw=BASIC, actor=who, partial=False)
    assert not saved.errors, saved.errors
    hold(application_id, who)
    import_everything(application_id, who)
    for slot in required_slots(material(application_id).plan.id):
        data = evidence_pdf(slot.name, ("样张",), "本人")
        with system_scope():
            files.upload_to(stream=io.BytesIO(data), filename=f"{slot.name}.pdf", subject_type="application",
                            subject_id=application_id, slot=slot.code, actor=who)
    return application_id


def level_id(name: str) -> int:
    """The id of a level by its name."""
    level = TitleLevel.__table__
    return int(current_session().execute(select(level.c.id).where(level.c.name == name)).scalar_one())


def hold(application_id: int, who: Actor, *, level: str = "中级", evidence: bool = True, **values: str) -> int:
    """A held title with its appointment and its certificate."""
    held_title_id = held_title.add(
        application_id=application_id, title={**HELD_TITLE, "level": level_id(level), **values},
        appointments=[APPOINTMENT], actor=who,
    )
    if evidence:
        data = evidence_pdf("专业技术资格证书", ("样张",), "本人")
        with system_scope():
            files.upload_to(stream=io.BytesIO(data), filename="资格证书和聘书.pdf", subject_type="held_title",
                            subject_id=held_title_id, slot="evidence", actor=who)
    return held_title_id


def required_slots(plan_id: int) -> list[object]:
    """The slots every teacher has to fill."""
    slot = AttachmentSlot.__table__
    return list(current_session().execute(
        select(slot.c.code, slot.c.name).where(
            slot.c.plan_id == plan_id, slot.c.is_required, slot.c.code != "principal_training"
        ).order_by(slot.c.position)
    ))


def approved(who: Actor, kind: str) -> list[int]:
    """The ids of a person's achievements of a kind."""
    achievement, kinds = Achievement.__table__, AchievementKind.__table__
    return list(current_session().execute(
        select(achievement.c.id).join(kinds, kinds.c.id == achievement.c.kind_id)
        .where(achievement.c.person_id == who.person_id, kinds.c.code == kind).order_by(achievement.c.id)
    ).scalars())


def import_everything(application_id: int, who: Actor) -> None:
    """Every page, and the minimum of every item of the standard."""
    kinds = AchievementKind.__table__
    for page in IMPORT_PAGES:
        application_items.import_items(
            application_id=application_id, place=Place(page=page), achievement_ids=approved(who, page), actor=who)
    codes = {row.id: row.code for row in current_session().execute(select(kinds.c.id, kinds.c.code))}
    for section in material(application_id).sections:
        for need in section.requirements:
            if need.minimum:
                application_items.import_items(
                    application_id=application_id, place=Place(standard_item_id=need.id), actor=who,
                    achievement_ids=approved(who, codes[need.kind_id])[:need.minimum])
    application_items.set_qualifying(
        application_id=application_id, item_id=material(application_id).on_page("education")[0].id, qualifying=True,
        actor=who)


def submitted(who: Actor) -> int:
    """A complete application, checked and submitted."""
    application_id = complete(who)
    report = submission.check(application_id=application_id, actor=who)
    assert report.is_clean, [finding.message for finding in report.findings]
    submission.submit(application_id=application_id, actor=who)
    return application_id
