"""Forms with hostile and extreme content: every one is made, none loses a line.

Each text carries numbered words every few characters; all of them must come back from the file. `HOSTILE_FORMS=500`
makes 500 review forms and an eighth of it of each other paper.
"""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.reports.certificate import CertificateData, render_certificate
from app.reports.errors import CertificateDataError, RenderError
from app.reports.form import render_form
from app.reports.form_blocks import facts_of
from app.reports.growth import based, grow
from app.reports.platform_key import REASON, platform_key
from app.reports.publicity import publicity_entries, publicity_proof
from app.reports.request_form import request_entries, request_form
from app.reports.review_form import review_entries, review_form
from app.reports.route_form import KINDS, route_entries, route_paper
from app.reports.samples import _publicity_facts, _request_facts, _review_facts
from app.reports.sealing import SealKey, check_seals, round_seal, self_signed
from app.reports.slip import Entry

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
        node: {**given, "by": words.text(20)[:60], "opinion": words.text(pick.choice((4, 2000, 3900)))} for node, given in made["opinions"].items()}
    made["opinions"]["employer"]["values"] = {label: words.text(pick.choice((3, 200))) for label in ("公示起止日期", "有无异议", "是否占用岗位职数")}
    made["result"]["group_opinion"], made["result"]["publicity"] = words.text(pick.choice((1, 1000))), words.text(200)
    made["remark"] = words.text(50)
    return made, sorted(set(re.findall(r"w\d{6}w", repr(made))))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def photo() -> bytes:
    picture = io.BytesIO()
    Image.effect_mandelbrot((413, 579), (-2, -1.5, 1, 1.5), 20).convert("RGB").save(picture, "JPEG")
    return picture.getvalue()


@pytest.fixture(scope="module")
def key() -> SealKey:
    return SealKey(self_signed("样张"), round_seal("样张市第一中学"))


def set_and_sealed(
    kind: str, context: dict[str, Any], entries: list[Entry], key: SealKey, *, draft: bool = False, photo: bytes = b""
) -> bytes:
    """The form with every entry on it; every second organization has a seal."""
    pdf = render_form(kind, context, title="样张䶮", draft=draft, photo=photo, in_process=True)
    own = platform_key(b"h" * 32)
    grown, _ = grow(
        pdf, based(pdf, "", facts_of(context["blocks"])), entries,
        lambda entry: (1, key, "电子印章") if entries.index(entry) % 2 == 0 else (None, own, REASON), in_process=True)
    return grown


def check(pdf: bytes, given: list[str], file: Path) -> str:
    """No word of the input is lost and no tool finds a fault; the text without blanks."""
    file.write_bytes(pdf)
    said = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, check=True).stdout.decode()
    text = re.sub(r"\s", "", said)
    lost = [word for word in given if word not in text]
    assert lost == []
    checked = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    return text


@pytest.mark.parametrize("seed", range(COUNT))
def test_every_form_is_made_and_no_line_is_lost(seed: int, folder: Path, key: SealKey, photo: bytes) -> None:
    made, given = facts(seed)
    pdf = set_and_sealed("review_form", review_form(made), review_entries(made), key, draft=seed % 2 == 0,
                         photo=photo if seed % 3 else b"")
    text = check(pdf, given, folder / "form.pdf")
    assert "样张䶮" in text
    assert all(status.intact for status in check_seals(pdf, []))


