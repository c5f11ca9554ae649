"""The walking skeleton in a browser: from 注册 to a certificate whose QR code leads to the verification page.

Every step uses the words that the manual shows. Only what would be thirty times the same form (further achievements
and their approval) is prepared through the services.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path

import pypdfium2
from playwright.sync_api import expect
from pypdf import PdfReader
from pyzbar import pyzbar
from sqlalchemy import select
from stdnum.cn import ric

from app.demo import accounts as a
from app.demo import journeys, portfolio
from app.demo.evidence import evidence_pdf, photo_jpeg
from app.demo.world import World
from app.rules.deadlines import today
from app.scope import system_scope
from app.transaction import transaction
from models.account import Account
from models.person import Person
from tests.e2e.conftest import Site, Visit
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
    person.fill("电子邮箱", "fang@mail.invalid")
    person.fill("通讯地址", "安徽省合肥市庐阳区")
    person.fill("工作时间", "2008-08-01")
    person.choose("最高学历", "大学本科")
    person.tick("中小学教师", group="所在职称系列")
    person.fill("职称名称", "一级教师")
    person.tick("是", group="是否同步选择单位")
    person.pick("单位名称", a.SCHOOL)
    person.press("提交")
    person.sees("等待单位审核")


def the_unit_confirms(unit: Someone) -> None:
    """人员注册审核: 领取, then 通过."""
    unit.open("人员注册审核")
    unit.follow("审核", within=unit.row(NAME))
    unit.press("领取")
    unit.sees("已领取")
    unit.confirm("通过", "确定")
    unit.sees("已通过")
    expect(unit.row(NAME)).to_have_count(0)


def upload_photo(person: Someone, folder: Path) -> None:
    """个人中心: the photo for the certificate."""
    photo = folder / "证件照.jpg"
    photo.write_bytes(photo_jpeg("男"))
    person.open("个人中心")
    person.sees(a.SCHOOL)
    person.give_file("上传照片", photo)
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
