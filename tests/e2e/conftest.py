"""A running site over a fresh demo world, and people with a browser.

    def test_x(site, visit):
        unit = visit("unit")                     # a browser of their own, signed in
        unit.open("任务中心")

Each module gets its own copy of the demo world; the job worker runs beside the site, as in `make run`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright

import config
from app.demo.accounts import PASSWORD
from app.demo.loading import load_demo
from app.extensions import db
from app.refdata.loading import load
from app.rules.deadlines import today
from app.scope import system_scope
from tests.database import Databases, build_template
from tests.e2e.people import Someone

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)


@dataclass(frozen=True)
class Site:
    """The running site: its address, and an application over the same database for looking behind the pages."""

    url: str
    app: Flask


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is marked `e2e`, and may take longer than a test without a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the fixtures whether the test failed."""
    report = yield
    item.failed = report.failed  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing in CI: apt-get install chromium")
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """Settings of the site beyond its places; a module may override it."""
    return {}


@pytest.fixture(scope="module")
def site(
    browser: Browser, application: Flask, store: Databases, worker_folder: Path, settings: dict[str, str]
) -> Iterator[Site]:
    """The site over a fresh demo world, served on a free port until the module ends."""
    template = build_template(application, store, "demo", _load_demo, base="empty")
    store.restore(application, template)
    settings = {
        "SQLALCHEMY_DATABASE_URI": store.url, "STORAGE_URL": f"file://{worker_folder / 'files'}", "VAR": str(worker_folder),
        **settings,
    }
    log = worker_folder / "site.log"
    with log.open("a") as errors, subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.site_process"], cwd=config.ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(settings))
        process.stdin.close()
        url = process.stdout.readline().strip()
        assert url, f"the site did not start:\n{log.read_text()[-2000:]}"
        yield Site(url, application)
        process.terminate()
        process.wait(30)
    with application.app_context():
        db.engine.dispose()


def _load_demo() -> None:
    with system_scope():
        load()
        load_demo(today())


Visit = Callable[..., Someone]


@pytest.fixture
def visit(site: Site, browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visit]:
    """`visit("unit")`: somebody with a browser of their own, signed in; `visit()` is nobody in particular.

    What went wrong on the way (a script error, an answer that failed) fails the test in the end.
    """
    people: list[Someone] = []

    def come(login: str = "", width: int = 1440) -> Someone:
        context = browser.new_context(
            base_url=site.url, viewport={"width": width, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai",
            accept_downloads=True,
        )
        context.set_default_timeout(10_000)
        someone = Someone(context.new_page(), login or "visitor")
        people.append(someone)
        if login:
            someone.sign_in(login, PASSWORD)
        return someone

    yield come
    if getattr(request.node, "failed", False):
        for number, someone in enumerate(people):
            picture = tmp_path / f"{number}-{someone.name}.png"
            someone.page.screenshot(path=picture, full_page=True)
            print(f"{someone.name} was on {someone.page.url}: {picture}")
    troubles = [f"{someone.name}: {trouble}" for someone in people for trouble in someone.troubles]
    for someone in people:
        someone.page.context.close()
    assert not troubles, "\n".join(troubles)
