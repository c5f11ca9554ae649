"""Every page that the navigation leads to, for every audience: no script error, no failed answer, no accessibility
violation, and nothing that makes the page scroll sideways on a desktop or a phone.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import axe_core_python
import pytest
from playwright.sync_api import Locator

from app.demo.accounts import ACCOUNTS
from tests.e2e.conftest import Visit
from tests.e2e.people import Someone

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
DESKTOP, PHONE = 1440, 390
# Links inside pages: one of each kind of page that the navigation alone does not show.
DEEPER = {
    "applicant": ("/portfolio/kind/paper/", "/portfolio/kind/paper/new/", "/person/edit/", "/person/unit/", "/plans/1",
                  "/applications/new/1"),
    "applicant2": ("/applications/",),
    "newcomer": ("/person/registration/",),
    "unit": ("/unit/achievements/kind/work_experience/", "/tasks/?tab=unclaimed", "/reviews/?tab=unclaimed"),
    "admin": ("/accountview/list/", "/organizationview/list/", "/achievementkindview/list/"),
}
PUBLIC = ("/", "/login/", "/register/", "/verify/", "/plans/", "/plans/1", "/verify/0000000000000000000")


@pytest.mark.parametrize("login", [entry.login for entry in ACCOUNTS])
def test_pages_of_an_account(visit: Visit, login: str) -> None:
    someone = visit(login)
    look(someone, [*navigation(someone), *DEEPER.get(login, ())])


def test_public_pages(visit: Visit) -> None:
    look(visit(), list(PUBLIC))


def navigation(someone: Someone) -> list[str]:
    """The addresses of the navigation, of the account's menu and of the trees beside the content."""
    someone.go("/")
    found = _addresses(someone.page.get_by_role("banner").locator("a[href]"))
    for path in list(found):
        someone.go(path)
        found += _addresses(someone.page.locator("nav.tree a[href]"))
    return list(dict.fromkeys(found))


def _addresses(links: Locator) -> list[str]:
    """Paths of this site, without those that change the language."""
    hrefs = links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return [href for href in hrefs if urlsplit(href).path == href and not href.startswith("/lang/")]


def look(someone: Someone, paths: list[str]) -> None:
    """Open each page as on a desktop and as on a phone; everything that is wrong is told at once."""
    assert paths
    wrong: list[str] = []
    for path in paths:
        someone.page.set_viewport_size({"width": DESKTOP, "height": 900})
        someone.go(path)
        wrong += [f"{path}: {text}" for text in violations(someone)]
        wrong += overflow(someone, path, DESKTOP)
        someone.page.set_viewport_size({"width": PHONE, "height": 844})
        wrong += overflow(someone, path, PHONE)
    assert not wrong, "\n".join(wrong)


def violations(someone: Someone) -> list[str]:
    """What axe finds."""
    someone.page.evaluate(AXE)
    found = someone.page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{entry['id']} ({entry['impact']}): {entry['nodes'][0]['html'][:160]} … {len(entry['nodes'])}×" for entry in found
    ]


def overflow(someone: Someone, path: str, width: int) -> list[str]:
    """Whether the page is wider than the window."""
    wide = someone.page.evaluate("document.documentElement.scrollWidth")
    return [f"{path}: {wide} px wide in a window of {width}"] if wide > width else []
