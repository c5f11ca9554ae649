"""People and units by the manual's labels, at a desk and on a phone: photo, 变更单位, 人员注册审核, 管理设置, administrators."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.people import Someone
from tests.e2e.test_pages import violations

WIDTHS = (1440, 390)


def clean(someone: Someone) -> None:
    """axe finds nothing, and the page does not scroll sideways."""
    assert violations(someone) == []
    assert someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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


def test_a_photo_that_is_too_small_says_so_and_keeps_the_page(visit: Visit, tmp_path: Path) -> None:
    person = visit("applicant2")
    person.open("个人中心")
    person.follow("照片")
    path = tmp_path / "小.png"
    Image.new("RGB", (90, 120), "red").save(path)
    person.give_file("上传", path)
    person.sees("照片太小")
    person.press("提交")
    person.sees("裁剪后只剩")
    expect(person.page.get_by_role("button", name="提交")).to_be_enabled()
