"""评审结果 by the convener and 我的职称 of the holders, by their labels: votes by hand and from Excel, 公示 with an objection, issuing in
one batch with what fails and why, the certificate that appears by itself; 复查 of a result and 诚信档案.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from app.demo import applications
from app.demo.evidence import evidence_pdf, photo_jpeg
from app.demo.world import World
from app.rules.deadlines import today
from app.scope import system_scope
from app.transaction import transaction
from models.account import Account
from models.application import Application
from models.person import Person
from models.result import Publicity
from tests.e2e.axe import clean
from tests.e2e.conftest import Site, Visit
from tests.e2e.people import Someone
from tests.e2e.test_requests import tree

PLAN = "安徽省中小学教师系列高级职称评审委员会"
WITHOUT_PHOTO, LATE_PHOTO, OTHER, ASKING = "teacher01", "teacher02", "teacher03", "teacher09"


@pytest.fixture(scope="module")
def names(site: Site) -> dict[str, str]:
    """Colleagues whose applications passed every stop, two without a photo by now; their names by login."""
    with site.app.app_context(), system_scope(), transaction() as session:
        world = World(session, today())
        world.accounts.update({account.username: account for account in session.scalars(select(Account))})
        people = {account.username: session.scalars(select(Person).where(Person.user_id == account.id)).first()
                  for account in world.accounts.values()}
        world.people.update({login: person for login, person in people.items() if person is not None})
        for login in (WITHOUT_PHOTO, LATE_PHOTO, OTHER):
            applications.decide(world, session.scalars(
                select(Application.id).where(Application.person_id == world.people[login].id)).one())
        return {login: person.name for login, person in world.people.items()}


def without_photos(site: Site, *logins: str) -> Callable[[], None]:
    """Take these people's photos away; what is returned gives them back."""
    person, account = Person.__table__, Account.__table__
    with site.app.app_context(), system_scope(), transaction() as session:
        rows = session.execute(select(person.c.id, person.c.photo_id).join(account, account.c.id == person.c.user_id)
                               .where(account.c.username.in_(logins))).all()
        session.execute(update(person).where(person.c.id.in_([row.id for row in rows])).values(photo_id=None))

    def give_back() -> None:
        with site.app.app_context(), system_scope(), transaction() as session:
            for row in rows:
                session.execute(update(person).where(person.c.id == row.id).values(photo_id=row.photo_id))

    return give_back


def let_the_notice_end(site: Site) -> None:
    """The days of every notice pass."""
    with site.app.app_context(), system_scope(), transaction() as session:
        for plan_id in session.scalars(select(Publicity.plan_id)).all():
            applications.antedate(session, plan_id, first=today() - dt.timedelta(days=30), last=today() - dt.timedelta(days=10))


def test_from_the_votes_to_the_certificates(
    site: Site, visit: Visit, browser: Browser, names: dict[str, str], tmp_path: Path
) -> None:
    convener = visit("convener")
    convener.open("评审结果")
    convener.follow("办理", within=convener.row(PLAN))
    vote_by_hand(convener, names[OTHER])
    import_votes(convener, names, tmp_path)
    announce(convener, names)
    give_back = without_photos(site, WITHOUT_PHOTO, LATE_PHOTO)
    let_the_notice_end(site)
    issue(convener, names)
    photo_makes_the_certificate(site, visit, names, tmp_path)
    give_back()
    convener.page.reload()
    convener.press("重试")
    expect(convener.page.get_by_text("未能生成的证书")).to_have_count(0, timeout=30_000)
    convener.sees("已生成证书文件 3 本")
    look_at_the_certificate(site, visit, browser)


def vote_by_hand(convener: Someone, name: str) -> None:
    """录入: the quorum and votes that do not add up are refused in the dialog, with what was typed; two thirds decide."""
    met = (today() - dt.timedelta(days=9)).isoformat()
    convener.confirm("录入", "保存结果", within=convener.row(name), 评委总人数="25", 出席人数="12", 同意票数="12", 不同意的票数="0", 弃权票数="0",
                     评审日期=met)
    convener.sees("二分之一")
    dialog = convener.page.get_by_role("dialog")
    expect(dialog.get_by_label("出席人数")).to_have_value("12")
    dialog.get_by_label("出席人数").fill("21")
    dialog.get_by_role("button", name="保存结果").click()
    convener.sees("票数")
    dialog = convener.page.get_by_role("dialog")
    for label, text in (("同意票数", "14"), ("不同意的票数", "6"), ("弃权票数", "1")):
        dialog.get_by_label(label, exact=True).fill(text)
    dialog.get_by_role("button", name="保存结果").click()
    convener.sees("评审结论：通过")  # 14 × 3 = 21 × 2
    convener.sees("通过", within=convener.row(name))


