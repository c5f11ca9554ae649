"""Once more the password before mobile, e-mail and administrators are changed: what was filled in is kept, in both sizes."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from app.demo.accounts import PASSWORD
from tests.e2e.axe import clean
from tests.e2e.conftest import Site, Visit
from tests.e2e.people import Someone
from tests.e2e.test_sign_on import SIZES
from tests.integration.sign_on_flow import age


def an_hour_later(site: Site) -> None:
    """Everybody signed in an hour ago."""
    with site.app.app_context():
        age(60)


def prove(someone: Someone) -> None:
    """验证身份, at the second attempt."""
    someone.sees_heading("验证身份")
    clean(someone)
    someone.fill("登录密码", "wrong-password")
    someone.press("验证并继续")
    someone.sees("密码不正确，请重新输入")
    clean(someone)
    someone.fill("登录密码", PASSWORD)
    someone.press("验证并继续")


@SIZES
def test_a_person_changes_mobile_and_email(site: Site, visit: Visit, width: int) -> None:
    person = visit("applicant2", width)
    an_hour_later(site)
    person.open("个人中心")
    person.follow("完善信息")
    person.fill("行政职务", f"教研组长{width}")
    person.press("保存")
    person.sees("个人信息已保存")  # not asked for this
    person.follow("完善信息")
    person.fill("手机号码", f"1390000{width:04}")
    person.fill("电子邮箱", f"wang{width}@mail.example.com")
    person.fill("通讯地址", "合肥市庐阳区\"<b>1</b>\"号")
    person.press("保存")
    prove(person)
    person.sees("个人信息已保存")
    for words in (f"1390000{width:04}", f"wang{width}@mail.example.com", "合肥市庐阳区\"<b>1</b>\"号"):
        person.sees(words)


@SIZES
def test_a_unit_adds_and_stops_an_administrator(site: Site, visit: Visit, width: int) -> None:
    unit = visit("company", width)
    an_hour_later(site)
    unit.open("管理设置")
    unit.follow("单位管理员")
    unit.fill("姓名", "周接替")
    unit.fill("用户名", f"proved{width}")
    unit.press("新增管理员")
    prove(unit)
    unit.sees("初始密码")
    unit.open("管理设置")
    unit.follow("单位管理员")
    an_hour_later(site)
    unit.confirm("停用", "确定停用", within=unit.row(f"proved{width}"))
    prove(unit)
    unit.sees("该管理员已停用")
    expect(unit.row(f"proved{width}")).to_contain_text(re.compile("已?停用"))
