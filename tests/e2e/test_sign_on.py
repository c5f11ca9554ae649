"""Signing in by the doors of the login page, in both sizes: password, single sign-on with a provider's own pages."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from stdnum.cn import ric, uscc

from tests import oidc_server
from tests.e2e.axe import clean
from tests.e2e.conftest import Site, Visit
from tests.e2e.people import Someone
from tests.integration.sign_on_flow import age

SIZES = pytest.mark.parametrize("width", [1440, 390])


def id_number(serial: int) -> str:
    body = f"34010419910203{serial:03}"
    return body + str(ric.calc_check_digit(body + "0"))


@pytest.fixture(scope="module")
def provider() -> Iterator[oidc_server.Server]:
    with oidc_server.running() as server:
        yield server


@pytest.fixture(scope="module")
def settings(provider: oidc_server.Server) -> dict[str, str]:
    return {"OIDC_PROVIDERS": json.dumps([
        {"key": "gov", "label": "安徽政务服务网", "hint": "账号密码、皖事通 app 或支付宝扫码", "audience": "person",
         "issuer": provider.url, "client_id": "zhicheng", "client_secret": "s", "scopes": ["openid", "profile", "phone"],
         "claims": {"name": "name", "id_number": "id_card", "mobile": "phone_number"}},
        {"key": "legal", "label": "安徽政务服务网（法人）", "audience": "unit", "issuer": provider.url, "client_id": "units",
         "client_secret": "s", "claims": {"name": "name", "uscc": "credit_code", "legal_person": "boss"}},
    ])}


def at_the_provider(someone: Someone, subject: str) -> None:
    """The provider's own page: choose who to be."""
    someone.page.wait_for_url("**/oauth2/authorize**")
    someone.page.get_by_role("textbox").first.fill(subject)
    someone.page.get_by_role("button", name="Authorize").click()


def waits_on_the_way(someone: Someone, provider: oidc_server.Server) -> None:
    """The page that leads to the provider stands while the provider is slow; its button leads on as well.

    It goes on by itself once. Only after that went nowhere does the button alone lead on.
    """
    someone.page.route(f"{provider.url}/**", lambda route: route.fulfill(status=204))
    with someone.page.expect_event("requestfailed", lambda request: request.url.startswith(provider.url)):
        someone.press("前往安徽政务服务网")
    someone.sees("页面会自动跳转")
    clean(someone)
    someone.page.unroute_all(behavior="wait")
    someone.follow("继续")


@SIZES
def test_a_person_comes_by_single_sign_on_and_leaves_at_both_ends(
    site: Site, visit: Visit, provider: oidc_server.Server, width: int
) -> None:
    provider.user(f"person{width}", name="单小登", id_card=id_number(width % 100), phone_number="13800138000")
    someone = visit(width=width)
    someone.go("/")
    clean(someone)
    someone.follow("个人登录")
    clean(someone)
    waits_on_the_way(someone, provider)
    at_the_provider(someone, f"person{width}")
    someone.sees_heading("个人注册")
    for label, value in (("真实姓名", "单小登"), ("手机号码", "13800138000")):
        field = someone.page.get_by_label(label, exact=True)
        expect(field).to_have_value(value)
        expect(field).not_to_be_editable()
    clean(someone)
    someone.go("/account/security/")
    someone.sees_heading("登录与安全")
    someone.sees("安徽政务服务网")
    clean(someone)
    proves_it_by_signing_in_anew(someone, site, f"person{width}")
    leave(someone)
    someone.page.wait_for_url("**/oauth2/end_session**")
    assert provider.logouts()
    someone.go("/account/security/")
    someone.sees_heading("登录")


def proves_it_by_signing_in_anew(someone: Someone, site: Site, subject: str) -> None:
    """An hour later, 解除关联 asks for a new sign-in, in a window of its own; this one keeps what was asked for."""
    with site.app.app_context():
        age(60)
    someone.confirm("解除关联", "确定解除")
    someone.sees_heading("验证身份")
    clean(someone)
    someone.press("已验证，继续提交")
    someone.sees("还没有完成验证")
    with someone.page.expect_popup() as opened:
        someone.press("在新窗口用“安徽政务服务网”重新登录")
    other = Someone(opened.value, "other window")
    at_the_provider(other, subject)
    other.sees("已验证。请回到原来的页面")
    clean(other)
    assert other.troubles == []
    other.page.close()
    someone.press("已验证，继续提交")
    someone.sees("唯一的登录方式")


def leave(someone: Someone) -> None:
    someone.page.locator("header summary").filter(has_text="单小登").click()
    someone.page.get_by_role("button", name="退出").click()


@SIZES
def test_a_unit_comes_by_single_sign_on(visit: Visit, provider: oidc_server.Server, width: int) -> None:
    body = {1440: "91340100683643522", 390: "91340100MA2MRF2J5"}[width]
    code = body + uscc.calc_check_digit(body)
    provider.user(f"unit{width}", name=f"安徽登录{width}有限公司", credit_code=code, boss="钱经理")
    someone = visit(width=width)
    someone.go("/login/")
    someone.follow("单位登录")
    clean(someone)
    someone.press("前往安徽政务服务网（法人）")
    at_the_provider(someone, f"unit{width}")
    someone.sees_heading("单位注册")
    for label, value in (("单位名称", f"安徽登录{width}有限公司"), ("统一社会信用代码", code), ("法定代表人姓名", "钱经理")):
        field = someone.page.get_by_label(label, exact=True)
        expect(field).to_have_value(value)
        expect(field).not_to_be_editable()
    clean(someone)


@SIZES
def test_a_cancelled_sign_on_is_a_page_with_the_way_back(visit: Visit, provider: oidc_server.Server, width: int) -> None:
    someone = visit(width=width)
    someone.go("/login/")
    someone.press("前往安徽政务服务网")
    someone.page.wait_for_url("**/oauth2/authorize**")
    someone.page.get_by_role("button", name="Deny").click()
    someone.sees_heading("没有登录")
    someone.sees("取消了登录")
    clean(someone)
    someone.follow("重新登录")
    someone.sees_heading("登录")


@SIZES
def test_a_password_account_is_linked_after_its_password(visit: Visit, provider: oidc_server.Server, site: Site, width: int) -> None:
    login = {1440: "applicant2", 390: "applicant3"}[width]
    from sqlalchemy import select

    from app.scope import system_scope
    from app.transaction import current_session
    from models.account import Account
    from models.person import Person

    with site.app.app_context(), system_scope():
        person = current_session().scalars(select(Person).join(Account, Account.id == Person.user_id).where(
            Account.username == login)).one()
        name = person.name
        provider.user(login, name=name, id_card=person.id_number, phone_number=person.mobile)
    someone = visit(width=width)
    someone.go("/login/")
    someone.press("前往安徽政务服务网")
    at_the_provider(someone, login)
    someone.sees_heading("关联已有账号")
    clean(someone)
    someone.fill("账号", login)
    someone.fill("密码", "wrong-password")
    someone.press("确认关联并登录")
    someone.sees("账号或密码不正确")
    someone.fill("密码", "Zhicheng@2026")
    someone.press("确认关联并登录")
    someone.sees(f"欢迎您，{name}")
