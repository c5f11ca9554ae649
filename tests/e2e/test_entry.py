"""The landing page, 通知公告 and 扫码登录 by their labels, in both sizes."""

from __future__ import annotations

import datetime as dt
import io
import re

from PIL import Image
from playwright.sync_api import expect
from pyzbar.pyzbar import decode
from sqlalchemy import select, update

from app.demo.accounts import BUILT_IN
from app.transaction import current_session, transaction
from models.base import utcnow
from models.certificate import Certificate
from models.qr_sign_in import QrSignIn
from tests.e2e.axe import clean
from tests.e2e.conftest import Site, Visit
from tests.e2e.people import Someone
from tests.e2e.test_sign_on import SIZES


@SIZES
def test_the_landing_page_leads_everywhere(site: Site, visit: Visit, width: int) -> None:
    someone = visit(width=width)
    someone.go("/")
    for words in ("个人登录", "单位登录", "内置单位登录", "通知公告", "证书查验", "评审计划"):
        someone.sees_heading(words)
    clean(someone)
    if width < 760:  # the conditions are folded away
        someone.page.get_by_text("查询条件", exact=True).click()
    someone.fill("计划名称", "中小学教师系列高级")
    someone.press("搜索")
    expect(someone.page).to_have_url(re.compile(r"//[^/]+/\?name="))
    someone.sees("安徽省中小学教师系列高级职称评审委员会")
    clean(someone)
    someone.follow("申报材料常见问题")
    someone.sees("证明材料不清晰或缺页")
    clean(someone)
    someone.follow("全部通知公告")
    someone.page.get_by_label("标题").fill("维护")
    someone.press("搜索")
    someone.sees("系统维护通知")
    expect(someone.page.get_by_text("申报材料常见问题")).to_have_count(0)
    clean(someone)
    someone.go("/")
    with site.app.app_context():
        number = current_session().execute(select(Certificate.__table__.c.number)).scalars().first()
    someone.fill("证书编号", str(number))
    someone.press("查验")
    someone.sees("张*")
    clean(someone)


@SIZES
def test_staff_publish_a_notice(visit: Visit, width: int) -> None:
    staff, anybody = visit("ops", width), visit(width=width)
    title = f"关于开放职称申报的通知（{width}）"
    staff.go("/noticeview/add")
    clean(staff)
    staff.press("保存")
    staff.sees("请填写这一项")
    clean(staff)
    staff.fill("标题", title)
    staff.fill("发布日期", "2026-01-01")
    staff.fill("正文", "第一段\n\n第二段<script>alert(1)</script>")
    staff.press("保存")
    staff.sees("已新增")
    clean(staff)
    anybody.go(f"/notices/?q={title}")
    expect(anybody.page.get_by_role("link", name=title)).to_have_count(0)  # a draft
    staff.follow("编辑", within=staff.row(title))
    clean(staff)
    staff.choose("状态", "已发布")
    staff.press("保存")
    staff.sees("已保存")
    anybody.go(f"/notices/?q={title}")
    clean(anybody)
    anybody.follow(title)
    anybody.sees("第二段")
    expect(anybody.page.locator("main script")).to_have_count(0)
    clean(anybody)


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


def confirmed(phone: Someone) -> None:
    """确认登录 on the phone."""
    phone.press("确认登录")
    phone.sees("已确认")


@SIZES
def test_a_phone_lets_the_desktop_in_once(visit: Visit, width: int) -> None:
    desktop, phone, other = visit(width=width), visit("builtin", width=390), visit(width=width)
    to_the_code(desktop)
    clean(desktop)
    digits = desktop.page.locator("strong.num").inner_text()
    address = scan(desktop)
    phone.go(address)
    for words in ("有一台电脑请求登录您的账号", BUILT_IN, digits, "Chrome · Linux", "127.0.0.1"):
        phone.sees(words, within=phone.page.get_by_role("main"))
    clean(phone)
    confirmed(phone)
    clean(phone)
    other.go(address)  # whoever else has the picture is asked to sign in, and has no part in it
    other.sees_heading("登录")
    other.go("/scan/")
    other.sees("获取二维码")
    clean(other)
    desktop.page.wait_for_url("**/home/")  # the page asks by itself
    desktop.sees_heading("待审核")
    other.go("/home/")
    other.sees_heading("登录")
    phone.go(address)
    phone.sees("已经使用过")
    clean(phone)


@SIZES
def test_without_scripts_the_page_is_looked_at_again(site: Site, visit: Visit, browser: object, width: int) -> None:
    phone = visit("builtin", width=390)
    context = browser.new_context(  # type: ignore[attr-defined]
        base_url=site.url, java_script_enabled=False, locale="zh-CN", viewport={"width": width, "height": 900})
    desktop = Someone(context.new_page(), "desktop")
    to_the_code(desktop)
    address = scan(desktop)
    desktop.press("我已在手机上确认")
    desktop.sees_heading("扫码登录")
    phone.go(address)
    confirmed(phone)
    desktop.press("我已在手机上确认")
    desktop.sees("已在手机上确认")
    desktop.press("进入系统")
    desktop.sees_heading("待审核")
    assert desktop.troubles == []
    context.close()


@SIZES
def test_a_refusal_is_told_on_the_desktop(visit: Visit, width: int) -> None:
    desktop, phone = visit(width=width), visit("builtin", width=390)
    to_the_code(desktop)
    address = scan(desktop)
    phone.go(address)
    phone.press("拒绝")
    phone.sees("已拒绝")
    clean(phone)
    desktop.sees("这次登录已在手机上拒绝")
    clean(desktop)
    phone.go(address)
    phone.sees("已在手机上拒绝")
    expect(phone.page.get_by_role("button", name="确认登录")).to_have_count(0)
    desktop.press("换一个二维码")
    assert scan(desktop) != address


@SIZES
def test_an_expired_code_lets_nobody_in_and_a_new_one_does(site: Site, visit: Visit, width: int) -> None:
    desktop, phone = visit(width=width), visit("builtin", width=390)
    to_the_code(desktop)
    phone.go(scan(desktop))
    with site.app.app_context(), transaction() as session:
        session.execute(update(QrSignIn.__table__).values(
            created_at=utcnow() - dt.timedelta(minutes=5), expires_at=utcnow() - dt.timedelta(seconds=1)))
    phone.press("确认登录")
    phone.sees("二维码已过期")
    clean(phone)
    desktop.sees("二维码已过期")  # the page asks by itself
    clean(desktop)
    desktop.press("换一个二维码")
    phone.go(scan(desktop))
    confirmed(phone)
    desktop.page.wait_for_url("**/home/")
