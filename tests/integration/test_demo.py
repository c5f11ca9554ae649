"""The demo world: the contract that demos, documents and acceptance tests rely on."""

from __future__ import annotations

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select
from werkzeug.security import check_password_hash

from app.actor import Actor
from app.demo import accounts as a
from app.demo import applications
from app.demo.loading import load_demo
from app.demo.world import World
from app.queries import material as materials
from app.queries.application import route_of
from app.refdata.loading import load as load_refdata
from app.rules import identity
from app.rules.deadlines import is_open, today
from app.scope import system_scope
from app.storage import configured_store
from app.transaction import transaction
from models.account import Account
from models.achievement import Achievement, AchievementKind
from models.application import Application
from models.audit import AuditEvent
from models.case import Case, Task
from models.certificate import Certificate
from models.encrypted import blind_index
from models.file import Attachment, StoredFile
from models.organization import Jurisdiction, Organization, OrganizationRole
from models.person import Person
from models.plan import ReviewPlan
from models.region import Region
from models.series import TitleSeries
from tests.database import Databases, build_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    def fill() -> None:
        with system_scope():
            load_refdata()
            assert load_demo(today())

    return build_template(application, store, "demo", fill, base="empty")


def person_of(session, login: str) -> Person:
    return session.scalars(select(Person).join(Account, Account.id == Person.user_id).where(Account.username == login)).one()


def actor_of(session, login: str) -> Actor:
    account = session.scalars(select(Account).where(Account.username == login)).one()
    person = session.scalars(select(Person).where(Person.user_id == account.id)).one_or_none()
    return Actor(user_id=account.id, name=account.display_name, person_id=person.id if person else None,
                 organization_id=account.organization_id, roles=frozenset(role.name for role in account.roles))


def open_plan(session) -> ReviewPlan:
    return session.scalars(select(ReviewPlan).where(
        ReviewPlan.name == f"{today().year}年—安徽省中小学教师系列高级职称评审委员会"
    )).one()


def test_the_accounts_are_there_with_their_roles_and_units(db_session):
    assert len(a.ACCOUNTS) == 15
    for entry in a.ACCOUNTS:
        account = db_session.scalars(select(Account).where(Account.username == entry.login)).one()
        assert account.display_name == entry.name
        assert {role.name for role in account.roles} == set(entry.roles)
        assert (account.organization.name if account.organization else "") == entry.organization
        assert check_password_hash(account.password, a.PASSWORD)


def test_authorities_have_the_roles_the_contract_names(db_session):
    def kinds(name: str) -> set[str]:
        return set(db_session.scalars(select(OrganizationRole.kind).join(Organization).where(Organization.name == name)))

    assert "competent_department" in kinds(a.EDUCATION_BUREAU)
    assert "hr_department" in kinds(a.HR_BUREAU)
    assert "agency" in kinds(a.AGENCY)
    assert "convener" in kinds(a.CONVENER)
    assert "issuer" in kinds(a.ISSUER)
    assert kinds(a.SCHOOL) == kinds(a.COMPANY) == {"employer"}


def test_the_school_has_two_administrators_the_company_one(db_session):
    def administrators(name: str) -> list[str]:
        return list(db_session.scalars(
            select(Account.username).join(Organization, Organization.id == Account.organization_id)
            .where(Organization.name == name).order_by(Account.username)
        ))

    assert administrators(a.SCHOOL) == ["unit", "unit2"]
    assert administrators(a.COMPANY) == ["company"]


def test_every_id_number_and_credit_code_is_valid_and_unlike_the_others(db_session):
    people = db_session.scalars(select(Person)).all()
    assert len(people) > 100
    for person in people:
        assert identity.check_resident_id(person.id_number, today()) == person.id_number
        assert identity.sex_of(person.id_number) == person.sex
        assert identity.birth_date_of(person.id_number) == person.birth_date
        assert person.id_number_index == blind_index(person.id_number)
        assert person.pinyin.isascii()
        assert len(person.pinyin) == len(person.name)
    for unit in db_session.scalars(select(Organization)):
        assert unit.is_built_in == (unit.uscc is None) == (unit.name == a.BUILT_IN)
        assert unit.uscc is None or identity.check_uscc(unit.uscc) == unit.uscc


