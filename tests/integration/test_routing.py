"""Routes of real units, added stops, and what happens when there is no way; on the demo's directory."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from app.audit import verify
from app.demo.directory import PROVINCE, STATE_COMPANY, Unit
from app.demo.world import World, build_units
from app.errors import Invalid, NotFound, WrongState
from app.extensions import db
from app.jobs.notification import tell_of_missing_route
from app.jobs.registry import JobView
from app.queries.routing import route_for
from app.rules import deadlines
from app.rules.routing import NoRoute
from app.scope import scope_of, scoped, system_scope
from app.services import review, submission
from app.services.review import Via
from app.transaction import current_session, transaction
from models.application import Application
from models.case import Case, Task
from models.job import Job
from models.notification import Notification
from models.organization import Jurisdiction, Organization
from models.routing import RouteRule
from models.series import TitleSeries
from tests.database import build_template
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.templates import plan_template
from tests.factories.unit_world import disable

HEALTH, FINANCE = "合肥市卫生健康委员会", "合肥市教育局"
AGENCY = "合肥市公共就业人才服务管理中心"


@pytest.fixture(scope="session")
def template(application, store):
    base = plan_template(application, store)

    def submit():
        with scoped(scope_of(make.actor("applicant"))):
            application_id = make.submitted(make.actor("applicant"))
        disable("unit2")
        recommend_application(application_id, make.actor("unit"))

    return build_template(application, store, "routed", submit, base=base)


def organization_id(name):
    return current_session().execute(
        select(Organization.__table__.c.id).where(Organization.__table__.c.name == name)).scalar_one()


def series_id(code):
    return current_session().execute(
        select(TitleSeries.__table__.c.id).where(TitleSeries.__table__.c.code == code)).scalar_one()


def route(unit, code="22", plan=None):
    found = route_for(current_session(), unit_id=organization_id(unit), series_id=series_id(code), level_id=None,
                      plan_id=plan or make.teacher_plan())
    return [stop.organization for stop in found.stops]


def actor_at(name):
    """An administrator of an organization."""
    from models.account import Account

    login = current_session().execute(select(Account.__table__.c.username).where(
        Account.__table__.c.organization_id == organization_id(name), Account.__table__.c.active)).scalars().first()
    return make.actor(login)


def open_task():
    current_session().rollback()
    return current_session().execute(select(Task.__table__).where(Task.__table__.c.state == "open",
                                     Task.__table__.c.subject_type == "application")).one()


# Who is asked

def test_a_municipal_school_passes_bureau_and_hr_of_its_city(app):
    assert route("合肥市第八中学") == ["合肥市第八中学", "合肥市教育局", "合肥市人力资源和社会保障局", "安徽省教育厅"]


def test_a_municipal_construction_company_passes_the_construction_bureau(app):
    assert route("安徽宏远建设有限公司", "05", make.engineer_plan()) == [
        "安徽宏远建设有限公司", "合肥市城乡建设局", "合肥市人力资源和社会保障局", "安徽省住房和城乡建设厅"]


def test_provincial_and_central_units_pass_the_authorities_of_the_province(app):
    with system_scope(), transaction() as session:
        build_units(World(session, deadlines.today()), [
            Unit("安徽省属设计院", PROVINCE, STATE_COMPANY, ("employer",), prefix="91"),
            Unit("中央驻肥研究院", "340100", "51", ("employer",), prefix="12"),
        ])
        session.execute(update(Organization).where(Organization.name == "中央驻肥研究院").values(is_central=True))
    for unit in ("安徽省属设计院", "中央驻肥研究院"):
        assert route(unit, "05", make.engineer_plan()) == [
            unit, "安徽省住房和城乡建设厅", "安徽省人力资源和社会保障厅", "安徽省住房和城乡建设厅"]


def test_the_talent_centre_acts_as_the_unit_of_freelancers(app):
    assert route(AGENCY)[:2] == [AGENCY, "合肥市教育局"]


def test_the_hr_department_acts_as_the_unit_of_freelancers_and_still_as_itself(app):
    assert route("合肥市人力资源和社会保障局") == [
        "合肥市人力资源和社会保障局", "合肥市教育局", "合肥市人力资源和社会保障局", "安徽省教育厅"]


def test_staff_change_a_rule_and_the_next_route_follows_it(app):
    with db.engine.begin() as connection:
        connection.execute(update(RouteRule.__table__).where(RouteRule.__table__.c.name == "一般单位").values(enabled=False))
    with pytest.raises(NoRoute, match="审核路径规则"):
        route("合肥市第八中学")


def test_an_unknown_unit_has_no_route(app):
    with pytest.raises(NotFound):
        route_for(current_session(), unit_id=10**9, series_id=1, level_id=None, plan_id=make.teacher_plan())


# Nobody is competent

def test_without_a_route_nothing_is_lost_and_unit_and_operations_are_told_once(app):
    who = make.actor("applicant2")
    with scoped(scope_of(who)):
        application_id = make.complete(who)
        assert submission.check(application_id=application_id, actor=who).is_clean
        with db.engine.begin() as connection:
            connection.execute(delete(Jurisdiction.__table__).where(Jurisdiction.__table__.c.kind == "competent_department"))
        for _again in range(2):
            with pytest.raises(NoRoute, match="主管部门.*不会丢失"):
                submission.submit(application_id=application_id, actor=who)
    job = current_session().execute(
        select(Job.__table__).where(Job.__table__.c.kind == "notify.route_missing")).one()
    assert current_session().execute(select(Application.__table__.c.state).where(
        Application.__table__.c.id == application_id)).scalar_one() == "editing"
    current_session().rollback()
    with system_scope():
        tell_of_missing_route(JobView(id=job.id, kind=job.kind, key=job.key, payload=job.payload, attempts=1, max_attempts=5))
    told = dict(current_session().execute(
        select(Notification.__table__.c.user_id, Notification.__table__.c.link)
        .where(Notification.__table__.c.key.startswith(job.key))).tuples().all())
    assert set(told) == {make.actor("unit").user_id, make.actor("ops").user_id}
    assert told[make.actor("ops").user_id].startswith("/routing/simulator/?unit=")


# Added stops

def test_an_added_unit_approves_gives_back_and_the_unit_passes_on(app):
    unit, school = actor_at("合肥市第八中学"), organization_id("合肥市第八中学")
    first = open_task()
    outcome = review.approve(task_id=first.id, actor=unit, via=Via("extra", organization_id(HEALTH)))
    assert outcome.next_organization == HEALTH
    added = open_task()
    assert (added.node, added.organization_id) == ("extra", organization_id(HEALTH))
    review.approve(task_id=added.id, actor=actor_at(HEALTH), opinion="同意")
    again = open_task()
    assert (again.node, again.organization_id, again.stop) == ("employer", school, 2)
    assert review.approve(task_id=again.id, actor=unit).next_organization == "合肥市教育局"
    review.approve(task_id=open_task().id, actor=actor_at("合肥市教育局"))
    assert open_task().node == "hr_department"
    assert list(verify(db.session())) == []


def test_an_agency_leads_on_to_the_default_node(app):
    unit = actor_at("合肥市第八中学")
    review.approve(task_id=open_task().id, actor=unit, via=Via("agency", organization_id(AGENCY)))
    task = open_task()
    assert (task.node, task.organization_id) == ("agency", organization_id(AGENCY))
    assert review.approve(task_id=task.id, actor=actor_at(AGENCY)).next_organization == "合肥市教育局"


def test_taking_back_the_approval_takes_back_the_addition(app):
    unit = actor_at("合肥市第八中学")
    first = open_task()
    before = current_session().execute(select(Case.__table__.c.route).where(Case.__table__.c.id == first.case_id)).scalar_one()
    review.approve(task_id=first.id, actor=unit, via=Via("extra", organization_id(HEALTH)))
    review.withdraw(task_id=first.id, actor=unit)
    current_session().rollback()
    route = current_session().execute(select(Case.__table__.c.route).where(Case.__table__.c.id == first.case_id)).scalar_one()
    assert route == before
    assert review.approve(task_id=open_task().id, actor=unit).next_organization == "合肥市教育局"


@pytest.mark.parametrize(("node", "name", "says"), [
    ("extra", "合肥市第八中学", "不能选择本单位"), ("extra", "合肥市教育局", "默认的下一审核节点"), ("agency", HEALTH, "人才服务中心"),
])
def test_what_cannot_be_added_is_refused_with_the_reason(app, node, name, says):
    with pytest.raises(Invalid, match=says):
        review.approve(task_id=open_task().id, actor=actor_at("合肥市第八中学"), via=Via(node, organization_id(name)))
    assert open_task().node == "employer"


def test_a_unit_without_an_account_cannot_be_added(app):
    from models.account import Account

    with db.engine.begin() as connection:
        connection.execute(update(Account.__table__).where(
            Account.__table__.c.organization_id == organization_id(HEALTH)).values(active=False))
    with pytest.raises(Invalid, match="没有开通账号"):
        review.approve(task_id=open_task().id, actor=actor_at("合肥市第八中学"), via=Via("extra", organization_id(HEALTH)))


def test_a_convener_and_an_added_unit_cannot_add_others(app):
    unit = actor_at("合肥市第八中学")
    review.approve(task_id=open_task().id, actor=unit, via=Via("extra", organization_id(HEALTH)))
    with pytest.raises(WrongState, match="不能增加"):
        review.approve(task_id=open_task().id, actor=actor_at(HEALTH), via=Via("extra", organization_id(FINANCE)))


# The screens

def test_the_simulator_names_the_nodes_and_says_why(app, client, login):
    login(client, "ops")
    ids = {"unit": organization_id("合肥市第八中学"), "series": series_id("22"), "plan": make.teacher_plan()}
    page = client.get("/routing/simulator/", query_string=ids).text
    for words in ("适用规则：一般单位", "合肥市教育局", "管辖范围：合肥市的主管部门，负责中小学教师", "评审计划的组建单位"):
        assert words in page
    found = client.get("/routing/simulator/units/?q=第八中学").json
    assert [row["text"] for row in found] == ["合肥市第八中学"]
    assert "请选择单位、职称系列和评审计划" in client.get("/routing/simulator/?unit=&series=").text
    with db.engine.begin() as connection:
        connection.execute(delete(Jurisdiction.__table__).where(Jurisdiction.__table__.c.kind == "hr_department"))
    assert "没有找到合肥市第八中学属地的人社部门" in client.get("/routing/simulator/", query_string=ids).text


def test_the_reviewer_chooses_the_receiving_node_on_the_page(app, client, login):
    login(client, "unit")
    task = open_task()
    page = client.get(f"/reviews/{task.subject_id}/").text
    assert "默认接收节点：合肥市教育局" in page
    assert "人事代理机构" in page
    found = client.get("/tasks/units/?q=合肥市公共就业&kind=agency").json
    assert [row["text"] for row in found] == [AGENCY]
    answer = client.post(f"/tasks/{task.id}/approve/", data={
        "opinion": "同意", "receiver": "extra", "via_extra__q": "合肥市不存在局", "version": task.version})
    assert "请选择接收单位" in client.get(answer.location).text
    client.post(f"/tasks/{task.id}/approve/", data={
        "opinion": "同意", "receiver": "agency", "via_agency": found[0]["id"], "version": task.version})
    assert open_task().organization_id == organization_id(AGENCY)
