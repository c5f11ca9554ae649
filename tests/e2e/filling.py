"""Filling in an application by the manual's labels; used by every test that does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Locator, expect
from sqlalchemy import select

from app.demo.evidence import evidence_pdf
from models.application import Application
from models.person import Person
from tests.e2e.conftest import Site
from tests.e2e.people import Someone

TEACHERS = "安徽省中小学教师系列高级职称评审委员会"
ENGINEERS = "安徽省建设工程系列高级职称评审委员会"
TEACHER_STANDARD = "安徽省中小学教师专业技术资格条件"
_a, _person = Application.__table__, Person.__table__


def stored(site: Site, name: str) -> list[Mapping]:
    """The applications of a person, as they are in the database."""
    from app.extensions import db

    with site.app.app_context():
        rows = db.session.execute(
            select(_a).join(_person, _person.c.id == _a.c.person_id).where(_person.c.name == name).order_by(_a.c.id)
        ).mappings().all()
        return [dict(row) for row in rows]


def tree(person: Someone) -> Locator:
    return person.page.get_by_role("navigation", name="申报内容")


def begin(person: Someone, plan: str, *, route: str, specialty: str, title: str, standard: str) -> None:
    """申报入口, 马上申报, 职称申报选择, 诚信承诺书."""
    person.open("职称申报")
    person.fill("计划名称", plan)
    person.press("搜索")
    person.follow("申报入口", within=person.row(plan))
    person.follow("马上申报")
    choose(person, route=route, specialty=specialty, title=title, standard=standard)
    person.press("提交")
    person.tick("我已阅读并承诺")
    person.press("同意并继续")
    person.sees("还差什么")


def choose(person: Someone, *, route: str, specialty: str, title: str, standard: str) -> None:
    for group, option in (("申报形式", route), ("申报专业", specialty), ("申报职称", title), ("评审标准", standard)):
        options = person.page.get_by_role("group", name=re.compile(group))
        options.get_by_label(re.compile(f"^{re.escape(option)}")).first.check()
    person.tick("确认无误")


def basic(person: Someone, texts: Mapping[str, str], choices: Mapping[str, str]) -> None:
    person.follow("基本信息", within=tree(person))
    for label, text in {"出生地": "安徽省合肥市", "工作年限": "17", "专业年限": "17", **texts}.items():
        person.fill(label, text)
    for label, option in choices.items():
        person.choose(label, option)


def import_all(person: Someone, sections: tuple[str, ...]) -> None:
    """导入 on every page; for a section whatever is still wanted."""
    for page in ("工作经历", "学历教育", "继续教育", "年度考核"):
        person.follow(page, within=tree(person))
        take_all(person, person.page.get_by_role("main"))
    person.follow("学历教育", within=tree(person))
    person.press("设为合格学历", within=person.page.get_by_role("main"))
    for section in sections:
        person.follow(section, within=tree(person))
        person.sees("只能导入个人业绩库中单位审核通过的业绩")
        person.settles()
        short = person.page.locator("section.card").filter(has_text=re.compile("还差 .* 项"))
        for _ in range(short.count()):
            take_all(person, short.first)
        expect(short).to_have_count(0)


def take_all(person: Someone, card: Locator) -> None:
    """导入 everything that the portfolio offers for this place."""
    person.follow("导入", within=card)
    person.sees("只能导入单位审核通过的业绩，可一次选择多条")
    person.settles()
    boxes = person.page.get_by_role("checkbox", disabled=False)
    assert boxes.count(), "nothing to import"
    for number in range(boxes.count()):
        boxes.nth(number).check()
    person.press("保存")
    person.sees("已导入")


def upload(person: Someone, folder: Path, slots: tuple[str, ...]) -> None:
    person.follow("附件上传", within=tree(person))
    for slot in slots:
        path = folder / f"{slot.replace('/', '')}.pdf"
        path.write_bytes(evidence_pdf(slot, (person.name,), ""))
        card = person.page.locator("section.card").filter(has=person.page.get_by_role("heading", name=slot))
        person.give_file("上传文件", path, within=card)
        person.sees(path.name, within=card)


def submit(person: Someone) -> None:
    person.follow("提交审核", within=tree(person))
    person.press("开始检测")
    person.sees("全部符合，可以提交")
    person.confirm("提交", "确定提交")
    person.sees("申报已提交，等待单位审核")
