"""The manual's routing examples in a browser (单位 四, 注意一 and 注意二), by the words on the pages.

A construction company of Hefei to the committee of the province; an accountant of a hospital in Bengbu through health
and finance bureaus; a company whose people's files are kept by the talent centre.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.demo import accounts as a
from app.demo import applications, journeys, portfolio
from app.demo import world as builders
from app.demo.evidence import evidence_pdf
from app.demo.people import Inventor
from app.demo.world import World
from app.rules.deadlines import today
from app.scope import system_scope
from app.transaction import transaction
from models.account import Account
from models.organization import Organization
from models.plan import ReviewPlan
from tests.e2e.conftest import Site, Visit
from tests.e2e.people import Someone

HOSPITAL, HEALTH, FINANCE, HR = "蚌埠市仁和医院", "蚌埠市卫生健康委员会", "蚌埠市财政局", "蚌埠市人力资源和社会保障局"
CONVENER = "安徽省财政厅"
NAMES: dict[str, str] = {}  # login of an applicant -> name
LOGINS: dict[str, str] = {}  # organization -> login of its administrator


@pytest.fixture(scope="module")
def world(site: Site) -> None:
    """Three people who have applied: two of the company, one accountant of the hospital."""
    with site.app.app_context(), system_scope(), transaction() as session:
        world = World(session, today(), inventor=Inventor(4711))
        for organization in session.scalars(select(Organization)):
            world.organizations[organization.name] = organization
            logins = world.administrators(organization.id)
            if logins:
                LOGINS[organization.name] = logins[0]
        for account in session.scalars(select(Account)):
            world.accounts[account.username] = account
        for login in ("builder1", "builder2"):
            _apply(world, login, a.COMPANY, "05", portfolio.engineer_entries(world.today), "建设工程系列高级",
                   applications.engineer_choice)
        _apply(world, "accountant", HOSPITAL, "17", portfolio.colleague_portfolio(world.today), "会计人员系列高级", _accountant)


def _apply(world: World, login: str, unit: str, series: str, entries, plan: str, choice) -> None:
    builders.add_colleague(world, login, unit, series)
    journeys.give_photo(world, login)
    journeys.approved_portfolio(world, login, entries, LOGINS[unit])
    plan_id = world.session.scalars(
        select(ReviewPlan.id).where(ReviewPlan.name.contains(plan), ReviewPlan.year == world.today.year)).one()
    applications.apply(world, login, plan_id, choice(world, login))
    NAMES[login] = world.people[login].name


def _accountant(world: World, login: str) -> applications.Choice:
    personal = {"birth_place": "安徽省蚌埠市", "work_years": 12, "profession_years": 12, "health": "健康"}
    exam = {"exam_cert": "高会 2026340001", "exam_valid_to": str(today() + dt.timedelta(700))}
    held = applications.present_title(world, login, "17", "通用", "会计师", "intermediate")
    return applications.Choice("通用", "高级会计师", personal, exam, held, slots=("id_card", "pledge"))


def recommend(unit: Someone, name: str, folder: Path, *, quota: bool) -> None:
    """单位推荐意见 in the browser."""
    unit.open("职称申报")
    unit.follow("审核", within=unit.row(name))
    unit.follow("单位推荐意见", within=unit.page.get_by_role("navigation", name="审核内容"))
    unit.fill("推荐意见", "材料真实，同意推荐。")
    unit.fill("公示开始日期", str(today() - dt.timedelta(30)))
    unit.fill("公示结束日期", str(today()))
    proof = folder / "公示证明.pdf"
    proof.write_bytes(evidence_pdf("公示证明", (f"{name} 同志公示无异议。",), ""))
    unit.give_file("上传单位公示证明和材料", proof)
    unit.press("保存推荐意见")
    unit.sees("单位推荐意见已保存")
    if quota:
        unit.tick("不占用", group="是否占用职数")
        unit.fill("说明", "高于岗位结构比例，先评后聘。")
        unit.press("推荐")
        unit.sees("已推荐")


def approve(reviewer: Someone, name: str, *, default: str = "", via: str = "", kind: str = "选择单位") -> None:
    """通过 to the default node, which the page names, or by way of another unit."""
    reviewer.open("职称申报")
    reviewer.follow("审核", within=reviewer.row(name))
    reviewer.page.locator("summary", has_text="通过").first.click()
    dialog = reviewer.page.get_by_role("dialog", name="通过")
    if default:
        expect(dialog.get_by_text(f"默认接收节点：{default}")).to_be_visible()
    if via:
        dialog.get_by_label(kind, exact=True).check()
        box = dialog.get_by_label(f"{kind}的名称").first
        box.click()
        box.press_sequentially(via)
        dialog.get_by_role("option", name=via).first.click()
    dialog.get_by_role("button", name="确定", exact=True).click()
    reviewer.sees(f"已提交至{via or default}审核" if via or default else "已通过")


def record_post_quota(unit: Someone, folder: Path) -> None:
    """管理设置 · 岗位核准信息: 新增, the stamped form, 确认."""
    unit.open("管理设置")
    unit.follow("岗位核准信息", within=unit.page.get_by_role("navigation", name="本节内容"))
    unit.follow("新增")
    for level in ("正高级", "副高级", "中级", "初级"):
        unit.fill(f"{level}空缺", "2")
    unit.press("保存")
    form = folder / "岗位核准表.pdf"
    form.write_bytes(evidence_pdf("岗位核准表", (HOSPITAL,), HR))
    unit.give_file("上传单位盖章后的岗位核准表", form)
    unit.sees("岗位核准表.pdf")
    unit.confirm("确认", "确定")
    unit.sees("岗位核准信息已确认")


def test_a_municipal_construction_company_applies_to_the_committee_of_the_province(
    world: None, visit: Visit, tmp_path: Path
) -> None:
    name, company = NAMES["builder1"], visit("company")
    recommend(company, name, tmp_path, quota=False)
    approve(company, name, default=a.CONSTRUCTION_BUREAU)
    approve(visit(LOGINS[a.CONSTRUCTION_BUREAU]), name, default=a.HR_BUREAU)
    approve(visit("hr"), name, default=a.CONSTRUCTION_CONVENER)
    approve(visit(LOGINS[a.CONSTRUCTION_CONVENER]), name)


def test_the_hospitals_accountant_passes_the_health_bureau_and_then_the_finance_bureau(
    world: None, visit: Visit, tmp_path: Path
) -> None:
    name, hospital = NAMES["accountant"], visit(LOGINS[HOSPITAL])
    record_post_quota(hospital, tmp_path)
    recommend(hospital, name, tmp_path, quota=True)
    approve(hospital, name, default=FINANCE, via=HEALTH)
    approve(visit(LOGINS[HEALTH]), name, default=HOSPITAL)
    approve(hospital, name, default=FINANCE)
    approve(visit(LOGINS[FINANCE]), name, default=HR)
    approve(visit(LOGINS[HR]), name, default=CONVENER)
    approve(visit(LOGINS[CONVENER]), name)


def test_files_kept_by_the_talent_centre_pass_it_before_the_department(world: None, visit: Visit, tmp_path: Path) -> None:
    name, company = NAMES["builder2"], visit("company")
    recommend(company, name, tmp_path, quota=False)
    approve(company, name, default=a.CONSTRUCTION_BUREAU, via=a.AGENCY, kind="人事代理机构")
    approve(visit("agency"), name, default=a.CONSTRUCTION_BUREAU)
    approve(visit(LOGINS[a.CONSTRUCTION_BUREAU]), name, default=a.HR_BUREAU)
    approve(visit("hr"), name, default=a.CONSTRUCTION_CONVENER)
    approve(visit(LOGINS[a.CONSTRUCTION_CONVENER]), name)
