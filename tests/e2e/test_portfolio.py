"""个人业绩库 in a browser: every kind from 新增 to 撤回, a kind made in the console, text that survives, Excel.

The walk is driven by the definitions of the kinds themselves: what they ask for is what is filled in, by label.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import load_workbook
from playwright.sync_api import expect

from app.demo.evidence import evidence_pdf
from app.rules.field_definitions import Field, parse_fields
from tests.e2e.conftest import Visit
from tests.e2e.people import Someone

DATA = Path(__file__).parents[2] / "app/refdata/data/achievements"
KINDS: list[dict[str, Any]] = [
    kind for path in sorted(DATA.glob("*.yaml")) for kind in yaml.safe_load(path.read_text(encoding="utf-8"))
]
NAME = "张伟"
# Texts that must have a form; everything else is made from the definition.
SAMPLES = {
    "issn": "0317-8471", "isbn": "9787040527186", "cn_no": "CN11-1234/G4", "doi": "10.1000/walk.1",
    "ip_no": "ZL201910123456.7", "chsi_code": "ABCD12345678", "icd10": "J18.9",
}
DATES = {"start": "2018-03-01", "end": "2019-02-28"}


def sample(field: Field) -> str:
    if field.key in SAMPLES:
        return SAMPLES[field.key]
    if field.type in ("text", "textarea", "richtext"):
        return f"{field.label}的内容"[: field.max_len]
    later = field.gte or "end" in field.key
    return {
        "date": DATES["end" if later else "start"], "month": "2019-05", "year": "2019",
        "url": "https://example.com/evidence",
    }.get(field.type) or str(int(field.min) if field.min is not None and field.min >= 1 else 1)


def fill(person: Someone, field: Field) -> None:
    """One field by its label. What excludes another one stays empty."""
    if field.excludes or (field.type == "bool" and not field.required):
        return
    if field.type == "bool":
        person.tick("是", group=field.label)
    elif field.type in ("select", "code"):
        person._labelled(field.label).select_option(index=1)
    elif field.type == "multiselect":
        person.tick(field.options[0], group=field.label)
    elif field.type != "ref":
        person.fill(field.label, sample(field))


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence") / "佐证材料.pdf"
    path.write_bytes(evidence_pdf("佐证材料", (f"{NAME} 同志：", "　　情况属实。"), "安徽宏远建设有限公司"))
    return path


def test_there_are_22_kinds() -> None:
    assert len(KINDS) == 22


@pytest.mark.timeout(900)
def test_every_kind_is_filled_returned_corrected_approved_and_withdrawn(visit: Visit, paper: Path) -> None:
    person, unit = visit("applicant3"), visit("company")
    for kind in KINDS:
        print(kind["name"])
        walk(person, unit, kind, paper)


def walk(person: Someone, unit: Someone, kind: dict[str, Any], paper: Path) -> None:
    fields = parse_fields(kind["fields"])
    person.go(f"/portfolio/kind/{kind['code']}/new/")
    person.sees_heading(f"新增{kind['name']}")
    for field in fields:
        if field.is_input:
            fill(person, field)
    person.give_file("上传文件", paper)
    person.press("保存并提交")
    person.sees("已提交，等待所在单位审核")
    decide(unit, kind, "退回", **{"退回意见": f"{kind['name']}请补充说明。"})
    person.go(f"/portfolio/kind/{kind['code']}/?state=returned")
    person.sees(f"{kind['name']}请补充说明。")
    person.follow("编辑", within=person.page.get_by_role("row").nth(1))
    person.sees("单位退回意见")
    first = next(field for field in fields if field.is_input and field.type in ("text", "textarea", "richtext") and field.key not in SAMPLES)
    corrected = f"更正{sample(first)}"[: first.max_len]
    person.fill(first.label, corrected)
    person.press("保存并提交")
    person.sees("已提交，等待所在单位审核")
    decide(unit, kind, "通过")
    person.go(f"/portfolio/kind/{kind['code']}/?state=approved")
    row = person.page.get_by_role("row").nth(1)
    person.sees("通过", within=row)
    person.confirm("撤回", "确定撤回", within=row)
    person.sees("已撤回，修改后可重新提交。")
    expect(person._labelled(first.label)).to_have_value(corrected)


def decide(unit: Someone, kind: dict[str, Any], verb: str, **answers: str) -> None:
    unit.go(f"/unit/achievements/kind/{kind['code']}/?tab=reviewing&q={NAME}")
    unit.follow("审核", within=unit.page.get_by_role("row").nth(1))
    unit.sees("佐证材料.pdf")
    unit.confirm(verb, "确定", **answers)
    unit.sees("已通过" if verb == "通过" else "已退回")


def test_a_kind_made_in_the_console_works_at_once(visit: Visit, paper: Path) -> None:
    admin, person, unit = visit("admin"), visit("applicant3"), visit("company")
    admin.go("/achievementkindview/add")
    admin.pick("业绩分类", "工作业绩")
    admin.fill("名称", "工法编制情况")
    admin.fill("编码", "construction_method")
    admin.press("保存")
    admin.sees("已新增")
    admin.go("/achievementkindview/list/?_flt_0_name=工法编制情况")
    admin.follow("查看", within=admin.row("工法编制情况"))
    admin.follow("编辑填写项")
    admin.fill("名称", "工法名称")
    admin.fill("代码", "name")
    admin.press("增加填写项")
    last = admin.page.locator("#r1_label").locator("xpath=ancestor::li")
    last.get_by_label("名称", exact=True).fill("工法级别")
    last.get_by_label("代码", exact=True).fill("level")
    last.get_by_label("类型", exact=True).select_option(label="单选")
    last.get_by_label("选项（一行一个）").fill("国家级\n省级")
    last.get_by_label("必填", exact=True).check()
    last.get_by_label("列表顺序").fill("2")
    admin.press("增加填写项")
    files = admin.page.locator("#r2_label").locator("xpath=ancestor::li")
    files.get_by_label("名称", exact=True).fill("工法证书")
    files.get_by_label("代码", exact=True).fill("attachments")
    files.get_by_label("类型", exact=True).select_option(label="附件")
    files.get_by_label("单个文件不超过（MB）").fill("3")
    files.get_by_label("必填", exact=True).check()
    admin.press("预览表单")
    admin.sees("填报人看到的表单，不会保存")
    admin.press("保存")
    admin.sees("已保存为第 1 版")
    person.open("个人业绩库")
    person.follow("工法编制情况")
    person.follow("新增")
    person.fill("工法名称", "深基坑支护工法")
    person.choose("工法级别", "省级")
    person.press("保存并提交")
    person.sees("内容已保存，还没有提交")
    person.give_file("上传文件", paper)
    expect(person.page.get_by_role("link", name="佐证材料.pdf").first).to_be_visible()
    expect(person._labelled("工法级别")).to_have_value("省级")
    person.press("保存并提交")
    person.sees("已提交，等待所在单位审核")
    unit.open("业绩档案")
    unit.follow("审核", within=unit.row("工法编制情况"))
    unit.follow("审核", within=unit.row("深基坑支护工法"))
    unit.sees("省级")
    unit.confirm("通过", "确定")
    unit.sees("已通过")
    with person.page.expect_download() as download:
        person.go("/portfolio/kind/construction_method/")
        person.press("导出 Excel")
    rows = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).worksheets[0].iter_rows(values_only=True)
    assert ["深基坑支护工法", "省级"] in [list(row[1:3]) for row in rows]


def test_what_is_typed_survives_a_closed_page_and_an_expired_sign_in(visit: Visit) -> None:
    person = visit("applicant3")
    person.go("/portfolio/kind/project/new/")
    label = next(field["label"] for kind in KINDS if kind["code"] == "project" for field in kind["fields"])
    person.fill(label, "大跨度钢结构")
    expect(person.page.locator("[data-saved]")).to_contain_text("已保存")
    expect(person.page).to_have_url(re.compile(r"/portfolio/\d+/edit/$"))
    address = person.page.url
    person.page.reload()
    expect(person._labelled(label)).to_have_value("大跨度钢结构")
    person.page.context.clear_cookies()
    person.fill(label, "大跨度钢结构屋盖")
    expect(person.page.locator("[data-saved]")).to_contain_text("登录已过期")
    person.sign_in("applicant3", "Zhicheng@2026")
    person.go(address)
    person.press("恢复")
    expect(person._labelled(label)).to_have_value("大跨度钢结构屋盖")
    expect(person.page.locator("[data-saved]")).to_contain_text("已保存")


SLOW_ANSWERS = """
  const quick = window.fetch;
  window.fetch = async (...asked) => { const answer = await quick(...asked); await new Promise((done) => setTimeout(done, 1500)); return answer; };
