"""H 附件: the slots that the convener configured."""

from __future__ import annotations

import re

from app.rules.checks_material import Material, slot_applies
from app.rules.checks_registry import WARN, Gap, rule

PAGE = "attachments"
_NAMELESS = re.compile(r"^(IMG|DSC|DCIM|Screenshot|mmexport|微信图片|扫描件|图片|新建|未命名|WechatIMG|scan)?[\s_\-（）()\d]*$", re.I)


@rule(
    "H01", group="附件", title="必传附件齐全",
    points=lambda material: sum(1 for slot in material.slots if slot.is_required and slot_applies(slot, material)),
)
def check_h01(material: Material) -> list[Gap]:
    """Required slots whose condition holds for this applicant."""
    return [
        Gap(f"附件：请上传{slot.name}。", PAGE, f"slot-{slot.code}")
        for slot in material.slots
        if slot.is_required and slot_applies(slot, material) and not slot.files
    ]


@rule("H02", group="附件", title="附件类型、大小、数量符合要求")
def check_h02(material: Material) -> list[Gap]:
    """Uploading refuses what does not fit; this catches slots whose limits were changed afterwards."""
    gaps = []
    for slot in material.slots:
        anchor = f"slot-{slot.code}"
        if len(slot.files) > slot.max_count:
            gaps.append(Gap(f"{slot.name}最多 {slot.max_count} 个文件，现有 {len(slot.files)} 个。", PAGE, anchor))
        for file in slot.files:
            if file.size > slot.max_mb * 1024 * 1024:
                gaps.append(Gap(f"{slot.name}中的“{file.name}”超过 {slot.max_mb} MB，请压缩后重新上传。", PAGE, anchor))
    return gaps


@rule("H03", group="附件", title="附件以文件内容命名", level=WARN)
def check_h03(material: Material) -> list[Gap]:
    """The manual: 请将所有附件以文件内容命名."""
    return [
        Gap(f"附件“{file.name}”看不出内容，请改名，例如“{slot.name}”。", PAGE, f"slot-{slot.code}")
        for slot in material.slots
        for file in slot.files
        if _NAMELESS.match(file.name.rpartition(".")[0] or file.name)
    ]
