"""What goes wrong while somebody fills in: a killed browser, an expired login, no network, the end of the window, two windows,
two browsers that submit at once, somebody else's address. Nothing that was typed is lost, and the page says what to do."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect
from sqlalchemy import func, select, update

from app.demo import accounts as a
from app.extensions import db
from app.rules.deadlines import today
from models.application import Application, Submission
from models.plan import ReviewPlan
from tests.e2e.conftest import FLAGS, NAMES, Site, Visit
from tests.e2e.filling import ENGINEERS, TEACHER_STANDARD, TEACHERS, begin, stored, tree
from tests.e2e.people import Someone

_a = Application.__table__


def test_a_killed_browser_loses_at_most_three_seconds_of_typing(site: Site, visit: Visit, browser: Browser, tmp_path: Path) -> None:
    """The browser's processes are killed while somebody types without a pause."""
    person = visit("teacher05")
    begin(person, TEACHERS, route="常规申报", specialty="高中数学", title="高级教师", standard=TEACHER_STANDARD)
    profile = tmp_path / "profile"
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=_executable(), args=list(FLAGS), base_url=site.url, locale="zh-CN",
    )
    context.add_cookies(person.page.context.cookies())
    page = context.new_page()
    page.goto(person.page.url)
    field = page.get_by_label("参加何学术团体任何职")
    field.click()
    typed: list[tuple[float, str]] = []
    text = ""
    started = time.monotonic()
    while time.monotonic() - started < 6:
        text += str(len(text) % 10)
        page.keyboard.type(text[-1])
        typed.append((time.monotonic(), text))
        time.sleep(0.1)
    killed = time.monotonic()
    _kill(profile)
    time.sleep(1)
    name = person.page.evaluate("document.title")  # the other browser is alive
    assert name
    saved = max(
        (row["personal"].get("academic_group") or "" for row in _all(site)), key=len)
    owed = [words for at, words in typed if at <= killed - 3]
    assert len(saved) >= len(owed[-1])
    assert text.startswith(saved)


def _executable() -> str:
    return next(path for name in NAMES if (path := shutil.which(name)))


