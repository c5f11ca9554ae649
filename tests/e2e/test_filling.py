"""Filling in by the manual's labels: 常规 and 破格 for a teacher, a doctor and an engineer with their own fields and slots;
a browser that is killed while somebody types, an expired login, two browsers that submit at once."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Locator, expect
from sqlalchemy import func, select

from app.demo import accounts as a
from app.demo import specialists
from app.demo.evidence import evidence_pdf
from models.application import Application
from models.person import Person
from tests.e2e.conftest import FLAGS, Site, Visit
from tests.e2e.held_titles import add_held_title
from tests.e2e.people import Someone

TEACHERS = "安徽省中小学教师系列高级职称评审委员会"
ENGINEERS = "安徽省建设工程系列高级职称评审委员会"
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
        short = person.page.locator("section.card").filter(has_text=re.compile("还差 .* 项"))
        for _ in range(short.count()):
            take_all(person, short.first)
        expect(short).to_have_count(0)


def take_all(person: Someone, card: Locator) -> None:
    person.follow("导入", within=card)
    person.sees("只能导入单位审核通过的业绩，可一次选择多条")
    boxes = person.page.get_by_role("checkbox", disabled=False)
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


def test_the_teacher_of_the_demo_submits_by_both_routes(site: Site, visit: Visit, tmp_path: Path) -> None:
    person = visit("applicant")
    begin(person, TEACHERS, route="常规申报", specialty="高中数学", title="正高级教师", standard="安徽省中小学教师专业技术资格条件")
    basic(person, {"从教日期": "2005-08-01", "工作年限": "21", "专业年限": "21", "教龄": "20", "农村教龄": "0", "教师资格": "高中数学 2005340101"},
          {"教师类别": "高中教师", "编制类别": "在编", "任教年级": "高三"})
    person.tick("否", group="校(园)长岗位培训证书")
    person.sees("已保存")
    add_held_title(person, tmp_path, level="副高级", starts_on="2016-01-01", values={
        "工作单位": a.SCHOOL, "证书编号": "340120150001", "系列名称": "中小学教师", "专业名称": "高中数学", "资格名称": "高级教师",
        "评审机构": TEACHERS, "评审日期": "2015-11-20", "发证机构": a.ISSUER, "发证日期": "2015-12-31"})
    import_all(person, ("考核表彰", "能力条件", "业绩条件", "教科研条件"))
    upload(person, tmp_path, ("身份证正反面", "诚信承诺书(手写签名)", "教师资格证"))
    person.follow("附件一览表", within=tree(person))
    person.page.get_by_role("link", name=re.compile("查看附件")).first.click()
    expect(person.page.get_by_role("dialog")).to_be_visible()
    person.press("关闭")
    submit(person)
    assert stored(site, "李明")[0]["state"] == "reviewing"
    person.confirm("撤回", "确定撤回")
    person.sees("申报已撤回")
    person.follow("填报")
    person.follow("修改", within=person.page.get_by_role("main"))
    choose(person, route="破格申报", specialty="高中数学", title="正高级教师", standard="安徽省中小学教师专业技术资格条件")
    person.press("提交")
    person.follow("破格审批表", within=tree(person))
    person.choose("破格类型", "资历破格")
    person.fill("不具备的条件", "任现职年限未满五年。")
    person.choose("破格依据条款", "考核表彰：表彰奖励")
    person.fill("主要业绩（对照条款逐条）", "获省级教学成果奖，符合破格条款。")
    person.sees("已保存")
    submit(person)
    [application] = stored(site, "李明")
    assert (application["state"], application["route"]) == ("reviewing", "exceptional")
    assert application["route_values"]["exception_type"] == "资历破格"


def test_a_doctor_has_fields_slots_and_achievements_of_her_own(site: Site, visit: Visit, tmp_path: Path) -> None:
    person = visit("doctor")
    begin(person, specialists.HEALTH_COMMITTEE, route="常规申报", specialty="心血管内科", title="副主任医师", standard="安徽省卫生系列")
    basic(person, {"执业范围": "内科专业", "执业证书编号": "110340100000317", "执业地点（主要执业机构）": specialists.HOSPITAL, "从事科室": "心血管内科"},
          {"执业类别": "临床", "医疗机构等级": "三级甲等"})
    person.sees("已保存")
    add_held_title(person, tmp_path, level="中级", starts_on="2017-01-01", way="考试", values={
        "工作单位": specialists.HOSPITAL, "系列名称": "卫生技术人员", "专业名称": "心血管内科", "资格名称": "主治医师", "评审机构": "国家卫生健康委人才中心",
        "评审日期": "2016-05-20", "发证机构": "合肥市人社局", "发证日期": "2016-10-31"})
    import_all(person, ("考核表彰", "能力条件", "论文条件"))
    upload(person, tmp_path, ("身份证正反面", "诚信承诺书(手写签名)", "医师（护士）执业证书"))
    submit(person)
    assert stored(site, "林若兰")[0]["professional"]["practice_category"] == "临床"


def test_an_engineer_has_fields_and_slots_of_his_own(site: Site, visit: Visit, tmp_path: Path) -> None:
    person = visit("engineer")
    begin(person, ENGINEERS, route="常规申报", specialty="建筑工程", title="高级工程师", standard="安徽省建设工程系列")
    basic(person, {"职（执）业（注册）资格及证号": "一级注册建造师 皖134000317"}, {"从事专业领域": "建筑工程"})
    person.tick("施工", group="岗位类型")
    person.sees("已保存")
    add_held_title(person, tmp_path, level="中级", starts_on="2016-01-01", values={
        "工作单位": a.COMPANY, "系列名称": "工程技术人员", "专业名称": "建筑工程", "资格名称": "工程师", "评审机构": "合肥市建设工程专业中级职称评审委员会",
        "评审日期": "2015-11-20", "发证机构": "合肥市人社局", "发证日期": "2015-12-31"})
    import_all(person, ("考核表彰", "业绩条件", "论文著作条件"))
    upload(person, tmp_path, ("身份证正反面", "诚信承诺书(手写签名)"))
    submit(person)
    assert stored(site, "高立新")[0]["professional"]["job_type"] == ["施工"]


def test_a_killed_browser_loses_at_most_three_seconds_of_typing(site: Site, visit: Visit, browser: Browser, tmp_path: Path) -> None:
    """The browser's processes are killed while somebody types without a pause."""
    person = visit("teacher05")
    begin(person, TEACHERS, route="常规申报", specialty="高中数学", title="高级教师", standard="安徽省中小学教师专业技术资格条件")
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
    import shutil

    from tests.e2e.conftest import NAMES

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
    from app.extensions import db

    with site.app.app_context():
        return [dict(row) for row in db.session.execute(select(_a)).mappings().all()]


def test_an_expired_login_keeps_the_text_and_leads_back_to_it(site: Site, visit: Visit) -> None:
    person = visit("teacher06")
    begin(person, TEACHERS, route="常规申报", specialty="高中数学", title="高级教师", standard="安徽省中小学教师专业技术资格条件")
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


def test_two_windows_over_one_field_show_both_values(site: Site, visit: Visit) -> None:
    first = visit("teacher07")
    begin(first, TEACHERS, route="常规申报", specialty="高中数学", title="高级教师", standard="安徽省中小学教师专业技术资格条件")
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
    from app.extensions import db
    from models.application import Submission

    with site.app.app_context():
        [row] = stored(site, "王芳")
        count = db.session.execute(select(func.count()).where(
            Submission.__table__.c.application_id == row["id"])).scalar_one()
    assert (row["state"], count) == ("reviewing", 2)  # the withdrawn one, and exactly one more