def import_votes(convener: Someone, names: dict[str, str], folder: Path) -> None:
    """下载导入模板, filled in, 导入: a row in error is named, the others are taken."""
    with convener.page.expect_download() as download:
        convener.follow("下载导入模板")
    path = folder / "评审结果.xlsx"
    download.value.save_as(path)
    book = load_workbook(path)
    rows = list(book.worksheets[0].iter_rows(min_row=2))
    by_name = {row[1].value: row for row in rows}
    for login, agree in ((WITHOUT_PHOTO, 18), (LATE_PHOTO, 30)):
        for cell, value in zip(by_name[names[login]][4:10], (25, 21, agree, 20 - agree, 1, (today() - dt.timedelta(days=9)).isoformat()), strict=True):
            cell.value = value
    book.save(path)
    convener.give_file("填好的 Excel 文件", path)
    convener.press("导入")
    convener.sees("导入结果")
    convener.sees("通过", within=convener.row(names[WITHOUT_PHOTO]))
    expect(convener.row(names[LATE_PHOTO])).not_to_contain_text("通过")
    by_name[names[LATE_PHOTO]][6].value, by_name[names[LATE_PHOTO]][7].value = 19, 1
    book.save(path)
    convener.follow("返回")
    convener.give_file("填好的 Excel 文件", path)
    convener.press("导入")
    convener.sees("通过", within=convener.row(names[LATE_PHOTO]))
    convener.follow("返回")


def announce(convener: Someone, names: dict[str, str]) -> None:
    """公示: not from yesterday, not for four days; then an objection is entered, looked into and turned down."""
    day = today()
    for first, last, says in ((-1, 20, "不能早于今天"), (0, 3, "不少于 5 个工作日"), (0, 20, "已公示通过的 3 人")):
        dialog = convener.page.get_by_role("dialog", name="开始公示")
        if not dialog.is_visible():
            convener.page.locator("summary", has_text="开始公示").click()
        dialog.get_by_label("公示开始日期").evaluate("field => field.removeAttribute('min')")
        dialog.get_by_label("公示开始日期").fill((day + dt.timedelta(days=first)).isoformat())
        dialog.get_by_label("公示结束日期").fill((day + dt.timedelta(days=last)).isoformat())
        dialog.get_by_label("公示网址或地点").fill("安徽省教育厅网站")
        dialog.get_by_role("button", name="确定公示").click()
        convener.sees(says)
    expect(convener.page.locator("summary", has_text="批量发证")).to_have_count(0)  # before the notice has ended
    convener.confirm("登记异议", "保存", within=convener.row(names[OTHER]), 异议内容="论文署名有疑问")
    convener.sees("异议核查中", within=convener.row(names[OTHER]))
    row = convener.row(names[OTHER])
    row.locator("summary", has_text="核查异议").click()
    dialog = convener.page.get_by_role("dialog", name="核查异议")
    dialog.get_by_label("异议不成立").check()
    dialog.get_by_label("核查情况和结论").fill("经核查，署名真实。")
    dialog.get_by_role("button", name="保存").click()
    convener.sees("异议不成立", within=convener.row(names[OTHER]))


def issue(convener: Someone, names: dict[str, str]) -> None:
    """批量发证, pressed again after going back: each has one number; who has no photo is named with the reason."""
    convener.page.reload()
    convener.confirm("批量发证", "确定发证", 批准文号="皖人社秘〔2026〕12号")
    convener.sees("已开始签发 3 本职称证书")
    expect(convener.page.get_by_role("progressbar", name="已生成证书")).to_be_visible()
    convener.page.go_back()
    convener.page.reload()  # nobody is left for whom it could be pressed again
    expect(convener.page.locator("summary", has_text="批量发证")).to_have_count(0)
    expect(convener.page.get_by_text("已编号 3 本，已生成证书文件 1 本")).to_be_visible(timeout=30_000)
    for login in (WITHOUT_PHOTO, LATE_PHOTO):
        failed = convener.page.get_by_role("table", name="未能生成的证书").get_by_role("row").filter(has_text=names[login])
        expect(failed).to_contain_text("未上传个人证件照片", timeout=30_000)


def photo_makes_the_certificate(site: Site, visit: Visit, names: dict[str, str], folder: Path) -> None:
    """我的职称 on a phone: 上传, 正在生成职称证书，请稍后刷新页面, and the file is there by itself."""
    holder = visit(LATE_PHOTO, 390)
    holder.open("个人中心")
    holder.follow("我的职称", within=tree(holder))
    row = holder.row("高级教师")
    expect(row.get_by_role("link", name="下载")).to_have_count(0)
    clean(holder)
    holder.follow("上传", within=row)
    photo = folder / "证件照.jpg"
    photo.write_bytes(photo_jpeg("女"))
    holder.give_file("上传", photo)
    holder.press("提交")
    row = holder.row("高级教师")
    expect(row.get_by_text("正在生成职称证书，请稍后刷新页面").or_(row.get_by_role("link", name="下载")).first).to_be_visible()
    expect(row.get_by_role("link", name="下载")).to_be_visible(timeout=30_000)  # nobody pressed anything


