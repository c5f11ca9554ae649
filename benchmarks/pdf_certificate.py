"""CPU time of one certificate: `python benchmarks/pdf_certificate.py [count]`.

Prints the milliseconds of processor time a warm process needs, and the wall time through the renderer processes.
"""

from __future__ import annotations

import hashlib
import io
import statistics
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image

from app.reports.certificate import CertificateData, certificate_digest, render_certificate
from app.reports.fonts import build_fonts
from app.reports.signing import private_key_from_seed, sign_payload

BASE_URL = "https://zc.example.gov.cn"
KEY = private_key_from_seed(hashlib.sha256(b"benchmark").digest())


def certificate(number: int, photo: bytes) -> CertificateData:
    data = CertificateData(
        number=f"93420260101110{number:05d}",
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
        photo=photo,
        verify_url=BASE_URL,
    )
    payload = sign_payload(data.number, certificate_digest(data), base_url=BASE_URL, private_key=KEY)
    return replace(data, verify_url=payload)


def main(count: int) -> None:
    picture = io.BytesIO()
    Image.effect_mandelbrot((413, 579), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(
        picture, "JPEG", quality=88
    )
    built = build_fonts()
    started = time.process_time()
    size = len(render_certificate(certificate(0, picture.getvalue()), in_process=True))
    first = time.process_time() - started
    warm = []
    for number in range(1, count + 1):
        started = time.process_time()
        render_certificate(certificate(number, picture.getvalue()), in_process=True)
        warm.append(time.process_time() - started)
    render_certificate(certificate(0, picture.getvalue()))  # starts the renderer process
    started = time.perf_counter()
    for number in range(1, count + 1):
        render_certificate(certificate(number, picture.getvalue()))
    through_process = (time.perf_counter() - started) / count
    print(f"fonts            {f'built in {built:.0f} s' if built else 'were there'}")
    print(f"first            {first * 1000:6.0f} ms CPU (imports, fonts)")
    print(f"warm, median     {statistics.median(warm) * 1000:6.0f} ms CPU over {count}")
    print(f"through process  {through_process * 1000:6.0f} ms wall, one after the other")
    print(f"size             {size / 1000:6.0f} kB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
