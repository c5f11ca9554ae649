"""The walking skeleton in a browser: from 注册 to a certificate whose QR code leads to the verification page.

Every step uses the words that the manual shows. Only what would be thirty times the same form (further achievements
and their approval) is prepared through the services.
"""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pypdfium2
from playwright.sync_api import expect
from pypdf import PdfReader
from pyzbar import pyzbar
from sqlalchemy import select
from stdnum.cn import ric

from app.demo import accounts as a
from app.demo import journeys, portfolio
from app.demo.applications import antedate
from app.demo.evidence import evidence_pdf, photo_jpeg
from app.demo.world import World
from app.rules.deadlines import today
from app.scope import system_scope
from app.transaction import transaction
from models.account import Account
from models.person import Person
from models.result import Publicity
from tests.e2e.conftest import Site, Visit
from tests.e2e.filling import import_all, tree
from tests.e2e.held_titles import add_held_title
from tests.e2e.people import Someone

NAME, LOGIN, PASSWORD = "方远舟", "fangyuanzhou", "一句自己记得住的话 2026"
BORN = dt.date(1985, 6, 15)
_BODY = f"340104{BORN:%Y%m%d}999"
ID_NUMBER = _BODY + str(ric.calc_check_digit(_BODY + "0"))
PLAN = "安徽省中小学教师系列高级职称评审委员会"
OPINION = "教师资格证扫描件不清晰，请重新扫描后上传。"


def test_from_registration_to_certificate(site: Site, visit: Visit, tmp_path: Path) -> None:
    person = visit()
    register(person)
    unit = visit("unit")
    the_unit_confirms(unit)
    upload_photo(person, tmp_path)
    record_work_experience(person, tmp_path)
    the_unit_approves_the_achievement(unit)
    prepare_the_rest(site)
    begin_an_application(person)
    learn_what_is_missing(person)
    fill_in(person, tmp_path)
    check_and_submit(person)
    review(unit, claims=True, folder=tmp_path)
    department = visit("department")
    send_back(department)
    correct_and_submit_again(person, tmp_path)
    review(unit, claims=True, folder=tmp_path)
    for login in ("department", "hr", "convener"):
        reviewer = department if login == "department" else visit(login)
        review(reviewer)
    let_it_pass(site, reviewer)
    pdf = download_certificate(person)
    address = read_certificate(pdf)
    assert address.startswith(f"{site.url}/verify/")
    verify(visit(), address)


def register(person: Someone) -> None:
    """注册, 登录, and 个人注册 with the unit."""
    person.go("/")
    person.follow("注册")
    for label, text in (
        ("真实姓名", NAME), ("身份证号", ID_NUMBER), ("手机号码", "13955550000"), ("用户名", LOGIN), ("密码", PASSWORD),
        ("再次输入密码", PASSWORD),
    ):
        person.fill(label, text)
    person.press("注册")
    person.sees("注册成功")
    person.sign_in(LOGIN, PASSWORD)
    person.sees_heading("个人注册")
    expect(person.page.get_by_label("真实姓名")).to_have_value(NAME)
    person.choose("政治面貌", "群众")
    person.choose("民族", "汉族")
    person.fill("电子邮箱", "fang@mail.example.com")
    person.fill("通讯地址", "安徽省合肥市庐阳区")
    person.fill("工作时间", "2008-08-01")
    person.choose("最高学历", "大学本科")
    person.tick("中小学教师", group="所在职称系列")
    person.fill("职称名称", "一级教师")
    person.tick("是", group="是否同步选择单位")
    person.pick("单位名称", a.SCHOOL)
    person.press("提交")
    person.sees("个人注册已提交，请等待单位审核")


def the_unit_confirms(unit: Someone) -> None:
    """人员注册审核: 领取, then 通过."""
    unit.open("人员注册审核")
    unit.follow("审核", within=unit.row(NAME))
    unit.press("领取")
    unit.sees("已领取")
    unit.confirm("通过", "确定")
    unit.sees("已通过")
    expect(unit.page.get_by_role("row").filter(has_text=NAME)).to_have_count(0)


def upload_photo(person: Someone, folder: Path) -> None:
    """个人中心: the photo for the certificate."""
    photo = folder / "证件照.jpg"
    photo.write_bytes(photo_jpeg("男"))
    person.open("个人中心")
    person.sees(a.SCHOOL)
    person.follow("上传照片")
    person.give_file("上传", photo)
    person.press("提交")
    expect(person.page.get_by_role("img", name="证件照片")).to_be_visible()


def record_work_experience(person: Someone, folder: Path) -> None:
    """个人业绩库: 工作经历 with evidence, 保存并提交."""
    contract = folder / "聘用合同.pdf"
    contract.write_bytes(evidence_pdf("聘用合同", (f"{NAME} 同志：", "　　聘为高中语文教师。"), a.SCHOOL))
    person.open("个人业绩库")
    person.follow("工作经历")
    person.follow("新增")
    for label, text in (
        ("工作单位", a.SCHOOL), ("开始日期", "2008-08-01"), ("从事专业", "高中语文"), ("担任职务", "教师"), ("时任专业技术职务", "一级教师"),
    ):
        person.fill(label, text)
    person.tick("至今")
    person.give_file("上传文件", contract)
    person.press("保存并提交")
    person.sees("已提交，等待所在单位审核")
    person.sees("审核中", within=person.row(a.SCHOOL))