@pytest.mark.parametrize("seed", range(max(2, COUNT // 8)))
@pytest.mark.parametrize("route", sorted(KINDS))
def test_papers_of_routes_lose_nothing(seed: int, route: str, folder: Path, key: SealKey) -> None:
    made, _ = facts(seed)
    words = Words(seed + 1000)
    pick = words.random
    made["snapshot"]["route_form"] = {
        "route": route, "name": "破格审批表", "header": [[f"项目{at}", words.text(pick.choice((5, 100)))] for at in range(8)],
        "fields": [[words.text(5)[:30], words.text(pick.choice((0, 10, 3_000, 60_000 if seed == 0 else 500)))] for _ in range(6)],
    }
    given = sorted(set(re.findall(r"w\d{6}w", repr([made["snapshot"]["route_form"], [(entry.text, entry.by) for entry in route_entries(made)]]))))
    check(set_and_sealed(KINDS[route], route_paper(made), route_entries(made), key), given, folder / "route.pdf")


@pytest.mark.parametrize("seed", range(max(2, COUNT // 8)))
@pytest.mark.parametrize("kind", ["recognition", "reissue"])
def test_requests_lose_nothing(seed: int, kind: str, folder: Path, key: SealKey) -> None:
    words = Words(seed + 2000)
    pick = words.random
    made = _request_facts(kind)
    for part in made["snapshot"]["parts"][1:]:
        if "pairs" in part:
            part["pairs"] = [[words.text(5)[:40], words.text(pick.choice((0, 10, 200, 20_000 if seed == 0 else 500)))] for _ in range(15)]
        else:
            part["rows"] = [[words.text(pick.choice((5, 60, 400))) for _ in part["columns"]] for _ in range(pick.choice((1, 2)))]
    made["snapshot"]["slots"] = [{"name": words.text(20), "files": [{"name": words.text(60)}]} for _ in range(9)]
    made["opinions"] = {node: {**given, "opinion": words.text(2000)} for node, given in made["opinions"].items()}
    # an organization that is not on the form of the kind has nothing there
    given = sorted(set(re.findall(r"w\d{6}w", repr([made["snapshot"], [entry.text for entry in request_entries(made)]]))))
    check(set_and_sealed(f"{kind}_form", request_form(made), request_entries(made), key), given, folder / "request.pdf")


@pytest.mark.parametrize("seed", range(max(2, COUNT // 8)))
def test_the_proof_of_publicity_loses_nothing(seed: int, folder: Path, key: SealKey) -> None:
    words = Words(seed + 3000)
    made = _publicity_facts()
    made["snapshot"]["header"] = [[label, words.text(words.random.choice((5, 80)))] for label, _ in made["snapshot"]["header"]]
    made["publicity"] = {**made["publicity"], "content": words.text(words.random.choice((10, 500, 20_000)))}
    shown = dict(made["snapshot"]["header"])
    given = re.findall(r"w\d{6}w", repr([shown["申报单位"], shown["申报人"], made["publicity"]["content"]]))
    check(set_and_sealed("publicity_proof", publicity_proof(made), publicity_entries(made), key), given, folder / "proof.pdf")


@pytest.mark.parametrize("seed", range(max(4, COUNT // 8)))
def test_a_certificate_says_all_or_refuses_with_a_sentence(seed: int, folder: Path, photo: bytes) -> None:
    """One page of a fixed size: what does not fit is refused, never cut."""
    words = Words(seed + 4000)
    size = (3, 12, 30, 90)[seed % 4]
    data = CertificateData(
        number="9340000000000000001", name="李䶮𬍛㛃" if seed % 2 else words.text(size), sex="男", birth_date=date(1980, 1, 2),
        id_document="居民身份证", id_number_masked="3401**********1234", organization=words.text(size), series=words.text(size),
        specialty=words.text(size), title=words.text(size), level="副高级", acquired_by="评审", committee=words.text(size),
        issuer=words.text(size), acquired_on=date(2026, 1, 1), approval_no="皖人社〔2026〕1号", issued_on=date(2026, 2, 2),
        photo=photo, verify_url="https://zc.example.gov.cn/verify/9340000000000000001#x",
    )
    refused = ""
    try:
        pdf = render_certificate(data, in_process=True)
    except (CertificateDataError, RenderError) as error:
        refused = str(error)
    if refused:  # no room, or a character that no face has: a name is never printed with a hole in it
        assert re.search("放不下|没有以下字符", refused), refused
        return
    check(pdf, re.findall(r"w\d{6}w", repr(data)), folder / "certificate.pdf")
