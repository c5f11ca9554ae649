"""Seals: every signature valid after the last seal, none after a flipped byte; no place, no seal."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from app.reports import form_blocks as blocks
from app.reports.form import render_form
from app.reports.sealing import (
    SealError,
    SealKey,
    certificate_of,
    check_seals,
    empty_fields,
    read_p12,
    round_seal,
    self_signed,
    set_seal,
)

NAMES = ("合肥市第八中学", "合肥市教育局", "安徽省教育厅")


@pytest.fixture(scope="module")
def keys() -> list[SealKey]:
    return [SealKey(self_signed(name), round_seal(name)) for name in NAMES]


@pytest.fixture(scope="module")
def form() -> bytes:
    context = {
        "title": "专业技术资格确认审核表", "number": "QR00000001", "head": [[["姓　名", "李䶮"], ["性　别", "男"]]],
        "blocks": [blocks.box(title, field) for title, field in (
            ("用人单位意见", "employer"), ("主管部门意见", "department"), ("确认机关意见", "issuer"))],
    }
    return render_form("recognition_form", context, title="确认表-李䶮", in_process=True)


@pytest.fixture(scope="module")
def sealed(form: bytes, keys: list[SealKey]) -> bytes:
    made = form
    for field, key in zip(("employer", "department", "issuer"), keys, strict=True):
        before = made
        made = set_seal(made, field, key)
        assert made.startswith(before)
    return made


def test_a_form_without_seals_has_empty_places(form: bytes) -> None:
    assert sorted(empty_fields(form)) == ["department", "employer", "issuer"]
    assert check_seals(form, []) == []


def test_later_seals_keep_earlier_ones_valid(sealed: bytes, keys: list[SealKey]) -> None:
    found = check_seals(sealed, [certificate_of(key.p12) for key in keys])
    assert [(status.field, status.signer, status.valid) for status in found] == [
        ("employer", NAMES[0], True), ("department", NAMES[1], True), ("issuer", NAMES[2], True)]
    assert empty_fields(sealed) == []


def test_a_certificate_that_is_not_known_here_is_not_trusted(sealed: bytes, keys: list[SealKey]) -> None:
    found = check_seals(sealed, [certificate_of(keys[0].p12)])
    assert [(status.intact, status.valid) for status in found] == [(True, True), (True, False), (True, False)]


def test_one_flipped_byte_is_noticed_by_us_and_by_pdfsig(sealed: bytes, form: bytes, keys: list[SealKey], tmp_path: Path) -> None:
    trusted = [certificate_of(key.p12) for key in keys]
    at = sealed.index(b"stream", len(form) // 3) + 40
    assert at < len(form)
    bad = bytearray(sealed)
    bad[at] ^= 1
    try:
        found = check_seals(bytes(bad), trusted)
    except SealError:
        found = []
    assert not any(status.valid for status in found)
    for name, data, words in (("good.pdf", sealed, 3), ("bad.pdf", bytes(bad), 0)):
        (tmp_path / name).write_bytes(data)
        said = subprocess.run(["pdfsig", "-nocert", str(tmp_path / name)], capture_output=True, check=False).stdout.decode()
        assert said.count("Signature is Valid") == words, said
    assert subprocess.run(["qpdf", "--check", str(tmp_path / "good.pdf")], capture_output=True, check=False).returncode == 0


def test_a_seal_needs_its_place_and_each_place_takes_one(form: bytes, sealed: bytes, keys: list[SealKey]) -> None:
    with pytest.raises(SealError, match="没有"):
        set_seal(form, "agency", keys[0])
    with pytest.raises(SealError, match="没有"):
        set_seal(sealed, "issuer", keys[0])


def test_a_key_file_is_opened_with_its_passphrase_only(keys: list[SealKey]) -> None:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    key, certificate, _ = pkcs12.load_key_and_certificates(keys[0].p12, None)
    assert certificate is not None
    locked = pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, BestAvailableEncryption(b"secret"))  # type: ignore[arg-type]
    bare, until = read_p12(locked, "secret")
    assert certificate_of(bare) == certificate_of(keys[0].p12)
    assert until.tzinfo is not None
    for data, words in ((locked, "wrong"), (b"no key", "")):
        with pytest.raises(SealError, match="无法打开"):
            read_p12(data, words)


@pytest.mark.parametrize("name", ["厅", "合肥市第八中学", "安徽省中小学教师系列高级职称评审委员会", "长" * 40])
def test_a_round_seal_is_a_transparent_picture_with_red_ink(name: str) -> None:
    picture = Image.open(io.BytesIO(round_seal(name, below="职称专用章"))).convert("RGBA")
    assert picture.size == (496, 496)
    assert picture.getpixel((2, 2))[3] == 0  # type: ignore[index]
    reds = sum(1 for r, g, b, a in picture.getdata() if a > 128 and r > 150 and g < 90 and b < 90)
    assert reds > 20_000
