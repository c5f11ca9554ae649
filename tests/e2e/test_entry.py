"""The landing page, 通知公告 and 扫码登录 by their labels, in both sizes."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect
from pyzbar.pyzbar import decode
from sqlalchemy import select, update

from app.demo.accounts import PASSWORD
from app.scope import system_scope
from app.security import hash_password
from app.transaction import current_session, transaction
from models.account import Account
from models.certificate import Certificate
from models.organization import Organization
from tests.e2e.conftest import Site, Visit
from tests.e2e.people import Someone
from tests.e2e.test_sign_on import SIZES, looks_right
from tests.factories import person as people

BUILT_IN = "某测绘院第三分队"


@pytest.fixture(scope="module")
def built_in(site: Site) -> str:
    """A built-in unit's account that has chosen its password."""
    with site.app.app_context(), system_scope():
        people.unit("builtin", name=BUILT_IN)
        with transaction() as session:
            session.execute(update(Organization.__table__).where(Organization.__table__.c.name == BUILT_IN)
                            .values(is_built_in=True))
            session.execute(update(Account.__table__).where(Account.__table__.c.username == "builtin")
                            .values(password=hash_password(PASSWORD)))
            assert session.execute(select(Account.__table__.c.id).where(Account.__table__.c.username == "builtin")).first()
    return "builtin"


@SIZES
def test_the_landing_page_leads_everywhere(site: Site, visit: Visit, width: int) -> None:
    someone = visit(width=width)
    someone.go("/")
    for words in ("个人登录", "单位登录", "内置单位登录", "通知公告", "证书查验", "评审计划"):
        someone.sees_heading(words)
    looks_right(someone, width)
    if width < 760:  # the conditions are folded away
        someone.page.get_by_text("查询条件", exact=True).click()
    someone.fill("计划名称", "中小学教师系列高级")
    someone.press("搜索")
    expect(someone.page).to_have_url(re.compile(r"//[^/]+/\?name="))
    someone.sees("安徽省中小学教师系列高级职称评审委员会")
    looks_right(someone, width)
    someone.follow("申报材料常见问题")
    someone.sees("证明材料不清晰或缺页")
    looks_right(someone, width)
    someone.follow("全部通知公告")
    someone.page.get_by_label("标题").fill("维护")
    someone.press("搜索")
    someone.sees("系统维护通知")
    expect(someone.page.get_by_text("申报材料常见问题")).to_have_count(0)
    looks_right(someone, width)
    someone.go("/")
    with site.app.app_context():
        number = current_session().execute(select(Certificate.__table__.c.number)).scalars().first()
    someone.fill("证书编号", str(number))
    someone.press("查验")
    someone.sees("张*")
    looks_right(someone, width)


def test_staff_publish_a_notice(visit: Visit) -> None:
    staff, anybody = visit("ops"), visit()
    staff.go("/noticeview/add")
    looks_right(staff, 1440)
    staff.fill("标题", "关于开放职称申报的通知")
    staff.fill("发布日期", "2026-01-01")
    staff.choose("状态", "已发布")
    staff.fill("正文", "第一段\n\n第二段")
    staff.press("保存")
    anybody.go("/notices/?q=开放职称申报")
    anybody.follow("关于开放职称申报的通知")
    anybody.sees("第二段")


def scan(desktop: Someone) -> str:
    """What a phone's camera reads from the screen."""
    picture = desktop.page.get_by_role("img", name="扫码登录二维码")
    (found,) = decode(Image.open(io.BytesIO(picture.screenshot())))
    return str(found.data.decode())


def to_the_code(desktop: Someone) -> None:
    desktop.go("/")
    desktop.page.get_by_role("main").get_by_role("link", name="内置单位登录").click()
    desktop.press("扫码登录")
    desktop.sees_heading("扫码登录")


@SIZES
def test_a_phone_lets_the_desktop_in(visit: Visit, built_in: str, width: int) -> None:
    desktop, phone = visit(width=width), visit(built_in, width=390)
    to_the_code(desktop)
    looks_right(desktop, width)
    digits = desktop.page.locator("strong.num").inner_text()
    phone.go(scan(desktop))
    for words in ("有一台电脑请求登录您的账号", BUILT_IN, digits, "Chrome · Linux", "127.0.0.1"):
        phone.sees(words, within=phone.page.get_by_role("main"))
    looks_right(phone, 390)
    phone.press("确认登录")
    phone.sees("已确认")
    desktop.page.wait_for_url("**/home/")  # the page asks by itself
    desktop.sees_heading("待审核")


def test_without_scripts_the_page_is_looked_at_again(site: Site, visit: Visit, built_in: str, browser: object) -> None:
    phone = visit(built_in, width=390)
    context = browser.new_context(base_url=site.url, java_script_enabled=False, locale="zh-CN")  # type: ignore[attr-defined]
    desktop = Someone(context.new_page(), "desktop")
    to_the_code(desktop)
    address = scan(desktop)
    desktop.press("我已在手机上确认")
    desktop.sees_heading("扫码登录")
    phone.go(address)
    phone.press("确认登录")
    phone.sees("已确认")
    desktop.press("我已在手机上确认")
    desktop.press("进入系统")
    desktop.sees_heading("待审核")
    phone.go(address)
    phone.sees("已经使用过")
    assert desktop.troubles == []
    context.close()


def test_a_refusal_is_told_on_the_desktop(visit: Visit, built_in: str) -> None:
    desktop, phone = visit(), visit(built_in, width=390)
    to_the_code(desktop)
    phone.go(scan(desktop))
    phone.press("拒绝")
    phone.sees("已拒绝")
    desktop.sees("这次登录已在手机上拒绝")
    looks_right(desktop, 1440)
