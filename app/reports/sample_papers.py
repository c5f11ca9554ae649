"""A sample of every document the platform makes, by file name: the forms, the certificate and the letters in Word."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from PIL import Image, ImageDraw

from app.reports import word
from app.reports.certificate import CertificateData, certificate_digest, render_certificate
from app.reports.certificate_layout import PAGE_HEIGHT, POINTS_PER_MM, SEAL_BOXES
from app.reports.form import FORMS
from app.reports.samples import sample_pdf, sample_seal
from app.reports.seal_fields import Place, square, with_fields
from app.reports.sealing import set_seal
from app.reports.signing import private_key_from_seed, sign_payload

PDF = "application/pdf"
_NAME, _UNIT, _ISSUER, _DAY = "样张䶮", "样张市第一中学", "样张省人力资源和社会保障厅", "2026年7月1日"
_COMMITTEE = "样张省中小学教师系列高级职称评审委员会"
_PERSON = {"name": _NAME, "sex": "女", "employer": _UNIT, "specialty": "高中数学", "title": "高级教师", "series": "中小学教师",
           "level": "副高级"}
_LETTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "commission": ("委托评审函", {
        "convener": _ISSUER, "committee": _COMMITTEE, "plan": f"2026年—{_COMMITTEE}", "unit": "样张市人力资源和社会保障局",
        "contact": _NAME, "phone": "0000-00000000", "day": _DAY, "people": [_PERSON] * 3}),
    "post_quota": ("岗位核准表", {
        "unit": _UNIT, "day": _DAY, "vacancies": [1, 2, 3, 4], "planned": [0, 1, 0, 0], "roster": [_PERSON]}),
    "publicity": ("公示证明", {
        "receiver": "样张市教育局", "name": _NAME, "plan": f"2026年—{_COMMITTEE}", "specialty": "高中数学", "title": "高级教师",
        "unit": _UNIT, "days": 5, "first": "2026年4月20日", "last": "2026年4月24日", "day": "2026年4月27日"}),
}


@dataclass(frozen=True)
class Sample:
    """What staff open: its name, its media type and how it is made."""

    name: str
    media_type: str
    make: Callable[[], bytes]


def sample_certificate() -> bytes:
    """A certificate of nobody: a drawn head, a number of zeros, a QR code signed with a key that no check knows."""
    data = CertificateData(
        number="0" * 19, name=_NAME, sex="女", birth_date=date(1990, 1, 1), id_document="居民身份证", id_number_masked="3401**********1234",
        organization=_UNIT, series="中小学教师", specialty="高中数学", title="高级教师", level="副高级", acquired_by="评审",
        committee=_COMMITTEE, issuer=_ISSUER, acquired_on=date(2026, 6, 10), approval_no="样人社秘〔2026〕1号",
        issued_on=date(2026, 7, 1), photo=_head(), verify_url="",
    )
    key = private_key_from_seed(hashlib.sha256(b"sample").digest())
    address = sign_payload(data.number, certificate_digest(data), base_url="https://example.org", private_key=key)
    box = SEAL_BOXES[1]
    place = Place("issuer", 0, square(
        (box.x + box.width / 2) * POINTS_PER_MM, (PAGE_HEIGHT - box.y - box.height / 2) * POINTS_PER_MM))
    pdf = render_certificate(replace(data, verify_url=address))
    return set_seal(with_fields(pdf, [place]), place.name, sample_seal(_ISSUER), reason="样张")


def _head() -> bytes:
    picture = Image.new("RGB", (413, 579), "#dfe7ee")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((124, 130, 289, 325), fill="#9fb1c1")
    draw.ellipse((40, 360, 373, 800), fill="#9fb1c1")
    output = io.BytesIO()
    picture.save(output, "PNG")
    return output.getvalue()


SAMPLES: dict[str, Sample] = {
    **{f"{code}.pdf": Sample(form.name, PDF, partial(sample_pdf, code)) for code, form in FORMS.items()},
    "certificate.pdf": Sample("职称证书", PDF, sample_certificate),
    **{f"{code}.docx": Sample(name, word.MEDIA_TYPE, partial(word.fill, code, values)) for code, (name, values) in _LETTERS.items()},
}
