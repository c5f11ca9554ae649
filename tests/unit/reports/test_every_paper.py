"""Every kind of paper: no fault for qpdf, fonts embedded, names as text, seals valid, boxes whole, headings not left alone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from app.reports.form import FORMS, TEMPLATE_DIR
from app.reports.samples import sample_pdf
from app.reports.sealing import check_seals


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("papers")
    made = {}
    for code in FORMS:
        made[code] = folder / f"{code}.pdf"
        made[code].write_bytes(sample_pdf(code))
    return made


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("code", sorted(FORMS))
def test_no_tool_finds_a_fault_and_names_are_text(code: str, files: dict[str, Path]) -> None:
    file = str(files[code])
    assert subprocess.run(["qpdf", "--check", file], capture_output=True, check=False).returncode == 0
    text = re.sub(r"\s", "", said("pdftotext", "-raw", file, "-"))
    assert "样张䶮" in text
    assert FORMS[code].name in text
    fonts = said("pdffonts", file).splitlines()[2:]
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts), fonts
    found = check_seals(files[code].read_bytes(), [])
    assert all(status.intact for status in found)
    assert len(found) == said("pdfsig", "-nocert", file).count("Signature is Valid") if found else True


@pytest.mark.parametrize("code", sorted(FORMS))
def test_a_template_is_one_folder_beside_the_shared_parts(code: str) -> None:
    assert (TEMPLATE_DIR / code / "form.html").is_file()
    assert {path.name for path in TEMPLATE_DIR.iterdir() if path.is_dir()} == {*FORMS, "form"}


def test_no_heading_stands_alone_at_the_foot_of_a_page(files: dict[str, Path]) -> None:
    """On each page of the 评审表 something of a part follows its heading."""
    for page in said("pdftotext", "-layout", str(files["review_form"]), "-").split("\f"):
        lines = [line.strip() for line in page.splitlines() if line.strip()]
        body = [line for line in lines if "第" not in line or "共" not in line]
        if body:
            assert not re.match(r"[一二三四五六七八九十]+、(?!备注|本人述职)", body[-1]), body[-3:]  # these are empty boxes
