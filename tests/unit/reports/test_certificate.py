from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from pypdf import PdfReader
from pyzbar.pyzbar import ZBarSymbol, decode

from app.reports import certificate as module
from app.reports.certificate import (
    LABELS,
    TEMPLATE_HASH,
    CertificateData,
    canonical_bytes,
    certificate_digest,
    render_certificate,
)
from app.reports.certificate_layout import PAGE_HEIGHT, PHOTO_BOX, POINTS_PER_MM, QR_BOX, SEAL_BOXES, Box
from app.reports.errors import CertificateDataError, RenderError
from app.reports.signing import public_key_of, verify_payload
from tests.unit.reports.reading import BASE_URL, page_texts, text_lines

Make = Callable[..., CertificateData]

RARE_NAME = "李䶮𬍛㛃喆堃翀𫖯𬱖"
LONG_UNIT = "安徽省合肥市建设工程质量安全监督检测鉴定咨询服务中心（安徽省建筑科学研究设计院、安徽省工程勘察设计审查总站）联合办公室"
LONG_COMMITTEE = "安徽省工程系列水利水电工程专业高级专业技术职务任职资格评审委员会（皖北片区第二评审组）"
HOSTILE = "<b>&\"'</td>{{ 7*7 }}<img src=x>"

EXTREMES = {
    "rare characters": {"name": RARE_NAME},
    "a long name": {"name": "阿卜杜热合曼·买买提依明江·吐尔逊娜依·阿布都克里木"},
    "a Latin name": {"name": "Wolfeschlegelsteinhausenbergerdorff Alexander Maximilian"},
    "a unit of 60 characters": {"organization": LONG_UNIT[:60]},
    "a long committee": {"committee": LONG_COMMITTEE, "issuer": LONG_COMMITTEE.replace("评审委员会", "局")},
    "markup characters": dict.fromkeys(("name", "organization", "specialty", "title", "committee"), HOSTILE),
    "everything long": {
        "name": RARE_NAME * 3,
        "organization": LONG_UNIT,
        "series": "自然科学研究人员" * 4,
        "specialty": "水利水电工程建设与管理" * 3,
        "title": "正高级工程师（首席研究员）" * 3,
        "committee": LONG_COMMITTEE,
        "issuer": LONG_COMMITTEE,
        "approval_no": "皖人社职称秘函〔2026〕第1128号（补充文件）" * 2,
        "id_document": "外国人永久居留身份证",
    },
    "as little as possible": {"approval_no": "", "committee": "", "name": "乙"},
}


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s", "", "".join(page_texts(pdf)))


def test_the_page_shows_every_field(certificate: Make) -> None:
    pdf = render_certificate(certificate())
    shown = text_of(pdf)
    for expected in [
        "职称证书",
        "李明",
        "男",
        "1984年06月",
        "居民身份证",
        "3401**********1234",
        "合肥市第八中学",
        "中小学教师",
        "中学语文",
        "正高级教师",
        "正高级",
        "评审",
        "2026年11月08日",
        "皖人社秘〔2026〕128号",
        "9342026010111000001",
        "2026年11月20日",
        "安徽省中小学教师系列高级职称评审委员会",
        "安徽省人力资源和社会保障厅",
        "扫码查验证书真伪",
        "姓名",
        "性别",
        "出生年月",
        "证件号码",
        "工作单位",
        "系列名称",
        "专业名称",
        "资格名称",
        "资格级别",
        "取得方式",
        "取得时间",
        "批准文号",
        "证书编号",
        "评审委员会（盖章）",
        "发证机关（盖章）",
    ]:
        assert expected in shown, expected


def test_metadata_language_fonts_and_size(certificate: Make) -> None:
    reader = PdfReader(io.BytesIO(render_certificate(certificate())))
    assert reader.metadata is not None
    assert reader.metadata.title == "职称证书 9342026010111000001"
    assert reader.metadata.creation_date == datetime(2026, 11, 20, tzinfo=UTC)
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"
    (sheet,) = reader.pages
    assert [round(float(side)) for side in sheet.mediabox[2:]] == [842, 595]
    named = [font.get_object() for font in sheet["/Resources"]["/Font"].values()]
    assert named
    assert all("/FontFile2" in font["/FontDescriptor"] for font in named)


def test_a_decoder_reads_the_signed_payload_from_the_page(certificate: Make, private_key: bytes) -> None:
    data = certificate()
    sheet = pypdfium2.PdfDocument(render_certificate(data))[0]
    for dots_per_inch in (110, 150, 300):
        picture = sheet.render(scale=dots_per_inch / 72).to_pil().convert("L")
        (found,) = decode(picture, symbols=[ZBarSymbol.QRCODE])
        payload = found.data.decode()
        assert payload == data.verify_url
    reference = verify_payload(payload, base_url=BASE_URL, public_keys={0: public_key_of(private_key)})
    assert reference.number == data.number
    assert reference.digest == certificate_digest(data)[:16]


