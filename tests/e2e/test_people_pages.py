"""Every page of registration, signing in, people, units and staff that makes up who may enter: axe finds nothing on a desktop and on
a phone, and nothing scrolls sideways.

PAGES says who looks at what; the access matrix says which pages there are, so a new one that nobody looks at fails here.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.transaction import current_session
from models.notice import Notice
from tests.access.matrix import MATRIX
from tests.e2e.axe import clean, resize
from tests.e2e.conftest import Site, Visit
from tests.e2e.people import Someone

SIZES = ((1440, 900), (390, 844))
VIEWS = {
    "IndexView", "LoginView", "PasswordView", "SecurityView", "SignOnView", "QrSignInView", "QrConfirmView", "HomeView",
    "NotificationView", "SignUpView", "RegistrationView", "PersonView", "PhotoView", "IdNumberView", "EmploymentView",
    "UnitPersonView", "OrganizationSignUpView", "OrganizationRegistrationView", "OrganizationSettingsView", "AdministratorView",
    "PublicNoticeView", "NoticeView", "BuiltInUnitView", "AccountView", "RoleView", "OrganizationView", "OrganizationRoleView",
    "SettingView",
}
# What a GET answers with something else than a page of its own, or what another test walks through.
ELSEWHERE = {
    "QrSignInView.state": "JSON", "EmploymentView.units": "JSON",
    "SignOnView.callback": "test_sign_on.py", "SignOnView.prove": "test_sign_on.py",
    "OrganizationRegistrationView.fill": "test_sign_on.py", "QrConfirmView.show": "test_entry.py",
    "UnitPersonView.show": "below",
    **{f"{view}.options": "JSON" for view in (
        "NoticeView", "AccountView", "RoleView", "OrganizationView", "OrganizationRoleView", "SettingView")},
}
PAGES: dict[str, list[str]] = {
    "": [
        "/", "/login/", "/login/?as=unit", "/login/?as=builtin", "/register/", "/register/unit/", "/notices/", "/notices/?q=没有",
        "/notices/{notice}", "/scan/",
    ],
    "newcomer": ["/person/registration/", "/account/password/", "/account/security/"],
    "applicant2": [
        "/home/", "/person/", "/person/edit/", "/person/photo/", "/person/unit/", "/account/security/", "/account/password/",
        "/notifications/", "/notifications/?tab=unread",
    ],
    "unit": [
        "/home/", "/unit/people/", "/unit/people/?tab=all", "/unit/people/?q=没有", "/unit/settings/", "/unit/settings/edit/",
        "/unit/administrators/", "/notifications/", "/account/security/",
    ],
    "company": ["/home/", "/unit/people/", "/unit/settings/", "/unit/administrators/"],
    "builtin": ["/home/", "/unit/settings/", "/unit/settings/edit/", "/unit/people/"],
    "department": ["/home/", "/unit/settings/", "/unit/administrators/"],
    "agency": ["/home/", "/unit/people/"],
    "ops": ["/home/", "/noticeview/list/", "/noticeview/add", "/noticeview/show/1", "/noticeview/edit/1", "/builtinunits/"],
    "admin": [
        "/home/", "/builtinunits/", "/builtinunits/1/account/", "/accountview/list/", "/accountview/list/?_flt_0_username=李明",
        "/accountview/show/1", "/accountview/add", "/accountview/edit/1", "/roleview/list/", "/roleview/show/1",
        "/organizationview/list/", "/organizationview/show/1", "/organizationview/add", "/organizationview/edit/1",
        "/organizationroleview/list/", "/organizationroleview/show/1", "/organizationroleview/add", "/organizationroleview/edit/1",
        "/settingview/list/", "/settingview/show/1", "/settingview/edit/1",
    ],
}


def test_every_page_is_looked_at(site: Site) -> None:
    """The matrix names every endpoint; those that answer a GET are in PAGES or said to be elsewhere."""
    routes = site.app.url_map.bind("localhost")
    readable = {rule.endpoint for rule in site.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    wanted = {name for name in MATRIX if name.partition(".")[0] in VIEWS and name in readable}
    seen = set()
    for paths in PAGES.values():
        for path in paths:
            try:
                seen.add(routes.match(path.partition("?")[0].replace("{notice}", "1"))[0])
            except (HTTPException, RequestRedirect) as error:
                pytest.fail(f"{path}: {error}")
    assert wanted - seen - ELSEWHERE.keys() == set()
    assert ELSEWHERE.keys() - wanted == set()


@pytest.mark.parametrize("login", PAGES)
def test_pages_of(visit: Visit, site: Site, login: str) -> None:
    someone = visit(login)
    with site.app.app_context():
        notice = current_session().execute(select(Notice.__table__.c.id).where(Notice.__table__.c.state == "published")).scalars().first()
    for address in PAGES[login]:
        path = address.replace("{notice}", str(notice))
        answer = someone.page.goto(path)
        assert answer is not None
        assert (answer.status, urlsplit(someone.page.url).path) == (200, path.partition("?")[0])
        in_both_sizes(someone)


def in_both_sizes(someone: Someone) -> None:
    for width, height in SIZES:
        resize(someone, width, height)
        clean(someone)


def test_pages_of_refusals(visit: Visit) -> None:
    """Not found, not allowed, out of date, too many: each says what to do next."""
    person = visit("applicant2")
    for path, status, words in (
        ("/nowhere", 404, "没有找到"), ("/unit/people/", 403, "不能"), ("/accountview/list/", 403, "不能"),
        ("/login/link/", 409, "重新开始"), ("/qr/unknown/", 403, "不能"),
    ):
        answer = person.page.goto(path)
        assert answer is not None
        assert answer.status == status, path
        assert words in person.page.get_by_role("main").inner_text(), path
        in_both_sizes(person)
    person.troubles = [trouble for trouble in person.troubles if not trouble.startswith(("403 GET", "404 GET"))]
    for login, status, words in (("unit", 409, "扫码登录只用于内置单位"), ("builtin", 404, "没有这个二维码")):
        phone = visit(login)
        answer = phone.page.goto("/qr/unknown/")
        assert answer is not None
        assert answer.status == status
        phone.sees(words)
        in_both_sizes(phone)
        phone.troubles = [trouble for trouble in phone.troubles if not trouble.startswith("404 GET")]


@pytest.mark.parametrize("width", [1440, 390])
def test_dialogs_and_what_they_show(visit: Visit, width: int) -> None:
    """An opened question, an ID number shown whole, the password asked once more, a password that was issued."""
    unit = visit("unit", width)
    unit.open("人员注册审核")
    unit.follow("审核", within=unit.page.get_by_role("table"))
    unit.settles()
    for name in ("通过", "退回"):
        question = unit.page.locator("summary").filter(has_text=re.compile(rf"^\s*{name}\s*$"))
        if question.count():  # after 领取 where there are several administrators
            question.first.click()
            clean(unit)
            unit.page.keyboard.press("Escape")
    unit.press("显示完整号码")
    expect(unit.page.locator("[data-masked]").first).to_have_text(re.compile(r"^\d{17}[\dX]$"))
    clean(unit)
    unit.page.reload()
    unit.page.locator("form[data-reveal]").first.evaluate("form => form.submit()")  # as without scripts
    unit.sees_heading("证件号码")
    unit.sees("本次查看已记入审计日志")
    expect(unit.page.get_by_role("main")).to_contain_text(re.compile(r"\d{17}[\dX]"))
    clean(unit)
    unit.go("/unit/administrators/")
    for question in unit.page.locator("summary").filter(has_text=re.compile(r"^\s*停用\s*$")).all():
        question.click()
        clean(unit)
        unit.page.keyboard.press("Escape")
