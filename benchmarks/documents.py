"""Documents: an 8-page form beside WeasyPrint, a certificate beside a plain ReportLab canvas, certificates issued by one worker and by two.

Processor time of warm processes, median; issuing is wall time of whole jobs (number, file, signature, store, audit, notice).
WeasyPrint belongs to the dependency group `bench` and needs Pango (Debian: libpango-1.0-0 libpangoft2-1.0-0).
"""

from __future__ import annotations

import gc
import io
import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from PIL import Image
from pypdf import PdfReader

from app.reports import certificate as certificates
from app.reports import fonts
from app.reports.certificate_layout import PAGE_HEIGHT, POINTS_PER_MM
from app.reports.fonts import DEFAULT_FONT_DIR, FACES
from app.reports.form import WIDE_SPACE
from app.reports.pdf import render_template
from app.reports.qr import qr_png
from app.reports.rendering import render_document
from app.reports.review_form import review_form
from app.reports.samples import _review_facts
from benchmarks.issuing import issue
from benchmarks.pdf_certificate import certificate

RUNS = 15
FORM_AIM, CERTIFICATE_AIM, SCALE_AIM = 2.0, 1.3, 0.9
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
SENTENCE = "承担高一年级两个班的数学教学，坚持立德树人，主持市级课题“函数概念的单元教学研究”（2023 年结题），指导青年教师三人。"


def run(count: int) -> None:
    """Print the three comparisons; `count` certificates are issued each time."""
    print(f"\nDocuments (CPU of a warm process, median of {RUNS})")
    fonts.build_fonts()
    _beside_weasyprint(form_html())
    _beside_canvas()
    _issuing(count)


def form_html() -> str:
    """A 评审表 of eight pages as the product sets it."""
    facts = _review_facts()
    group = facts["snapshot"]["sections"][0]["groups"][0]
    item = {**group["items"][0], "fields": [["内容描述", SENTENCE * 2], ["本人角色", "主持"]]}
    facts["snapshot"]["sections"] = [{"name": "业绩条件", "groups": [
        {**group, "items": [item] * 3}, {**group, "name": "工作总结", "items": [{**item, "fields": [["正文", SENTENCE * 24]]}]}]}]
    facts["places"]["summary"] = ["工作总结"]
    facts["notes"] = [SENTENCE] * 7
    return render_template("review_form/form.html", {**review_form(facts), "photo": "", "watermark": ""}).replace("\u3000", WIDE_SPACE)


def _beside_weasyprint(html: str) -> None:
    def ours() -> bytes:
        return render_document(html, title="评审表", created=MOMENT, font_dir=DEFAULT_FONT_DIR, lenient=True)

    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
    except (ImportError, OSError) as error:
        print(f"WeasyPrint is not here ({str(error).splitlines()[0]}): the comparison of forms is left out.")
        return
    faces = "".join(
        f'@font-face {{ font-family: {family}; src: url("file://{DEFAULT_FONT_DIR / face.file_name}"); }}' for family, face in FACES.items())
    page = (
        "@page { @bottom-center { content: counter(page) '/' counter(pages); font-family: song; font-size: 9pt; } }"
        "table { border-collapse: collapse; } thead { display: table-header-group; } .next { break-after: page; }"
    )
    plain = re.sub(r"<pdf:nexttemplate[^>]*/>", "", html)
    plain = plain.replace("<pdf:nextpage/>", '<div class="next"></div>').replace("<pdf:pagenumber/>", "").replace("<pdf:pagecount/>", "")
    plain = re.sub(r"@frame[^}]*}", "", plain).replace("-pdf-", "-x-")
    configuration = FontConfiguration()
    sheet = CSS(string=faces + page, font_config=configuration)

    def theirs() -> bytes:
        made: bytes = HTML(string=plain).write_pdf(stylesheets=[sheet], font_config=configuration)
        return made

    own, seconds = _cpu(ours, theirs, runs=7)
    share = seconds / own
    print(f"form of {_pages(ours())} pages, ours                {own * 1000:8.0f} ms")
    print(f"form of {_pages(theirs())} pages, WeasyPrint          {seconds * 1000:8.0f} ms   {share:.1f} × ours (aim ≥ {FORM_AIM:g}): "
          f"{_said(share >= FORM_AIM)}")