def the_unit_approves_the_achievement(unit: Someone) -> None:
    """业绩档案: look at the evidence, 领取, 通过."""
    unit.open("业绩档案")
    unit.follow("审核", within=unit.row("工作经历"))
    unit.press("领取", within=unit.row(NAME))
    unit.sees("聘用合同.pdf")
    unit.confirm("通过", "确定")
    unit.sees("已通过")


def prepare_the_rest(site: Site) -> None:
    """The other achievements that the plan asks for, recorded and approved through the services."""
    with site.app.app_context(), system_scope(), transaction() as session:
        world = World(session, today())
        for login in (LOGIN, "unit", "unit2"):
            world.accounts[login] = session.scalars(select(Account).where(Account.username == login)).one()
        world.people[LOGIN] = session.scalars(select(Person).where(Person.name == NAME)).one()
        rest = [entry for entry in portfolio.colleague_portfolio(world.today) if entry.kind != "work_experience"]
        journeys.approved_portfolio(world, LOGIN, rest, "unit2")


def begin_an_application(person: Someone) -> None:
    """Find the plan, 申报入口, 马上申报, 职称申报选择, 诚信承诺书."""
    person.open("职称申报")
    person.fill("计划名称", "中小学教师系列高级")
    person.press("搜索")
    person.follow("申报入口", within=person.row(PLAN))
    person.follow("马上申报")
    person.sees_heading("职称申报选择")
    person.tick("常规申报", group="申报形式")
    person.tick("中学语文", group="申报专业")
    person.tick("高级教师（副高级）", group="申报职称")
    person.tick("安徽省中小学教师专业技术资格条件", group="评审标准")
    person.tick("确认无误")
    person.press("提交")
    person.sees_heading("诚信承诺书")
    person.tick("我已阅读并承诺")
    person.press("同意并继续")
    person.sees_heading("申报情况")


def learn_what_is_missing(person: Someone) -> None:
    """开始检测 too early: every gap has its name and a way there, and 提交 is not offered."""
    person.follow("提交审核", within=tree(person))
    person.press("开始检测")
    person.sees_heading("检测结果")
    for gap in ("工作经历", "学历教育", "教师资格证"):
        person.sees(gap, within=person.page.locator("#result"))
    expect(person.page.get_by_role("button", name="提交", exact=True)).to_have_count(0)


def fill_in(person: Someone, folder: Path) -> None:
    """基本信息, 导入 on every page, 附件上传."""
    person.follow("基本信息", within=tree(person))
    for label, text in (
        ("出生地", "安徽省合肥市"), ("工作年限", "18"), ("专业年限", "18"), ("从教日期", "2008-08-01"), ("教龄", "18"),
        ("农村教龄", "0"), ("教师资格", "高级中学 语文 20083401042000001"),
    ):
        person.fill(label, text)
    for label, option in (("教师类别", "高中教师"), ("编制类别", "在编"), ("任教年级", "高二")):
        person.choose(label, option)
    person.tick("否", group="校(园)长岗位培训证书")
    person.press("保存个人信息")
    person.sees("个人信息已保存")
    add_held_title(person, folder, level="中级", starts_on="2015-01-01", values={
        "工作单位": a.SCHOOL, "证书编号": "340120140001", "系列名称": "中小学教师", "专业名称": "中学语文", "资格名称": "一级教师",
        "评审机构": "合肥市中小学教师系列中级职称评审委员会", "评审日期": "2014-11-20", "发证机构": "合肥市人社局",
        "发证日期": "2014-12-31",
    })
    import_all(person, ("考核表彰", "能力条件", "业绩条件", "教科研条件"))
    person.follow("附件上传", within=tree(person))
    for slot in ("身份证正反面", "诚信承诺书(手写签名)", "教师资格证"):
        upload(person, slot, folder / f"{slot}.pdf")


def upload(person: Someone, slot: str, path: Path) -> None:
    """A file for a slot of 附件上传; it is sent as soon as it is chosen."""
    path.write_bytes(evidence_pdf(slot, (NAME,), ""))
    card = person.page.locator("section.card").filter(has=person.page.get_by_role("heading", name=slot))
    person.give_file("上传文件", path, within=card)
    person.sees(path.name, within=card)


def check_and_submit(person: Someone) -> None:
    """开始检测 is clean now; 提交."""
    person.follow("提交审核", within=tree(person))
    person.press("开始检测")
    person.sees("全部符合，可以提交")
    person.confirm("提交", "确定提交")
    person.sees("申报已提交，等待单位审核")
    person.sees("单位审核")


