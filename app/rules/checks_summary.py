"""I 汇总: the result belongs to one version of the material."""

from __future__ import annotations

from app.rules.checks_material import Material
from app.rules.checks_registry import Gap, rule


@rule("I02", group="汇总", title="检测结果与当前材料一致", source="product")
def check_i02(material: Material) -> list[Gap]:
    """Whatever was changed after 开始检测 has to be checked again."""
    if material.checked_version is None:
        return [Gap("请点“开始检测”，通过后才能提交。", "submit")]
    if material.checked_version != material.version:
        return [Gap("材料在检测之后有修改，请重新“开始检测”。", "submit")]
    return []


UNSAVED_PAGES = {"basic": "基本信息", "form": "申报形式表单", "titles": "现有职称"}


@rule("I01", group="汇总", title="所有页面的内容都已保存")
def check_i01(material: Material) -> list[Gap]:
    """Text that only the browser has: at 开始检测 it says which pages of this application it keeps drafts of."""
    return [
        Gap(f"“{UNSAVED_PAGES[page]}”有填写后没有保存的内容，请打开该页恢复并保存。", "basic" if page == "titles" else page)
        for page in material.unsaved if page in UNSAVED_PAGES
    ]
