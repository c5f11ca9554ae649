"""H, continued: attachments that a choice or a field asks for, and the state of the files themselves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from app.rules.checks_files import PAGE
from app.rules.checks_items import anchor_of, page_of
from app.rules.checks_material import FileRef, Material, Slot, slot_applies
from app.rules.checks_registry import WARN, Gap, rule
from app.rules.checks_titles import PAGE as BASIC
from app.rules.checks_titles import place_of

WRITTEN_EXAM = ("written_exam", ("化工工程", "安全工程"))  # slot, specialties (manual, 注意事项)
PRINCIPAL = "principal_training"  # the slot and the field of 专业信息
_UNCLEAR = 60  # a sharp scan of a text has a variance of several hundred
_SECRET = re.compile(r"绝密|机密|秘密|涉密|内部资料")
_PATIENT = re.compile(r"病历|病案|患者|住院")


def _unasked(material: Material, code: str) -> Slot | None:
    """The slot of that code when it is there and empty and H01 does not ask for it already."""
    slot = next((slot for slot in material.slots if slot.code == code), None)
    if slot is None or slot.files or (slot.is_required and slot_applies(slot, material)):
        return None
    return slot


@rule("H04", group="附件", title="化工、安全工程专业已上传笔试申请表")
def check_h04(material: Material) -> list[Gap]:
    """The manual: 工程系列中化工工程和安全工程的专业需进行笔试."""
    code, fields = WRITTEN_EXAM
    if material.choice.specialty not in fields and material.professional.get("field") not in fields:
        return []
    slot = _unasked(material, code)
    return [Gap(f"所报专业须参加笔试，请上传{slot.name}。", PAGE, f"slot-{code}")] if slot else []


@rule("H05", group="附件", title="有校(园)长岗位培训证书的已上传证书")
def check_h05(material: Material) -> list[Gap]:
    """The manual: 如有证书，请在附件上传中上传相应证书."""
    if material.professional.get(PRINCIPAL) is not True:
        return []
    slot = _unasked(material, PRINCIPAL)
    return [Gap(f"专业信息中选择了有校(园)长岗位培训证书，请上传{slot.name}。", PAGE, f"slot-{PRINCIPAL}")] if slot else []


def placed(material: Material) -> Iterator[tuple[FileRef, str, str, str]]:
    """Every file with the name of its place, the page and the anchor that show it."""
    for slot in material.slots:
        for file in slot.files:
            yield file, slot.name, PAGE, f"slot-{slot.code}"
    for held in material.held_titles:
        for file in held.files:
            yield file, held.title, BASIC, place_of(held)
    for item in material.items:
        for file in item.files:
            yield file, item.summary, page_of(item, material), anchor_of(item)


@rule("H06", group="附件", title="图片清晰", level=WARN)
def check_h06(material: Material) -> list[Gap]:
    """The manual: 文字、图形清晰可辨. Small pictures and blurred ones are pointed out."""
    least = material.parameter("H06", "pixels")
    gaps = []
    for file, place, page, anchor in placed(material):
        if file.long_edge is not None and file.long_edge < least:
            gaps.append(Gap(f"“{place}”的图片“{file.name}”较小（长边 {file.long_edge} 像素），请确认文字清晰可辨。", page, anchor))
        elif file.sharpness is not None and file.sharpness < _UNCLEAR:
            gaps.append(Gap(f"“{place}”的图片“{file.name}”可能模糊，请确认文字清晰可辨。", page, anchor))
    return gaps


@rule("H07", group="附件", title="附件没有重复使用，没有涉密和患者信息", level=WARN, source="product")
def check_h07(material: Material) -> list[Gap]:
    """The same content at several places; names that speak of secrets or patients."""
    gaps = []
    by_content: dict[str, list[tuple[FileRef, str, str, str]]] = defaultdict(list)
    for entry in placed(material):
        by_content[entry[0].sha256].append(entry)
        file, place, page, anchor = entry
        if _SECRET.search(file.name):
            gaps.append(Gap(f"“{place}”的附件“{file.name}”可能涉密，涉密材料不可上传，请线下提交。", page, anchor))
        if _PATIENT.search(file.name):
            gaps.append(Gap(f"“{place}”的附件“{file.name}”可能含患者信息，请确认已经遮盖。", page, anchor))
    for entries in by_content.values():
        places = list(dict.fromkeys(place for _, place, _, _ in entries))
        if len(places) > 1:
            file, _, page, anchor = entries[-1]
            gaps.append(Gap(f"附件“{file.name}”同时用在“{'”“'.join(places)}”，请核对。", page, anchor))
    return gaps


@rule("H08", group="附件", title="附件都已上传完成", source="product")
def check_h08(material: Material) -> list[Gap]:
    """Files are checked and scanned before they are kept; this names one that is not whole."""
    return [
        Gap(f"“{place}”的附件“{file.name}”没有上传完整，请删除后重新上传。", page, anchor)
        for file, place, page, anchor in placed(material) if file.size <= 0 or len(file.sha256) != 64
    ]
