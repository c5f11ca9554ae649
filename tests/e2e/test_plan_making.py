"""A convener makes a plan from nothing, by the labels of the screens, until applicants see it; then what may still change.

Everything a plan asks for is set once: window, levels, specialties × titles, routes, documents, a standard with a section,
items and a group of which one is enough, slots with a template and a condition, own fields of 专业信息, a check's number.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from app.demo.evidence import evidence_pdf
from app.rules.deadlines import today
from tests.e2e.conftest import Visit
from tests.e2e.people import Someone
from tests.e2e.test_plans import axe, open_search

COMMITTEE = "安徽省中小学教师系列高级职称评审委员会"
NAME = f"{today().year}年—{COMMITTEE}（补充批次）"


def test_a_plan_from_nothing_to_an_applicant(visit: Visit, tmp_path: Path) -> None:
    convener = visit("convener")
    begin(convener)
    convener.sees("草稿，还不能发布。")
    choose_titles(convener)
    make_a_standard(convener)
    make_a_slot(convener, tmp_path)
    add_a_field(convener)
    set_a_check(convener)
    give_the_notice(convener, tmp_path)
    convener.sees("草稿，可以发布。")
    axe(convener)
    look_as_applicants_will(convener)
    convener.confirm("发布", "确定发布")
    convener.sees("已发布的要求不能直接修改")
    an_applicant_meets_it(visit("applicant", width=390))
    what_may_still_change(convener)


def home(convener: Someone) -> None:
    convener.open("评审计划")
    convener.follow("查看", within=convener.row(NAME))
    convener.sees_heading(NAME)


def part(convener: Someone, screen: str, *, add: bool = True) -> None:
    """A part of the plan on its page, unfolded; 新增 within it."""
    place = convener.page.locator(f"#{screen}")
    if place.get_attribute("open") is None:
        place.locator("summary").first.click()
    if add:
        convener.follow("新增", within=place)


def begin(convener: Someone) -> None:
    """新增: wrong input first, which keeps what was typed."""
    convener.open("评审计划")
    convener.follow("新增")
    convener.sees_heading("新增评审计划")
    convener.fill("计划名称", NAME)
    convener.pick("属地", "安徽省")
    convener.pick("评委会", COMMITTEE)
    convener.tick("绿色通道")
    convener.fill("申报开始日期", today().isoformat())
    convener.fill("申报截止日期", (today() - dt.timedelta(days=1)).isoformat())
    convener.tick("需要面试答辩")
    convener.page.get_by_role("textbox", name="评审范围对象").fill("全省中小学在职教师。")
    convener.page.get_by_role("textbox", name="计划内容").fill("补充批次申报工作现已开始。")
    convener.fill("联系人", "周源")
    convener.fill("联系电话", "0551-62817147")
    convener.fill("联系地址", "安徽省合肥市金寨路321号")
    convener.press("保存")
    convener.sees("截止日期不能早于开始日期。")
    axe(convener)
    convener.fill("申报截止日期", (today() + dt.timedelta(days=20)).isoformat())
    convener.press("保存")
    convener.sees_heading(NAME)
    axe(convener)


def choose_titles(convener: Someone) -> None:
    """评审级别, and specialties × titles of a series."""
    convener.follow("设置 可评审专业")
    convener.choose("职称系列", "中小学教师")
    convener.press("切换系列")
    convener.tick("副高级")
    axe(convener)
    convener.page.get_by_label("高中数学 高级教师", exact=True).check()
    convener.press("保存")
    convener.sees("评审级别和可评审专业已保存。")
    convener.follow("返回计划")


def make_a_standard(convener: Someone) -> None:
    part(convener, "ReviewStandardView")
    convener.fill("名称", "补充批次条件")
    convener.press("保存")
    part(convener, "StandardSectionView")
    convener.fill("名称", "业绩条件")
    convener.press("保存")
    part(convener, "StandardGroupView")
    convener.fill("名称", "下列满足一项")
    convener.fill("至少满足几项", "1")
    axe(convener)
    convener.press("保存")
    add_item(convener, "工作(技术)总结报告", minimum="3", maximum="1")
    convener.sees("不能大于“至多”")
    convener.fill("至少", "1")
    convener.press("保存")
    for kind in ("论文发表情况", "项目获奖情况"):
        add_item(convener, kind, group="下列满足一项")
    part(convener, "StandardItemView", add=False)
    convener.sees("下列满足一项", within=convener.page.locator("#StandardItemView"))


def add_item(convener: Someone, kind: str, *, minimum: str = "0", maximum: str = "0", group: str = "") -> None:
    part(convener, "StandardItemView")
    convener.pick("业绩类别", kind)
    convener.fill("至少", minimum)
    convener.fill("至多（0 为不限）", maximum)
    if group:
        convener.pick("任选条件组", group)
    convener.fill("提示", f"{kind}须在任现职期间取得")
    convener.press("保存")


def make_a_slot(convener: Someone, folder: Path) -> None:
    """名称, 必传, a condition in words, types, size, count; then a template."""
    part(convener, "AttachmentSlotView")
    convener.fill("名称", "引进人才认定文件")
    convener.tick("必传")
    convener.choose("什么情况下要求", "申报形式")
    convener.fill("条件的取值", "人才通道")
    convener.tick("PDF")
    convener.fill("单个文件上限（MB）", "5")
    convener.fill("最多个数", "2")
    convener.press("保存")
    convener.sees("没有“人才通道”，可填：")
    convener.fill("条件的取值", "绿色通道")
    axe(convener)
    convener.press("保存")
    convener.follow("查看", within=convener.row("引进人才认定文件"))
    template = folder / "认定文件空表.pdf"
    template.write_bytes(evidence_pdf("认定文件", ("（空表）",), ""))
    convener.give_file("上传模板", template)
    convener.sees("认定文件空表.pdf")
    home(convener)


def add_a_field(convener: Someone) -> None:
    """专业信息: one more field, looked at and saved, for this plan alone."""
    convener.follow("设置 专业信息")
    convener.sees_heading("专业信息")
    axe(convener)
    convener.follow("修改填写项 中小学教师")
    convener.press("增加填写项")
    new = convener.page.locator(".kind-fields details[open]").last
    new.get_by_label("名称", exact=True).fill("支教学校")
    new.get_by_label("代码", exact=True).fill("support_school")
    axe(convener)
    convener.press("预览表单")
    convener.sees_heading("预览")
    convener.press("保存")
    convener.sees("本计划的专业信息已保存。")
    convener.sees("按本计划设置")
    convener.follow("返回计划")


def set_a_check(convener: Someone) -> None:
    convener.follow("设置 开始检测的规则")
    group = convener.page.get_by_role("group", name=re.compile("继续教育学时符合要求"))
    group.get_by_label("每年总学时不少于").fill("72")
    convener.press("保存")
    convener.sees("1 条规则按本计划设置")


def give_the_notice(convener: Someone, folder: Path) -> None:
    notice = folder / "补充批次通知.pdf"
    notice.write_bytes(evidence_pdf("补充批次通知", ("正文",), "安徽省教育厅"))
    convener.give_file("上传相关附件", notice)
    convener.sees("补充批次通知.pdf")


def look_as_applicants_will(convener: Someone) -> None:
    convener.follow("预览")
    convener.sees_heading(NAME)
    for words in (
        "绿色通道", "不受逐级申报和任现职年限限制", "引进人才认定文件", "“申报形式”为绿色通道时", "认定文件空表.pdf", "支教学校",
        "下列满足一项", "至少 1 项", "补充批次通知.pdf",
    ):
        convener.sees(words)
    axe(convener)
    convener.follow("返回计划")


def an_applicant_meets_it(teacher: Someone) -> None:
    """On a phone: the plan, its tabs, the choice with 绿色通道."""
    open_search(teacher)
    teacher.fill("计划名称", "补充批次")
    teacher.press("搜索")
    teacher.follow("申报入口", within=teacher.row(NAME))
    teacher.sees("绿色通道")
    teacher.follow("可评审专业")
    teacher.sees("高中数学")
    axe(teacher)
    teacher.follow("马上申报")
    teacher.sees("不受逐级申报和任现职年限限制")
    teacher.tick("绿色通道", group="申报形式")
    teacher.tick("高中数学")
    teacher.page.get_by_label(re.compile("^高级教师")).check()
    teacher.tick("补充批次条件")
    teacher.tick("确认无误")
    axe(teacher)
    teacher.press("提交")
    teacher.tick("我已阅读并承诺")
    teacher.press("同意并继续")
    teacher.sees("支教学校")


def what_may_still_change(convener: Someone) -> None:
    """Words and the end of the window at once, what is asked for by a revision; then 关闭 and next year's copy."""
    home(convener)
    assert convener.page.locator("#AttachmentSlotView").get_by_role("link", name="新增").count() == 0
    convener.follow("延长申报时间")
    convener.fill("新的申报截止日期", (today() + dt.timedelta(days=30)).isoformat())
    convener.fill("原因", "报名人数较多，延长十天")
    convener.press("延长")
    convener.sees("申报时间已延长。")
    convener.follow("修订")
    convener.fill("原因", "附件项改为选传")
    convener.press("开始修订")
    convener.sees("正在修订")
    convener.confirm("放弃修订", "确定放弃")
    convener.sees("修订已放弃，计划没有变化。")
    convener.confirm("关闭", "确定关闭")
    convener.sees("已关闭")
    convener.follow("复制")
    convener.fill("新计划的年度", str(today().year + 1))
    convener.press("复制")
    convener.sees("已复制为草稿")
    convener.follow("设置 专业信息")
    convener.sees("按本计划设置")
