"""The review plans of the demo: the open plan for teachers, one for engineers, and many others to search and page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.demo import accounts as a
from app.demo import standards as st
from app.demo.directory import HEFEI, PROVINCE, UNIVERSITIES, department_of
from app.demo.world import World
from app.rules.deadlines import opens_at
from app.services.plan import keep_forms
from models.organization import Organization
from models.plan import Committee, PlanLevel, PlanOffering, ReviewPlan
from models.region import Region

HIGH = ("senior", "associate_senior")
TEACHERS, ENGINEERS, HEALTH, UNIVERSITY_TEACHERS, ACCOUNTANTS = "22", "05", "04", "01", "17"
TEACHER_COMMITTEE = "安徽省中小学教师系列高级职称评审委员会"
ENGINEER_COMMITTEE = "安徽省建设工程系列高级职称评审委员会"
CONSTRUCTION = ("建筑工程", "给水排水", "暖通空调", "工程造价", "市政路桥", "建筑电气", "园林绿化")


@dataclass(frozen=True)
class Window:
    """When a plan is open and what it is called by then."""

    year: int
    state: str
    opens_on: dt.date
    closes_on: dt.date


def plan_name(year: int, committee: str) -> str:
    """As the manual names plans."""
    return f"{year}年—{committee}"


def open_window(today: dt.date) -> Window:
    """Open now, and long enough for a demo that is kept."""
    return Window(today.year, "published", today - dt.timedelta(days=30), today + dt.timedelta(days=180))


def build_committee(world: World, name: str, convener: str, issuer: str, region_code: str) -> Committee:
    """A committee; both units exist already."""
    committee = Committee(
        name=name, convener_id=world.organizations[convener].id, issuer_id=world.organizations[issuer].id,
        region_code=region_code,
    )
    world.session.add(committee)
    world.session.flush([committee])  # plans need the id
    world.committees[name] = committee
    return committee


def build_plan(
    world: World, committee: Committee, window: Window, series: str, levels: tuple[str, ...], *,
    standards: tuple[tuple[str, tuple[st.Section, ...]], ...], slots: tuple[st.Slot, ...],
    routes: tuple[str, ...] = ("regular",), plan_type: str = "regular", scope: str = "", content: str = "",
    specialties: tuple[str, ...] = (), needs_interview: bool = False, exemption_note: str = "",
) -> ReviewPlan:
    """A plan with what it offers; `specialties`: names, empty for all of the series; `exemption_note`: who may ask for 免面试."""
    convener = world.session.get_one(Organization, committee.convener_id)
    level_ids = {code: world.levels[code].id for code in levels}
    kinds = {code: kind.id for code, kind in world.kinds.items()}
    series_row = world.series[series]
    plan = ReviewPlan(
        year=window.year, name=plan_name(window.year, committee.name), committee_id=committee.id,
        convener_id=committee.convener_id, region_code=committee.region_code, plan_type=plan_type,
        state=window.state, opens_on=window.opens_on, closes_on=window.closes_on, routes=list(routes),
        needs_interview=needs_interview, allows_exemption=bool(exemption_note), exemption_note=exemption_note, contact=convener.contact, phone="0551-88888888", address=convener.address,
        scope_text=scope or f"从事{series_row.name.removesuffix('人员')}工作的在职专业技术人才，不含公务员和已退休人员。",
        content=content or "请对照评审标准如实填报，于截止日期前提交所在单位审核。逾期系统自动关闭。",
        levels=[PlanLevel(level_id=level_id) for level_id in level_ids.values()],
        standards=[st.standard_of(name, sections, kinds, level_ids, n) for n, (name, sections) in enumerate(standards, 1)],
        slots=st.slots_of(slots),
        offerings=[
            PlanOffering(series_id=series_row.id, specialty_id=specialty.id, title_id=title.id)
            for specialty in world.specialties[series_row.id]
            if not specialties or specialty.name in specialties
            for title in world.titles
            if title.series_id == series_row.id and title.level_id in level_ids.values()
        ],
    )
    world.session.add(plan)
    world.session.flush()  # what a plan asks for is closed to changes by its publication
    if window.state != "draft":
        keep_forms(world.session, plan.id, plan.edition)
        plan.published_at = opens_at(window.opens_on)
    return plan


def build_teacher_plan(world: World) -> ReviewPlan:
    """The open plan that the demo's teacher applies to."""
    committee = build_committee(world, TEACHER_COMMITTEE, a.CONVENER, a.ISSUER, PROVINCE)
    return build_plan(
        world, committee, open_window(world.today), TEACHERS, HIGH, standards=st.TEACHER_STANDARDS,
        slots=st.TEACHER_SLOTS, routes=("regular", "exceptional"),
        scope="全省普通中小学、特殊教育学校、专门学校和校外教育机构从事教育教学的教师；幼儿园教师；各级教研、电教、师训机构专业技术人员。",
        content="请按所任教学段选择对应的评审标准。任现职以来的业绩须先录入个人业绩库并经单位审核通过，再导入申报。",
    )