def _kill(profile: Path) -> None:
    """SIGKILL to the processes of the browser that was started over this profile, and to no other."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"--user-data-dir={profile}" in command:
                os.kill(int(entry.name), signal.SIGKILL)


def _all(site: Site) -> list[Mapping]:
    with site.app.app_context():
        return [dict(row) for row in db.session.execute(select(_a)).mappings().all()]


def test_an_expired_login_keeps_the_text_and_leads_back_to_it(site: Site, visit: Visit) -> None:
    person = visit("teacher06")
    begin(person, TEACHERS, route="常规申报", specialty="高中数学", title="高级教师", standard=TEACHER_STANDARD)
    cookies = person.page.context.cookies()
    person.page.context.clear_cookies()
    person.fill("出生地", "安徽省黄山市")
    person.sees("登录已过期")
    person.page.on("dialog", lambda dialog: dialog.accept())
    person.follow("重新登录")
    person.fill("账号", "teacher06")
    person.fill("密码", a.PASSWORD)
    person.press("登录")
    person.sees("上次有没来得及保存的内容")
    person.press("恢复")
    expect(person.page.get_by_label(re.compile("^出生地"))).to_have_value("安徽省黄山市")
    person.sees("已保存")
    assert "安徽省黄山市" in [row["personal"].get("birth_place") for row in _all(site)]
    assert cookies


def test_without_network_the_text_stays_and_is_saved_when_it_is_back(site: Site, visit: Visit) -> None:
    person = visit("teacher08")
    begin(person, TEACHERS, route="常规申报", specialty="高中数学", title="高级教师", standard=TEACHER_STANDARD)
    person.page.context.set_offline(True)
    person.fill("曾用名", "断网时写的")
    person.sees("网络不通，填写的内容已留在本页")
    person.page.context.set_offline(False)
    person.sees("已保存")
    assert "断网时写的" in [row["personal"].get("former_name") for row in _all(site)]
    person.troubles.clear()  # the failed request was meant


def test_the_window_ends_while_the_page_is_open(site: Site, visit: Visit) -> None:
    """What is typed is still kept; the page says at once that nothing can be handed in any more, and why."""
    person = visit("applicant")
    begin(person, TEACHERS, route="常规申报", specialty="高中数学", title="高级教师", standard=TEACHER_STANDARD)
    with window(site, closes_on=today() - dt.timedelta(days=1)):
        person.fill("曾用名", "最后一刻")
        person.sees("已保存")
        person.sees("截止", within=person.page.locator('[data-part="progress"]'))
        person.follow("提交审核", within=tree(person))
        person.press("开始检测")
        person.sees("23:59:59 截止，不能提交", within=person.page.locator("#result"))
    assert "最后一刻" in [row["personal"].get("former_name") for row in _all(site)]


@contextmanager
def window(site: Site, *, closes_on: dt.date) -> Iterator[None]:
    """The open plan for teachers with another last day."""
    plan = ReviewPlan.__table__
    mine = plan.c.name.contains(TEACHERS) & (plan.c.year == today().year)
    with site.app.app_context():
        before = db.session.execute(select(plan.c.closes_on).where(mine)).scalar_one()
        db.session.execute(update(plan).where(mine).values(closes_on=closes_on))
        db.session.commit()
    yield
    with site.app.app_context():
        db.session.execute(update(plan).where(mine).values(closes_on=before))
        db.session.commit()


def test_wrong_files_addresses_and_steps_back_do_no_harm(site: Site, visit: Visit, tmp_path: Path) -> None:
    person = visit("engineer")
    begin(person, ENGINEERS, route="常规申报", specialty="建筑工程", title="高级工程师", standard="安徽省建设工程系列")
    mine = re.search(r"/applications/(\d+)/", person.page.url)
    assert mine
    empty = tmp_path / "身份证.pdf"
    empty.write_bytes(b"")
    person.follow("附件上传", within=tree(person))
    card = person.page.locator("section.card").filter(has=person.page.get_by_role("heading", name="身份证正反面"))
    person.give_file("上传文件", empty, within=card)
    person.sees("文件是空的")
    person.page.go_back()
    person.sees("还差什么")
    other = next(row["id"] for row in _all(site) if row["id"] != int(mine[1]))
    for path in ("fill", "fill/overview", "fill/submit", "pledge", ""):
        person.go(f"/applications/{other}/{path}".rstrip("/"))
        person.sees("没有找到")
    assert all(trouble.startswith("404 GET") for trouble in person.troubles)
    person.troubles.clear()


def test_two_windows_over_one_field_show_both_values(site: Site, visit: Visit) -> None:
    first = visit("teacher07")
    begin(first, TEACHERS, route="常规申报", specialty="高中数学", title="高级教师", standard=TEACHER_STANDARD)
    second = Someone(first.page.context.new_page(), "second window")
    second.go(first.page.url)
    first.fill("出生地", "合肥")
    first.sees("已保存")
    second.fill("曾用名", "李大明")
    second.fill("出生地", "芜湖")
    second.sees("其他窗口已保存为“合肥”，本页填写的是“芜湖”")
    second.press("用其他窗口的")
    expect(second.page.get_by_label(re.compile("^出生地"))).to_have_value("合肥")
    assert ("合肥", "李大明") in [(r["personal"].get("birth_place"), r["personal"].get("former_name")) for r in _all(site)]


def test_two_browsers_submitting_at_once_leave_one_submission(site: Site, visit: Visit) -> None:
    """The waiting application of `applicant2` is withdrawn, checked and sent from two browsers in the same moment."""
    one, other = visit("applicant2"), visit("applicant2")
    one.open("职称申报")
    one.confirm("撤回", "确定撤回")
    one.follow("填报")
    one.follow("提交审核", within=tree(one))
    one.press("开始检测")
    one.sees("全部符合，可以提交")
    other.go(one.page.url.split("?")[0].split("#")[0])
    for person in (one, other):
        person.page.locator("summary", has_text=re.compile(r"^\s*提交\s*$")).first.click()
    for person in (one, other):
        person.page.evaluate("[...document.querySelectorAll('dialog form, details[open] form')].at(-1).submit()")
    for person in (one, other):
        expect(person.page.get_by_text(re.compile("申报已提交|不能修改|重新“开始检测”")).first).to_be_visible()
    with site.app.app_context():
        [row] = stored(site, "王芳")
        count = db.session.execute(select(func.count()).where(
            Submission.__table__.c.application_id == row["id"])).scalar_one()
    assert (row["state"], count) == ("reviewing", 2)  # the withdrawn one, and exactly one more
