"""Every page that an audience can reach by links: it answers without script errors, and on a desktop and on a phone axe
finds nothing and nothing makes it scroll sideways.

From the start page the links of the navigation, of the trees and of the content are followed, one address of each
kind (`/plans/1` stands for all plans), up to three clicks deep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error
from sqlalchemy import select

from app.demo.accounts import ACCOUNTS
from app.rules.deadlines import today
from app.services import application
from app.transaction import current_session
from models.application import Pledge
from tests.e2e.axe import resize, violations
from tests.e2e.conftest import Site, Visit
from tests.e2e.people import Someone
from tests.factories import teacher_world

DESKTOP, PHONE = (1440, 900), (390, 844)
CLICKS = 3
LOGINS = [entry.login for entry in ACCOUNTS if entry.login != "unit2"]  # sees what unit sees
NO_PAGES = ("/files/", "/lang/", "/static/", "/back")
SAME_FORM = re.compile(r"/\w+view/(add|edit|show)")  # generated pages of one kind: axe looks at one for an account


@pytest.fixture(scope="module")
def begun(site: Site) -> None:
    """李明 has begun an application, so that the filling pages can be reached."""
    with site.app.app_context():
        who = teacher_world.actor("applicant")
        plan = teacher_world.plan_named(f"{today().year}年—安徽省中小学教师系列高级")
        begun = application.create(plan_id=plan, selection=teacher_world.selection(plan), actor=who)
        pledge = current_session().execute(select(Pledge.__table__.c.id)).scalar_one()
        application.accept_pledge(application_id=begun, pledge_id=pledge, actor=who)


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize("login", LOGINS)
def test_pages_of_an_account(visit: Visit, login: str) -> None:
    look_around(visit(login), "/")


def test_public_pages(visit: Visit) -> None:
    anybody = visit()
    look_around(anybody, "/")
    look_around(anybody, "/register/")


def look_around(someone: Someone, start: str) -> None:
    """Walk from `start`; everything that is wrong is told at once."""
    wrong: list[str] = []
    waiting, seen, judged = [(start, 0)], {_kind(start)}, set()
    while waiting:
        path, clicks = waiting.pop(0)
        someone.page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        if not is_page(someone, path):
            continue
        shape = SAME_FORM.sub(r"/view/\1", _kind(path))
        new = shape not in judged
        judged.add(shape)
        for width, height in (DESKTOP, PHONE):
            resize(someone, width, height)
            wrong += [f"{path} at {width} px: {text}" for text in violations(someone)] if new else []
            wide = someone.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{path}: {wide} px wide in a window of {width}")
        if clicks < CLICKS:
            for link in links(someone):
                if _kind(link) not in seen:
                    seen.add(_kind(link))
                    waiting.append((link, clicks + 1))
    assert len(seen) > 2
    assert not wrong, "\n".join(wrong)


def is_page(someone: Someone, path: str) -> bool:
    """Go there; False for a file, which the browser saves or shows in a viewer of its own."""
    try:
        answer = someone.page.goto(path)
    except Error as error:
        if "Download is starting" in error.message:
            return False
        raise
    assert answer is not None
    return "text/html" in answer.headers.get("content-type", "")


def links(someone: Someone) -> Iterator[str]:
    """The pages of this site that the page links to."""
    found = someone.page.locator("a[href]").evaluate_all(
        "links => links.filter(link => link.origin === location.origin && !link.hasAttribute('download'))"
        ".map(link => link.pathname + link.search)"
    )
    return (address for address in found if not address.startswith(NO_PAGES))


def _kind(path: str) -> str:
    """What an address is an example of: numbers and the code of a kind of achievement stand for any."""
    return re.sub(r"/kind/\w+", "/kind/…", re.sub(r"\d+", "0", urlsplit(path).path))


def test_axe_would_notice(visit: Visit) -> None:
    """The check itself works: a picture without a text and a page that is too wide are found."""
    anybody = visit()
    anybody.go("/login/")
    anybody.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/icons/logo.svg\">')")
    assert any(text.startswith("image-alt") for text in violations(anybody))
    anybody.page.evaluate("document.querySelector('main img').style.minWidth = '3000px'")
    assert anybody.page.evaluate("document.documentElement.scrollWidth") > DESKTOP[0]