"""


def save_twice(person: Someone) -> None:
    """保存 by a double click, up to the page that answers."""
    with person.page.expect_navigation():
        person.page.get_by_role("button", name="保存", exact=True).dblclick()
    person.sees("已保存，提交单位审核通过后才能用于申报")
    person.page.wait_for_timeout(300)  # what was kept in the browser is looked up after the page is there


def test_saving_while_the_page_saves_itself_makes_one_item_and_meets_no_other_window(visit: Visit) -> None:
    person = visit("applicant3")
    page, label = person.page, next(field["label"] for kind in KINDS if kind["code"] == "paper" for field in kind["fields"])
    page.add_init_script(SLOW_ANSWERS)
    person.go("/portfolio/kind/paper/new/")
    with page.expect_request("**/new/autosave"):
        person.fill(label, "钢结构节点试验")
    save_twice(person)
    with page.expect_request("**/autosave"):
        person.fill(label, "钢结构节点试验研究")
    save_twice(person)
    expect(person._labelled(label)).to_have_value("钢结构节点试验研究")
    person.go("/portfolio/kind/paper/")
    expect(page.locator("tbody tr", has_text="钢结构节点试验")).to_have_count(1)


def test_what_was_saved_is_not_offered_again_however_the_server_writes_it(visit: Visit) -> None:
    person = visit("applicant3")
    page = person.page
    texts = [field["label"] for kind in KINDS if kind["code"] == "paper" for field in kind["fields"]]
    person.go("/portfolio/kind/paper/new/")
    person.fill(texts[0], "混凝土耐久性")
    save_twice(person)
    for typed in ("  混凝土耐久性 ", "　混凝土\u200b耐久性研究　"):
        person.fill(texts[0], typed)
        save_twice(person)
        expect(person._labelled(texts[0])).to_have_value(typed.strip().replace("\u200b", ""))
        expect(page.get_by_role("button", name="恢复")).to_have_count(0)


def test_enter_in_a_field_saves_and_does_not_hand_in(visit: Visit) -> None:
    person = visit("applicant")
    page, label = person.page, next(field["label"] for kind in KINDS if kind["code"] == "paper" for field in kind["fields"])
    person.go("/portfolio/kind/paper/new/")
    expect(page.get_by_role("button", name="保存并提交")).to_be_visible()
    person.fill(label, "按回车键保存的论文")
    with page.expect_navigation():
        person._labelled(label).press("Enter")
    person.sees("已保存，提交单位审核通过后才能用于申报")


def test_an_excel_file_is_checked_and_taken_in(visit: Visit, tmp_path: Path) -> None:
    person = visit("applicant3")
    person.open("个人业绩库")
    person.follow("工作经历")
    person.follow("从 Excel 导入")
    with person.page.expect_download() as download:
        person.follow("下载模板")
    book = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    sheet = book.worksheets[0]
    heads = {str(cell.value).rstrip("*"): cell.column for cell in sheet[1]}
    for line, start in ((2, "2015-07-01"), (3, "2015-13-01")):
        for label, value in (("工作单位", f"单位{line}"), ("开始日期", start), ("从事专业", "结构"), ("担任职务", "工程师")):
            sheet.cell(line, heads[label]).value = value
    path = tmp_path / "工作经历.xlsx"
    book.save(path)
    person.give_file("Excel 文件", path)
    person.press("上传并核对")
    person.sees("共 2 行：正确 1 行，待补充 0 行，有误 1 行。")
    person.sees("请按“2026-01-31”的样式填写“开始日期”")
    person.press("只导入正确的 1 行")
    person.sees("已导入 1 条")
    person.follow("查看导入的业绩")
    expect(person.row("单位2")).to_be_visible()


def test_an_opinion_is_chosen_and_kept(visit: Visit, paper: Path) -> None:
    person, unit = visit("applicant3"), visit("company")
    kind = next(kind for kind in KINDS if kind["code"] == "work_experience")
    person.go("/portfolio/kind/work_experience/new/")
    for field in parse_fields(kind["fields"]):
        if field.is_input:
            fill(person, field)
    person.give_file("上传文件", paper)
    person.press("保存并提交")
    person.sees("已提交，等待所在单位审核")
    unit.go(f"/unit/achievements/kind/work_experience/?tab=reviewing&q={NAME}")
    unit.follow("审核", within=unit.page.get_by_role("row").nth(1))
    unit.page.wait_for_load_state()  # keys work when the scripts are there
    unit.page.keyboard.press("r")
    dialog = unit.page.get_by_role("dialog", name="退回")
    dialog.get_by_label("选用意见").select_option(label="缺少必要的佐证材料，请补充后重新提交。")
    expect(dialog.get_by_label("退回意见")).to_have_value("缺少必要的佐证材料，请补充后重新提交。")
    dialog.get_by_label("退回意见").fill("请上传社保证明。")
    dialog.get_by_label("增加到我的意见").check()
    dialog.get_by_role("button", name="确定", exact=True).click()
    unit.sees("已退回")
    unit.go("/opinions/")
    unit.sees("请上传社保证明。")
