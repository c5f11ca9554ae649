"""The whole way by the manual's labels: 常规, 破格 and 转评, for a teacher, a doctor and an engineer with their own fields and slots."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import delete, select

from app.demo import accounts as a
from app.demo import plans, specialists
from app.demo import standards as st
from app.demo.world import World
from app.rules.deadlines import today
from app.scope import system_scope
from app.services.plan import keep_forms
from app.transaction import transaction
from models.base import utcnow
from models.organization import Organization
from models.plan import PlanOffering
from models.series import Specialty, Title
from tests.e2e.conftest import Site, Visit
from tests.e2e.filling import (
    ENGINEERS,
    TEACHER_STANDARD,
    TEACHERS,
    basic,
    begin,
    choose,
    import_all,
    stored,
    submit,
    take_all,
    tree,
    upload,
)
from tests.e2e.held_titles import add_held_title
from tests.e2e.people import Someone


def test_the_teacher_of_the_demo_submits_by_both_routes(site: Site, visit: Visit, tmp_path: Path) -> None:
    person = visit("applicant")
    begin(person, TEACHERS, route="常规申报", specialty="高中数学", title="正高级教师", standard=TEACHER_STANDARD)
    basic(person, {"从教日期": "2005-08-01", "工作年限": "21", "专业年限": "21", "教龄": "20", "农村教龄": "0", "教师资格": "高中数学 2005340101"},
          {"教师类别": "高中教师", "编制类别": "在编", "任教年级": "高三"})
    person.tick("否", group="校(园)长岗位培训证书")
    person.sees("已保存")
    add_held_title(person, tmp_path, level="副高级", starts_on="2016-01-01", values={
        "工作单位": a.SCHOOL, "证书编号": "340120150001", "系列名称": "中小学教师", "专业名称": "高中数学", "资格名称": "高级教师",
        "评审机构": TEACHERS, "评审日期": "2015-11-20", "发证机构": a.ISSUER, "发证日期": "2015-12-31"})
    import_all(person, ("考核表彰", "能力条件", "业绩条件", "教科研条件"))
    reorder_and_remove(person)
    upload(person, tmp_path, ("身份证正反面", "诚信承诺书(手写签名)", "教师资格证"))
    rename(person, "身份证正反面.pdf", "李明身份证正反面")
    person.sees("安徽省教育厅", within=person.page.locator("ol.route"))  # the whole way by name, before it is sent
    person.follow("申报一览表", within=tree(person))
    person.sees("李明身份证正反面.pdf", within=person.page.locator("#part-slots"))
    person.follow("附件一览表", within=tree(person))
    person.page.get_by_role("link", name=re.compile("查看附件")).first.click()
    expect(person.page.get_by_role("dialog")).to_be_visible()
    person.press("关闭")
    submit(person)
    assert stored(site, "李明")[0]["state"] == "reviewing"
    steps = person.page.get_by_role("list", name="流程进度").get_by_role("listitem")
    expect(steps).to_have_count(6)
    expect(steps.nth(1)).to_have_attribute("aria-current", "step")
    expect(steps).to_contain_text(["申报", a.SCHOOL, "合肥市教育局", "合肥市人力资源和社会保障局", a.CONVENER, "审核通过"])
    person.confirm("撤回", "确定撤回")
    person.sees("申报已撤回")
    person.follow("填报")
    person.follow("修改", within=person.page.get_by_role("main"))
    choose(person, route="破格申报", specialty="高中数学", title="正高级教师", standard=TEACHER_STANDARD)
    person.press("提交")
    person.follow("破格审批表", within=tree(person))
    person.choose("破格类型", "资历破格")
    person.fill("不具备的条件", "任现职年限未满五年。")
    person.choose("破格依据条款", "考核表彰：表彰奖励")
    person.fill("主要业绩（对照条款逐条）", "获省级教学成果奖，符合破格条款。")
    person.sees("已保存")
    submit(person)
    [application] = stored(site, "李明")
    assert (application["state"], application["route"]) == ("reviewing", "exceptional")
    assert application["route_values"]["exception_type"] == "资历破格"


def test_a_doctor_has_fields_slots_and_achievements_of_her_own(site: Site, visit: Visit, tmp_path: Path) -> None:
    person = visit("doctor")
    begin(person, specialists.HEALTH_COMMITTEE, route="常规申报", specialty="心血管内科", title="副主任医师", standard="安徽省卫生系列")
    basic(person, {"执业范围": "内科专业", "执业证书编号": "110340100000317", "执业地点（主要执业机构）": specialists.HOSPITAL, "从事科室": "心血管内科"},
          {"执业类别": "临床", "医疗机构等级": "三级甲等"})
    person.sees("已保存")
    add_held_title(person, tmp_path, level="中级", starts_on="2017-01-01", way="考试", values={
        "工作单位": specialists.HOSPITAL, "系列名称": "卫生技术人员", "专业名称": "心血管内科", "资格名称": "主治医师", "评审机构": "国家卫生健康委人才中心",
        "评审日期": "2016-05-20", "发证机构": "合肥市人社局", "发证日期": "2016-10-31"})
    import_all(person, ("考核表彰", "能力条件", "论文条件"))
    upload(person, tmp_path, ("身份证正反面", "诚信承诺书(手写签名)", "医师（护士）执业证书"))
    person.open("职称申报")
    person.confirm("免面试", "提交", 免面试理由="获省科学技术进步奖二等奖。")
    person.sees("已申请免面试")
    person.sees("有（免面试待审核）")
    person.follow("填报")
    submit(person)
    [application] = stored(site, "林若兰")
    assert application["professional"]["practice_category"] == "临床"
    assert (application["exemption_state"], application["exemption_reason"]) == ("asked", "获省科学技术进步奖二等奖。")


def test_an_engineer_has_fields_and_slots_of_his_own(site: Site, visit: Visit, tmp_path: Path) -> None:
    person = visit("engineer")
    begin(person, ENGINEERS, route="常规申报", specialty="建筑工程", title="高级工程师", standard="安徽省建设工程系列")
    basic(person, {"职（执）业（注册）资格及证号": "一级注册建造师 皖134000317"}, {"从事专业领域": "建筑工程"})
    person.tick("施工", group="岗位类型")
    person.sees("已保存")
    add_held_title(person, tmp_path, level="中级", starts_on="2016-01-01", values={
        "工作单位": a.COMPANY, "系列名称": "工程技术人员", "专业名称": "建筑工程", "资格名称": "工程师", "评审机构": "合肥市建设工程专业中级职称评审委员会",
        "评审日期": "2015-11-20", "发证机构": "合肥市人社局", "发证日期": "2015-12-31"})
    import_all(person, ("考核表彰", "业绩条件", "论文著作条件"))
    upload(person, tmp_path, ("身份证正反面", "诚信承诺书(手写签名)"))
    submit(person)
    assert stored(site, "高立新")[0]["professional"]["job_type"] == ["施工"]
    transfer(person, tmp_path)
    [application] = stored(site, "高立新")
    assert (application["state"], application["route"]) == ("reviewing", "transfer")
    assert application["route_values"]["moved_on"] == f"{today().year - 3}-03-01"


def transfer(person: Someone, folder: Path) -> None:
    """转评: somebody with 副高级 of another series, who came to the new post too late at first."""
    person.confirm("撤回", "确定撤回")
    person.follow("填报")
    person.follow("修改", within=person.page.get_by_role("main"))
    choose(person, route="转评申报", specialty="建筑工程", title="高级工程师", standard="安徽省建设工程系列")
    person.press("提交")
    add_held_title(person, folder, level="副高级", values={
        "工作单位": "合肥市锦绣职业学校", "系列名称": "中等职业学校教师", "专业名称": "建筑施工", "资格名称": "高级讲师",
        "评审机构": "安徽省职业学校教师系列高级职称评审委员会", "评审日期": "2018-11-20", "发证机构": a.ISSUER, "发证日期": "2018-12-31"})
    person.follow("转评申报表", within=tree(person))
    person.fill("岗位变动时间", f"{today().year}-01-02")
    for label, text in (("现岗位", "项目总工"), ("从事现专业年限", "3"), ("转岗原因", "组织调动。"), ("现岗位业绩", "主持两项省重点工程。")):
        person.fill(label, text)
    person.sees("已保存")
    person.follow("提交审核", within=tree(person))
    person.press("开始检测")
    person.sees("转入新岗位须满 1 年方可转评", within=person.page.locator("#result"))
    person.follow("去修改", within=person.page.locator("#result li").filter(has_text="转入新岗位须满"))
    person.fill("岗位变动时间", f"{today().year - 3}-03-01")
    person.sees("已保存")
    submit(person)


def reorder_and_remove(person: Someone) -> None:
    """下移, 移除 and 导入 again, on 学历教育."""
    person.follow("学历教育", within=tree(person))
    rows = person.page.locator("ol.rows > li")
    expect(rows).to_have_count(2)
    first, second = (row.text_content() or "" for row in rows.locator(".cells").all())
    person.press("下移", within=rows.nth(0))
    expect(rows.nth(0).locator(".cells")).to_have_text(second)
    person.confirm("移除", "确定移除", within=rows.nth(0))
    expect(rows).to_have_count(1)
    expect(rows.nth(0).locator(".cells")).to_have_text(first)
    take_all(person, person.page.get_by_role("main"))
    expect(rows).to_have_count(2)


def rename(person: Someone, name: str, wanted: str) -> None:
    """改名 of an attachment."""
    line = person.page.locator("ul.files li").filter(has_text=name)
    person.confirm("改名", "保存", within=line, 附件名称=wanted)
    person.sees(f"{wanted}.pdf")


def plan_with_one_title_less(site: Site) -> int:
    """An open plan for teachers in which 小学语文 has no 正高级教师; its id."""
    with site.app.app_context(), system_scope(), transaction() as session:
        world = World(session, today())
        world.organizations.update({row.name: row for row in session.scalars(select(Organization))})
        committee = plans.build_committee(world, "安徽省小学教师高级职称评审委员会", a.CONVENER, a.ISSUER, plans.PROVINCE)
        plan = plans.build_plan(
            world, committee, replace(plans.open_window(world.today), state="draft"), plans.TEACHERS, plans.HIGH,
            standards=st.TEACHER_STANDARDS, slots=st.TEACHER_SLOTS)
        offering, title, specialty = PlanOffering.__table__, Title.__table__, Specialty.__table__
        session.execute(delete(offering).where(
            offering.c.plan_id == plan.id, offering.c.title_id.in_(select(title.c.id).where(title.c.name == "正高级教师")),
            offering.c.specialty_id.in_(select(specialty.c.id).where(specialty.c.name == "小学语文"))))
        keep_forms(session, plan.id, plan.edition)
        plan.state, plan.published_at = "published", utcnow()
        return plan.id


def test_choices_narrow_each_other_and_are_found_by_keyword(site: Site, visit: Visit) -> None:
    """小学语文 is offered with one title only: it is chosen by itself, the other one is gone."""
    plan = plan_with_one_title_less(site)
    person = visit("teacher08")
    person.go(f"/applications/new/{plan}")
    group = person.page.get_by_role("group", name=re.compile("申报专业"))
    person.fill("筛选选项", "语文")
    expect(group.get_by_role("radio")).to_have_count(3)
    group.get_by_label("小学语文").check()
    titles = person.page.get_by_role("group", name=re.compile("申报职称"))
    expect(titles.get_by_role("radio")).to_have_count(1)
    expect(titles.get_by_label(re.compile("^高级教师"))).to_be_checked()
    person.fill("筛选选项", "没有这种专业")
    person.sees("没有找到，请换一个词。")
    expect(group.get_by_role("radio")).to_have_count(1)  # what is chosen stays in sight
    person.fill("筛选选项", "")
    group.get_by_label("高中数学").check()
    expect(titles.get_by_role("radio")).to_have_count(2)
