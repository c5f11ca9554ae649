"""Review forms of hostile and extreme applications: every one is made, none loses a line.

Each text carries numbered words every few characters; all of them must come back from the file. `HOSTILE_FORMS=500`
makes 500 of them.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.reports.form import render_form
from app.reports.review_form import review_form
from app.reports.samples import _review_facts

COUNT = int(os.environ.get("HOSTILE_FORMS", "16"))
PIECES = (
    "坚持立德树人，", "《函数概念的单元教学》（第 3 版）；", "<b>加粗</b>&amp;<script>alert(1)</script>", "A/B-test_2026.", "100%（n=25）",
    "“引号”、——破折号", "http://example.com/very/long/path?with=query&and=more", "䶮𬍛㛃喆堃翀𫖯𬱖", "\t制表\u200b零宽\u202e方向", "{{ 7*7 }}{% raw %}",
    "😀", "\x00\x07", "Ünïcödé ", "</td></tr></table>", "　全角　空格　", "LongWordWithoutAnyBreak" * 6,
)


class Words:
    """Texts with numbered words in them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def text(self, length: int) -> str:
        parts: list[str] = []
        size = 0
        while size < length:
            piece = f"{self.random.choice(PIECES)} w{self.count:06d}w "
            self.count += 1
            if self.random.random() < 0.03:
                piece += "\n"
            parts.append(piece)
            size += len(piece)
        return "".join(parts)


def facts(seed: int) -> tuple[dict[str, Any], list[str]]:
    """The sample with its texts and counts gone wild: the first have the extremes, the others a mixture."""
    words = Words(seed)
    pick = words.random
    made = _review_facts()
    shot = made["snapshot"]
    long = {0: 60_000, 1: 20_000, 2: 5_000}.get(seed, pick.choice((0, 20, 200, 2_000)))
    count = {3: 200, 4: 60}.get(seed, pick.choice((0, 1, 3, 12)))
    shot["personal"] = [[label, words.text(pick.choice((1, 30, 300)))] for label, _ in shot["personal"]]
    shot["professional"] = [[words.text(10)[:40], words.text(pick.choice((5, 100)))] for _ in range(pick.randint(0, 12))]
    group = shot["sections"][0]["groups"][0]

    def item() -> dict[str, Any]:
        return {
            "summary": "项", "is_qualifying": False, "cells": [words.text(pick.choice((5, 60, 400))) for _ in group["columns"]],
            "fields": [["内容描述", words.text(pick.choice((0, 50, 500)))], ["角色", words.text(20)]],
            "files": [{"name": words.text(30)} for _ in range(pick.randint(0, 3))],
        }

    summary = {**group, "name": "工作(技术)总结报告", "items": [{**item(), "fields": [["正文", words.text(long)]]}]}
    shot["sections"] = [{"name": "业绩条件", "groups": [{**group, "items": [item() for _ in range(count)]}, summary]}]
    shot["held_titles"] = shot["held_titles"][: pick.randint(0, 1)]
    made["places"] = {"papers": ["论文发表情况"], "awards": [], "summary": ["工作(技术)总结报告"]}
    made["opinions"] = {
        node: {**given, "opinion": words.text(pick.choice((4, 2000)))} for node, given in made["opinions"].items()}
    made["remark"] = words.text(50)
    return made, sorted(set(re.findall(r"w\d{6}w", repr(made))))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.mark.parametrize("seed", range(COUNT))
def test_every_form_is_made_and_no_line_is_lost(seed: int, folder: Path) -> None:
    made, given = facts(seed)
    pdf = render_form("review_form", review_form(made), title="评审表-样张䶮", draft=seed % 2 == 0, in_process=True)
    file = folder / "form.pdf"
    file.write_bytes(pdf)
    said = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, check=True).stdout.decode()
    text = re.sub(r"\s", "", said)
    lost = [word for word in given if word not in text]
    assert lost == []
    assert "样张䶮" in text
    checked = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
