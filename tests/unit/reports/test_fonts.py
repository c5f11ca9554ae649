from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from app.reports import fonts
from app.reports.certificate_layout import em_width
from app.reports.errors import FontsMissingError, ReportError


@pytest.mark.parametrize("family", sorted(fonts.FACES))
def test_no_character_of_the_source_is_lost_in_the_built_face(family: str) -> None:
    face = fonts.FACES[family]
    built = TTFont(fonts.DEFAULT_FONT_DIR / face.file_name, lazy=True)
    assert set(TTFont(face.source(), lazy=True).getBestCmap()) <= set(built.getBestCmap())
    assert "glyf" in built
    assert "CFF " not in built


@pytest.mark.parametrize("family", sorted(fonts.FACES))
def test_characters_of_rare_names_have_outlines(family: str) -> None:
    built = TTFont(fonts.DEFAULT_FONT_DIR / fonts.FACES[family].file_name, lazy=True)
    names = built.getBestCmap()
    for character in fonts.RARE_NAME_CHARACTERS:
        assert built["glyf"][names[ord(character)]].numberOfContours > 0


def test_outlines_stay_within_two_units_of_the_source() -> None:
    face = fonts.FACES["song"]
    source, built = (
        TTFont(face.source(), lazy=True),
        TTFont(fonts.DEFAULT_FONT_DIR / face.file_name, lazy=True),
    )
    from fontTools.pens.boundsPen import BoundsPen

    for character in "职称申报系统龘䶮㛃A8，。":
        boxes = []
        for font in (source, built):
            pen = BoundsPen(font.getGlyphSet())
            font.getGlyphSet()[font.getBestCmap()[ord(character)]].draw(pen)
            boxes.append(pen.bounds)
        assert boxes[1] == pytest.approx(boxes[0], abs=2)
        advances = [font["hmtx"][font.getBestCmap()[ord(character)]][0] for font in (source, built)]
        assert advances[0] == advances[1]


def test_building_again_does_nothing() -> None:
    lines: list[str] = []
    assert fonts.build_fonts(report=lines.append) == 0.0
    assert lines == []


def test_two_builders_at_once_do_the_work_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def build(faces: list[fonts.Face], font_dir: Path, say: object) -> None:
        threading.Event().wait(0.2)
        for face in faces:
            built.append(face.family)
            (font_dir / face.file_name).write_bytes(b"x")

    monkeypatch.setattr(fonts, "_run_builders", build)
    threads = [
        threading.Thread(target=fonts.build_fonts, args=(tmp_path,), kwargs={"report": lambda line: None})
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(built) == sorted(fonts.FACES)


def test_a_failed_conversion_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts.os, "replace", lambda *names: (_ for _ in ()).throw(OSError("disk full")))
    monkeypatch.setattr(fonts, "as_truetype", lambda source: b"half")
    with pytest.raises(OSError, match="disk full"):
        fonts.build_face(fonts.FACES["hei"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_builder_is_reported_in_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = fonts.Face(
        "unknown", "未知体", fonts.FACES["hei"].source
    )  # the builder process refuses this name
    monkeypatch.setattr(fonts, "FACES", {"unknown": unknown})
    with pytest.raises(ReportError, match="字体制作失败：未知体"):
        fonts.build_fonts(tmp_path, report=lambda line: None)
    assert fonts.missing_faces(tmp_path) == [unknown]


def test_documents_before_the_fonts_exist_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(FontsMissingError, match=r"python -m app\.reports\.fonts"):
        fonts.register_fonts(tmp_path)


def test_missing_characters_are_named_once_and_in_order() -> None:
    assert fonts.missing_characters("李\U0002a6a5明\U00020001\U0002a6a5 䶮") == "\U0002a6a5\U00020001"


def test_layout_knows_the_true_width_of_characters() -> None:
    font = TTFont(fonts.FACES["song"].source(), lazy=True)
    names, widths = font.getBestCmap(), font["hmtx"]
    for code in range(32, 127):
        assert em_width(chr(code)) * 1000 == widths[names[code]][0]
    for code in range(0x3400, 0xA000):
        if code in names:
            assert em_width(chr(code)) * 1000 >= widths[names[code]][0]
    for character in "·—…“”‘’〔〕（），。《》、：①Ⅲàα𬍛𫖯𬱖":
        assert em_width(character) * 1000 >= widths[names[ord(character)]][0]
