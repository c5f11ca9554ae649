"""A unit's two administrators review: claim together, hand over, return with several reasons, keep opinions for reuse."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.people import Someone

REASON = "学位证书扫描件不清晰，请重新上传"


def dialog(who: Someone, trigger: str, name: str | None = None):
    """Open the dialog of a button of the list or of the bar below."""
    who.page.locator("summary", has_text=re.compile(f"^{trigger}$")).first.click()
    return who.page.get_by_role("dialog", name=name or trigger)


def tick(who: Someone, *names: str) -> None:
    for name in names:
        who.page.get_by_role("row").filter(has_text=name).get_by_role("checkbox").first.check()


def test_tasks_are_claimed_together_handed_over_and_put_back(visit: Visit) -> None:
    unit = visit("unit")
    unit.page.goto("/tasks/?tab=unclaimed")
    boxes = unit.page.get_by_role("checkbox", name=re.compile("^选择 "))
    names = [re.sub("^选择 ", "", box.get_attribute("aria-label") or "") for box in boxes.all()[:3]]
    for name in names:
        unit.page.get_by_role("checkbox", name=f"选择 {name}", exact=True).first.check()
    dialog(unit, "批量领取").get_by_role("button", name="确定", exact=True).click()
    unit.sees("成功 3 条")
    unit.page.goto("/tasks/?tab=todo")
    unit.page.get_by_role("checkbox", name=f"选择 {names[0]}", exact=True).first.check()
    asked = dialog(unit, "批量移交")
    expect(asked.get_by_label("移交给")).to_be_visible()
    asked.get_by_role("button", name="确定", exact=True).click()
    unit.sees("成功 1 条")
    unit.page.goto("/tasks/?tab=todo")
    unit.page.get_by_role("checkbox", name=f"选择 {names[1]}", exact=True).first.check()
    dialog(unit, "批量放回").get_by_role("button", name="确定", exact=True).click()
    unit.sees("成功 1 条")
    colleague = visit("unit2")
    colleague.page.goto("/tasks/?tab=todo")
    expect(colleague.page.get_by_role("row").filter(has_text=names[0])).not_to_have_count(0)


def test_a_return_says_where_each_reason_belongs_and_a_second_tab_is_told(visit: Visit) -> None:
    unit, applicant = visit("unit"), visit("applicant2")
    unit.page.goto("/reviews/?tab=unclaimed")
    row = unit.page.get_by_role("row").filter(has_text="王芳")
    if row.count():
        row.get_by_role("button", name=re.compile("^领取")).click()
    unit.page.goto("/reviews/?tab=todo")
    unit.page.get_by_role("row").filter(has_text="王芳").get_by_role("link", name=re.compile("审核")).click()
    second = unit.page.context.new_page()
    second.goto(unit.page.url)

    asked = dialog(unit, "退回")
    asked.get_by_label("退回意见").fill("请按以下意见修改后重新提交。")
    asked.get_by_label("原因所在页面").first.select_option("学历教育")
    asked.get_by_label("退回原因", exact=True).first.fill(REASON)
    asked.get_by_role("button", name="增加一条").click()
    asked.get_by_label("原因所在页面").nth(2).select_option("基本信息")
    asked.get_by_label("退回原因", exact=True).nth(2).fill("联系方式有误")
    asked.get_by_label("增加到我的意见").check()
    asked.get_by_role("button", name="确定", exact=True).click()
    unit.sees("已退回给申请人")

    second.locator("summary", has_text=re.compile("^通过$")).first.click()
    second.get_by_role("dialog", name="通过").get_by_role("button", name="确定", exact=True).click()
    expect(second.get_by_text("结果为“退回”")).to_be_visible()
    second.close()
    unit.page.go_back()  # the page of the decision, as the browser kept or asks for it
    unit.page.reload()
    expect(unit.page.get_by_text("本单位已办理：退回")).to_be_visible()
    unit.page.get_by_role("navigation", name="审核内容").get_by_role("link", name="流程").click()
    expect(unit.page.get_by_role("link", name="学历教育")).to_be_visible()
    unit.sees(REASON)

    applicant.open("职称申报")
    applicant.sees(REASON)

    unit.page.goto("/opinions/")  # 我的意见: what was kept is there, can be reused and deleted
    unit.sees("请按以下意见修改后重新提交。")