@pytest.mark.parametrize("name", sorted(EXTREMES))
def test_extreme_data_stay_complete_on_one_page(name: str, certificate: Make) -> None:
    changes = EXTREMES[name]
    pdf = render_certificate(certificate(**changes))
    assert len(page_texts(pdf)) == 1
    for value in changes.values():
        assert re.sub(r"\s", "", value) in text_of(pdf)


@pytest.mark.parametrize("name", sorted(EXTREMES))
def test_extreme_data_do_not_run_into_each_other(name: str, certificate: Make) -> None:
    """No text box touches another or leaves the space between the borders, the pictures and the seals."""
    pdf = render_certificate(certificate(**EXTREMES[name]), in_process=True)
    boxes = glyph_boxes(pdf)
    inner = Box(18, 18, 261, 174)
    for index, (character, box) in enumerate(boxes):
        assert inside(box, inner), character
        assert not overlap(box, PHOTO_BOX), character
        assert not overlap(box, QR_BOX), character
        for other_character, other in boxes[index + 2 :]:  # neighbours may be kerned into each other
            assert not overlap(box, other, tolerance=0.12), (character, other_character)


def test_rare_names_can_be_copied_by_other_readers(certificate: Make, tmp_path: Path) -> None:
    pdf = render_certificate(certificate(name=RARE_NAME))
    assert RARE_NAME in "".join(text_lines(pdf))
    assert RARE_NAME in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    if shutil.which("pdftotext"):
        (tmp_path / "c.pdf").write_bytes(pdf)
        result = subprocess.run(["pdftotext", tmp_path / "c.pdf", "-"], capture_output=True, check=True)
        assert RARE_NAME in result.stdout.decode()


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed (apt-get install qpdf)")
def test_a_second_tool_finds_no_fault_in_the_file(certificate: Make, tmp_path: Path) -> None:
    (tmp_path / "c.pdf").write_bytes(render_certificate(certificate(name=RARE_NAME)))
    result = subprocess.run(
        ["qpdf", "--check", tmp_path / "c.pdf"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "warning" not in (result.stdout + result.stderr).lower()


def test_hostile_text_is_shown_and_not_obeyed(certificate: Make) -> None:
    pdf = render_certificate(certificate(name=HOSTILE))
    assert re.sub(r"\s", "", HOSTILE) in text_of(pdf)
    assert "49" not in [line.strip() for line in text_lines(pdf)]
    assert len(PdfReader(io.BytesIO(pdf)).pages[0].images) == 2  # the photo and the code


def test_invisible_and_direction_characters_are_dropped(certificate: Make) -> None:
    pdf = render_certificate(certificate(name="李\u202e明\u200b\x00\n三"))
    assert "李明 三" in " ".join(text_lines(pdf))


@pytest.mark.parametrize("photo", [b"", None])
def test_without_a_photo_there_is_no_certificate(photo: bytes, certificate: Make) -> None:
    with pytest.raises(CertificateDataError, match="请先上传照片"):
        render_certificate(replace(certificate(), photo=photo))


def test_a_file_that_is_no_photo_is_refused(certificate: Make) -> None:
    gif = io.BytesIO()
    Image.new("P", (35, 49)).save(gif, "GIF")
    for content in (b"%PDF-1.4", b"<svg/>", gif.getvalue(), certificate().photo[:200]):
        with pytest.raises(CertificateDataError, match="重新上传"):
            render_certificate(replace(certificate(), photo=content))


def test_a_photo_of_too_many_pixels_is_refused_before_decoding(certificate: Make) -> None:
    huge = io.BytesIO()
    Image.new("1", (9000, 9000)).save(huge, "PNG")
    with pytest.raises(CertificateDataError, match="1200 万像素"):
        render_certificate(replace(certificate(), photo=huge.getvalue()))


@pytest.mark.parametrize("size", [(413, 579), (600, 600), (200, 500), (3000, 2000), (40, 56)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_photos_of_any_shape_are_cut_to_two_inch_proportions(
    size: tuple[int, int], mode: str, certificate: Make
) -> None:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, "JPEG" if mode == "CMYK" else "PNG")
    printed = Image.open(io.BytesIO(module.print_photo(stream.getvalue())))
    assert printed.format == "JPEG"
    assert printed.mode == "RGB"
    assert printed.width / printed.height == pytest.approx(35 / 49, rel=0.03)
    assert printed.width <= module.PHOTO_DOTS[0]


def test_a_photo_taken_sideways_is_turned_upright(certificate: Make) -> None:
    picture = Image.new("RGB", (490, 350), "white")
    picture.paste((255, 0, 0), (0, 0, 245, 350))  # left half red
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by 90°: the left half becomes the top
    stream = io.BytesIO()
    picture.save(stream, "JPEG", exif=exif, quality=95)
    printed = Image.open(io.BytesIO(module.print_photo(stream.getvalue())))
    assert printed.height > printed.width
    red, green, _ = printed.getpixel((printed.width // 2, 10))
    assert red > 200
    assert green < 60
    assert not printed.getexif()


@pytest.mark.parametrize("field", [f.name for f in fields(CertificateData) if f.type == "str"])
def test_only_the_committee_and_the_approval_number_may_be_empty(field: str, certificate: Make) -> None:
    data = replace(certificate(), **{field: " \u200b"})
    if field in {"committee", "approval_no"}:
        assert render_certificate(data, in_process=True).startswith(b"%PDF-")
        return
    with pytest.raises(CertificateDataError, match=f"缺少：{LABELS[field]}"):
        render_certificate(data)


def test_a_text_that_cannot_fit_is_refused_with_its_label(certificate: Make) -> None:
    with pytest.raises(CertificateDataError, match="放不下“工作单位”"):
        render_certificate(certificate(organization="长" * 400))


def test_a_character_without_a_glyph_is_named(certificate: Make) -> None:
    with pytest.raises(RenderError, match=r"𪚥（U\+2A6A5）"):
        render_certificate(certificate(name="李𪚥"))


def test_equal_data_give_equal_bytes(certificate: Make) -> None:
    assert render_certificate(certificate()) == render_certificate(certificate(), in_process=True)


def test_canonical_form_is_readable_sorted_and_free_of_the_signature(certificate: Make) -> None:
    data = certificate()
    statement = json.loads(canonical_bytes(data))
    assert list(statement) == sorted(statement)
    assert statement["name"] == "李明"
    assert statement["acquired_on"] == "2026-11-08"
    assert statement["photo_sha256"] == hashlib.sha256(data.photo).hexdigest()
    assert "verify_url" not in statement
    assert set(statement) == {f.name for f in fields(data)} - {"verify_url", "photo"} | {
        "photo_sha256",
        "canonical",
    }


def test_canonical_form_does_not_change_between_releases(certificate: Make) -> None:
    """Signatures on issued certificates stand on these bytes: a change needs a new CANONICAL_VERSION."""
    digest = certificate_digest(replace(certificate(), photo=b"photo")).hex()
    assert digest == "f6dd7e0c962e928f7fddd69cb4d0e55e4d7961015a1aa9c6413fff2d442cfb5a"


@pytest.mark.parametrize("field", [f.name for f in fields(CertificateData) if f.name != "verify_url"])
def test_every_field_counts_in_the_digest(field: str, certificate: Make) -> None:
    data = certificate()
    value = getattr(data, field)
    if isinstance(value, date):
        changed: object = date(2000, 1, 1)
    else:
        changed = value + (b"x" if isinstance(value, bytes) else "x")
    assert certificate_digest(replace(data, **{field: changed})) != certificate_digest(data)


def test_template_hash_follows_the_template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", TEMPLATE_HASH)
    for name in module.TEMPLATE_FILES:
        shutil.copy(module.TEMPLATE_DIR / name, tmp_path / name)
    monkeypatch.setattr(module, "TEMPLATE_DIR", tmp_path)
    assert module._template_hash() == TEMPLATE_HASH
    (tmp_path / "certificate.css").write_text("@page { size: A4 }")
    assert module._template_hash() != TEMPLATE_HASH


def test_seal_boxes_are_free_of_pictures_and_large_enough() -> None:
    for box in SEAL_BOXES:
        assert box.width >= 42
        assert box.height >= 42
        assert not overlap(box, PHOTO_BOX)
        assert not overlap(box, QR_BOX)
    assert (QR_BOX.width, QR_BOX.height) == (30, 30)
    assert (PHOTO_BOX.width, PHOTO_BOX.height) == (35, 49)


def glyph_boxes(pdf: bytes) -> list[tuple[str, Box]]:
    """Each printed character with its tight box in millimetres from the upper left corner."""
    sheet = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    boxes = []
    for index in range(sheet.count_chars()):
        character = sheet.get_text_range(index, 1)
        left, bottom, right, top = (edge / POINTS_PER_MM for edge in sheet.get_charbox(index))
        if character.strip() and right > left:
            boxes.append((character, Box(left, PAGE_HEIGHT - top, right - left, top - bottom)))
    return boxes


def inside(box: Box, outer: Box) -> bool:
    return (
        box.x >= outer.x
        and box.y >= outer.y
        and box.x + box.width <= outer.x + outer.width
        and box.y + box.height <= outer.y + outer.height
    )


def overlap(one: Box, other: Box, tolerance: float = 0.0) -> bool:
    return (
        one.x + one.width > other.x + tolerance
        and other.x + other.width > one.x + tolerance
        and one.y + one.height > other.y + tolerance
        and other.y + other.height > one.y + tolerance
    )