def test_every_city_has_its_authorities_and_several_employers(db_session):
    cities = db_session.scalars(select(Region).where(Region.level == "city")).all()
    assert len(cities) == 16
    for city in cities:
        hr = db_session.scalars(select(Jurisdiction).where(
            Jurisdiction.kind == "hr_department", Jurisdiction.region_code == city.code
        )).one()
        assert hr.organization.name == f"{city.name}人力资源和社会保障局"
        competent = set(db_session.scalars(
            select(TitleSeries.name).join(Jurisdiction, Jurisdiction.series_id == TitleSeries.id)
            .where(Jurisdiction.kind == "competent_department", Jurisdiction.region_code == city.code)
        ))
        assert {"中小学教师", "卫生技术人员", "工程技术人员"} <= competent
        employers = db_session.scalar(
            select(func.count()).select_from(Organization).join(OrganizationRole).join(Region, Region.code == Organization.region_code)
            .where(OrganizationRole.kind == "employer", Region.path.startswith(city.path))
        )
        assert employers >= 3


def test_the_province_has_a_department_for_each_series(db_session):
    served = set(db_session.scalars(select(Jurisdiction.series_id).where(
        Jurisdiction.kind == "competent_department", Jurisdiction.region_code == "340000"
    )))
    assert served == set(db_session.scalars(select(TitleSeries.id)))


def test_the_open_plan_is_as_the_contract_says(db_session):
    plan = open_plan(db_session)
    assert plan.state == "published"
    assert is_open(plan.opens_on, plan.closes_on)
    assert {level.level.name for level in plan.levels} == {"正高级", "副高级"}
    assert plan.routes == ["regular", "exceptional"]
    assert (plan.convener.name, plan.committee.issuer.name) == (a.CONVENER, a.ISSUER)
    assert [standard.name for standard in plan.standards] == [
        "安徽省中小学教师专业技术资格条件", "安徽省幼儿园教师专业技术资格条件",
        "安徽省教研、电教、师训机构（部门）教师专业技术资格条件",
    ]
    for standard in plan.standards:
        for level in plan.levels:
            names = [s.name for s in standard.sections if s.level_id in (None, level.level_id)]
            assert names == ["考核表彰", "能力条件", "业绩条件", "教科研条件"]
    slots = {slot.name: slot for slot in plan.slots}
    assert list(slots) == ["身份证正反面", "诚信承诺书(手写签名)", "教师资格证", "校(园)长岗位培训证书"]
    assert slots["校(园)长岗位培训证书"].condition == {"field": "principal_training", "equals": True}
    assert not any(slots[name].condition for name in list(slots)[:3])


def test_sixty_and_more_other_plans_differ_in_everything_one_searches_by(db_session):
    others = db_session.scalars(select(ReviewPlan).where(ReviewPlan.id != open_plan(db_session).id)).all()
    assert len(others) >= 60
    assert {plan.state for plan in others} == {"draft", "published", "closed"}
    assert {plan.plan_type for plan in others} == {"regular", "green", "autonomous"}
    assert {plan.year for plan in others} == {today().year, today().year - 1}
    assert len({plan.region_code for plan in others}) == 17
    for plan in others:
        assert plan.offerings
        assert plan.standards
        assert plan.slots


def test_li_mings_portfolio_is_approved_and_covers_what_a_teacher_needs(db_session):
    person = person_of(db_session, "applicant")
    assert (person.name, person.organization.name) == ("李明", a.SCHOOL)
    assert person.photo is not None
    items = db_session.scalars(select(Achievement).where(Achievement.person_id == person.id)).all()
    assert len(items) >= 20
    assert {item.state for item in items} == {"approved"}
    kinds = {code for (code,) in db_session.execute(select(AchievementKind.code).where(
        AchievementKind.id.in_({item.kind_id for item in items})
    ))}
    assert kinds == {
        "work_experience", "education", "continuing_education", "annual_assessment", "commendation", "academic_posts",
        "comprehensive_ability", "project", "work_summary", "award", "adoption", "representative_work", "paper", "book",
        "research_project", "aid",
    }
    needed = {
        item.kind.code for standard in open_plan(db_session).standards for section in standard.sections
        for item in section.items
    }
    assert needed <= kinds
    assert db_session.scalar(select(func.count()).select_from(Application).where(Application.person_id == person.id)) == 0


@pytest.mark.parametrize("title", ["正高级教师", "高级教师"])
@pytest.mark.parametrize("standard", [0, 1, 2])
def test_li_ming_may_apply_at_either_level_without_adding_to_the_portfolio(app, db_session, title, standard):
    """Everything of the portfolio is imported, the slots filled, the check clean, the route found."""
    with transaction() as session:
        world = World(session, today())
        world.accounts["applicant"] = session.scalars(select(Account).where(Account.username == "applicant")).one()
        world.people["applicant"] = person_of(session, "applicant")
        plan = open_plan(session)
        choice = applications.teacher_choice(world, "applicant", "高中数学", title)
        application_id = applications.apply(world, "applicant", plan.id, choice, standard=standard)
        application = session.get_one(Application, application_id)
        assert application.state == "reviewing"
        assert application.standard_id == plan.standards[standard].id
        route = route_of(session, materials.load(session, application_id).material)
    assert [stop.organization for stop in route] == [a.SCHOOL, a.EDUCATION_BUREAU, a.HR_BUREAU, a.CONVENER]


