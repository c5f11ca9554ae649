"""People and units by the manual's labels, at a desk and on a phone: photo, 变更单位, 人员注册审核, 管理设置, administrators."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from stdnum.cn import ric, uscc

from app.demo import accounts as a
from app.demo.accounts import PASSWORD
from tests.e2e.axe import clean
from tests.e2e.conftest import Visit
from tests.e2e.people import Someone

WIDTHS = (1440, 390)


def picture(folder: Path) -> Path:
    """Left half red, right half blue, wider than high."""
    made = Image.new("RGB", (1600, 1000), "red")
    made.paste("blue", (800, 0, 1600, 1000))
    path = folder / "证件照.png"
    made.save(path)
    return path


def shown(someone: Someone) -> tuple[int, int, int]:
    """The colour in the middle of the photo the page shows."""
    source = someone.page.get_by_role("img", name="证件照片").first.get_attribute("src")
    answer = someone.page.request.get(source or "")
    with Image.open(io.BytesIO(answer.body())) as photo:
        assert photo.size == (413, 579)
        return photo.convert("RGB").getpixel((206, 289))  # type: ignore[return-value]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_photo_is_zoomed_turned_dragged_replaced_and_deleted(visit: Visit, tmp_path: Path, width: int) -> None:
    person = visit("applicant2", width)
    page = person.page
    person.open("个人中心")
    person.follow("照片")
    clean(person)
    person.give_file("上传", picture(tmp_path))
    stage = page.get_by_role("application", name="裁剪框")
    expect(stage).to_be_visible()
    clean(person)
    field = page.locator("input[name=left]")
    first = float(field.input_value())
    for _ in range(45):  # the keys: the picture to the right, what is cut goes to the left
        stage.press("ArrowRight")
    assert float(field.input_value()) == 0 < first
    stage.press("+")
    person.press("放大")
    assert float(page.locator("input[name=width]").input_value()) < 0.4
    person.press("提交")
    page.wait_for_url("**/person/")
    person.sees("照片已上传")
    assert shown(person)[0] > 200
    # once more, with the mouse and the sliders
    person.follow("更换照片")
    expect(page.get_by_role("img", name="现在的证件照片")).to_be_visible()
    person.give_file("上传", picture(tmp_path))
    expect(stage).to_be_visible()
    page.get_by_label("缩放").fill("30")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 900, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert float(page.get_by_label("左右位置").input_value()) == 100
    person.press("提交")
    page.wait_for_url("**/person/")
    assert shown(person)[2] > 200
    # turned to the right, blue is below
    person.follow("更换照片")
    person.give_file("上传", picture(tmp_path))
    expect(stage).to_be_visible()
    person.press("向右旋转")
    page.get_by_label("缩放").fill("40")
    page.get_by_label("上下位置").fill("0")
    assert page.locator("select[name=turn]").input_value() == "90"
    person.press("提交")
    page.wait_for_url("**/person/")
    assert shown(person)[0] > 200
    clean(person)
    person.confirm("删除照片", "确定删除")
    person.sees("照片已删除")
    expect(page.get_by_role("img", name="证件照片")).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_photo_that_is_too_small_says_so_and_keeps_the_page(visit: Visit, tmp_path: Path, width: int) -> None:
    person = visit("applicant2", width)
    person.open("个人中心")
    person.follow("照片")
    path = tmp_path / "小.png"
    Image.new("RGB", (90, 120), "red").save(path)
    person.give_file("上传", path)
    person.sees("照片太小")
    person.press("提交")
    person.sees("裁剪后只剩")
    expect(person.page.get_by_role("button", name="提交")).to_be_enabled()
    clean(person)


def number(serial: int) -> str:
    """A valid ID number of somebody born on 1985-06-15."""
    body = f"34010419850615{serial:03}"
    return body + str(ric.calc_check_digit(body + "0"))


@pytest.mark.parametrize("width", WIDTHS)
def test_from_registration_over_binding_to_a_change_of_unit(visit: Visit, width: int) -> None:
    name = {1440: "方宽屏", 390: "方窄屏"}[width]
    person = visit("", width)
    person.go("/register/")
    clean(person)
    for label, text in (("真实姓名", name), ("身份证号", number(width % 1000)[:-1] + "?"), ("手机号码", "13955550000"),
                        ("用户名", f"wide{width}"), ("密码", PASSWORD), ("再次输入密码", PASSWORD)):
        person.fill(label, text)
    person.press("注册")
    person.sees("请填写 18 位居民身份证号")
    clean(person)
    person.fill("身份证号", number(width % 1000))
    person.fill("密码", PASSWORD)
    person.fill("再次输入密码", PASSWORD)
    person.press("注册")
    person.sees("注册成功")
    person.sign_in(f"wide{width}", PASSWORD)
    person.sees_heading("个人注册")
    clean(person)
    register(person)
    person.sees("正在审核您的单位申请")
    confirm_as("company", visit, name, width)
    person.open("首页")
    person.sees(a.COMPANY)
    clean(person)
    change_unit(person)
    confirm_as("unit", visit, name, width)
    person.open("个人中心")
    expect(person.row("单位变更")).to_contain_text("已通过")
    expect(person.row("人员注册")).to_contain_text("已结束")
    clean(person)


def register(person: Someone) -> None:
    """个人注册 with the unit chosen by its initials."""
    person.choose("政治面貌", "群众")
    person.choose("民族", "汉族")
    person.fill("电子邮箱", "fang@mail.example.com")
    person.fill("通讯地址", "合肥市包河区")
    person.fill("工作时间", "2008-07-01")
    person.choose("最高学历", "大学本科")
    box = person.page.get_by_role("combobox", name="单位名称")
    box.click()
    box.press_sequentially("ahhy")
    person.page.get_by_role("option", name=a.COMPANY).click()
    person.press("提交")


def change_unit(person: Someone) -> None:
    """变更单位 to the school, by part of its name."""
    person.open("个人中心")
    person.follow("变更单位")
    person.sees("新单位审核通过后变更才生效")
    clean(person)
    person.press("保存")
    person.sees("请选择单位")
    person.pick("单位名称", "第八中学")
    person.fill("申请说明", "工作调动")
    person.press("保存")
    person.sees("正在审核您的申请")
    clean(person)


def confirm_as(login: str, visit: Visit, name: str, width: int) -> None:
    """人员注册审核: look at the number, then 通过."""
    unit = visit(login, width)
    unit.open("人员注册审核")
    clean(unit)
    unit.follow("审核", within=unit.row(name))
    unit.sees("340***")
    unit.press("显示完整号码")
    unit.sees(number(width % 1000))
    clean(unit)
    claim = unit.page.get_by_role("button", name="领取", exact=True)
    if claim.count():
        claim.first.click()
        unit.sees("已领取")
    unit.confirm("通过", "确定")
    unit.sees("已通过")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_unit_keeps_its_settings_and_administrators(visit: Visit, width: int) -> None:
    unit = visit("company", width)
    unit.open("管理设置")
    for block in ("单位基本信息", "单位详细信息"):
        unit.sees_heading(block)
    clean(unit)
    unit.follow("完善单位信息")
    unit.fill("电子邮箱", "无效")
    unit.press("保存")
    unit.sees("电子邮箱格式不正确")
    clean(unit)
    unit.fill("电子邮箱", f"office{width}@unit.example.com")
    unit.fill("批准文号", f"建字〔{width}〕1号")
    unit.press("保存")
    unit.sees("单位信息已保存")
    unit.sees(f"建字〔{width}〕1号")
    unit.follow("单位管理员")
    clean(unit)
    unit.fill("姓名", "周接替")
    unit.fill("用户名", f"successor{width}")
    unit.press("新增管理员")
    unit.sees("初始密码")
    clean(unit)
    unit.open("管理设置")
    unit.follow("单位管理员")
    unit.confirm("停用", "确定停用", within=unit.row(f"successor{width}"))
    unit.sees("该管理员已停用")
    clean(unit)


@pytest.mark.parametrize("width", WIDTHS)
def test_home_pages_and_the_bell(visit: Visit, width: int) -> None:
    person = visit("applicant2", width)
    person.open("首页")
    for heading in ("我的申报情况", "业绩统计", "最新计划信息"):
        person.sees_heading(heading)
    expect(person.page.get_by_role("table", name="业绩统计")).to_be_visible()
    clean(person)
    unit = visit("unit", width)
    unit.open("首页")
    for heading in ("待审核", "审核统计", "最新计划信息"):
        unit.sees_heading(heading)
    clean(unit)
    unit.go("/notifications/")
    unit.sees_heading("通知")
    clean(unit)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_unit_registers_and_signs_in(visit: Visit, width: int) -> None:
    body = f"12340100{width:04}83643"
    code, name = body + uscc.calc_check_digit(body), f"合肥市新设学校{width}"
    unit = visit("", width)
    unit.go("/")
    unit.page.get_by_role("main").get_by_role("link", name="单位注册").click()
    unit.sees_heading("单位注册")
    clean(unit)
    unit.fill("单位名称", name)
    unit.fill("统一社会信用代码", code[:-1] + ("0" if code[-1] != "0" else "1"))
    unit.press("校验代码并带出单位性质")
    unit.sees("统一社会信用代码校验不通过")
    clean(unit)
    unit.fill("统一社会信用代码", code.lower())
    unit.press("校验代码并带出单位性质")
    unit.sees("统一社会信用代码校验通过")
    expect(unit.page.get_by_label("单位性质")).to_have_value("50")  # 12…: 事业单位
    expect(unit.page.get_by_label("单位名称")).to_have_value(name)
    for label, text in (("单位联系人", "王联系"), ("手机号码", "1390000"), ("电子邮箱", f"office{width}@new.example.com"),
                        ("用户名", f"newunit{width}"), ("密码", PASSWORD), ("再次输入密码", PASSWORD)):
        unit.fill(label, text)
    unit.choose("属地", "合肥市（市属单位）")
    unit.press("提交")
    unit.sees("请填写 11 位手机号码")
    clean(unit)
    unit.fill("手机号码", "13900000000")
    unit.fill("密码", PASSWORD)
    unit.fill("再次输入密码", PASSWORD)
    unit.press("提交")
    unit.sees("单位注册成功")
    unit.sign_in(f"newunit{width}", PASSWORD)
    unit.sees_heading("待审核")
    unit.open("管理设置")
    for words in (name, code):
        unit.sees(words, within=unit.page.get_by_role("main"))
    clean(unit)
    other = visit("", width)
    other.go("/register/unit/")
    other.fill("单位名称", f"{name}分校")
    other.fill("统一社会信用代码", code)
    for label, text in (("单位联系人", "李联系"), ("手机号码", "13900000001"), ("电子邮箱", "x@new.example.com"),
                        ("用户名", f"second{width}"), ("密码", PASSWORD), ("再次输入密码", PASSWORD)):
        other.fill(label, text)
    other.choose("单位性质", "事业单位")
    other.choose("属地", "合肥市（市属单位）")
    other.press("提交")
    other.sees("该统一社会信用代码已注册")
    clean(other)
