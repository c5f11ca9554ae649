"""异地职称 and 补换证 by the manual's labels (个人 五(三), 五(四)): filled in, checked, decided on the route, the certificate."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from app.demo import accounts as a
from app.demo.evidence import evidence_pdf
from tests.e2e.axe import clean
from tests.e2e.conftest import Visit
from tests.e2e.people import Someone

SLOTS = (
    "身份证", "职称证书原件", "合同或工作协议", "养老保险", "调令或行政介绍信", "原职称任职文件或人社部查询结果截图",
    "全日制高校毕业生学历学位证书", "考评结合取得的职称证书", "授权证书以及人社部备案函",
)
REQUIRED = SLOTS[:4] + SLOTS[5:6]


def tree(person: Someone) -> Locator:
    """The left tree of 个人中心."""
    return person.page.get_by_role("navigation", name="本节内容")


def slot(person: Someone, name: str) -> Locator:
    """The card of one slot of attachments."""
    return person.page.locator("section.card").filter(has=person.page.get_by_role("heading", name=name))


def upload(person: Someone, folder: Path, name: str) -> None:
    """点击此处上传材料 in one slot."""
    path = folder / f"{name}.pdf"
    path.write_bytes(evidence_pdf(name, ("样张",), "本人"))
    person.give_file("点击此处上传承诺书" if name == "承诺书" else "点击此处上传材料", path, within=slot(person, name))
    person.sees(path.name, within=slot(person, name))


def decide(visit: Visit, login: str, words: str, *, claims: bool = False) -> None:
    """任务中心: 领取 where the unit has several administrators, 审核, 通过."""
    reviewer = visit(login)
    reviewer.open("任务中心")
    if claims:
        reviewer.follow("待领取", within=reviewer.page.get_by_role("navigation", name="任务"))
        reviewer.press("领取", within=reviewer.row(words))
        reviewer.sees("已领取")
    else:
        reviewer.follow("审核", within=reviewer.row(words))
    reviewer.sees("申报相关附件")
    reviewer.confirm("通过", "确定", 审批意见="情况属实，同意。")
    reviewer.sees("已通过")


@pytest.mark.parametrize(("width", "login", "name"), [(1440, "applicant", "李明"), (390, "applicant2", "王芳")])
def test_a_title_from_another_province_is_confirmed(visit: Visit, tmp_path: Path, width: int, login: str, name: str) -> None:
    person = visit(login, width)
    person.open("个人中心")
    person.follow("异地职称", within=tree(person))
    person.sees("还没有申报记录")
    person.follow("新增")
    person.choose("申请确认级别", "副高级")
    person.choose("申请确认系列", "中小学教师")
    person.press("下一步")
    person.choose("申请确认专业", "中学语文")
    person.choose("申请确认资格", "高级教师")
    clean(person)
    person.press("保存")
    basic(person)
    clean(person)
    education(person, width)
    person.follow("申报相关附件", within=tree(person))
    for name_of_slot in SLOTS:
        expect(slot(person, name_of_slot)).to_be_visible()
    assert person.page.get_by_text("必传", exact=True).count() == len(REQUIRED)
    person.follow("提交", within=tree(person))
    person.press("开始检测")
    person.sees("不符合")
    expect(person.page.get_by_text("提交审核", exact=True)).to_have_count(0)
    person.page.get_by_role("row").filter(has_text="附件“身份证”").get_by_role("link", name="去补充").click()
    for name_of_slot in REQUIRED:
        upload(person, tmp_path, name_of_slot)
    clean(person)
    person.follow("申请一览表", within=tree(person))
    for words in ("南京市第一中学", "苏人社〔2018〕1号", "安徽师范大学", "养老保险.pdf", "申请确认资格"):
        person.sees(words)
    person.press("导出")
    expect(person.page.get_by_role("link", name="下载")).to_be_visible(timeout=30_000)
    person.follow("返回")
    person.follow("提交", within=tree(person))
    person.press("开始检测")
    expect(person.page.get_by_text("不符合", exact=True)).to_have_count(0)
    person.confirm("提交审核", "确定提交")
    person.sees("已提交，等待单位审核")
    person.sees("单位审核")
    clean(person)
    decide(visit, "unit", f"{name}-异地职称", claims=True)
    for reviewer in ("department", "hr", "issuer"):
        decide(visit, reviewer, f"{name}-异地职称")
    person.follow("异地职称", within=tree(person))
    person.sees("审核通过", within=person.row("高级教师"))
    person.follow("查看", within=person.row("高级教师"))
    person.sees("情况属实，同意。")
    person.follow("我的职称", within=tree(person))
    expect(person.row("高级教师").get_by_role("link", name="下载")).to_be_visible(timeout=30_000)
    person.follow("查看", within=person.row("高级教师"))
    dialog = person.page.get_by_role("dialog")
    person.sees("90901223", within=dialog)  # 原证书编号
    person.sees("确认", within=dialog)
    dialog.get_by_role("button", name="关闭").click()
    expect(dialog).to_have_count(0)


def basic(person: Someone) -> None:
    """基本情况: what is missing stands beside its field, what was typed stays."""
    person.fill("原工作单位", "南京市第一中学")
    person.press("保存")
    person.sees("处需要补充或修改")
    expect(person.page.get_by_label("原工作单位")).to_have_value("南京市第一中学")
    for label, text in (
        ("参加工作时间", "2005-08-01"), ("调入/转业时间", "2021-05-17"), ("原专业技术资格", "高级教师"),
        ("原专业技术资格评审委员会", "江苏省中小学教师高级职称评审委员会"), ("原专业技术资格取得时间", "2018-12-01"),
        ("原专业技术资格发证单位", "江苏省人力资源和社会保障厅"), ("原专业技术资格批准文号", "苏人社〔2018〕1号"), ("原证书编号", "90901223"),
        ("主要工作经历", "2005 年起在南京市第一中学任教。"),
    ):
        person.fill(label, text)
    person.choose("政治面貌", "中共党员")
    person.press("保存")
    person.sees("已保存。")


def education(person: Someone, width: int) -> None:
    """教育经历: a degree is asked for when it is ticked; one entry is highest and first."""
    person.follow("教育经历", within=tree(person))
    person.sees("可以为同一条，最多两条")
    for label, text in (("毕业学校", "安徽师范大学"), ("专业", "汉语言文学"), ("开始日期", "2001-09-01"), ("结束日期", "2005-07-01"), ("学制（年）", "4")):
        person.fill(label, text)
    person.choose("学历", "大学本科")
    for label in ("是否最高学历", "是否第一学历", "是否获得学位"):
        person.tick(label)
    person.press("保存")
    person.sees("请选择学位")
    person.choose("学位", "学士")
    person.press("保存")
    person.sees("教育经历已保存")
    person.sees("安徽师范大学")
    clean(person)


def test_a_certificate_that_is_not_in_the_list_is_reissued(visit: Visit, tmp_path: Path) -> None:
    """情况一 on a phone: 新增证书补（换）, 补证: nothing is corrected."""
    person = visit("applicant2", 390)
    person.open("个人中心")
    person.follow("补换证", within=tree(person))
    person.follow("证书补（换）")
    clean(person)
    person.press("新增证书补（换）")
    person.sees("现有证书信息")
    for label, text in (
        ("联系方式", "18255162168"), ("系列名称", "中小学教师"), ("专业名称", "小学语文"), ("资格名称", "二级教师"), ("取得资格时间", "2018-02-05"),
        ("批准文号", "寿人社〔2021〕1号"), ("发证日期", "2018-11-05"), ("发证机构", a.HR_BUREAU), ("证书编号", "TD67890"),
        ("取得资格时所在单位", "寿县第一小学"), ("申请（补换）发事由", "丢失"),
    ):
        person.fill(label, text)
    for label, option in (("取得方式", "认定"), ("职称级别", "助理级"), ("资格性质", "社会化")):
        person.choose(label, option)
    person.press("保存")
    person.sees("已保存。")
    clean(person)
    send(person, tmp_path)
    decide(visit, "unit", "王芳-补换证", claims=True)
    decide(visit, "hr", "王芳-补换证")
    decide_if_waiting(visit, "issuer", "王芳-补换证")
    person.follow("我的职称", within=tree(person))
    row = person.row("小学语文")
    person.sees("YB9", within=row)
    expect(row.get_by_role("link", name="下载")).to_be_visible(timeout=30_000)


def send(person: Someone, folder: Path) -> None:
    """佐证材料 and 承诺书 (with its template), 开始检测, 提交."""
    person.follow("申报相关附件", within=tree(person))
    person.sees("承诺书模板下载")
    for name in ("佐证材料", "承诺书"):
        upload(person, folder, name)
    person.follow("提交", within=tree(person))
    person.press("开始检测")
    expect(person.page.get_by_text("不符合", exact=True)).to_have_count(0)
    person.confirm("提交审核", "确定提交")
    person.sees("已提交，等待单位审核")


def decide_if_waiting(visit: Visit, login: str, words: str) -> None:
    """The issuing authority, where it is another one than the HR department before it."""
    reviewer = visit(login)
    reviewer.go("/tasks/")
    if reviewer.page.get_by_role("row").filter(has_text=words).count():
        reviewer.page.close()
        decide(visit, login, words)


def test_a_certificate_of_ours_is_replaced_with_its_corrections(visit: Visit, tmp_path: Path) -> None:
    """情况二: 补换证 of one of 我的职称, 换证: what is wrong on it is corrected; the old one is 已换发."""
    person = visit("applicant3")
    person.open("个人中心")
    person.follow("我的职称", within=tree(person))
    old = person.page.get_by_role("row").filter(has_text="高级工程师").get_by_role("cell").nth(1).inner_text()
    person.press("补换证", within=person.row(old))
    person.sees_heading("补换证信息")
    person.sees(old)
    person.fill("申请（补换）发事由", "专业名称有误")
    person.tick("更正“专业名称”")
    person.fill("专业名称", "工业与民用建筑")
    person.press("保存")
    person.sees("已保存。")
    send(person, tmp_path)
    person.sees("建筑工程 → 工业与民用建筑")
    for login in ("company", "hr", "issuer"):
        decide(visit, login, "张伟-补换证")
    person.follow("我的职称", within=tree(person))
    new = person.row("工业与民用建筑")
    person.sees("YB9", within=new)
    person.sees("已换发", within=person.row("建筑工程"))
    expect(new.get_by_role("link", name="下载")).to_be_visible(timeout=30_000)
    person.follow("查看", within=person.page.get_by_role("row").filter(has_text=old).last)
    dialog = person.page.get_by_role("dialog")
    person.sees("本证书已换发，新证书编号", within=dialog)
    dialog.get_by_role("link", name="YB9").click()
    person.sees_heading("职称证书 YB9")
    anybody = visit()
    anybody.go(f"/verify/{old}")
    anybody.sees("已换发")
    anybody.sees("这本证书已失效")
