"""Forms grow by signatures: every earlier byte stays, every signature holds, taking back is cutting."""

from __future__ import annotations

import io
import itertools
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from app.reports import growth
from app.reports.form import render_form
from app.reports.form_blocks import box, facts_of
from app.reports.platform_key import PLATFORM, REASON, platform_key
from app.reports.sealing import (
    SealError,
    SealKey,
    certificate_of,
    check_seals,
    empty_fields,
    round_seal,
    self_signed,
)
from app.reports.slip import Entry, render_slip

OWN = platform_key(b"s" * 32)
SEALED = {1: "合肥市第八中学", 3: "安徽省人力资源和社会保障厅"}
ENTRIES = [
    Entry("employer", 1, text="材料真实，同意推荐李䶮。", by=SEALED[1], date="2026-05-08", values=(("公示起止日期", "2026-04-01 至 2026-04-09"),)),
    Entry("department", 2, text="<b>同意</b>&amp;{{ 7*7 }}", by="合肥市教育局", date="2026-05-18"),
    Entry("issuer", 3, text="同意。", by=SEALED[3], date="2026-12-31"),
]


@pytest.fixture(scope="module")
def keys() -> dict[int, SealKey]:
    return {number: SealKey(self_signed(name), round_seal(name)) for number, name in SEALED.items()}


@pytest.fixture(scope="module")
def base() -> tuple[bytes, list[growth.Mark]]:
    blocks = [box("单位意见", "employer", facts=[("公示起止日期", "有无异议")]), box("主管部门意见", "department"), box("发证机关意见", "issuer")]
    pdf = render_form("reissue_form", {"title": "证书补（换）发申请表", "number": "1", "head": [], "blocks": blocks}, title="李䶮",
                      in_process=True)
    return pdf, growth.based(pdf, "base", facts_of(blocks))


@pytest.fixture(scope="module")
def grown(base: tuple[bytes, list[growth.Mark]], keys: dict[int, SealKey]) -> list[tuple[bytes, list[growth.Mark]]]:
    """The form with none, one, two and three entries, each from the one before."""
    states = [base]
    for count in (1, 2, 3):
        states.append(grow(states[-1], ENTRIES[:count], keys))
    return states


def grow(state: tuple[bytes, list[growth.Mark]], entries: list[Entry], keys: dict[int, SealKey]) -> tuple[bytes, list[growth.Mark]]:
    def signer_of(entry: Entry) -> growth.Signer:
        known = keys.get(entry.organization_id or 0)
        return (entry.organization_id, known, "电子印章") if known else (None, OWN, REASON)

    return growth.grow(*state, entries, signer_of, in_process=True)


def trusted(keys: dict[int, SealKey]) -> list[bytes]:
    return [certificate_of(key.p12) for key in (*keys.values(), OWN)]


def text_of(pdf: bytes, folder: Path) -> str:
    (folder / "form.pdf").write_bytes(pdf)
    return subprocess.run(["pdftotext", "-raw", str(folder / "form.pdf"), "-"], capture_output=True, check=True).stdout.decode()


def test_each_state_begins_with_the_one_before_byte_for_byte(grown: list[tuple[bytes, list[growth.Mark]]]) -> None:
    for (before, _), (after, marks) in itertools.pairwise(grown):
        assert after.startswith(before)
        assert len(after) > len(before)
        assert marks[-1]["size"] == len(after)