def build_engineer_plan(world: World) -> ReviewPlan:
    """The open plan for construction engineers."""
    committee = build_committee(world, ENGINEER_COMMITTEE, a.CONSTRUCTION_CONVENER, a.ISSUER, PROVINCE)
    return build_plan(
        world, committee, open_window(world.today), ENGINEERS, HIGH,
        standards=(("安徽省建设工程系列专业技术资格条件", st.ENGINEER_SECTIONS),), slots=st.ENGINEER_SLOTS,
        routes=("regular", "exceptional", "transfer", "green"), specialties=CONSTRUCTION,
        scope="全省从事建筑工程设计、施工、监理、造价、市政、园林等工作的工程技术人员。",
    )


def build_other_plans(world: World) -> None:
    """All the rest: every series at the province, two years; every city; universities that review by themselves."""
    for code in world.series:
        if code not in (TEACHERS, UNIVERSITY_TEACHERS):
            _build_provincial(world, code)
    last = _last_year(world)
    for name, code in ((TEACHER_COMMITTEE, TEACHERS), (ENGINEER_COMMITTEE, ENGINEERS)):
        _build_generic(world, world.committees[name], last, code, HIGH)
    for index, city in enumerate(world.cities):
        _build_city(world, city, index)
    for index, name in enumerate(UNIVERSITIES):
        committee = build_committee(
            world, f"{name}高等学校教师系列高级职称自主评审委员会", name, a.ISSUER, PROVINCE
        )
        _build_generic(world, committee, _window(world, index), UNIVERSITY_TEACHERS,
                       (*HIGH, "intermediate", "assistant"), plan_type="autonomous")
    green = build_committee(world, "安徽省引进人才绿色通道高级职称评审委员会", "安徽省科学技术厅", a.ISSUER, PROVINCE)
    _build_generic(world, green, open_window(world.today), "03", HIGH, plan_type="green", routes=("green",))


def _build_provincial(world: World, code: str) -> None:
    series = world.series[code]
    if code == ENGINEERS:
        name, convener = "安徽省机械工程专业高级职称评审委员会", "安徽省工业和信息化厅"
    else:
        name, convener = f"安徽省{series.name}系列高级职称评审委员会", department_of(code)
    committee = build_committee(world, name, convener, a.ISSUER, PROVINCE)
    window = open_window(world.today) if code == ACCOUNTANTS else _window(world, int(code))
    _build_generic(world, committee, window, code, HIGH)
    if int(code) % 3 != 1:
        _build_generic(world, committee, _last_year(world), code, HIGH)


def _build_city(world: World, city: Region, index: int) -> None:
    issuer = f"{city.name}人力资源和社会保障局"
    teachers = build_committee(
        world, f"{city.name}中小学教师系列中级职称评审委员会", f"{city.name}教育局", issuer, city.code
    )
    _build_generic(world, teachers, _window(world, index), TEACHERS, ("intermediate",))
    if city.code == HEFEI or index % 2:
        engineers = build_committee(
            world, f"{city.name}建设工程专业中级职称评审委员会", f"{city.name}城乡建设局", issuer, city.code
        )
        _build_generic(world, engineers, _window(world, index + 2), ENGINEERS, ("intermediate", "assistant"))


def _build_generic(
    world: World, committee: Committee, window: Window, code: str, levels: tuple[str, ...], *, plan_type: str = "regular",
    routes: tuple[str, ...] = (),
) -> None:
    sections, slots = {
        TEACHERS: (st.TEACHER_STANDARDS[0][1][:3], st.TEACHER_SLOTS),
        ENGINEERS: (st.ENGINEER_SECTIONS, st.ENGINEER_SLOTS),
        HEALTH: (st.HEALTH_SECTIONS, st.COMMON_SLOTS),
    }.get(code, (st.GENERAL_SECTIONS, st.COMMON_SLOTS))
    standard = f"{world.series[code].name}专业技术资格条件"
    build_plan(
        world, committee, window, code, levels, standards=((standard, sections),), slots=slots, plan_type=plan_type,
        routes=routes or (("regular", "exceptional") if levels == HIGH else ("regular",)), needs_interview=code == HEALTH,
    )


def _window(world: World, n: int) -> Window:
    """Four kinds of window in turn: open, over, still to come, being drafted."""
    today, year, day = world.today, world.today.year, dt.timedelta(days=1)
    if n % 4 == 0:
        return Window(year, "published", today + (10 + n) * day, today + (40 + n) * day)
    if n % 4 == 1:
        return Window(year, "closed", today - (90 + n) * day, today - (50 + n) * day)
    if n % 8 == 2:
        return Window(year, "draft", today + (30 + n) * day, today + (60 + n) * day)
    return Window(year, "published", today - n * day, today + (20 + n) * day)


def _last_year(world: World) -> Window:
    year = world.today.year - 1
    return Window(year, "closed", dt.date(year, 9, 1), dt.date(year, 10, 31))
