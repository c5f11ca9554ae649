"""A file of 5,000 rows: through the pages and the job, killed in the middle, and every row imported once."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import func, select

from app.extensions import db
from app.jobs import achievement_import as jobs
from app.scope import system_scope
from models.achievement_import import AchievementImport, AchievementImportRow
from models.audit import AuditEvent
from tests.integration.test_achievement_import import HEAD, Place, good, items, job

Login = Callable[[FlaskClient, str], FlaskClient]
ROWS, WRONG, MISSING = 5_000, 250, 125  # of each hundred five are wrong; of each two hundred five lack something
MOST_SECONDS, MOST_MB = 60, 150
_import, _row = AchievementImport.__table__, AchievementImportRow.__table__


def long_file() -> bytes:
    """Every twentieth row has a date that is none, every fortieth lacks one."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEAD)
    for number in range(ROWS):
        row = good(number, f"10.1000/{number}")
        if number % 20 == 1:
            row[1], row[2] = "2020-13", "第九作者"
        elif number % 40 == 2:
            row[1] = None
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def imported() -> int:
    db.session.rollback()
    return int(db.session.scalar(select(_import.c.imported)) or 0)


def test_five_thousand_rows(app: Flask, client: FlaskClient, login: Login) -> None:
    place, data = Place(), long_file()
    me = login(client, "applicant")
    began = time.perf_counter()
    tracemalloc.start()
    answer = me.post("/portfolio/import/paper/", data={"file": (io.BytesIO(data), "论文.xlsx")})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    address = answer.headers["Location"]
    assert "正在核对：0 / 5000 行" in me.get(address).text
    assert me.post(f"{address}confirm/", data={"mode": "good"}, follow_redirects=True).text.count("正在核对") >= 1
    with system_scope():
        jobs.check(job("achievement_import.check"))
    page = me.get(address).text
    assert f"共 5000 行：正确 {ROWS - WRONG - MISSING} 行，待补充 {MISSING} 行，有误 {WRONG} 行。" in page
    assert "请按“2020-01”的样式填写“发表日期”" in page or "发表日期" in page
    assert len(re.findall(r'<td class="no"', page)) == 50, "the wrong rows come first, a page at a time"
    seen, following = 0, f"{address}?verdict=wrong"
    while following:
        page = me.get(following).text
        seen += len(re.findall(r'<td class="no"', page))
        found = re.search(r'rel="next" href="([^"]+)"', page)
        following = found[1].replace("&amp;", "&") if found else ""
    assert seen == WRONG
    assert len(re.findall(r'<td class="no"', me.get(re.search(r'rel="prev" href="([^"]+)"', page)[1].replace("&amp;", "&")).text)) == 50
    assert "不能全部导入" in me.post(f"{address}confirm/", data={"mode": "all"}, follow_redirects=True).text
    me.post(f"{address}confirm/", data={"mode": "good"})
    assert "正在导入：0 / 4625 行" in me.get(address).text
    killed_in_the_middle(app, me, address, place)
    assert imported() < ROWS - WRONG - MISSING
    with system_scope():
        jobs.run(job("achievement_import.run"))
    took = time.perf_counter() - began
    assert "已导入 4625 条" in me.get(address).text
    assert len({item.summary for item in items()}) == len(items()) == ROWS - WRONG - MISSING, "each row once"
    created = AuditEvent.__table__
    assert db.session.scalar(select(func.count()).select_from(created).where(
        created.c.event == "achievement:created")) == ROWS - WRONG - MISSING
    print(f"5,000 rows in {took:.1f} s; the request's peak {peak / 2**20:.0f} MB")
    assert took < MOST_SECONDS
    assert peak / 2**20 < MOST_MB


def killed_in_the_middle(app: Flask, me: FlaskClient, address: str, place: Place) -> None:
    db.session.rollback()
    import_id = db.session.scalar(select(_import.c.id))
    db.session.rollback()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.import_process", app.config["SQLALCHEMY_DATABASE_URI"], str(import_id),
         str(place.me.user_id)], cwd=Path(__file__).parents[2],
    )
    try:
        deadline = time.monotonic() + 60
        while imported() < 400:
            assert time.monotonic() < deadline
            assert process.poll() is None, "the import ended before it could be killed"
            time.sleep(0.005)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = imported()
    assert f"正在导入：{done} / 4625 行" in me.get(address).text
    assert len(items()) == done, "whole chunks or nothing of them"
    marked = db.session.scalar(select(func.count()).select_from(_row).where(_row.c.achievement_id.is_not(None)))
    assert marked == done
