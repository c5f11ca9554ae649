"""现有职称情况 by its labels, as the manual describes it; used by every test that fills in an application."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.demo.evidence import evidence_pdf
from tests.e2e.people import Someone

FIELDS = ("工作单位", "证书编号", "系列名称", "专业名称", "资格名称", "评审机构", "评审日期", "发证机构", "发证日期")


def add_held_title(
    person: Someone, folder: Path, *, level: str, values: Mapping[str, str], starts_on: str = "", way: str = "评审"
) -> None:
    """新增 a title with its certificate and, with `starts_on`, an appointment 至今. `values`: by label."""
    person.page.locator("#held-titles").get_by_role("link", name="新增").click()
    person.sees_heading("现有职称情况")
    person.choose("职称取得方式", way)
    person.choose("职称级别", level)
    for label in FIELDS:
        if label in values:
            person.fill(label, values[label])
    if starts_on:
        for label, text in (("聘用名称", values["资格名称"]), ("聘用单位", values["工作单位"]), ("聘用开始日期", starts_on)):
            person.fill(label, text)
        person.tick("至今")
    certificate = folder / "专业技术资格证书和聘书.pdf"
    certificate.write_bytes(evidence_pdf("专业技术资格证书", (values["资格名称"],), values["发证机构"]))
    person.give_file("上传文件", certificate)
    person.press("保存")
    person.sees("现有职称已保存")
    person.sees(values["资格名称"], within=person.page.locator("#held-titles"))