def _beside_canvas() -> None:
    picture = io.BytesIO()
    Image.effect_mandelbrot((413, 579), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(picture, "JPEG", quality=88)
    data = certificate(1, picture.getvalue())
    kept = lru_cache(_svg)
    ours, *plains = _cpu(lambda: certificates.render_certificate(data, in_process=True), lambda: plain_certificate(data, _svg),
                         lambda: plain_certificate(data, kept))
    print(f"certificate, ours                      {ours * 1000:8.0f} ms")
    for name, plain in zip(("", ", drawing kept"), plains, strict=True):
        share = ours / plain
        print(f"{f'plain ReportLab canvas{name}':38} {plain * 1000:8.0f} ms   ours is {share:.2f} × (aim ≤ {CERTIFICATE_AIM:g}): "
              f"{_said(share <= CERTIFICATE_AIM)}")


def _svg(drawing: str) -> Any:
    from svglib.svglib import svg2rlg

    return svg2rlg(io.BytesIO(drawing.encode()))


def plain_certificate(data: certificates.CertificateData, read: Callable[[str], Any]) -> bytes:
    """The same page drawn by hand: the same texts, photo, QR code and ornament (SVG, made a drawing by `read`), no HTML."""
    from reportlab.graphics import renderPDF
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    layout = certificates._layout(data)
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=(297 * POINTS_PER_MM, PAGE_HEIGHT * POINTS_PER_MM))
    renderPDF.draw(read(layout.ground), canvas, 0, 0)
    canvas.setFont("song_face", 42)
    canvas.drawCentredString(148.5 * POINTS_PER_MM, (PAGE_HEIGHT - 38) * POINTS_PER_MM, certificates.HEADING)
    for box, content in ((layout.photo, certificates.print_photo(data.photo)), (layout.qr, qr_png(data.verify_url))):
        canvas.drawImage(ImageReader(io.BytesIO(content)), box.x * POINTS_PER_MM, (PAGE_HEIGHT - box.y - box.height) * POINTS_PER_MM,
                         box.width * POINTS_PER_MM, box.height * POINTS_PER_MM)
    for text in layout.texts:
        canvas.setFont("song_face" if text.style in ("value", "centre", "small") else "hei_face", text.points)
        canvas.drawString(text.x * POINTS_PER_MM, (PAGE_HEIGHT - text.y) * POINTS_PER_MM - text.points, text.content)
    canvas.save()
    return output.getvalue()


def _issuing(count: int) -> None:
    print(f"\nIssuing {count:,} certificates, whole jobs (PostgreSQL)")
    cores = os.cpu_count() or 1
    alone = issue(count, workers=1)
    print(f"1 worker      {count / alone:8.1f} /s")
    for workers in range(2, cores + 1):
        rate = alone / issue(count, workers=workers)
        print(f"{workers} workers     {count / alone * rate:8.1f} /s   {rate / workers:.2f} of {workers} × (aim ≥ {SCALE_AIM:g}): "
              f"{_said(rate >= SCALE_AIM * workers)}")


def _cpu(*works: Callable[[], Any], runs: int = RUNS) -> list[float]:
    """Median seconds of each; in turns, so that whatever else the machine does meets all of them."""
    taken: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(runs):
        for work, seconds in zip(works, taken, strict=True):
            gc.collect()
            started = time.process_time()
            work()
            seconds.append(time.process_time() - started)
    return [statistics.median(seconds) for seconds in taken]


def _pages(pdf: bytes) -> int:
    return len(PdfReader(io.BytesIO(pdf)).pages)


def _said(holds: bool) -> str:
    return "holds" if holds else "does NOT hold"


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
