"""Every kind of paper: no fault for qpdf, fonts embedded, names as text, seals valid, boxes whole, headings not left alone."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.reports.certificate import CertificateData, render_certificate
from app.reports.form import FORMS, TEMPLATE_DIR
from app.reports.samples import sample_pdf
from app.reports.seal_fields import Place, with_fields
from app.reports.sealing import SealError, SealKey, check_seals, round_seal, self_signed, set_seal


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
def test_one_flipped_byte_breaks_every_signature(code: str, files: dict[str, Path], tmp_path: Path) -> None:
    whole = files[code].read_bytes()
    count = len(check_seals(whole, []))
    assert (count > 0) == (not code.endswith("pledge"))
    assert broken(whole, tmp_path / "bad.pdf") == (0, 0)


def broken(pdf: bytes, file: Path) -> tuple[int, int]:
    """How many signatures still hold after a byte of the first half was changed: for us, for pdfsig."""
    bad = bytearray(pdf)
    bad[pdf.index(b"stream", len(pdf) // 8) + 40] ^= 1
    file.write_bytes(bytes(bad))
    try:
        held = sum(status.intact for status in check_seals(bytes(bad), []))
    except SealError:
        held = 0
    said_of_it = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, check=False).stdout.decode()
    return held, said_of_it.count("Signature is Valid")


def test_a_certificate_with_a_seal_holds_until_a_byte_is_flipped(certificate: Callable[..., CertificateData], tmp_path: Path) -> None:
    name = "李䶮𬍛㛃"
    pdf = render_certificate(certificate(name=name), in_process=True)
    sealed = set_seal(with_fields(pdf, [Place("issuer", 0, (500, 100, 619, 219))]), "issuer", SealKey(self_signed("样张厅"), round_seal("样张厅")))
    file = tmp_path / "certificate.pdf"
    file.write_bytes(sealed)
    assert subprocess.run(["qpdf", "--check", str(file)], capture_output=True, check=False).returncode == 0
    assert name in re.sub(r"\s", "", said("pdftotext", "-raw", str(file), "-"))
    assert [status.intact for status in check_seals(sealed, [])] == [True]
    assert said("pdfsig", "-nocert", str(file)).count("Signature is Valid") == 1
    assert broken(sealed, file) == (0, 0)


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