def test_every_signature_holds_after_the_last_one(
    grown: list[tuple[bytes, list[growth.Mark]]], keys: dict[int, SealKey], tmp_path: Path
) -> None:
    pdf, marks = grown[3]
    found = check_seals(pdf, trusted(keys))
    assert [(status.field, status.signer, status.valid) for status in found] == [
        ("employer", SEALED[1], True), ("department", PLATFORM, True), ("issuer", SEALED[3], True)]
    assert [mark["seal_id"] for mark in marks[1:]] == [1, None, 3]
    (tmp_path / "good.pdf").write_bytes(pdf)
    said = subprocess.run(["pdfsig", "-nocert", str(tmp_path / "good.pdf")], capture_output=True, check=False).stdout.decode()
    assert said.count("Signature is Valid") == 3, said
    assert subprocess.run(["qpdf", "--check", str(tmp_path / "good.pdf")], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("revision", range(4))
def test_one_flipped_byte_in_any_revision_is_noticed(
    revision: int, grown: list[tuple[bytes, list[growth.Mark]]], keys: dict[int, SealKey], tmp_path: Path
) -> None:
    pdf, marks = grown[3]
    start = marks[revision - 1]["size"] if revision else 0
    at = pdf.index(b"stream", start) + 30
    assert at < marks[revision]["size"]
    bad = bytearray(pdf)
    bad[at] ^= 1
    try:
        valid = [status.valid for status in check_seals(bytes(bad), trusted(keys))]
    except SealError:
        valid = [False]
    assert not all(valid)
    if revision == 0:
        assert not any(valid)  # what was submitted is under every signature
    (tmp_path / "bad.pdf").write_bytes(bytes(bad))
    said = subprocess.run(["pdfsig", "-nocert", str(tmp_path / "bad.pdf")], capture_output=True, check=False).stdout.decode()
    assert said.count("Signature is Valid") < 3, said


def test_what_was_said_is_text_of_the_file(grown: list[tuple[bytes, list[growth.Mark]]], tmp_path: Path) -> None:
    text = "".join(text_of(grown[3][0], tmp_path).split())
    for words in ("材料真实，同意推荐李䶮。", "2026-04-01至2026-04-09", "合肥市教育局", "<b>同意</b>&amp;{{7*7}}", "同意。"):
        assert words in text
    assert "同意推荐" not in text_of(grown[0][0], tmp_path)


def test_an_approval_taken_back_cuts_the_file_where_it_was(
    grown: list[tuple[bytes, list[growth.Mark]]], keys: dict[int, SealKey]
) -> None:
    assert grow(grown[3], ENTRIES[:1], keys) == grown[1]
    assert grow(grown[2], [], keys) == grown[0]


def test_another_opinion_keeps_the_seals_before_it_and_sets_those_after_anew(
    grown: list[tuple[bytes, list[growth.Mark]]], keys: dict[int, SealKey]
) -> None:
    changed = [ENTRIES[0], replace(ENTRIES[1], text="改为：同意。"), ENTRIES[2]]
    pdf, marks = grow(grown[3], changed, keys)
    assert pdf.startswith(grown[1][0])
    assert not pdf.startswith(grown[2][0])
    assert all(status.valid for status in check_seals(pdf, trusted(keys)))
    assert growth.is_current(marks, [entry.key for entry in changed], "base")
    assert not growth.is_current(marks, [entry.key for entry in ENTRIES], "base")


def test_the_same_entries_again_change_nothing(grown: list[tuple[bytes, list[growth.Mark]]], keys: dict[int, SealKey]) -> None:
    assert grow(grown[3], ENTRIES, keys) == grown[3]


def test_without_a_seal_the_place_stays_without_ink(grown: list[tuple[bytes, list[growth.Mark]]], tmp_path: Path) -> None:
    (tmp_path / "form.pdf").write_bytes(grown[2][0])
    subprocess.run(["pdftoppm", "-r", "50", "-png", "-singlefile", str(tmp_path / "form.pdf"), str(tmp_path / "page")], check=True)
    page = Image.open(tmp_path / "page.png").convert("RGB")
    red = [number for number, (r, g, b) in enumerate(page.getdata()) if r > 150 and g < 110 and b < 110]
    rows = [number // page.width for number in red]
    assert len(red) > 200  # the unit's seal
    assert max(rows) < page.height * 0.42  # and none in the box below it
    assert empty_fields(grown[2][0]) == ["issuer"]


def test_once_somebody_signed_the_base_stays_and_before_that_the_newest_is_set(grown: list[tuple[bytes, list[growth.Mark]]]) -> None:
    assert growth.is_current(grown[0][1], [], "base")
    assert not growth.is_current(grown[0][1], [], "another look")
    assert growth.is_current(grown[1][1], [ENTRIES[0].key], "another look")
    assert not growth.is_current([], [], "base")


@pytest.mark.parametrize("text", ["字" * 4000, "一行\n" * 600, "LongWordWithoutBreak" * 200, "甲"])
def test_a_slip_is_one_page_with_every_character(text: str, tmp_path: Path) -> None:
    pdf = render_slip(Entry("x", None, text=text, by="单" * 60, date="2026-01-02"), (), (493, 174), in_process=True)
    info = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    assert "Pages:           1" in info
    assert "493 x 174 pts" in info
    said = "".join(text_of(pdf, tmp_path).split())
    assert said.count(text[0]) >= text.count(text[0])
    assert said.count("单") == 60


def test_the_platforms_certificate_is_the_same_for_the_same_seed() -> None:
    assert certificate_of(platform_key(b"s" * 32).p12) == certificate_of(OWN.p12)
    platform_key.cache_clear()
    assert certificate_of(platform_key(b"s" * 32).p12) == certificate_of(OWN.p12)
    assert certificate_of(platform_key(b"t" * 32).p12) != certificate_of(OWN.p12)
    assert Image.open(io.BytesIO(round_seal("厅"))).mode == "P"  # what a slip must turn into RGBA