def recommend(unit: Someone, folder: Path) -> None:
    """单位推荐意见: opinion, time and proof of publicity, 占用 a place of the quota; sent in again, the files are there."""
    unit.follow("单位推荐意见", within=unit.page.get_by_role("navigation", name="审核内容"))
    again = unit.page.get_by_label("推荐意见", exact=True).input_value() != ""
    unit.fill("推荐意见", "该同志业绩突出，同意推荐。")
    unit.fill("公示开始日期", str(today() - dt.timedelta(30)))
    unit.fill("公示结束日期", str(today()))
    if not again:
        proof = folder / "公示证明.pdf"
        proof.write_bytes(evidence_pdf("公示证明", (f"{NAME} 同志公示无异议。",), a.SCHOOL))
        unit.give_file("上传单位公示证明和材料", proof)
    unit.press("保存推荐意见")
    unit.sees("单位推荐意见已保存")
    unit.sees("公示证明.pdf")
    unit.tick("占用", group="是否占用职数")
    unit.press("推荐")
    unit.sees("已推荐")


def review(reviewer: Someone, *, claims: bool = False, folder: Path | None = None) -> None:
    """任务中心: 领取 where several administrators share the unit, 推荐, look at the material, 通过."""
    reviewer.open("任务中心")
    if claims:
        reviewer.follow("待领取", within=reviewer.page.get_by_role("navigation", name="任务"))
        reviewer.press("领取", within=reviewer.row(NAME))
        reviewer.sees("已领取")
        recommend(reviewer, folder or Path())
        reviewer.follow("详情", within=reviewer.page.get_by_role("navigation", name="审核内容"))
    else:
        reviewer.follow("审核", within=reviewer.row(NAME))
    reviewer.sees("高级中学 语文 20083401042000001")
    reviewer.confirm("通过", "确定", 审批意见="材料齐全，同意。")
    reviewer.sees("已通过")


def send_back(department: Someone) -> None:
    """申报情况: 退回 wants an opinion."""
    department.open("职称申报")
    department.follow("审核", within=department.row(NAME))
    department.confirm("退回", "确定", 退回意见=OPINION)
    department.sees("已退回给申请人")
    expect(department.page.get_by_role("row").filter(has_text=NAME)).to_have_count(0)


def correct_and_submit_again(person: Someone, folder: Path) -> None:
    """The opinion stands on the card; 填报, another scan, 检测, 提交."""
    person.open("职称申报")
    person.sees(OPINION)
    person.follow("填报")
    person.follow("附件上传", within=tree(person))
    card = person.page.locator("section.card").filter(has=person.page.get_by_role("heading", name="教师资格证"))
    person.confirm("删除", "确定删除", within=card)
    person.sees("必传", within=card)
    upload(person, "教师资格证", folder / "教师资格证（重新扫描）.pdf")
    check_and_submit(person)


def let_it_pass(site: Site, convener: Someone) -> None:
    """评审结果: the vote, a notice of which the days then pass, 批准文号, 批量发证."""
    day = today()
    convener.open("评审结果")
    convener.follow("办理", within=convener.row(PLAN))
    convener.confirm("录入", "保存结果", within=convener.row(NAME), 评委总人数="25", 出席人数="21", 同意票数="13", 不同意的票数="7", 弃权票数="1",
                     评审日期=(day - dt.timedelta(days=40)).isoformat())
    convener.sees("未通过")
    convener.confirm("修改", "保存结果", within=convener.row(NAME), 同意票数="18", 不同意的票数="2")
    convener.sees("评审结论：通过")
    convener.confirm("开始公示", "确定公示", 公示开始日期=day.isoformat(), 公示结束日期=(day + dt.timedelta(days=20)).isoformat(),
                     公示网址或地点="安徽省教育厅网站")
    convener.sees("无异议", within=convener.row(NAME))
    let_the_notice_end(site)
    convener.page.reload()
    convener.confirm("批量发证", "确定发证", 批准文号="皖人社秘〔2026〕12号")
    convener.sees("已开始签发")


def let_the_notice_end(site: Site) -> None:
    """The days of every notice pass."""
    with site.app.app_context(), system_scope(), transaction() as session:
        for plan_id in session.scalars(select(Publicity.plan_id)):
            antedate(session, plan_id, first=today() - dt.timedelta(days=38), last=today() - dt.timedelta(days=20))


def download_certificate(person: Someone) -> bytes:
    """我的职称: the row turns into a download by itself."""
    person.open("个人中心")
    person.follow("我的职称")
    person.sees("高级教师")
    link = person.page.get_by_role("link", name="下载")
    expect(link).to_be_visible(timeout=30_000)
    answer = person.page.request.get(link.get_attribute("href") or "")
    assert answer.headers["content-type"] == "application/pdf"
    return answer.body()


def read_certificate(pdf: bytes) -> str:
    """The holder's name is text in the file; the QR code of the printed page is the address."""
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert NAME in text.replace(" ", "")
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil()
    [code] = pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
    return code.data.decode()


def verify(anybody: Someone, address: str) -> None:
    """Whoever scans the code sees that the certificate is valid, whose it is in part, and that the code is genuine."""
    anybody.go(address)
    anybody.sees("有效")
    anybody.sees(f"{NAME[0]}*")
    anybody.sees("二维码签名有效")
    expect(anybody.page.get_by_text(NAME)).to_have_count(0)
