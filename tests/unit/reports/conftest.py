"""Documents under test: fonts are built once, people are invented."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from PIL import Image

from app.reports.certificate import CertificateData, certificate_digest
from app.reports.fonts import build_fonts
from app.reports.signing import private_key_from_seed, sign_payload
from tests.unit.reports.reading import BASE_URL

SEED = hashlib.sha256(b"a key for tests only").digest()


@pytest.fixture(scope="session", autouse=True)
def built_fonts() -> None:
    build_fonts()


@pytest.fixture(scope="session")
def private_key() -> bytes:
    return private_key_from_seed(SEED)


@pytest.fixture(scope="session")
def portrait() -> bytes:
    picture = Image.new("RGB", (413, 579), (67, 142, 219))
    picture.paste((240, 205, 180), (127, 130, 287, 330))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88)
    return stream.getvalue()


@pytest.fixture
def certificate(private_key: bytes, portrait: bytes) -> Callable[..., CertificateData]:
    """Makes certificate data; keyword arguments replace single fields."""

    def make(**changes: Any) -> CertificateData:
        data = CertificateData(
            number="9342026010111000001",
            name="李明",
            sex="男",
            birth_date=date(1984, 6, 14),
            id_document="居民身份证",
            id_number_masked="3401**********1234",
            organization="合肥市第八中学",
            series="中小学教师",
            specialty="中学语文",
            title="正高级教师",
            level="正高级",
            acquired_by="评审",
            committee="安徽省中小学教师系列高级职称评审委员会",
            issuer="安徽省人力资源和社会保障厅",
            acquired_on=date(2026, 11, 8),
            approval_no="皖人社秘〔2026〕128号",
            issued_on=date(2026, 11, 20),
            photo=portrait,
            verify_url=f"{BASE_URL}/verify/9342026010111000001",
        )
        data = replace(data, **changes)
        if "verify_url" in changes:
            return data
        payload = sign_payload(
            data.number, certificate_digest(data), base_url=BASE_URL, private_key=private_key
        )
        return replace(data, verify_url=payload)

    return make
