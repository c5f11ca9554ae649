"""LibreOffice opens every kind of Word and Excel file the product makes, with every name in it; skipped without it.

Debian: apt-get install --no-install-recommends libreoffice-writer libreoffice-calc
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.reports import word
from app.reports.sheet import SheetColumn, write_roster, write_template
from app.reports.workbook import write_rows

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
NAME = "样张䶮𬍛㛃"
HOSTILE = "<w:t>&amp;</w:t>{{ 77*77 }}"
PERSON = {"name": NAME, "sex": "女", "employer": HOSTILE, "specialty": "高中数学", "title": "高级教师", "series": "中小学教师", "level": "副高级"}
COLUMNS = [
    SheetColumn("姓名", required=True), SheetColumn("日期", "date"), SheetColumn("学时", "number"), SheetColumn("时间", "moment"),
    SheetColumn("结果", options=("合格", "优秀"), hint="请选择"),
]
ROW = [NAME, dt.date(2026, 1, 2), 90, dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "=1+1"]
FILES: dict[str, Callable[[], bytes]] = {
    "commission.docx": lambda: word.fill("commission", {
        "convener": "样张厅", "committee": "样张评委会", "plan": HOSTILE, "unit": "样张市第一中学", "contact": NAME, "phone": "1",
        "day": "2026-01-01", "people": [PERSON] * 60}),
    "post_quota.docx": lambda: word.fill("post_quota", {
        "unit": HOSTILE, "day": "2026-01-01", "vacancies": [1, 2, 3, 4], "planned": [0, 1, 0, 0], "roster": [PERSON] * 60}),
    "publicity.docx": lambda: word.fill("publicity", {
        "receiver": "样张局", "name": NAME, "plan": HOSTILE, "specialty": "高中数学", "title": "高级教师", "unit": "样张市第一中学",
        "days": 5, "first": "2026-01-01", "last": "2026-01-09", "day": "2026-01-10"}),
    "roster.xlsx": lambda: write_roster(title="花名册", columns=COLUMNS, rows=[ROW] * 200, note="样张"),
    "template.xlsx": lambda: write_template(title=NAME, columns=COLUMNS, notes=["说明"]),
    "rows.xlsx": lambda: write_rows("评审结果", ["姓名", "票数"], [[NAME, 3], ["=1+1", 2]]),
}


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_every_office_file_opens(tmp_path: Path) -> None:
    for name, make in FILES.items():
        (tmp_path / name).write_bytes(make())
    command: list[Any] = [
        OFFICE, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf", "--outdir", str(tmp_path / "out"),
        *(str(tmp_path / name) for name in FILES),
    ]
    done = subprocess.run(command, capture_output=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    for name in FILES:
        made = tmp_path / "out" / f"{Path(name).stem}.pdf"
        assert made.is_file(), f"{name}: {done.stdout.decode()} {done.stderr.decode()}"
        text = "".join(subprocess.run(["pdftotext", str(made), "-"], capture_output=True, check=True).stdout.decode().split())
        assert ("姓名" if name == "template.xlsx" else NAME) in text, name
        assert "5929" not in text, name  # nothing typed was run
        assert ("=1+1" in text) == (name in ("roster.xlsx", "rows.xlsx")), name


def test_every_template_of_the_folder_is_among_them() -> None:
    assert {path.stem for path in word.TEMPLATES.glob("*.docx")} == {Path(name).stem for name in FILES if name.endswith(".docx")}