def look_at_the_certificate(site: Site, visit: Visit, browser: Browser) -> None:
    """查看 as a dialog, 下载 as a preview on the page with the file behind it; without scripts both are pages."""
    for width in (1440, 390):
        holder = visit(OTHER, width)
        holder.go("/certificates/")
        holder.follow("查看", within=holder.row("高级教师"))
        dialog = holder.page.get_by_role("dialog")
        for words in ("基本信息", "获得资格情况", "证书文件", "皖人社秘〔2026〕12号"):
            holder.sees(words, within=dialog)
        assert holder.page.url.endswith("/certificates/")
        clean(holder)
        with holder.page.expect_download() as download:
            dialog.get_by_role("link", name="下载").click()
        assert download.value.suggested_filename.endswith(".pdf")
        holder.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    foreign = visit("applicant3").page.request
    holder.follow("查看", within=holder.row("高级教师"))
    address = holder.page.get_by_role("dialog").locator("iframe").get_attribute("src") or ""
    assert holder.page.request.get(address).headers["content-type"] == "application/pdf"
    assert foreign.get(address).status == 404
    context = browser.new_context(base_url=site.url, java_script_enabled=False, locale="zh-CN",
                                  storage_state=holder.page.context.storage_state())
    plain = Someone(context.new_page(), "without scripts")
    plain.go("/certificates/")
    plain.follow("查看", within=plain.row("高级教师"))
    plain.sees_heading("获得资格情况")
    assert plain.troubles == []
    context.close()


def test_a_result_is_appealed_and_voted_on_again(visit: Visit, names: dict[str, str]) -> None:
    """复查: the demo's colleague has asked; the convener upholds, the vote is open again."""
    convener = visit("convener")
    convener.open("任务中心")
    convener.follow("审核", within=convener.row("复查申请"))
    convener.sees("本人主持的省级教研课题")
    convener.sees("课题结题证书.pdf")
    convener.sees("不同意的票数")
    clean(convener)
    convener.confirm("复查成立", "确定", 答复意见="经复查，结题证书有效，重新表决。")
    convener.sees("已办理：复查成立")
    convener.open("评审结果")
    convener.follow("办理", within=convener.row(PLAN))
    row = convener.row(names[ASKING])
    expect(row.locator("summary", has_text="修改")).to_be_visible()
    asking = visit(ASKING, 390)
    asking.open("个人中心")
    asking.follow("诚信档案", within=tree(asking))
    asking.follow("查看", within=asking.row("评审结果"))
    asking.sees("经复查，结题证书有效，重新表决。")
    clean(asking)


def test_a_measure_is_recorded_appealed_and_lifted(visit: Visit, tmp_path: Path) -> None:
    """诚信档案: the unit records 记过 with its paper; the person sees it, objects, and it is lifted."""
    paper = tmp_path / "处分决定.pdf"
    paper.write_bytes(evidence_pdf("处分决定", ("给予记过处分。",), "合肥市第八中学"))
    unit = visit("unit")
    unit.open("管理设置")
    unit.follow("诚信档案")
    unit.follow("新增记录")
    clean(unit)
    unit.pick("人员", "李明")
    unit.choose("记录类别", "处分：记过")
    unit.fill("事实和理由", "违反工作纪律，经研究给予记过处分。")
    unit.fill("处理文号", "八中〔2026〕21号")
    unit.fill("决定日期", today().isoformat())
    unit.give_file("佐证材料", paper)
    unit.press("保存")
    unit.sees("已记入诚信档案")
    unit.sees("处分决定.pdf")
    clean(unit)
    person = visit("applicant", 390)
    person.open("个人中心")
    person.follow("诚信档案", within=tree(person))
    person.sees("记过")
    person.sees("生效中")
    clean(person)
    person.follow("申请复查")
    person.fill("复查的事实和理由", "事发当日本人因公外出，有派遣单为证，申请复查。")
    person.give_file("佐证材料", paper)
    clean(person)
    person.press("提交复查申请")
    person.sees("复查申请已提交")
    unit.open("任务中心")
    unit.follow("待领取", within=unit.page.get_by_role("navigation", name="任务"))
    unit.press("领取", within=unit.row("李明-复查申请"))
    unit.confirm("复查成立", "确定", 答复意见="派遣单属实，撤销处分。")
    unit.sees("已办理：复查成立")
    person.follow("诚信档案", within=tree(person))
    person.sees("复查成立：派遣单属实，撤销处分。")
    person.sees("已解除")
