"""A convener copies last year's plan, changes it, previews and publishes it; a teacher finds it and begins to apply.

By the labels of the screens, on a desktop and on a phone; axe looks at each page on the way.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from app.demo.evidence import evidence_pdf
from app.rules.deadlines import today
from tests.e2e.axe import clean as axe
from tests.e2e.conftest import Visit
from tests.e2e.people import Someone

COMMITTEE = "安徽省中小学教师系列高级职称评审委员会"
LAST = f"{today().year - 1}年—{COMMITTEE}"


def open_plan(convener: Someone, name: str) -> None:
    convener.open("评审计划")
    convener.follow("查看", within=convener.row(name))
    convener.sees_heading(name)


@pytest.mark.parametrize("width", [1440, 390])
def test_from_last_years_plan_to_a_new_application(visit: Visit, tmp_path: Path, width: int) -> None:
    year = today().year + (1 if width == 1440 else 2)
    name = f"{year}年—{COMMITTEE}"
    convener = visit("convener", width=width)
    copy_last_years(convener, year)
    axe(convener)
    set_window_and_words(convener, year)
    add_a_slot(convener, tmp_path)
    open_plan(convener, name)
    upload_the_notice(convener, tmp_path)
    loosen_a_check(convener)
    preview(convener, name)
    convener.follow("返回计划")
    convener.confirm("发布", "确定发布")
    convener.sees("已发布")
    axe(convener)
    a_teacher_begins(visit("applicant" if width == 1440 else "teacher05", width=width), name)


def copy_last_years(convener: Someone, year: int) -> None:
    open_plan(convener, LAST)
    convener.follow("复制")
    axe(convener)
    convener.fill("新计划的年度", str(year))
    convener.press("复制")
    convener.sees("已复制为草稿")
    convener.sees_heading(f"{year}年—{COMMITTEE}")


def set_window_and_words(convener: Someone, year: int) -> None:
    """The copy's window lies ahead: it is to open today."""
    convener.follow("编辑")
    convener.fill("申报开始日期", today().isoformat())
    convener.fill("申报截止日期", (today() + dt.timedelta(days=20)).isoformat())
    content = convener.page.get_by_role("textbox", name="计划内容")
    content.fill(f"{year} 年度申报工作现已开始。")
    axe(convener)
    convener.press("保存")
    convener.sees("已保存。")


def add_a_slot(convener: Someone, folder: Path) -> None:
    """附件项 with a condition in words and a template."""
    slots = convener.page.locator("#AttachmentSlotView")
    if slots.get_attribute("open") is None:
        slots.locator("summary").first.click()
    convener.follow("新增", within=slots)
    convener.fill("名称", "破格申报证明")
    convener.choose("什么情况下要求", "申报形式")
    convener.fill("条件的取值", "破格申报")
    axe(convener)
    convener.press("保存")
    convener.sees("已新增。")
    convener.follow("查看", within=convener.row("破格申报证明"))
    template = folder / "破格申报证明空表.pdf"
    template.write_bytes(evidence_pdf("破格申报证明", ("（空表）",), ""))
    convener.give_file("上传模板", template)
    convener.sees("破格申报证明空表.pdf")
    axe(convener)


def upload_the_notice(convener: Someone, folder: Path) -> None:
    notice = folder / "评审通知.pdf"
    notice.write_bytes(evidence_pdf("评审通知", ("正文",), "安徽省教育厅"))
    convener.give_file("上传相关附件", notice)
    convener.sees("评审通知.pdf")


def loosen_a_check(convener: Someone) -> None:
    convener.follow("设置 开始检测的规则")
    group = convener.page.get_by_role("group", name=re.compile("继续教育学时符合要求"))
    group.get_by_label("每年总学时不少于").fill("72")
    axe(convener)
    convener.press("保存")
    convener.sees("1 条规则按本计划设置")


def preview(convener: Someone, name: str) -> None:
    convener.follow("预览")
    convener.sees_heading(name)
    for words in ("申报人要填什么", "破格申报证明", "“申报形式”为破格申报时", "破格申报证明空表.pdf", "评审通知.pdf", "考核表彰"):
        convener.sees(words)
    convener.follow("计划内容")
    convener.sees("年度申报工作现已开始。")
    axe(convener)


def open_search(person: Someone) -> None:
    """职称申报 with its search, which a phone folds away."""
    person.open("职称申报")
    person.sees_heading("评审计划")
    person.settles()
    folded = person.page.locator("summary", has_text="查询条件")
    if folded.is_visible():
        folded.click()


def a_teacher_begins(person: Someone, name: str) -> None:
    """评审计划 by name, the three tabs, 马上申报, 职称申报选择."""
    open_search(person)
    person.fill("计划名称", name)
    person.press("搜索")
    person.follow("申报入口", within=person.row(name))
    person.sees_heading(name)
    person.sees("还有 20 天")
    for tab, words in (("可评审专业", "高中数学"), ("计划内容", "年度申报工作现已开始。"), ("评审范围对象", "专业技术人才")):
        person.follow(tab)
        person.sees(words)
    axe(person)
    with person.page.expect_download() as download:
        person.follow("评审通知.pdf")
    assert download.value.suggested_filename == "评审通知.pdf"
    person.follow("马上申报")
    person.sees_heading("职称申报选择")
    person.tick("常规申报", group="申报形式")
    person.tick("高中数学")
    person.page.get_by_label(re.compile("^高级教师")).check()
    person.tick("确认无误")
    person.press("提交")
    person.sees_heading("诚信承诺书")
