"""Where pages cut forms: lines are full up to the cut, nothing is set smaller or alone, printed opinions stay legible."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from app.reports import form_blocks as blocks
from app.reports.form import FORMS, render_form
from app.reports.samples import sample_context
from app.reports.slip import Entry, render_slip
from app.rules.opinion import PRINTED
from tests.unit.reports.reading import page_texts

SENTENCE = "坚持立德树人，承担2门课程（共90学时）——成绩好·评价高；"
SMALLEST = 7.5  # 六号, the smallest size in which texts of documents are set
UNIT_SAYS = f"{'荐' * PRINTED}\n审核意见：{'核' * PRINTED}"


def sizes(pdf: bytes) -> set[float]:
    """The sizes of type on all pages, in points."""
    found: set[float] = set()

    def see(text: str, _cm: Any, _tm: Any, _font: Any, size: float) -> None:
        if text.strip():
            found.add(round(size, 2))

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=see)
    return found


def table(items: int, length: int) -> blocks.Block:
    rows = [[f"题目甲{number}", "《刊物》", "2024-03"] for number in range(items)]
    below = [[("内容描述", SENTENCE * length), ("佐证材料", f"文件乙{number}.pdf")] for number in range(items)]
    return blocks.table("业绩", (("题目", 40), ("刊物", 40), ("日期", 20)), rows, below=below)


@pytest.fixture(scope="module")
def long_form() -> bytes:
    made = [table(60, 1), table(12, 25), blocks.text("总结", "\n".join([SENTENCE * 150, "短。", SENTENCE * 3]))]
    return render_form("transfer_form", {"title": "转评申报表", "number": "1", "head": [], "blocks": made}, title="样", in_process=True)


@pytest.mark.parametrize("count", range(1, 14))
def test_a_text_is_cut_between_its_lines_and_never_before_a_single_one(count: int) -> None:
    rows = blocks.running_text("字" * (46 * count - 3), indent=False)
    lengths = [len(row["lines"]) for row in rows]
    assert sum(lengths) == 46 * count - 3
    assert all(length % 46 == 0 for length in lengths[:-1])
    assert all(length <= 46 * blocks.LINES_PER_ROW for length in lengths)
    assert count == 1 or lengths[-1] > 46


def test_every_line_is_full_but_the_last_of_a_paragraph(long_form: bytes) -> None:
    """The rows of a table in which a text is set are not seen: the typesetter breaks where the layout did."""
    pieces = [line.strip() for text in page_texts(long_form) for line in text.splitlines()]
    running = [line for line in pieces if line.count("，") + line.count("·") + line.count("—") > 0]
    short = [line for line in running if sum(map(blocks.em_width, line)) < 40]
    ends = [line for line in short if line.endswith("；")]
    assert len(running) > 150
    assert short == ends, [line for line in short if line not in ends]


def test_no_row_is_set_smaller_to_make_room_at_a_cut(long_form: bytes) -> None:
    assert min(sizes(long_form)) >= 9


def test_an_item_stays_with_the_text_below_it(long_form: bytes) -> None:
    for text in page_texts(long_form):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        body = [line for line in lines if "转评申报表" not in line]
        assert not body[-1].startswith(("题目甲", "《刊物》", "2024-03")), body[-3:]
        heads = [at for at, line in enumerate(body[:6]) if line.startswith("佐证材料")]
        assert heads == [] or body[heads[0] - 1].endswith("；"), body[:6]  # not alone at the top


@pytest.mark.parametrize("code", sorted(FORMS))
def test_the_longest_opinion_is_legible_in_every_box(code: str) -> None:
    for block in sample_context(code).get("blocks", ()):
        if block["kind"] != "box" or block["field"] == "committee":  # votes, no text
            continue
        text = UNIT_SAYS if block["field"] == "employer" and code not in ("publicity_proof", "recognition_form", "reissue_form") else "核" * PRINTED
        pdf = render_slip(Entry(block["field"], None, text=text), block["facts"], (493, block["height"]), in_process=True)
        assert min(sizes(pdf)) >= SMALLEST, (code, block["field"], sizes(pdf))