def test_wang_fangs_application_waits_at_the_unit(db_session):
    person = person_of(db_session, "applicant2")
    application = db_session.scalars(select(Application).where(Application.person_id == person.id)).one()
    assert (application.state, application.employer.name) == ("reviewing", a.SCHOOL)
    task = db_session.scalars(select(Task).where(
        Task.subject_type == "application", Task.subject_id == application.id, Task.state == "open"
    )).one()
    assert (task.node, task.organization.name, task.claimed_by) == ("employer", a.SCHOOL, None)


def test_zhang_weis_application_went_all_the_way_and_has_a_certificate(db_session):
    person = person_of(db_session, "applicant3")
    application = db_session.scalars(select(Application).where(Application.person_id == person.id)).one()
    assert (application.state, application.employer.name) == ("approved", a.COMPANY)
    case = db_session.scalars(select(Case).where(
        Case.subject_type == "application", Case.subject_id == application.id
    )).one()
    assert [task.node for task in case.tasks] == ["employer", "competent_department", "hr_department", "convener"]
    certificate = db_session.scalars(select(Certificate).where(Certificate.application_id == application.id)).one()
    assert certificate.number == f"934{today().year}000412000001"
    assert (certificate.holder_name, certificate.issuer_name) == ("张伟", a.ISSUER)


def test_the_newcomer_has_signed_up_and_not_registered(db_session):
    person = person_of(db_session, "newcomer")
    assert person.registered_at is None
    assert (person.name, person.organization_id, person.ethnic_code) == ("陈静", None, None)


def test_something_waits_in_the_inbox_of_every_reviewer(db_session):
    def waiting(login: str, procedure: str) -> int:
        actor = actor_of(db_session, login)
        return db_session.scalar(select(func.count()).select_from(Task).where(
            Task.organization_id == actor.organization_id, Task.procedure == procedure, Task.state == "open"
        ))

    assert waiting("unit", "achievement") >= 10
    assert waiting("unit", "application") >= 2
    assert waiting("unit", "registration") == 1
    assert waiting("company", "registration") == 3
    for login in ("department", "hr", "convener"):
        assert waiting(login, "application") == 1


def test_no_case_of_the_demo_is_made_up(db_session):
    """Every decided or submitted item has its case and every case its trail."""
    submitted = db_session.scalar(select(func.count()).select_from(Achievement))
    assert db_session.scalar(
        select(func.count()).select_from(Case).where(Case.subject_type == "achievement")
    ) == submitted
    started = db_session.scalar(select(func.count()).where(AuditEvent.event == "case:started"))
    assert started == db_session.scalar(select(func.count()).select_from(Case))


def test_evidence_is_really_stored_and_opens(app, db_session):
    person = person_of(db_session, "applicant")
    files = db_session.scalars(
        select(StoredFile).join(Attachment, Attachment.file_id == StoredFile.id)
        .where(Attachment.person_id == person.id, Attachment.subject_type == "achievement")
    ).all()
    assert len(files) >= 20
    assert {file.media_type for file in files} == {"application/pdf", "image/jpeg"}
    store = configured_store()
    for file in files[:6]:
        with store.open(file.key) as stream:
            if file.media_type == "application/pdf":
                assert len(PdfReader(stream).pages) == 1
            else:
                assert stream.read(3) == b"\xff\xd8\xff"


def test_loading_again_changes_nothing(app, db_session):
    before = db_session.scalar(select(func.count()).select_from(AuditEvent))
    assert load_demo(today()) is False
    assert db_session.scalar(select(func.count()).select_from(AuditEvent)) == before


def test_the_command_says_so_and_prints_the_accounts(app):
    result = app.test_cli_runner().invoke(args=["demo", "load"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("demo: already loaded, nothing changed\n")
    for entry in a.ACCOUNTS:
        assert f"\n{entry.login} " in result.output
    assert a.PASSWORD in result.output


def test_the_command_refuses_where_the_demo_is_off(application, app, monkeypatch):
    monkeypatch.setitem(application.config, "DEMO", False)
    result = app.test_cli_runner().invoke(args=["demo", "load"])
    assert result.exit_code == 1
    assert "DEMO=1" in result.output
